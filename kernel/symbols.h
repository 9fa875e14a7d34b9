/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols of the kernel image: from the facts, else from kallsyms in the
 * dump's memory (kernel/kallsyms.h). Addresses are those at run time.
 */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include "kernel/kernel.h"

struct symbol_want {
	const char *name;	/* borrowed */
	uint64_t address;	/* when found; per-CPU ones may be offsets, see kernel/percpu.h */
	unsigned int found;	/* how many symbols have the name; the address is the first's */
};

/*
 * Look for all of @wants in one pass. What nobody knows stays with found = 0:
 * that is no error, nor is a kernel without kallsyms. Errors are those of memory.
 */
struct err *ksymbols_find(struct kreader *reader, struct symbol_want *wants, size_t count)
	__attribute__((warn_unused_result));

/* One of them. false: unknown, or there is no memory for the search. */
bool ksymbol(struct kreader *reader, const char *name, uint64_t *ret);

/*
 * How many symbols the kernel's own table has, and of how many the name can be
 * read. ERR_NOT_FOUND: there is no table that can be used.
 */
struct err *ksymbols_count(struct kreader *reader, uint32_t *ret_count, uint32_t *ret_named)
	__attribute__((warn_unused_result));

/* The symbol at or before @address in the image, "name+0x12", for messages; false: none known. */
bool ksymbol_name(struct kreader *reader, uint64_t address, char *buf, size_t size);

#endif
