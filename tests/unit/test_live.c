// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A running system: struct pages are other ones each time they are looked at.
 * Nothing may fail, hang or be counted twice for that; which verdict a page
 * gets is then a matter of the moment.
 */
#include <errno.h>

#include "pages/plan.h"
#include "tests/unit/world.h"

#define ROUNDS 12

/* The dump's source, with struct pages changed behind every reading of one. */
struct restless {
	struct source base;
	struct source *inner;
	struct world *world;
	uint64_t seed;
	uint64_t reads;
	bool refuses;		/* every second reading fails, and nothing changes */
};

/* What a struct page can become, likely and unlikely. */
static void change_one(struct restless *r)
{
	struct world *w = r->world;
	uint64_t pfn = random_below(&r->seed, w->pages - 1), order = random_below(&r->seed, 40);
	uint8_t *at = machine_page(&w->m, &w->l, pfn);

	switch (random_below(&r->seed, 7)) {
	case 0:		/* free, of an order that may be aligned or not */
		world_put(w, pfn, (struct structpage){ .private = order,
						       .mapcount = w->l.buddy.value });
		break;
	case 1:		/* a head, whatever its tails say */
		world_put(w, pfn, (struct structpage){ .flags = w->l.pg_head });
		structpage_put_order(&w->l, (unsigned int)order, order & 1, at + w->l.size);
		break;
	case 2:		/* a tail of any page */
		world_put(w, pfn, (struct structpage){
			.compound = world_va(w, random_below(&r->seed, w->pages)) | 1 });
		break;
	case 3:		/* a tail of itself, or of what lies behind it */
		world_put(w, pfn, (struct structpage){
			.compound = (world_va(w, pfn) + order / 20 * w->l.size) | 1 });
		break;
	case 4:
		memset(at, 0xff, w->l.size);
		break;
	case 5:		/* half of one */
		random_fill(&r->seed, at + random_below(&r->seed, w->l.size), 1);
		break;
	default:
		random_fill(&r->seed, at, w->l.size);
		break;
	}
}

static struct err *restless_read(struct source *src, uint64_t off, void *buf, size_t len,
				 size_t *ret_len)
{
	struct restless *r = (struct restless *)src;

	r->reads++;
	if (r->refuses && r->reads % 2)
		return err_sys(EIO, "kcore: read");
	TRY(source_read_some(r->inner, off, buf, len, ret_len));
	for (int i = 0; i < 200 && !r->refuses; i++)
		change_one(r);
	return NULL;
}

static void restless_destroy(struct source *src)
{
	(void)src;
}

static const struct source_ops restless_ops = {
	.read = restless_read, .destroy = restless_destroy,
};

static struct err *must_not_ask(void *ctx, uint64_t block, uint8_t *keep)
{
	(void)ctx;
	(void)block;
	(void)keep;
	return err_new(ERR_OTHER, "a page of a running system was judged twice");
}

/* Runs of the plan, read twice, have as many pages as the plan says. */
static void check_plan(const struct plan *plan)
{
	for (int round = 0; round < 2; round++) {
		struct plan_cursor *cursor = NULL;
		struct range run = { 0, 0 };
		uint64_t pages = 0;
		bool found = true;

		CHECK_OK(plan_cursor_create(plan, &cursor));
		while (found) {
			CHECK_OK(plan_next_run(cursor, run.end, &run, &found));
			pages += found ? run.end - run.start : 0;
		}
		CHECK_EQ(pages, plan_kept(plan));
		plan_cursor_destroy(cursor);
	}
}

static struct scan_counts scan_once(struct world *w)
{
	const struct plan_judge judge = { .judge = must_not_ask };
	uint64_t max_mapnr = w->m.dump->max_mapnr, sum = 0;
	struct scan_counts counts = { 0 };
	struct plan *plan = NULL;

	CHECK_OK(plan_create(max_mapnr, plan_budget_whole(max_mapnr), &judge, &plan));
	CHECK_OK(scan_all(&w->job, 0, plan, &counts, NULL));
	for (unsigned int i = 0; i < PAGE_CLASSES; i++)
		sum += counts.dropped[i];
	CHECK_EQ(sum + plan_kept(plan), ranges_total(&w->m.dump->present));
	check_plan(plan);
	plan_destroy(plan);
	return counts;
}

/* A world of that era whose memory is read through @r; restless_close() ends both. */
static void restless_open(struct restless *r, struct world *w, const char *era)
{
	*r = (struct restless){ .base = { .ops = &restless_ops, .name = "kcore", .no_map = true } };
	world_init(w, era, PLAN_BLOCK / 4);
	machine_segment(&w->m, 0, w->pages);
	world_open(w);
	r->inner = w->m.dump->src;
	r->base.size = r->inner->size;
	r->world = w;
	r->seed = 7;
	w->m.dump->src = &r->base;
	w->m.dump->live = true;
}

static void restless_close(struct restless *r, struct world *w)
{
	w->m.dump->src = r->inner;
	world_deinit(w);
}

static void check_era(const char *era)
{
	struct restless r;
	struct world w;

	restless_open(&r, &w, era);
	for (int round = 0; round < ROUNDS; round++)
		scan_once(&w);
	CHECK(r.reads > ROUNDS);
	restless_close(&r, &w);
}

/* What cannot be read at one moment can at the next; a crashed kernel's memory is asked once. */
static void test_unreadable_for_a_moment(void)
{
	struct restless r;
	struct world w;

	restless_open(&r, &w, ERA_6_12);
	r.refuses = true;
	CHECK_EQ(scan_once(&w).kept_for[KEEP_UNREADABLE], 0);
	w.m.dump->live = false;
	CHECK(scan_once(&w).kept_for[KEEP_UNREADABLE] > 0);
	restless_close(&r, &w);
}

static void test_pages_change_6_12(void)
{
	check_era(ERA_6_12);
}

static void test_pages_change_5_10(void)
{
	check_era(ERA_5_10);
}

static void test_pages_change_7_2(void)
{
	check_era(ERA_7_2);
}

int main(void)
{
	RUN(test_pages_change_5_10);
	RUN(test_pages_change_6_12);
	RUN(test_pages_change_7_2);
	RUN(test_unreadable_for_a_moment);
	return unit_status();
}
