/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols that the kernel exports to modules, from the table that modules are linked
 * by. It has variables also where kallsyms has functions only.
 */
#ifndef KERNEL_KSYMTAB_H
#define KERNEL_KSYMTAB_H

#include "kernel/symbols.h"

/*
 * Look for those of @wants that are not found yet: two passes over the kernel image,
 * some hundredths of a second. Only tables of relative references (v4.19, 7290d5809571
 * "module: use relative references for __ksymtab entries") are looked for. A name with
 * several values is left alone. Errors are those of memory.
 */
struct err *ksymtab_find(struct kreader *reader, struct symbol_want *wants, size_t count)
	__attribute__((warn_unused_result));

#endif
