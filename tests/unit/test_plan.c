/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan against a plain bitmap, with room for everything, something and nothing. */
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "pages/plan.h"
#include "tests/unit/unit.h"

#define BLOCK_BYTES (PLAN_BLOCK / 8)
#define BLOCKS 6
#define MAX_MAPNR ((BLOCKS - 1) * PLAN_BLOCK + 12345)

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* What stays, as a plain bitmap, and how often the plan asked for it again. */
struct model {
	uint8_t *bits;
	uint64_t max_mapnr;
	unsigned int asked;
};

static struct err *model_judge(void *ctx, uint64_t block, uint8_t *keep)
{
	struct model *model = ctx;

	model->asked++;
	memcpy(keep, model->bits + block * BLOCK_BYTES, BLOCK_BYTES);
	return NULL;
}

/* Each block in another manner: full, empty, few runs, single pages, noise, a cut-off end. */
static void model_init(struct model *model)
{
	memset(model, 0, sizeof(*model));
	model->max_mapnr = MAX_MAPNR;
	model->bits = calloc(BLOCKS, BLOCK_BYTES);
	bits_set_range(model->bits, 0, PLAN_BLOCK);
	for (int i = 0; i < 50; i++) {
		uint64_t from = 2 * PLAN_BLOCK + rnd() % PLAN_BLOCK;

		bits_set_range(model->bits, from,
			       min_u64(from + rnd() % 5000, 3 * PLAN_BLOCK));
	}
	/* Runs over chunk borders and on a chunk's very first and last page. */
	bits_set_range(model->bits, 2 * PLAN_BLOCK + PLAN_CHUNK - 1,
		       2 * PLAN_BLOCK + 2 * PLAN_CHUNK + 1);
	for (int i = 0; i < 2000; i++)
		bits_set(model->bits, 3 * PLAN_BLOCK + rnd() % PLAN_BLOCK);
	for (uint64_t i = 0; i < BLOCK_BYTES / 2; i++)
		model->bits[4 * BLOCK_BYTES + i] = (uint8_t)rnd();
	bits_set_range(model->bits, 5 * PLAN_BLOCK, MAX_MAPNR);
}

static struct plan *model_plan(struct model *model, size_t budget, bool skip_empty)
{
	struct plan_judge judge = { model_judge, model };
	struct plan *plan = NULL;

	CHECK_OK(plan_create(model->max_mapnr, budget, &judge, &plan));
	CHECK_EQ(plan_blocks(plan), BLOCKS);
	for (uint64_t b = 0; b < BLOCKS; b++) {
		if (skip_empty && b == 1)
			continue;
		CHECK_OK(plan_put(plan, b, model->bits + b * BLOCK_BYTES));
	}
	CHECK_EQ(plan_kept(plan), bits_count(model->bits, 0, BLOCKS * PLAN_BLOCK));
	return plan;
}

/* The next run as the plain bitmap has it, ended at block borders. */
static bool model_next(const struct model *model, uint64_t from, struct range *ret)
{
	uint64_t all = BLOCKS * PLAN_BLOCK;

	ret->start = bits_next_set(model->bits, min_u64(from, all), all);
	if (ret->start == all)
		return false;
	ret->end = bits_next_clear(model->bits, ret->start,
				   round_down(ret->start, PLAN_BLOCK) + PLAN_BLOCK);
	return true;
}

static void check_runs(struct plan_cursor *cursor, const struct model *model)
{
	struct range got = { 0, 0 }, want = { 0, 0 };
	uint64_t at = 0;
	bool found = false;

	for (;;) {
		bool more = model_next(model, at, &want);

		CHECK_OK(plan_next_run(cursor, at, &got, &found));
		CHECK_EQ(found, more);
		if (!found || !more)
			return;
		CHECK_EQ(got.start, want.start);
		CHECK_EQ(got.end, want.end);
		at = want.end;
	}
}

