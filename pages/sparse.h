/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: the tables of SPARSEMEM. */
#ifndef PAGES_SPARSE_H
#define PAGES_SPARSE_H

#include "pages/mem_map_build.h"

/* One way to read the tables. */
struct sparse_form {
	bool extreme;			/* an array of pointers to roots; else an array of sections */
	bool guessed;			/* section_shift is one of several that are possible */
	uint64_t array;			/* its address */
	unsigned int section_shift;	/* log2 of pages per section */
	uint64_t section_size;		/* SIZE(mem_section) */
	uint64_t map_off;		/* OFFSET(mem_section.section_mem_map) */
	uint64_t per_root;		/* sections per root; 1 without roots */
	uint64_t roots;			/* LENGTH(mem_section); UINT64_MAX when unknown */
};

/* What a walk over the sections of all present pfns saw. */
struct sparse_stats {
	uint64_t usable;		/* present, with a map at a kernel address */
	uint64_t absent;		/* the dump has memory there, and there is no section */
	uint64_t nonsense;		/* addresses that are not the kernel's */
	uint64_t unreadable;		/* tables that could not be read */
	uint64_t offline;		/* usable, but not marked online */
	bool probed;			/* a struct page of one of the first usable sections can be read */
};

/*
 * Look at the section of every present pfn. Fails only for lack of memory.
 * @add: add the runs to build->map, leaving sections that are not online out
 * when @skip_offline.
 */
struct err *sparse_walk(struct mem_map_build *build, const struct sparse_form *form, bool add,
			bool skip_offline, struct sparse_stats *ret)
	__attribute__((warn_unused_result));

#endif
