/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Struct pages that nobody needs: the memory map of pages that are dropped.
 *
 * The memory map of a block lies in the memory of other blocks, so this takes a
 * look at all blocks before they are judged for good: its result is a set of
 * pfns that struct scan_job names, and blocks are independent again.
 *
 * A page of the memory map (as large as any page) is unused when all struct
 * pages in it are those of pages that are dropped or not in the dump. It stays
 * when it holds anything else, when it holds the head of a compound page one of
 * whose tails stays, and when the same memory is mapped elsewhere too, where it
 * is used (HugeTLB's vmemmap optimisation). The struct pages of the memory map
 * itself always stay, and those of blocks without any memory in the dump.
 */
#ifndef PAGES_VMEMMAP_H
#define PAGES_VMEMMAP_H

#include "pages/scan.h"

/* Bytes of ranges a run affords: 2^18 of them. */
#define VMEMMAP_BUDGET ((size_t)4 << 20)

struct vmemmap_unused {
	struct ranges pfns;
	/* Unused pages that stay because the budget was used up. */
	uint64_t no_room;
};

/*
 * Judge all blocks of @job (whose unused_vmemmap is not looked at) and find the
 * pages of memory that hold unused struct pages only, persistent memory apart,
 * which has a level bit of its own; @unused is zeroed before.
 * No job->map: none. @budget bytes of ranges are held at most, twice while
 * sorting. An address that cannot be translated has no page. Fails for
 * lack of memory and with err_stopped.
 */
struct err *vmemmap_find_unused(const struct scan_job *job, unsigned int threads, size_t budget,
				const struct progress *progress, struct vmemmap_unused *unused)
	__attribute__((warn_unused_result));
void vmemmap_unused_deinit(struct vmemmap_unused *unused);

#endif