static void check_random_access(struct plan_cursor *cursor, const struct model *model)
{
	for (int i = 0; i < 3000; i++) {
		uint64_t from = rnd() % (MAX_MAPNR + 1000);
		struct range got = { 0, 0 }, want = { 0, 0 };
		bool found = false, more = model_next(model, from, &want);

		CHECK_OK(plan_next_run(cursor, from, &got, &found));
		CHECK_EQ(found, more);
		if (found && more) {
			CHECK_EQ(got.start, want.start);
			CHECK_EQ(got.end, want.end);
		}
	}
}

static void check_plan(size_t budget, bool skip_empty)
{
	struct plan_cursor *cursor = NULL;
	struct model model;
	struct plan *plan;

	model_init(&model);
	plan = model_plan(&model, budget, skip_empty);
	CHECK_OK(plan_cursor_create(plan, &cursor));
	check_runs(cursor, &model);
	for (uint64_t b = 0; b < BLOCKS; b++) {
		const uint8_t *bits = NULL;

		CHECK_OK(plan_block_bits(cursor, b, &bits));
		CHECK(bits && !memcmp(bits, model.bits + b * BLOCK_BYTES, BLOCK_BYTES));
	}
	check_runs(cursor, &model);
	check_random_access(cursor, &model);
	CHECK_EQ(model.asked == 0, plan_forgotten(plan) == 0);
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
	free(model.bits);
}

static void test_huge_budget(void)
{
	check_plan(SIZE_MAX, false);
	check_plan(64 << 20, true);
}

static void test_no_budget(void)
{
	check_plan(0, false);
	check_plan(0, true);
}

static void test_tiny_budgets(void)
{
	for (size_t budget = 1; budget < 64 << 10; budget = budget * 3 + 7)
		check_plan(budget, false);
}

static void test_budget_is_obeyed(void)
{
	struct model model;
	size_t table = 0;

	model_init(&model);
	for (size_t budget = 0; budget < 64 << 10; budget += 1 << 10) {
		struct plan *plan = model_plan(&model, budget, false);

		if (!budget)
			table = plan_bytes(plan);
		CHECK(plan_bytes(plan) <= table + budget);
		/* Blocks 0 and 1 need no memory, of the others each may be forgotten. */
		CHECK(plan_forgotten(plan) <= BLOCKS - 2);
		CHECK_EQ(budget == 0 && plan_forgotten(plan) != BLOCKS - 2, 0);
		plan_destroy(plan);
	}
	free(model.bits);
}

static void test_forms_are_small(void)
{
	struct model model;
	struct plan *all = NULL, *few = NULL;
	struct plan_judge judge = { model_judge, &model };

	model_init(&model);
	/* Noise over half a block takes its 4 chunks of bitmap, not the block's whole. */
	CHECK_OK(plan_create(BLOCKS * PLAN_BLOCK, SIZE_MAX, &judge, &all));
	CHECK_OK(plan_put(all, 4, model.bits + 4 * BLOCK_BYTES));
	CHECK_OK(plan_create(BLOCKS * PLAN_BLOCK, SIZE_MAX, &judge, &few));
	CHECK_OK(plan_put(few, 2, model.bits + 2 * BLOCK_BYTES));
	CHECK(plan_bytes(all) < 4 * PLAN_CHUNK / 8 + 2048);
	CHECK(plan_bytes(few) < 2048);
	plan_destroy(all);
	plan_destroy(few);
	free(model.bits);
}

static void test_16_tib(void)
{
	struct model model = { .bits = calloc(1, BLOCK_BYTES) };
	struct plan_judge judge = { model_judge, &model };
	struct plan *plan = NULL;

	memset(model.bits, 0xff, BLOCK_BYTES);
	CHECK_OK(plan_create(UINT64_C(1) << 32, 0, &judge, &plan));
	for (uint64_t b = 0; b < plan_blocks(plan); b++)
		CHECK_OK(plan_put(plan, b, model.bits));
	CHECK_EQ(plan_kept(plan), UINT64_C(1) << 32);
	CHECK_EQ(plan_forgotten(plan), 0);
	CHECK(plan_bytes(plan) < 512 << 10);
	plan_destroy(plan);
	free(model.bits);
}

