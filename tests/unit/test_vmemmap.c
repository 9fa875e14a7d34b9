// SPDX-License-Identifier: GPL-2.0-or-later
/* Which pages of the memory map are found unused. Struct pages of 64 bytes: 64 in a page. */
#include "pages/vmemmap.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define PAGES (PLAN_BLOCK + 8192)
#define PER UINT64_C(64)

/* Kernel data everywhere. */
static void init(struct world *w)
{
	world_init(w, ERA_6_12, PAGES);
	for (uint64_t pfn = 0; pfn < PAGES; pfn++)
		world_put(w, pfn, STRUCTPAGE_PLAIN);
}

static void put_anon(struct world *w, uint64_t pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		world_put(w, pfn + i, (struct structpage){
			.flags = w->l.pg_lru, .mapping = 0xffff888000001001, .mapcount = 1 });
}

/* The page of memory that holds the struct page of @pfn, when nothing is remapped. */
static uint64_t home(const struct world *w, uint64_t pfn)
{
	return w->m.memmap / MACHINE_PAGE + pfn / PER;
}

static struct vmemmap_unused find(struct world *w, unsigned int threads, size_t budget)
{
	struct vmemmap_unused unused = { 0 };

	CHECK_OK(vmemmap_find_unused(&w->job, threads, budget, NULL, &unused));
	return unused;
}

/* The unused pages are those of the @count pairs of first and last at @want, and no others. */
static void check(struct world *w, const uint64_t (*want)[2], size_t count)
{
	struct vmemmap_unused unused = find(w, 0, VMEMMAP_BUDGET);

	CHECK_EQ(unused.no_room, 0);
	CHECK_EQ(unused.pfns.count, count);
	for (size_t i = 0; i < count && i < unused.pfns.count; i++) {
		CHECK_EQ(unused.pfns.v[i].start, want[i][0]);
		CHECK_EQ(unused.pfns.v[i].end, want[i][1] + 1);
	}
	vmemmap_unused_deinit(&unused);
}

/* Open the world with all its pages present. */
static void open_all(struct world *w)
{
	machine_segment(&w->m, 0, PAGES);
	world_open(w);
}

/* Only pages with nothing else in them, in either block and over the border of both. */
static void test_whole_pages(void)
{
	struct world w;

	init(&w);
	put_anon(&w, 64, 64);
	put_anon(&w, 192 + 1, 64);	/* neither page of them is whole */
	put_anon(&w, 640, 63);
	put_anon(&w, 1024, 256);
	put_anon(&w, PLAN_BLOCK - 128, 192);
	put_anon(&w, PAGES - 64, 64);
	open_all(&w);
	check(&w, (const uint64_t [][2]){
		{ home(&w, 64), home(&w, 64) },
		{ home(&w, 1024), home(&w, 1024 + 255) },
		{ home(&w, PLAN_BLOCK - 128), home(&w, PLAN_BLOCK + 63) },
		{ home(&w, PAGES - 64), home(&w, PAGES - 1) } }, 4);
	w.job.level = LEVEL_CACHE;
	check(&w, NULL, 0);
	world_deinit(&w);
}

/* A page that a run of the memory map has only in part may hold anything else. */
static void test_run_borders(void)
{
	struct world w;

	init(&w);
	put_anon(&w, 0, 2048);
	w.runs[0].count = 1000;
	w.runs[1] = (struct mem_map_run){ 1064, PAGES - 1064, MACHINE_VMEMMAP + 1064 * w.l.size };
	w.map.count = 2;
	open_all(&w);
	check(&w, (const uint64_t [][2]){
		{ home(&w, 0), home(&w, 959) }, { home(&w, 1088), home(&w, 2047) } }, 2);
	world_deinit(&w);
}

/* What the scanner then does with them. */
static void test_scanner_drops(void)
{
	struct vmemmap_unused unused;
	struct scan_counts counts;
	struct world w;

	init(&w);
	/* Struct pages lie in pages that have a struct page: a few of the first. */
	w.m.memmap = 4096 * MACHINE_PAGE;
	for (uint64_t pfn = 0; pfn < PAGES; pfn++)
		world_put(&w, pfn, STRUCTPAGE_PLAIN);
	put_anon(&w, 128, 128);
	world_class(&w, 128, 128, PAGE_USER);
	open_all(&w);
	unused = find(&w, 2, VMEMMAP_BUDGET);
	w.job.unused_vmemmap = &unused.pfns;
	CHECK_EQ(ranges_total(&unused.pfns), 2);
	w.class[4096 + 2] = w.class[4096 + 3] = PAGE_OFFLINE;
	/* The model has no such class: it is any that always goes. */
	counts = (struct scan_counts){ 0 };
	{
		struct scanner *scanner = NULL;
		uint8_t *keep = malloc(PLAN_BLOCK / 8);

		CHECK_OK(scanner_create(&w.job, &scanner));
		CHECK_OK(scan_block(scanner, 0, keep, &counts));
		for (uint64_t pfn = 0; pfn < PLAN_BLOCK; pfn++)
			if (bits_test(keep, pfn) != world_stays(31, w.class[pfn]))
				CHECK_EQ(pfn, UINT64_MAX);
		scanner_destroy(scanner);
		free(keep);
	}
	CHECK_EQ(counts.dropped[PAGE_UNUSED_VMEMMAP], 2);
	CHECK_EQ(counts.dropped[PAGE_USER], 128);
	vmemmap_unused_deinit(&unused);
	world_deinit(&w);
}

