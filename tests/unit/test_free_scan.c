/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of pages on free lists in a scan. */
#include "tests/unit/freelists.h"

#define PAGES UINT64_C(8192)

/* Cache, user data and slab next to free blocks, one of them over the border of two scan blocks. */
static void put_mixture(struct freelists *f)
{
	const struct page_layout *l = &f->w.l;
	struct structpage cache = { .flags = l->pg_lru, .mapping = 0xffff888000001000 };
	struct structpage anon = { .flags = l->pg_lru, .mapping = 0xffff888000001001 };
	struct structpage slab = { .flags = l->pg_slab | l->pg_lru,
				   .mapping = 0xffff888000001001 };

	put_free(f, list_va(0, 0, 10, 2), PLAN_BLOCK - 1024, 10);
	put_free(f, list_va(0, 0, 10, 2), PLAN_BLOCK, 10);
	put_free(f, list_va(0, 0, 0, 0), 3001, 0);
	put_free(f, list_va(0, 0, 4, 0), 3200, 4);
	world_put(&f->w, 3000, cache);
	world_class(&f->w, 3000, 1, PAGE_CACHE);
	world_put(&f->w, 3002, anon);
	world_class(&f->w, 3002, 1, PAGE_USER);
	world_put(&f->w, 3003, slab);
	world_put(&f->w, 3199, anon);
	world_class(&f->w, 3199, 1, PAGE_USER);
	world_put(&f->w, 3216, cache);
	world_class(&f->w, 3216, 1, PAGE_CACHE);
	world_compound(&f->w, 3232, 5, false, false, anon);
	world_class(&f->w, 3232, 32, PAGE_USER);
	/* Free pages that still look like a compound page of twice their number. */
	put_free(f, list_va(0, 0, 3, 0), 3264, 3);
	poke(f, world_va(&f->w, 3264), l->pg_head | l->pg_lru);
	poke(f, world_va(&f->w, 3264) + l->mapping, anon.mapping);
	poke(f, lru_va(f, 3265) + 8, 4);
}

static void init_mixture(struct freelists *f)
{
	freelists_init(f, PLAN_BLOCK + PAGES);
	put_zone(f, 0, 0, PLAN_BLOCK + PAGES);
	put_mixture(f);
}

static void test_scan(void)
{
	static const unsigned int levels[] = { 31, 16, 17, 24, 18 };
	struct freelists f;

	init_mixture(&f);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		struct scan_counts counts = world_check(&f.w, levels[i]);

		CHECK_EQ(counts.dropped[PAGE_FREE], 2048 + 1 + 16 + 8);
	}
	freelists_deinit(&f);
}

/* Free pages look like kernel pages here, as real ones do, so that nothing else drops them. */
static void test_level_without_free(void)
{
	struct freelists f;
	struct scan_counts counts;

	init_mixture(&f);
	for (uint64_t pfn = 0; pfn < f.w.pages; pfn++) {
		uint64_t lru = lru_va(&f, pfn), next = peek(&f, lru), prev = peek(&f, lru + 8);

		if (f.w.class[pfn] != PAGE_FREE)
			continue;
		world_put(&f.w, pfn, STRUCTPAGE_PLAIN);
		poke(&f, lru, next);
		poke(&f, lru + 8, prev);
	}
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	counts = world_check(&f.w, 15);
	CHECK_EQ(counts.dropped[PAGE_FREE], 0);
	world_check(&f.w, 0);
	world_check(&f.w, 47);
	world_check(&f.w, 16);
	freelists_deinit(&f);
}

/* A walk that was not possible costs free pages and nothing else. */
static void test_scan_without_lists(void)
{
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	world_put(&f.w, 77, (struct structpage){ .flags = f.w.l.pg_lru,
						 .mapping = 0xffff888000001000 });
	world_class(&f.w, 77, 1, PAGE_CACHE);
	freelists_open(&f, FREE_INFO);
	f.w.job.free_pages = NULL;
	world_check(&f.w, 31);
	freelists_deinit(&f);
}

/* Free blocks over holes, left-out pages and the end of the dump: only what is there counts. */
static void test_clipped_to_present(void)
{
	struct freelists f;
	struct machine *m;

	freelists_init(&f, PAGES);
	m = &f.w.m;
	/* The segment of all pages becomes [0, 4500), of which the last 100 are missing, ... */
	m->seg[1].pages = 4500;
	m->seg[1].missing = 100;
	machine_segment(m, 5000, 10);
	machine_segment(m, 5500, 1000);
	put_zone(&f, 0, 0, PAGES);
	put_free(&f, list_va(0, 0, 10, 0), 4096, 10);
	put_free(&f, list_va(0, 0, 9, 0), 6144, 9);
	put_free(&f, list_va(0, 0, 9, 0), 7168, 9);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	CHECK_EQ(world_check(&f.w, 31).dropped[PAGE_FREE], 4400 - 4096 + 10 + 6500 - 6144);
	freelists_deinit(&f);
}

/* Persistent memory is decided first, whatever a list says. */
static void test_pmem_first(void)
{
	struct freelists f;
	struct machine *m;

	freelists_init(&f, PAGES);
	m = &f.w.m;
	m->seg[1].pages = 4096;
	machine_segment(m, 4096, PAGES - 4096);
	m->seg[2].pmem = true;
	put_zone(&f, 0, 0, PAGES);
	put_free(&f, list_va(0, 0, 10, 0), 3072, 10);
	put_free(&f, list_va(0, 0, 10, 0), 4096, 10);
	world_class(&f.w, 4096, PAGES - 4096, PAGE_PMEM_USERDATA);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	CHECK_EQ(world_check(&f.w, 31).dropped[PAGE_FREE], 1024);
	freelists_deinit(&f);
}

/* On several threads as on none. */
static void test_scan_all(void)
{
	for (unsigned int threads = 0; threads < 3; threads++) {
		struct scan_counts counts = { 0 };
		struct plan_judge judge = { 0 };
		struct plan *plan = NULL;
		struct freelists f;

		init_mixture(&f);
		freelists_open(&f, FREE_INFO);
		freelists_collect(&f, FREE_BUDGET);
		CHECK_OK(plan_create(f.w.m.dump->max_mapnr, SIZE_MAX, &judge, &plan));
		CHECK_OK(scan_all(&f.w.job, threads, plan, &counts, NULL));
		CHECK_EQ(counts.dropped[PAGE_FREE], 2073);
		CHECK_EQ(plan_kept(plan), ranges_total(&f.w.m.dump->present) - 2073 -
			 counts.dropped[PAGE_CACHE] - counts.dropped[PAGE_USER]);
		plan_destroy(plan);
		freelists_deinit(&f);
	}
}

int main(void)
{
	RUN(test_scan);
	RUN(test_level_without_free);
	RUN(test_scan_without_lists);
	RUN(test_clipped_to_present);
	RUN(test_pmem_first);
	RUN(test_scan_all);
	return unit_status();
}
