/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scans of synthetic machines: every page against what was put there. */
#include "tests/unit/world.h"

#define ANON 0xffff888000001001
#define FILE_MAPPING 0xffff888000001000
#define NONE 0xffffffffu
#define MASKS true
#define POINTERS false

/* Kinds of allocations; order 0 unless said. */
enum kind {
	KIND_KERNEL, KIND_ZEROED, KIND_BUDDY, KIND_ANON, KIND_CACHE, KIND_PRIVATE, KIND_SLAB,
	KIND_OFFLINE, KIND_POISON, KIND_UNINITIALISED, KIND_BAD_BUDDY,
	KIND_THP, KIND_FOLIO, KIND_HUGETLB, KIND_COMPOUND, KIND_POISONED_THP, KINDS,
};

static unsigned int put_single(struct world *w, uint64_t pfn, enum kind kind)
{
	const struct page_layout *l = &w->l;
	struct structpage page = STRUCTPAGE_PLAIN;

	switch (kind) {
	case KIND_ZEROED:
		page = (struct structpage){ 0 };
		break;
	case KIND_ANON:
		page.mapping = ANON;
		world_class(w, pfn, 1, PAGE_USER);
		break;
	case KIND_CACHE:
		page = (struct structpage){ .flags = l->pg_lru, .mapping = FILE_MAPPING };
		world_class(w, pfn, 1, PAGE_CACHE);
		break;
	case KIND_PRIVATE:
		page = (struct structpage){ .flags = l->pg_lru | l->pg_private,
					    .mapping = FILE_MAPPING };
		world_class(w, pfn, 1, PAGE_CACHE_PRIVATE);
		break;
	case KIND_SLAB:
		page.mapping = 0xdead000000000123;
		page.flags = l->pg_slab;
		page.mapcount = l->slab.known ? l->slab.value : NONE;
		break;
	case KIND_OFFLINE:
		page.mapcount = l->offline.known ? l->offline.value : NONE;
		if (l->offline.known)
			world_class(w, pfn, 1, PAGE_OFFLINE);
		break;
	case KIND_POISON:
		page.flags = l->pg_hwpoison;
		page.mapping = ANON;
		world_class(w, pfn, 1, PAGE_HWPOISON);
		break;
	case KIND_UNINITIALISED:
		page = (struct structpage){ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, NONE };
		break;
	case KIND_BAD_BUDDY:
		page = (struct structpage){ .mapcount = l->buddy.value, .private = 40 };
		break;
	default:
		break;
	}
	world_put(w, pfn, page);
	return 0;
}

static void put_buddy(struct world *w, uint64_t pfn, unsigned int order)
{
	struct structpage page = { .mapcount = w->l.buddy.value, .private = order };

	world_put(w, pfn, page);
	/* Pages inside keep whatever their last life left; nobody may look at them. */
	for (uint64_t i = 1; i < UINT64_C(1) << order; i++)
		world_put(w, pfn + i, (struct structpage){ .mapcount = w->l.buddy.value,
							   .private = 60 });
	world_class(w, pfn, UINT64_C(1) << order, PAGE_FREE);
}

static void put_compound(struct world *w, uint64_t pfn, enum kind kind, unsigned int order,
			 bool mask)
{
	struct structpage head = STRUCTPAGE_PLAIN;
	enum page_class class = PAGE_KEEP;

	if (kind == KIND_THP || kind == KIND_POISONED_THP) {
		head.mapping = ANON;
		class = PAGE_USER;
	} else if (kind == KIND_FOLIO) {
		head.flags = w->l.pg_lru;
		head.mapping = FILE_MAPPING;
		class = PAGE_CACHE;
	} else if (kind == KIND_HUGETLB) {
		class = PAGE_USER;
	}
	world_compound(w, pfn, order, kind == KIND_HUGETLB, mask, head);
	world_class(w, pfn, UINT64_C(1) << order, class);
}

