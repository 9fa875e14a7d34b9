/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, exit codes and version: what main() and cli/ share. */
#ifndef MAKEDUMPFILE_H
#define MAKEDUMPFILE_H

#define MAKEDUMPFILE_VERSION "2.0.0"
#define MAKEDUMPFILE_DATE "20 Nov 2026"

enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG_RELEASE = 2,	/* vmlinux or vmcoreinfo of another kernel */
};

#endif
