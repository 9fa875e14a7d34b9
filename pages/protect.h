/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to pages/: pages that are the kernel's own beyond doubt, found
 * without looking at any struct page: by page tables and symbols.
 */
#ifndef PAGES_PROTECT_H
#define PAGES_PROTECT_H

#include "base/ranges.h"
#include "kernel/kernel.h"
#include "pages/mem_map.h"

enum protect_kind {
	PROTECT_IMAGE,		/* text and what symbols name, not memory freed after boot */
	PROTECT_VMEMMAP,	/* struct pages; those on persistent memory apart */
	PROTECT_TABLES,		/* page tables of the kernel */
	PROTECT_PERCPU,		/* per-CPU variables of the image */
	/*
	 * Mapped by the kernel beside its image and linear map: vmalloc, modules,
	 * stacks. User and cache pages may be among them (vmap()), free ones not.
	 */
	PROTECT_MAPPED,
	PROTECT_KINDS,
};

struct protected {
	struct ranges pfns[PROTECT_KINDS];
	bool cut[PROTECT_KINDS];	/* there are more, beyond the budget */
	bool looked[PROTECT_KINDS];	/* false: what is needed to find them is unknown */
};

/* What a kind is called in messages. */
const char *protect_name(enum protect_kind kind);

/*
 * Find them. @budget bytes of ranges are held at most (one kind is sorted at a
 * time, in place); what does not fit is left out and marked. Fails only for
 * lack of memory.
 */
struct err *protect_find(struct kreader *reader, const struct mem_map *map, size_t budget,
			 struct protected *ret) __attribute__((warn_unused_result));
void protect_deinit(struct protected *protected);

/*
 * Virtual addresses of the kernel's text that are sure to be there: @*ret_len
 * bytes from the result on. 0: _stext is not known.
 */
uint64_t protect_text(const struct kernel *kernel, uint64_t *ret_len);

#endif
