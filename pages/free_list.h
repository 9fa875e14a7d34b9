/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free pages by the free lists of all zones: the way for kernels whose struct
 * pages do not tell (page_layout_tells_free()), which are those before 3.9
 * without debug data.
 */
#ifndef PAGES_FREE_LIST_H
#define PAGES_FREE_LIST_H

#include "base/ranges.h"
#include "kernel/kernel.h"
#include "pages/layout.h"
#include "pages/mem_map.h"

/* Bytes of ranges a run affords: 2^18 of them. */
#define FREE_LIST_BUDGET (UINT64_C(4) << 20)

/*
 * The pfns on free lists, into @ret (empty before). Nothing is looked at when
 * struct pages tell. Whatever is not certain stays: all free pages when a
 * fact is missing, the rest of a list from an element on that makes no sense,
 * the smallest blocks when @budget bytes of ranges are used up (sorting takes
 * as much again for a moment). Each is said once through the kernel's log.
 * Fails only for lack of memory.
 */
struct err *free_list_collect(struct kreader *reader, const struct mem_map *map,
			      const struct page_layout *layout, size_t budget,
			      struct ranges *ret) __attribute__((warn_unused_result));

#endif