/* Fill [from, to) with random kinds at the alignment they need. */
static void fill(struct world *w, uint64_t from, uint64_t to, bool mask)
{
	while (from < to) {
		enum kind kind = (enum kind)random_below(&w->seed, KINDS);
		unsigned int order = (unsigned int)random_below(&w->seed, 11);

		if (kind == KIND_HUGETLB && random_below(&w->seed, 8) == 0)
			order = 12;
		while (from & ((UINT64_C(1) << order) - 1) || from + (UINT64_C(1) << order) > to)
			order--;
		if (kind == KIND_BUDDY) {
			put_buddy(w, from, order);
		} else if (kind >= KIND_THP && order) {
			put_compound(w, from, kind, order, mask);
		} else {
			order = put_single(w, from, kind >= KIND_THP ? KIND_ANON : kind);
		}
		from += UINT64_C(1) << order;
	}
}

static const unsigned int levels[] = { 0, 1, 2, 4, 8, 16, 31, 21, 10, 63 };

static void check_era(const char *era, bool mask)
{
	struct world w;

	world_init(&w, era, PLAN_BLOCK / 4);
	machine_segment(&w.m, 0, w.pages);
	fill(&w, 0, w.pages, mask);
	world_open(&w);
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		world_check(&w, levels[i]);
	world_deinit(&w);
}

static void test_eras(void)
{
	check_era(ERA_5_10, POINTERS);
	check_era(ERA_6_4, POINTERS);
	check_era(ERA_6_7, POINTERS);
	check_era(ERA_6_11, POINTERS);
	check_era(ERA_6_12, POINTERS);
	check_era(ERA_7_2, POINTERS);
	check_era(ERA_7_2, MASKS);
	check_era(ERA_4_4, POINTERS);
	check_era(ERA_3_18, POINTERS);
}

/* 56 bytes do not divide a page: struct pages lie on two pages. */
static void test_struct_page_of_56_bytes(void)
{
	check_era("SIZE(page)=56\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
		  "OFFSET(page.lru)=8\nOFFSET(page._mapcount)=48\nOFFSET(page.private)=40\n"
		  "LENGTH(zone.free_area)=11\nOFFSET(page.compound_head)=8\n"
		  ERA_FLAGS_NEW ERA_TYPES_TOP_BYTE, POINTERS);
}

/* Reading works the same where nothing can be mapped. */
static void test_without_mapping(void)
{
	struct world w;

	world_init(&w, ERA_6_12, PLAN_BLOCK / 4);
	machine_segment(&w.m, 0, w.pages);
	fill(&w, 0, w.pages, POINTERS);
	world_open(&w);
	w.m.dump->src->no_map = true;
	world_check(&w, 31);
	world_check(&w, 0);
	world_deinit(&w);
}

static void test_holes_missing_and_runs(void)
{
	struct scan_counts counts;
	struct world w;

	world_init(&w, ERA_6_12, 40000);
	machine_segment(&w.m, 0, 1000);
	machine_segment(&w.m, 1003, 7);
	machine_segment(&w.m, 2048, 8192);
	machine_segment(&w.m, 16384, 20000);
	w.m.seg[w.m.segs - 1].missing = 5000;
	machine_segment(&w.m, 39000, 500);
	fill(&w, 0, w.pages, POINTERS);
	/* Struct pages for some; the middle of the second stretch has none. */
	w.runs[0] = (struct mem_map_run){ 0, 4096, MACHINE_VMEMMAP };
	w.runs[1] = (struct mem_map_run){ 8192, 30000, MACHINE_VMEMMAP + 8192 * 64 };
	w.map.count = 2;
	for (uint64_t pfn = 4096; pfn < 8192; pfn++)
		w.class[pfn] = PAGE_KEEP;
	for (uint64_t pfn = 38192; pfn < w.pages; pfn++)
		w.class[pfn] = PAGE_KEEP;
	world_open(&w);
	counts = world_check(&w, 31);
	CHECK_EQ(counts.kept_for[KEEP_NO_STRUCT], 4096 + 500);
	world_check(&w, 16);
	world_check(&w, 0);
	world_deinit(&w);
}