/* With the budget for the whole of it, nothing is forgotten, however badly the pages lie. */
static void test_whole_budget(void)
{
	uint64_t max_mapnr = 40 * PLAN_BLOCK - 3;
	uint8_t *keep = malloc(BLOCK_BYTES);
	struct plan *plan = NULL;

	CHECK_OK(plan_create(max_mapnr, plan_budget_whole(max_mapnr), &(struct plan_judge){ 0 }, &plan));
	memset(keep, 0x55, BLOCK_BYTES);
	for (uint64_t b = 0; b < 40; b++)
		CHECK_OK(plan_put(plan, b, keep));
	CHECK_EQ(plan_forgotten(plan), 0);
	CHECK(plan_budget_whole(max_mapnr) < max_mapnr / 8 * 9 / 8);
	plan_destroy(plan);
	free(keep);
}

static void test_highest_block(void)
{
	struct model model = { .bits = calloc(1, BLOCK_BYTES) };
	struct plan_judge judge = { model_judge, &model };
	struct plan_cursor *cursor = NULL;
	struct plan *plan = NULL;
	struct range run = { 0, 0 };
	bool found = false;
	uint64_t last;

	bits_set(model.bits, PLAN_BLOCK - 1);
	CHECK_OK(plan_create(UINT64_C(1) << 44, 1 << 20, &judge, &plan));
	last = plan_blocks(plan) - 1;
	CHECK_OK(plan_put(plan, 0, model.bits));
	CHECK_OK(plan_put(plan, last, model.bits));
	CHECK(plan_bytes(plan) < 4096);
	CHECK_OK(plan_cursor_create(plan, &cursor));
	CHECK_OK(plan_next_run(cursor, PLAN_BLOCK, &run, &found));
	CHECK(found);
	CHECK_EQ(run.start, (UINT64_C(1) << 44) - 1);
	CHECK_EQ(run.end, UINT64_C(1) << 44);
	CHECK_OK(plan_next_run(cursor, run.end, &run, &found));
	CHECK(!found);
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
	free(model.bits);
}

static void test_order_is_checked(void)
{
	uint8_t *bits = calloc(1, BLOCK_BYTES);
	struct model model = { .bits = bits };
	struct plan_judge judge = { model_judge, &model };
	struct plan *plan = NULL;

	CHECK_OK(plan_create(4 * PLAN_BLOCK, 0, &judge, &plan));
	CHECK_OK(plan_put(plan, 2, bits));
	CHECK_ERR(plan_put(plan, 2, bits), ERR_OTHER);
	CHECK_ERR(plan_put(plan, 1, bits), ERR_OTHER);
	CHECK_ERR(plan_put(plan, 4, bits), ERR_OTHER);
	CHECK_OK(plan_put(plan, 3, bits));
	CHECK_EQ(plan_kept(plan), 0);
	plan_destroy(plan);
	plan_destroy(NULL);
	plan_cursor_destroy(NULL);
	free(bits);
}

static struct err *judge_fails(void *ctx, uint64_t block, uint8_t *keep)
{
	(void)ctx;
	(void)block;
	memset(keep, 0xff, BLOCK_BYTES);
	return err_nomem;
}

static void test_judge_error_is_told(void)
{
	struct plan_judge judge = { judge_fails, NULL };
	struct plan_cursor *cursor = NULL;
	uint8_t *bits = calloc(1, BLOCK_BYTES);
	struct plan *plan = NULL;
	const uint8_t *got = NULL;
	struct range run = { 0, 0 };
	bool found = false;

	bits_set(bits, 5);
	CHECK_OK(plan_create(PLAN_BLOCK, 0, &judge, &plan));
	CHECK_OK(plan_put(plan, 0, bits));
	CHECK_OK(plan_cursor_create(plan, &cursor));
	CHECK_ERR(plan_block_bits(cursor, 0, &got), ERR_NOMEM);
	CHECK_ERR(plan_next_run(cursor, 0, &run, &found), ERR_NOMEM);
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
	free(bits);
}

