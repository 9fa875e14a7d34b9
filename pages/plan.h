/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page plan: which pages stay.
 *
 * The machine is cut into blocks of PLAN_BLOCK pfns, judged independently of
 * each other, so the result depends neither on the memory budget nor on
 * threads. The plan remembers each chunk of a block in the smallest form
 * (all, none, runs, bits) as long as the budget lasts; a block it had to
 * forget is judged again when it is asked for. That is the cyclic way, and
 * nobody outside this file sees it.
 */
#ifndef PAGES_PLAN_H
#define PAGES_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/ranges.h"

#define PLAN_BLOCK_SHIFT 18	/* 1 GiB of 4 KiB pages: the largest x86_64 page */
#define PLAN_BLOCK (UINT64_C(1) << PLAN_BLOCK_SHIFT)
#define PLAN_CHUNK (UINT64_C(1) << 15)

struct plan;

/*
 * Fills @keep (PLAN_BLOCK / 8 bytes, bit i = pfn block * PLAN_BLOCK + i) with
 * the pages that stay. Same answer every time. Bits at and above max_mapnr are 0.
 */
struct plan_judge {
	struct err *(*judge)(void *ctx, uint64_t block, uint8_t *keep);
	void *ctx;
};

/*
 * @budget: bytes for remembered chunks, any value from 0. @judge is copied and
 * used by cursors for forgotten blocks.
 */
struct err *plan_create(uint64_t max_mapnr, size_t budget, const struct plan_judge *judge,
			struct plan **ret) __attribute__((warn_unused_result));
void plan_destroy(struct plan *plan);

/* A budget with which no block of such a plan is forgotten: little more than a bit per page. */
size_t plan_budget_whole(uint64_t max_mapnr);

uint64_t plan_blocks(const struct plan *plan);

/*
 * Remember block @block; ascending, each block once. A block that is left out
 * has no page that stays.
 */
struct err *plan_put(struct plan *plan, uint64_t block, const uint8_t *keep)
	__attribute__((warn_unused_result));

/* Pages that stay, of all blocks put so far. */
uint64_t plan_kept(const struct plan *plan);

/* Blocks that will be judged again, and bytes in use: for the report. */
uint64_t plan_forgotten(const struct plan *plan);
size_t plan_bytes(const struct plan *plan);

/* A reader of the plan, for ascending reads; one thread. */
struct plan_cursor;
struct err *plan_cursor_create(const struct plan *plan, struct plan_cursor **ret)
	__attribute__((warn_unused_result));
void plan_cursor_destroy(struct plan_cursor *cursor);

/* Keep bits of a whole block; borrowed until the next call on the cursor. */
struct err *plan_block_bits(struct plan_cursor *cursor, uint64_t block, const uint8_t **ret)
	__attribute__((warn_unused_result));

/* First run of kept pages at or behind @from, within one block; *found false at the end. */
struct err *plan_next_run(struct plan_cursor *cursor, uint64_t from, struct range *ret,
			  bool *found) __attribute__((warn_unused_result));

/* How many pages of [pfns->start, pfns->end) stay. */
struct err *plan_count(struct plan_cursor *cursor, const struct range *pfns, uint64_t *ret)
	__attribute__((warn_unused_result));

#endif
