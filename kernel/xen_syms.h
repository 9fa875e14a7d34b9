/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xen-syms, the hypervisor's ELF file with its symbols and debug information: what
 * its VMCOREINFO_XEN says, and what an older one should have said.
 */
#ifndef KERNEL_XEN_SYMS_H
#define KERNEL_XEN_SYMS_H

#include "facts/facts.h"

/*
 * Add to @facts what @path has, by the names of VMCOREINFO_XEN and in the order in
 * which -g writes them. Without debug information (a warning says so) that is symbols
 * only, so that SIZE(page_info) is unknown then. Provider "--xen-syms". The error names
 * the file.
 */
struct err *xen_syms_read(const char *path, const struct log *log, struct facts *facts)
	__attribute__((warn_unused_result));

#endif