/* Judges like the model, except for one block. */
struct moody {
	struct model model;
	uint64_t bad;
};

static struct err *judge_moody(void *ctx, uint64_t block, uint8_t *keep)
{
	struct moody *moody = ctx;

	if (block != moody->bad)
		return model_judge(&moody->model, block, keep);
	/* What a judge leaves behind when it gives up half way. */
	memset(keep, 0xa5, BLOCK_BYTES);
	return err_nomem;
}

/* The cursor holds a block's bits and fails on the next: it may not take those for either. */
static void test_cursor_survives_judge_error(void)
{
	struct moody moody = { .bad = 3 };
	struct plan_judge judge = { judge_moody, &moody };
	struct plan_cursor *cursor = NULL;
	struct range run = { 0, 0 }, want = { 0, 0 };
	struct plan *plan = NULL;
	const uint8_t *got = NULL;
	bool found = false;

	model_init(&moody.model);
	CHECK_OK(plan_create(MAX_MAPNR, 0, &judge, &plan));
	for (uint64_t b = 2; b < BLOCKS; b++)
		CHECK_OK(plan_put(plan, b, moody.model.bits + b * BLOCK_BYTES));
	CHECK_EQ(plan_forgotten(plan), BLOCKS - 2);
	CHECK_OK(plan_cursor_create(plan, &cursor));
	CHECK_OK(plan_block_bits(cursor, 2, &got));
	CHECK_ERR(plan_block_bits(cursor, 3, &got), ERR_NOMEM);
	CHECK_ERR(plan_next_run(cursor, 3 * PLAN_BLOCK, &run, &found), ERR_NOMEM);
	/* Block 2 was overwritten by the failure; it is judged again. */
	moody.model.asked = 0;
	CHECK_OK(plan_block_bits(cursor, 2, &got));
	CHECK(!memcmp(got, moody.model.bits + 2 * BLOCK_BYTES, BLOCK_BYTES));
	CHECK_EQ(moody.model.asked, 1);
	/* The same way through runs, over the border from block 2 to 3. */
	CHECK_ERR(plan_next_run(cursor, 3 * PLAN_BLOCK - 1, &run, &found), ERR_NOMEM);
	CHECK_OK(plan_next_run(cursor, 2 * PLAN_BLOCK, &run, &found));
	CHECK(found && model_next(&moody.model, 2 * PLAN_BLOCK, &want));
	CHECK_EQ(run.start, want.start);
	CHECK_EQ(run.end, want.end);
	/* A block with no entry, and then the judge gets well. */
	CHECK_ERR(plan_block_bits(cursor, 3, &got), ERR_NOMEM);
	CHECK_OK(plan_block_bits(cursor, 1, &got));
	CHECK_EQ(bits_count(got, 0, PLAN_BLOCK), 0);
	CHECK_ERR(plan_block_bits(cursor, 3, &got), ERR_NOMEM);
	moody.bad = UINT64_MAX;
	CHECK_OK(plan_block_bits(cursor, 3, &got));
	CHECK(!memcmp(got, moody.model.bits + 3 * BLOCK_BYTES, BLOCK_BYTES));
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
	free(moody.model.bits);
}

int main(void)
{
	RUN(test_huge_budget);
	RUN(test_no_budget);
	RUN(test_tiny_budgets);
	RUN(test_budget_is_obeyed);
	RUN(test_forms_are_small);
	RUN(test_16_tib);
	RUN(test_whole_budget);
	RUN(test_highest_block);
	RUN(test_order_is_checked);
	RUN(test_judge_error_is_told);
	RUN(test_cursor_survives_judge_error);
	return unit_status();
}
