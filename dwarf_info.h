/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of a kernel from the debug information of its vmlinux: sizes, member
 * offsets, array lengths and enumerators, as facts.
 *
 * Reads with libdw: DWARF 2 to 5, any class and byte order, compressed sections,
 * and what dwz moved to an alternate file. Built without it, there are only symbols.
 */
#ifndef DWARF_INFO_H
#define DWARF_INFO_H

#include "facts/vmlinux.h"

/* The program was built with libdw. */
extern const bool dwarf_info_available;

/*
 * Add to @facts what facts/wanted.c wants, as far as @vmlinux has it. Of several
 * types of one name the first counts that is complete and has a member that is
 * wanted. ERR_NOT_FOUND: no debug information. ERR_UNSUPPORTED: built without
 * libdw. ERR_BAD_INPUT: libdw refuses the file, or it holds none of the types.
 */
struct err *dwarf_info_add(const struct vmlinux *vmlinux, struct facts *facts)
	__attribute__((warn_unused_result));

#endif