/* Pages that are not in the dump need no struct page, but a block of them is not looked at. */
static void test_absent_pages(void)
{
	struct world w;

	init(&w);
	machine_segment(&w.m, 0, 1024);
	machine_segment(&w.m, 1024 + 128, 1);
	world_open(&w);
	check(&w, (const uint64_t [][2]){
		{ home(&w, 1024), home(&w, 1024 + 127) },
		{ home(&w, 1024 + 192), home(&w, PLAN_BLOCK - 1) } }, 2);
	world_deinit(&w);
}

/* Dropped heads of tails that stay: a head whose order is corrupt. */
static void test_head_of_kept_tail(void)
{
	static const uint64_t heads[] = { 255, PLAN_BLOCK - 1 };
	struct world w;

	init(&w);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		put_anon(&w, heads[i] - 127, 128);
		world_compound(&w, heads[i], 9, false, false, (struct structpage){
			.flags = w.l.pg_lru, .mapping = 0xffff888000001001, .mapcount = 1 });
	}
	open_all(&w);
	check(&w, (const uint64_t [][2]){
		{ home(&w, 128), home(&w, 128) },
		{ home(&w, PLAN_BLOCK - 128), home(&w, PLAN_BLOCK - 128) } }, 2);
	world_deinit(&w);
}

/* Memory that several pages of the memory map share stays when one of them is used. */
static void test_shared_memory(void)
{
	struct world w;

	init(&w);
	put_anon(&w, 1024, 512);
	for (uint64_t pfn = 1024 + PER; pfn < 1024 + 512; pfn += PER)
		machine_remap(&w.m, world_va(&w, pfn), home(&w, 1024) * MACHINE_PAGE);
	put_anon(&w, 4096, 128);
	/* One that is dropped and one that stays show the same page. */
	machine_remap(&w.m, world_va(&w, 4096 + PER), home(&w, 2048) * MACHINE_PAGE);
	put_anon(&w, 2048, 64);
	machine_remap(&w.m, world_va(&w, 4096 + 2 * PER), home(&w, 8192) * MACHINE_PAGE);
	machine_remap(&w.m, world_va(&w, 4096), home(&w, 8192) * MACHINE_PAGE);
	put_anon(&w, 8192, 1);
	open_all(&w);
	check(&w, (const uint64_t [][2]){
		{ home(&w, 1024), home(&w, 1024) },
		{ home(&w, 2048), home(&w, 2048) } }, 2);
	world_deinit(&w);
}

/* No translation, no page; the others are found. */
static void test_unmapped(void)
{
	struct world w;

	init(&w);
	put_anon(&w, 1024, 192);
	machine_remap(&w.m, world_va(&w, 1024 + PER), MACHINE_UNMAPPED);
	open_all(&w);
	check(&w, (const uint64_t [][2]){
		{ home(&w, 1024), home(&w, 1024) },
		{ home(&w, 1024 + 128), home(&w, 1024 + 128) } }, 2);
	/* In doubt, only what is mapped in one piece goes. */
	w.map.bad_sections = 1;
	check(&w, NULL, 0);
	world_deinit(&w);
}

/* What does not fit the budget stays and is counted. */
static void test_budget(void)
{
	struct vmemmap_unused unused;
	struct world w;

	init(&w);
	for (uint64_t pfn = 1024; pfn < 1024 + 20 * 128; pfn += 128)
		put_anon(&w, pfn, 64);
	open_all(&w);
	unused = find(&w, 0, 8 * sizeof(struct range));
	CHECK_EQ(ranges_total(&unused.pfns), 8);
	CHECK_EQ(unused.no_room, 12);
	vmemmap_unused_deinit(&unused);
	world_deinit(&w);

	/* Used pages that cannot all be remembered: none is dropped. */
	init(&w);
	for (uint64_t pfn = 1024; pfn < 1024 + 20 * 128; pfn += 128)
		put_anon(&w, pfn, 64);
	machine_remap(&w.m, world_va(&w, 1024), home(&w, 1024) * MACHINE_PAGE);
	open_all(&w);
	unused = find(&w, 0, 8 * sizeof(struct range));
	CHECK_EQ(ranges_total(&unused.pfns), 0);
	CHECK_EQ(unused.no_room, 20);
	vmemmap_unused_deinit(&unused);
	world_deinit(&w);
}

int main(void)
{
	RUN(test_whole_pages);
	RUN(test_run_borders);
	RUN(test_scanner_drops);
	RUN(test_absent_pages);
	RUN(test_head_of_kept_tail);
	RUN(test_shared_memory);
	RUN(test_unmapped);
	RUN(test_budget);
	return unit_status();
}