/* Each section's struct pages in a place of its own; compound pages span several. */
static void test_order_across_runs(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 8192);
	machine_segment(&w.m, 0, w.pages);
	w.map.count = 8;
	for (uint64_t i = 0; i < 8; i++)
		w.runs[i] = (struct mem_map_run){ i * 1024, 1024,
						  MACHINE_VMEMMAP + ((7 - i) * 1024) * 64 };
	w.map.by_va = malloc(8 * sizeof(uint32_t));
	for (uint32_t i = 0; i < 8; i++)
		w.map.by_va[i] = 7 - i;
	/* machine_page() knows one array: move the struct pages after filling. */
	put_compound(&w, 4096, KIND_HUGETLB, 12, POINTERS);
	for (uint64_t i = 0; i < 8; i += 2) {
		uint8_t tmp[1024 * 64], *a = machine_page(&w.m, &w.l, i * 1024);
		uint8_t *b = machine_page(&w.m, &w.l, (7 - i) * 1024);

		memcpy(tmp, a, sizeof(tmp));
		memcpy(a, b, sizeof(tmp));
		memcpy(b, tmp, sizeof(tmp));
	}
	world_open(&w);
	world_check(&w, 8);
	world_check(&w, 16);
	free(w.map.by_va);
	world_deinit(&w);
}

/* One page of struct pages without mapping, another one mapped to memory that is not there. */
static void test_unreadable_struct_pages(void)
{
	struct scan_counts counts;
	struct world w;

	world_init(&w, ERA_6_12, 65536);
	machine_segment(&w.m, 0, w.pages);
	for (uint64_t pfn = 0; pfn < w.pages; pfn++)
		put_single(&w, pfn, KIND_ANON);
	machine_remap(&w.m, MACHINE_VMEMMAP + 64 * 640, MACHINE_UNMAPPED);
	machine_remap(&w.m, MACHINE_VMEMMAP + 64 * 7040, UINT64_C(1) << 45);
	world_class(&w, 640, 64, PAGE_KEEP);
	world_class(&w, 7040, 64, PAGE_KEEP);
	world_open(&w);
	counts = world_check(&w, 31);
	CHECK_EQ(counts.kept_for[KEEP_UNREADABLE], 128);
	world_deinit(&w);
}

/* The same where a hole of the dump cuts a large leaf. */
static void test_struct_pages_in_a_hole(void)
{
	struct scan_counts counts;
	struct world w;
	uint64_t hole;

	world_init(&w, ERA_6_12, 65536);
	hole = w.m.memmap / MACHINE_PAGE + 100;
	w.m.seg[0].pages = 100;
	machine_segment(&w.m, 0, w.pages);
	machine_segment(&w.m, hole + 2, w.m.size / MACHINE_PAGE - hole - 2);
	for (uint64_t pfn = 0; pfn < w.pages; pfn++)
		put_single(&w, pfn, KIND_CACHE);
	world_class(&w, 6400, 128, PAGE_KEEP);
	world_open(&w);
	counts = world_check(&w, 31);
	CHECK_EQ(counts.kept_for[KEEP_UNREADABLE], 128);
	world_deinit(&w);
}

/* A head whose first tail is on a page of struct pages that cannot be read. */
static void test_unreadable_tail_of_a_head(void)
{
	struct world w;

	world_init(&w, ERA_6_12 , 4096);
	machine_segment(&w.m, 0, w.pages);
	put_compound(&w, 1024, KIND_FOLIO, 9, POINTERS);
	/* Every struct page on its own: the head's is the last of its page. */
	w.runs[0] = (struct mem_map_run){ 0, 1025, MACHINE_VMEMMAP };
	w.runs[1] = (struct mem_map_run){ 1025, 3071, MACHINE_VMEMMAP + (UINT64_C(1) << 30) };
	w.map.count = 2;
	world_class(&w, 1025, 511, PAGE_KEEP);
	world_open(&w);
	world_check(&w, 31);
	world_deinit(&w);
}

/* Tails of 1 GiB and larger pages are met at the start of blocks, without their head. */
static void check_giant_page(const char *era, bool mask, uint64_t from, uint64_t pages)
{
	struct world w;

	world_init(&w, era, 4 * PLAN_BLOCK);
	machine_segment(&w.m, from, pages);
	put_compound(&w, 0, KIND_HUGETLB, 20, mask);
	world_open(&w);
	world_check(&w, 8);
	world_check(&w, 16);
	world_deinit(&w);
}

