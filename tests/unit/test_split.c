// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a dump is cut into pieces. What is in them, tests/cli looks at. */
#include "output/split.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define PIECES_MAX 9

/* Pages that stay: bit pfn % 64 of a pattern, in [first, max). */
struct some {
	uint64_t pattern, first, max;
};

static struct err *judge(void *ctx, uint64_t block, uint8_t *keep)
{
	const struct some *some = ctx;

	memset(keep, 0, PLAN_BLOCK / 8);
	for (uint64_t i = 0; i < PLAN_BLOCK; i++) {
		uint64_t pfn = block * PLAN_BLOCK + i;

		if (pfn >= some->first && pfn < some->max && some->pattern >> pfn % 64 & 1)
			bits_set(keep, i);
	}
	return NULL;
}

static struct plan *plan_of(const struct some *some, size_t budget)
{
	struct plan_judge again = { .judge = judge, .ctx = (void *)some };
	uint8_t *keep = malloc(PLAN_BLOCK / 8);
	struct plan *plan = NULL;

	CHECK_OK(plan_create(some->max, budget, &again, &plan));
	for (uint64_t b = 0; b < plan_blocks(plan); b++) {
		CHECK_OK(judge((void *)some, b, keep));
		CHECK_OK(plan_put(plan, b, keep));
	}
	free(keep);
	return plan;
}

static void check(const struct some *some, uint64_t unit, size_t count, size_t budget)
{
	struct plan *plan = plan_of(some, budget);
	struct range pieces[PIECES_MAX];
	struct plan_cursor *cursor;
	uint64_t last = 0, pages, fair;

	CHECK_OK(split_choose(plan, some->max, unit, count, pieces));
	CHECK_OK(plan_cursor_create(plan, &cursor));
	fair = plan_kept(plan) / count;
	for (size_t i = 0; i < count; i++) {
		CHECK_EQ(pieces[i].start, last);
		CHECK(pieces[i].end >= last);
		CHECK(pieces[i].start % unit == 0 || pieces[i].start == some->max);
		CHECK_OK(plan_count(cursor, &pieces[i], &pages));
		/* Each end is at most half a unit, and one page, off. */
		CHECK(pages <= fair + unit + 2 && pages + unit + 2 >= fair);
		last = pieces[i].end;
	}
	CHECK_EQ(last, some->max);
	CHECK(pieces[0].end > 0);
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
}

static void test_balance(void)
{
	static const struct some cases[] = {
		{ UINT64_MAX, 0, 100000 }, { UINT64_C(0x8000000000000001), 0, 1000001 },
		{ 5, 700000, 1000000 }, { 0, 0, 300000 }, { UINT64_MAX, 0, 64 }, { UINT64_MAX, 0, 65 },
		{ UINT64_MAX, 0, 63 }, { 1, 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t count = 1; count <= PIECES_MAX; count++) {
			check(&cases[i], SPLIT_ALIGN, count, 1 << 20);
			check(&cases[i], 3 * SPLIT_ALIGN, count, 0);
		}
}

/* Blocks larger than the machine: the first piece has it all. */
static void test_huge_blocks(void)
{
	const struct some some = { UINT64_MAX, 0, 100000 };
	struct plan *plan = plan_of(&some, 1 << 20);
	struct range pieces[3];

	CHECK_OK(split_choose(plan, some.max, UINT64_C(1) << 40, 3, pieces));
	CHECK_EQ(pieces[0].start, 0);
	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(pieces[i].end, some.max);
	plan_destroy(plan);
}

int main(void)
{
	RUN(test_balance);
	RUN(test_huge_blocks);
	return unit_status();
}
