/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From struct pages to the plan: read runs of struct page, decode, judge,
 * count. One block at a time, any block independently of the others.
 */
#ifndef PAGES_SCAN_H
#define PAGES_SCAN_H

#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/ranges.h"
#include "kernel/crash_bitmap.h"
#include "kernel/kernel.h"
#include "kernel/xen.h"
#include "pages/class.h"
#include "pages/mem_map.h"
#include "pages/plan.h"
#include "pages/samples.h"

/* Orders of free blocks that are counted apart; none is larger. */
#define SCAN_ORDERS 31u

struct scan_counts {
	uint64_t dropped[PAGE_CLASSES];	/* pages really dropped, by class; KEEP and ZERO stay 0 */
	uint64_t kept_for[KEEP_REASONS];	/* pages kept for lack of a fact, by reason */
	uint64_t free_blocks[SCAN_ORDERS];	/* struct pages that begin a free block, by order */
	uint64_t poisoned;		/* struct pages that are marked so */
	struct scan_samples *samples;	/* NULL: not wanted; else the caller's */
};

/* What all scanners of a run share; read-only while scanning. */
struct scan_job {
	const struct kernel *kernel;
	const struct mem_map *map;	/* NULL: no struct pages; everything present stays, pmem rules apart */
	const struct page_layout *layout;	/* NULL iff map is */
	unsigned int level;
	const struct ranges *pmem_metadata;	/* pfns; empty set when there are none */
	/* Pfns free without regard to their struct pages, dropped with LEVEL_FREE; NULL: none. */
	const struct ranges *free_pages;
	/* The kernel's own choice, which takes the place of struct pages; NULL: none. */
	const struct crash_bitmap *bitmap;
	const struct xen *xen;	/* pages of its guests and its free ones go; NULL: none do for that */
	/* Pfns that hold only struct pages nobody needs (pages/vmemmap.h), dropped; NULL: none. */
	const struct ranges *unused_vmemmap;
	size_t window;	/* bytes of the dump mapped at a time; 0: as much as pays for all of it */
};

/* One thread's scanner. */
struct scanner;
struct err *scanner_create(const struct scan_job *job, struct scanner **ret)
	__attribute__((warn_unused_result));
void scanner_destroy(struct scanner *scanner);

/*
 * Judge block @block: fill @keep as struct plan_judge says, and add to
 * @counts (may be NULL). Fails only when the dump cannot tell which pages it has.
 */
struct err *scan_block(struct scanner *scanner, uint64_t block, uint8_t *keep,
		       struct scan_counts *counts) __attribute__((warn_unused_result));

/*
 * The same for pfns [from, to), at most a block, whose first bit in @keep is that of @from.
 * The verdicts are those of scan_block() when @from is a multiple of the
 * largest free block; no free block is seen that began before it.
 */
struct err *scan_part(struct scanner *scanner, uint64_t from, uint64_t to, uint8_t *keep,
		      struct scan_counts *counts) __attribute__((warn_unused_result));

/* Takes judged blocks, ascending, in the thread of scan_each(); blocks without memory are left out. */
struct scan_taker {
	struct err *(*take)(void *ctx, uint64_t block, const uint8_t *keep);
	void *ctx;
};

/*
 * Judge all blocks on @threads workers (0: in this thread) through the ordered
 * pool, hand them to @taker, sum up @counts. What a bitmap leaves out is counted by the
 * classes that the kernel counted.
 */
struct err *scan_each(const struct scan_job *job, unsigned int threads,
		      const struct scan_taker *taker, struct scan_counts *counts,
		      const struct progress *progress) __attribute__((warn_unused_result));

/*
 * job->bitmap can be obeyed at job->level: it leaves out no class that the level keeps, no more
 * pages of this dump than the kernel counted, and in all not fewer. The error says why
 * not. Looks at all of the bitmap.
 */
struct err *scan_check_bitmap(const struct scan_job *job) __attribute__((warn_unused_result));

/* The same as scan_each(), into @plan. */
struct err *scan_all(const struct scan_job *job, unsigned int threads, struct plan *plan,
		     struct scan_counts *counts, const struct progress *progress)
	__attribute__((warn_unused_result));

#endif