static void test_page_of_four_blocks(void)
{
	check_giant_page(ERA_6_12, POINTERS, 0, 4 * PLAN_BLOCK);
	check_giant_page(ERA_7_2, MASKS, 0, 4 * PLAN_BLOCK);
	/* Its head is not in the dump, only its struct page is. */
	check_giant_page(ERA_6_12, POINTERS, 12345, 3 * PLAN_BLOCK);
	check_giant_page(ERA_7_2, MASKS, PLAN_BLOCK + 1, 2 * PLAN_BLOCK);
}

/*
 * HugeTLB's vmemmap optimisation: the struct pages of a 2 MiB page are one page
 * of memory, mapped again for the rest. Until 7.0 that is the page with the
 * head, so each 64th struct page reads as a head.
 */
static void check_hvo(const char *era, bool mask, uint64_t first, uint64_t end)
{
	struct world w;
	uint64_t base = 4096, shared;

	world_init(&w, era, 16384);
	machine_segment(&w.m, first, end - first);
	put_compound(&w, base, KIND_HUGETLB, 12, mask);
	/* 7.1+: a page of nothing but tails. */
	shared = w.m.memmap + (base + (mask ? 64 : 0)) * 64;
	for (uint64_t i = 64; i < 4096; i += 64)
		machine_remap(&w.m, MACHINE_VMEMMAP + (base + i) * 64, shared);
	world_open(&w);
	world_check(&w, 8);
	world_check(&w, 31);
	world_check(&w, 0);
	world_check(&w, 23);
	world_deinit(&w);
}

static void test_vmemmap_optimisation(void)
{
	check_hvo(ERA_5_10, POINTERS, 0, 16384);
	check_hvo(ERA_6_12, POINTERS, 0, 16384);
	check_hvo(ERA_7_2, MASKS, 0, 16384);
	/* Met at a fake head, met at a tail of one, met at the end of a shared page. */
	check_hvo(ERA_6_12, POINTERS, 4096 + 128, 16384);
	check_hvo(ERA_6_12, POINTERS, 4096 + 131, 16384);
	check_hvo(ERA_6_12, POINTERS, 4096 + 191, 16384);
	check_hvo(ERA_7_2, MASKS, 4096 + 128, 16384);
	check_hvo(ERA_7_2, MASKS, 4096 + 191, 16384);
}

static void test_poisoned_tail(void)
{
	struct structpage bad = { .compound = 0, .mapcount = NONE };
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	put_compound(&w, 512, KIND_THP, 9, POINTERS);
	put_compound(&w, 1024, KIND_COMPOUND, 9, POINTERS);
	bad.flags = w.l.pg_hwpoison;
	bad.compound = world_va(&w, 512) | 1;
	world_put(&w, 512 + 77, bad);
	bad.compound = world_va(&w, 1024) | 1;
	world_put(&w, 1024 + 511, bad);
	w.class[1024 + 511] = PAGE_HWPOISON;
	world_open(&w);
	/* With its class in the level the whole page goes as what it is. */
	world_check(&w, 8);
	w.class[512 + 77] = PAGE_HWPOISON;
	world_check(&w, 0);
	world_check(&w, 16);
	world_deinit(&w);
}

/* A dump that begins with the poisoned tail. */
static void test_poisoned_tail_first(void)
{
	struct structpage bad = { .mapcount = NONE };
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 512 + 77, 3000);
	put_compound(&w, 512, KIND_THP, 9, POINTERS);
	bad.flags = w.l.pg_hwpoison;
	bad.compound = world_va(&w, 512) | 1;
	world_put(&w, 512 + 77, bad);
	world_open(&w);
	world_check(&w, 8);
	w.class[512 + 77] = PAGE_HWPOISON;
	world_check(&w, 0);
	world_deinit(&w);
}

/* All ones are no flags, in a tail of a kept page either. */
static void test_uninitialised_tail(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	put_compound(&w, 512, KIND_THP, 9, POINTERS);
	memset(machine_page(&w.m, &w.l, 600), 0xff, w.l.size);
	world_open(&w);
	world_check(&w, 0);
	world_check(&w, 8);
	world_deinit(&w);
}

