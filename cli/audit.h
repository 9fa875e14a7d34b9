/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging all pages of a machine, with the audit of pages/audit.h before any is lost. */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli/machine.h"
#include "pages/audit.h"

/* What all rounds of the audit found; for the report and --json. */
struct audit_summary {
	bool ran;
	uint32_t kept;			/* classes kept whole; bits as in audit.h */
	struct audit_result last;	/* the round that passed, or the one that ended the run */
	struct audit_finding findings[AUDIT_FINDINGS_MAX];	/* of all rounds */
	unsigned int count;
};

/* One judging of all blocks into a new plan, whose blocks @taker gets beside it. */
struct audit_judging {
	struct err *(*judge)(void *ctx, const struct scan_taker *taker, struct scan_counts *counts);
	void *ctx;
};

/*
 * Judge until the audit passes: a class that fails is given up in @machine
 * (layout, and level of the job), with a warning, and all is judged again.
 * With --strict that is an error. @counts are those of the last judging; its
 * samples member is NULL afterwards. A machine whose struct pages are not
 * looked at is judged once.
 */
struct err *audit_run(const struct run *run, struct machine *machine,
		      const struct audit_judging *judging, struct scan_counts *counts,
		      struct audit_summary *summary) __attribute__((warn_unused_result));

#endif