/* A struct page that reads as another's head, where that head is in no memory map: it stays. */
static void test_fake_head_without_head(void)
{
	struct structpage tail = { .compound = (MACHINE_VMEMMAP + (UINT64_C(1) << 35)) | 1 };
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	world_put(&w, 512, (struct structpage){ .flags = w.l.pg_head, .mapping = ANON });
	world_put(&w, 513, tail);
	structpage_put_order(&w.l, 9, false, machine_page(&w.m, &w.l, 513));
	world_open(&w);
	world_check(&w, 31);
	world_deinit(&w);
}

/* Any order of blocks gives the same answers. */
static void test_blocks_in_any_order(void)
{
	static const uint64_t order[] = { 3, 0, 2, 1, 0, 3 };
	uint8_t *keep = malloc(PLAN_BLOCK / 8);
	struct scanner *scanner = NULL;
	struct world w;

	world_init(&w, ERA_6_12, 4 * PLAN_BLOCK);
	machine_segment(&w.m, 0, w.pages);
	/* A giant page in blocks 2 and 3; used memory in 0 and 1. */
	put_compound(&w, 2 * PLAN_BLOCK, KIND_HUGETLB, 19, POINTERS);
	world_open(&w);
	CHECK_OK(scanner_create(&w.job, &scanner));
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		CHECK_OK(scan_block(scanner, order[i], keep, NULL));
		CHECK_EQ(bits_count(keep, 0, PLAN_BLOCK), order[i] < 2 ? PLAN_BLOCK : 0);
	}
	scanner_destroy(scanner);
	world_deinit(&w);
	free(keep);
}

static void test_poisoned_hugetlb_goes_whole(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	world_compound(&w, 1024, 10, true, POINTERS,
		       (struct structpage){ .flags = w.l.pg_hwpoison });
	world_class(&w, 1024, 1024, PAGE_HWPOISON);
	world_open(&w);
	world_check(&w, 0);
	world_check(&w, 8);
	world_deinit(&w);
}

/* An order that reaches beyond all struct pages is no order. */
static void test_order_beyond_the_map(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	world_compound(&w, 0, 20, false, POINTERS, (struct structpage){ .mapping = ANON });
	world_class(&w, 0, 1, PAGE_USER);
	world_open(&w);
	world_check(&w, 31);
	world_deinit(&w);
}

static void test_reasons(void)
{
	struct scan_counts counts;
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	for (uint64_t pfn = 0; pfn < w.pages; pfn++)
		put_single(&w, pfn, pfn < 10 ? KIND_BAD_BUDDY : pfn < 30 ? KIND_UNINITIALISED :
			   KIND_KERNEL);
	world_open(&w);
	counts = world_check(&w, 31);
	CHECK_EQ(counts.kept_for[KEEP_BAD_ORDER], 10);
	CHECK_EQ(counts.kept_for[KEEP_POISONED_STRUCT], 20);
	CHECK_EQ(counts.kept_for[KEEP_UNREADABLE] + counts.kept_for[KEEP_NO_STRUCT], 0);
	world_deinit(&w);
}

static void put_pmem(struct world *w)
{
	machine_segment(&w->m, 0, 8192);
	machine_segment(&w->m, 16384, 8192);
	w->m.seg[w->m.segs - 1].pmem = true;
	CHECK_OK(ranges_add(&w->metadata, 16384 + 8, 16384 + 520));
	/* Metadata outside persistent memory means nothing. */
	CHECK_OK(ranges_add(&w->metadata, 100, 200));
	world_class(w, 16384, 8192, PAGE_PMEM_USERDATA);
	world_class(w, 16384 + 8, 512, PAGE_PMEM_METADATA);
}

static void test_pmem(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 32768);
	for (uint64_t pfn = 0; pfn < w.pages; pfn++)
		put_single(&w, pfn, KIND_ANON);
	world_class(&w, 8192, 8192, PAGE_KEEP);
	put_pmem(&w);
	world_open(&w);
	world_check(&w, 0);
	world_check(&w, 31);
	world_check(&w, 32);
	world_check(&w, 63);
	world_deinit(&w);
}

static void test_without_a_map(void)
{
	struct scan_counts counts;
	struct world w;

	world_init(&w, ERA_6_12, 32768);
	for (uint64_t pfn = 0; pfn < w.pages; pfn++)
		put_single(&w, pfn, KIND_ANON);
	world_class(&w, 0, w.pages, PAGE_KEEP);
	put_pmem(&w);
	world_open(&w);
	w.job.map = NULL;
	w.job.layout = NULL;
	w.job.pmem_metadata = NULL;
	world_class(&w, 16384, 8192, PAGE_PMEM_USERDATA);
	counts = world_check(&w, 1);
	CHECK_EQ(counts.kept_for[KEEP_NO_STRUCT], 0);
	w.job.pmem_metadata = &w.metadata;
	world_class(&w, 16384 + 8, 512, PAGE_PMEM_METADATA);
	world_check(&w, 0);
	world_check(&w, 32);
	world_deinit(&w);
}

/* Reserved pages of the kernel image stay with stale flags; its freed init pages do not. */
static void test_kernel_image(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 4096);
	machine_segment(&w.m, 0, w.pages);
	machine_segment(&w.m, 1000, 100);
	w.m.seg[w.m.segs - 1].vaddr = 0xffffffff81000000;
	for (uint64_t pfn = 900; pfn < 1200; pfn++) {
		world_put(&w, pfn, (struct structpage){ .mapcount = NONE,
			.flags = w.l.pg_lru | (pfn < 1050 ? w.l.pg_reserved : 0) });
		w.class[pfn] = pfn >= 1000 && pfn < 1050 ? PAGE_KEEP : PAGE_CACHE;
	}
	world_open(&w);
	CHECK_OK(facts_add(&w.m.kernel.facts, FACT_SYMBOL, "_stext", (int64_t)0xffffffff81000000,
			   "test"));
	world_check(&w, 31);
	world_deinit(&w);
}

/* Random bytes for struct pages: nothing may break, and a block is judged the same each time. */
static void test_noise(void)
{
	uint8_t *first = malloc(PLAN_BLOCK / 8), *again = malloc(PLAN_BLOCK / 8);
	static const char *const eras[] = { ERA_5_10, ERA_6_12, ERA_7_2, ERA_3_18 };

	for (size_t e = 0; e < ARRAY_LEN(eras); e++) {
		struct scan_counts counts = { 0 };
		struct scanner *scanner = NULL;
		struct world w;

		world_init(&w, eras[e], 2 * PLAN_BLOCK);
		machine_segment(&w.m, 5, w.pages - 5);
		random_fill(&w.seed, machine_page(&w.m, &w.l, 0), w.pages / 4 * w.l.size);
		/* Heads and tails of pages that are none. */
		for (uint64_t i = 0; i < w.pages / 4; i++) {
			uint8_t *page = machine_page(&w.m, &w.l, i);
			uint64_t other = random_below(&w.seed, w.pages / 4);

			if (i % 3 == 0)
				put_u64(page, w.l.pg_head, ORDER_LITTLE);
			if (i % 3 == 1 && w.l.has_compound)
				put_u64(page + w.l.compound, world_va(&w, other) | 1, ORDER_LITTLE);
		}
		world_open(&w);
		CHECK_OK(scanner_create(&w.job, &scanner));
		CHECK_OK(scan_block(scanner, 0, first, &counts));
		CHECK_OK(scan_block(scanner, 1, again, &counts));
		CHECK_OK(scan_block(scanner, 0, again, NULL));
		CHECK(!memcmp(first, again, PLAN_BLOCK / 8));
		scanner_destroy(scanner);
		world_deinit(&w);
	}
	free(first);
	free(again);
}

struct judge_ctx {
	struct scanner *scanner;
};

static struct err *judge(void *ctx, uint64_t block, uint8_t *keep)
{
	return scan_block(((struct judge_ctx *)ctx)->scanner, block, keep, NULL);
}

static void check_scan_all(struct world *w, unsigned int threads, size_t budget,
			   const struct scan_counts *want, const uint8_t *bits)
{
	struct judge_ctx ctx = { NULL };
	struct plan_judge plan_judge = { judge, &ctx };
	struct scan_counts counts = { 0 };
	struct plan_cursor *cursor = NULL;
	struct plan *plan = NULL;

	CHECK_OK(scanner_create(&w->job, &ctx.scanner));
	CHECK_OK(plan_create(w->m.dump->max_mapnr, budget, &plan_judge, &plan));
	CHECK_OK(scan_all(&w->job, threads, plan, &counts, NULL));
	CHECK(!memcmp(&counts, want, sizeof(counts)));
	CHECK_OK(plan_cursor_create(plan, &cursor));
	for (uint64_t b = 0; b < plan_blocks(plan); b++) {
		const uint8_t *got = NULL;

		CHECK_OK(plan_block_bits(cursor, b, &got));
		CHECK(got && !memcmp(got, bits + b * PLAN_BLOCK / 8, PLAN_BLOCK / 8));
	}
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
	scanner_destroy(ctx.scanner);
}

/* Neither threads nor budget change anything; blocks of a hole are not looked at. */
static void test_scan_all(void)
{
	struct scan_counts counts = { 0 };
	struct scanner *scanner = NULL;
	struct world w;
	uint64_t blocks;
	uint8_t *bits;

	world_init(&w, ERA_6_12, 5 * PLAN_BLOCK);
	machine_segment(&w.m, 100, PLAN_BLOCK / 8);
	machine_segment(&w.m, 2 * PLAN_BLOCK - 1000, 3000);
	machine_segment(&w.m, 4 * PLAN_BLOCK + 10, 20000);
	fill(&w, 0, PLAN_BLOCK / 8 + 200, POINTERS);
	fill(&w, 2 * PLAN_BLOCK - 4096, 2 * PLAN_BLOCK + 4096, POINTERS);
	fill(&w, 4 * PLAN_BLOCK, 4 * PLAN_BLOCK + 30000, POINTERS);
	world_open(&w);
	blocks = div_round_up(w.m.dump->max_mapnr, PLAN_BLOCK);
	bits = calloc(blocks, PLAN_BLOCK / 8);
	CHECK_OK(scanner_create(&w.job, &scanner));
	for (uint64_t b = 0; b < blocks; b++)
		CHECK_OK(scan_block(scanner, b, bits + b * PLAN_BLOCK / 8, &counts));
	scanner_destroy(scanner);
	for (unsigned int threads = 0; threads < 4; threads++) {
		check_scan_all(&w, threads, SIZE_MAX, &counts, bits);
		check_scan_all(&w, threads, 0, &counts, bits);
		check_scan_all(&w, threads, 5000, &counts, bits);
	}
	free(bits);
	world_deinit(&w);
}

static void test_scan_all_stops(void)
{
	volatile sig_atomic_t stop = 1;
	struct progress progress = { .stop = &stop };
	struct plan_judge judge_none = { judge, NULL };
	struct scan_counts counts = { 0 };
	struct plan *plan = NULL;
	struct world w;

	world_init(&w, ERA_6_12, PLAN_BLOCK);
	machine_segment(&w.m, 0, 1000);
	world_open(&w);
	for (unsigned int threads = 0; threads < 3; threads++) {
		CHECK_OK(plan_create(w.m.dump->max_mapnr, 0, &judge_none, &plan));
		CHECK_ERR(scan_all(&w.job, threads, plan, &counts, &progress), ERR_STOPPED);
		plan_destroy(plan);
	}
	world_deinit(&w);
}

int main(void)
{
	RUN(test_eras);
	RUN(test_struct_page_of_56_bytes);
	RUN(test_without_mapping);
	RUN(test_holes_missing_and_runs);
	RUN(test_order_across_runs);
	RUN(test_unreadable_struct_pages);
	RUN(test_struct_pages_in_a_hole);
	RUN(test_unreadable_tail_of_a_head);
	RUN(test_page_of_four_blocks);
	RUN(test_vmemmap_optimisation);
	RUN(test_poisoned_tail);
	RUN(test_poisoned_tail_first);
	RUN(test_uninitialised_tail);
	RUN(test_fake_head_without_head);
	RUN(test_blocks_in_any_order);
	RUN(test_poisoned_hugetlb_goes_whole);
	RUN(test_order_beyond_the_map);
	RUN(test_reasons);
	RUN(test_pmem);
	RUN(test_without_a_map);
	RUN(test_kernel_image);
	RUN(test_noise);
	RUN(test_scan_all);
	RUN(test_scan_all_stops);
	return unit_status();
}
