/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free pages by free lists: sound lists, damaged ones, and facts that are missing. */
#include "tests/unit/freelists.h"

#define PAGES UINT64_C(8192)

/* One node of one zone with three lists of three blocks each. */
static void init_one_zone(struct freelists *f)
{
	freelists_init(f, PAGES);
	put_zone(f, 0, 0, PAGES);
	for (unsigned int i = 0; i < 3; i++) {
		put_free(f, list_va(0, 0, 0, 0), 1001 + 2 * i, 0);
		put_free(f, list_va(0, 0, 3, 1), 2000 + 16 * i, 3);
		put_free(f, list_va(0, 0, 10, 2), 4096 + 1024 * (2 - i), 10);
	}
}

/* Collect from the list of order 3, which is damaged behind its first block; others are sound. */
static void check_cut(struct freelists *f, const char *reason)
{
	world_class(&f->w, 2016, 8, PAGE_KEEP);
	world_class(&f->w, 2032, 8, PAGE_KEEP);
	freelists_open(f, FREE_INFO);
	freelists_collect(f, FREE_BUDGET);
	freelists_check_found(f);
	CHECK_EQ(f->caught.warnings, 1);
	CHECK(log_caught(&f->caught, "free list of order 3 and type 1 in the zone at "
				     "0xffff888000020000"));
	CHECK(log_caught(&f->caught, reason));
	if (unit_current)
		printf("# said: %s", f->caught.text);
	freelists_deinit(f);
}

static void test_sound_lists(void)
{
	struct freelists f;

	init_one_zone(&f);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	/* The three of order 10 are neighbours. */
	CHECK_EQ(f.found.count, 7);
	CHECK_EQ(f.caught.warnings, 0);
	freelists_deinit(&f);
}

static void test_nodes_and_zones(void)
{
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, 1024);
	put_zone(&f, 0, 1, 3072);
	put_zone(&f, 3, 0, 2048);
	put_zone(&f, 3, 1, 0);
	put_zone(&f, 3, 2, 2048);
	put_free(&f, list_va(0, 0, 4, 4), 512, 4);
	put_free(&f, list_va(0, 1, 0, 3), 1500, 0);
	put_free(&f, list_va(3, 0, 9, 0), 4096, 9);
	put_free(&f, list_va(3, 2, 1, 1), 8190, 1);
	/* A zone without memory whose lists were never set up. */
	poke(&f, list_va(3, 1, 5, 0), 0x1234);
	/* Node 4 is offline: what it says does not count. Node 5 is online, but is not there. */
	put_zone(&f, 4, 0, PAGES);
	list_append(&f, list_va(4, 0, 0, 0), lru_va(&f, 3000));
	poke(&f, MACHINE_LINEAR + ONLINE_PA, 1 | 1 << 3 | 1 << 5);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	CHECK_EQ(f.caught.warnings, 0);
	freelists_deinit(&f);
}

/* A kernel without NUMA, and one of a single list per order. */
static void test_only_node(void)
{
	struct freelists f;

	init_one_zone(&f);
	freelists_open(&f, ERA_2_6_32 ZONE_FACTS "SYMBOL(contig_page_data)=ffff888000020000\n");
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	CHECK_EQ(f.caught.warnings, 0);
	freelists_deinit(&f);

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	put_free(&f, list_va(0, 0, 2, 0), 64, 2);
	list_append(&f, list_va(0, 0, 2, 1), lru_va(&f, 80));
	freelists_open(&f, ERA_2_6_32
		"OFFSET(pglist_data.node_zones)=0\nOFFSET(pglist_data.nr_zones)=12288\n"
		"SIZE(zone)=2048\nOFFSET(zone.spanned_pages)=1792\nOFFSET(zone.free_area)=64\n"
		"SIZE(free_area)=88\nOFFSET(free_area.free_list)=0\nSIZE(list_head)=16\n"
		"SYMBOL(contig_page_data)=ffff888000020000\n");
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	freelists_deinit(&f);
}

static void test_counters_are_compared(void)
{
	struct freelists f;

	init_one_zone(&f);
	poke(&f, MACHINE_LINEAR + zone_pa(0, 0) + VM_STAT_OFFSET + 2 * 8, 4242);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	CHECK(log_caught(&f.caught, "3099 pages on the lists of 1 zones, 4242 by their"));
	/* For people who look for it only. */
	CHECK_EQ(f.caught.warnings, 0);
	freelists_deinit(&f);
}

static void test_wrong_prev(void)
{
	struct freelists f;

	init_one_zone(&f);
	poke(&f, lru_va(&f, 2016) + 8, lru_va(&f, 2032));
	check_cut(&f, "points back to");
}

static void test_cycle(void)
{
	struct freelists f;

	init_one_zone(&f);
	/* Back to the first block instead of on to the second: its prev is the head. */
	poke(&f, lru_va(&f, 2000), lru_va(&f, 2000));
	check_cut(&f, "points back to");
}

/* An element in memory that is no struct page, with sound pointers around it. */
static void test_outside_mem_map(void)
{
	struct freelists f;
	uint64_t stray = MACHINE_LINEAR + 0x12000;

	init_one_zone(&f);
	poke(&f, lru_va(&f, 2000), stray);
	poke(&f, stray + 8, lru_va(&f, 2000));
	poke(&f, stray, lru_va(&f, 2016));
	poke(&f, lru_va(&f, 2016) + 8, stray);
	check_cut(&f, "element 0xffff888000012000 is in no struct page");
}

/* Between two struct pages. */
static void test_shifted_element(void)
{
	struct freelists f;
	uint64_t stray;

	init_one_zone(&f);
	stray = lru_va(&f, 3000) + 8;
	poke(&f, lru_va(&f, 2000), stray);
	poke(&f, stray + 8, lru_va(&f, 2000));
	poke(&f, stray, list_va(0, 0, 3, 1));
	check_cut(&f, "is in no struct page");
}

static void test_user_address(void)
{
	struct freelists f;

	init_one_zone(&f);
	poke(&f, lru_va(&f, 2000), 0x7f0000001000);
	check_cut(&f, "kernel address 0x7f0000001");
}

static void test_unaligned_block(void)
{
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	put_free(&f, list_va(0, 0, 3, 1), 2000, 3);
	put_free(&f, list_va(0, 0, 3, 1), 2020, 3);
	world_class(&f.w, 2020, 8, PAGE_KEEP);
	check_cut(&f, "pfn 0x7e4 cannot begin a block of this order");
}

static void test_block_beyond_mem_map(void)
{
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	put_free(&f, list_va(0, 0, 3, 1), 2000, 3);
	list_append(&f, list_va(0, 0, 3, 1), lru_va(&f, PAGES - 8));
	f.w.runs[0].count = PAGES - 2;
	check_cut(&f, "has pages without struct page");
}

static void test_unreadable_struct_page(void)
{
	struct freelists f;

	init_one_zone(&f);
	/* 56-byte struct pages: the next page of them begins behind that of 2000. */
	machine_remap(&f.w.m, lru_va(&f, 2120), MACHINE_UNMAPPED);
	poke(&f, lru_va(&f, 2000), lru_va(&f, 2120));
	check_cut(&f, "kernel address");
}

/* More blocks than the zone has room for. */
static void test_longer_than_its_zone(void)
{
	struct freelists f;

	init_one_zone(&f);
	poke(&f, MACHINE_LINEAR + zone_pa(0, 0) + SPANNED_OFFSET, 2 * 1024 + 512);
	world_class(&f.w, 4096, 1024, PAGE_KEEP);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	CHECK_EQ(f.caught.warnings, 1);
	CHECK(log_caught(&f.caught, "free list of order 10 and type 2"));
	CHECK(log_caught(&f.caught, "more than 2 elements"));
	freelists_deinit(&f);
}

static void test_unreadable_node_and_zone(void)
{
	struct freelists f;

	init_one_zone(&f);
	put_zone(&f, 1, 0, PAGES);
	put_free(&f, list_va(1, 0, 0, 0), 3001, 0);
	/* Node 2 is nowhere; of node 6 nr_zones can be read, its zone below not. */
	poke(&f, MACHINE_LINEAR + NODE_DATA_PA + 2 * 8, MACHINE_LINEAR + f.w.m.size + 4096);
	poke(&f, MACHINE_LINEAR + NODE_DATA_PA + 6 * 8, MACHINE_VMEMMAP - NR_ZONES_OFFSET);
	machine_word(&f.w.m, f.w.m.memmap, 1);
	poke(&f, MACHINE_LINEAR + ONLINE_PA, 1 | 2 | 4 | 64);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	CHECK_EQ(f.caught.warnings, 2);
	CHECK(log_caught(&f.caught, "memory node at 0xffff8880"));
	CHECK(log_caught(&f.caught, "zone at 0xffffe9ffffffd000"));
	freelists_deinit(&f);
}

static void test_absurd_node(void)
{
	struct freelists f;

	init_one_zone(&f);
	put_zone(&f, 1, 0, PAGES);
	put_free(&f, list_va(1, 0, 0, 0), 3001, 0);
	world_class(&f.w, 3001, 1, PAGE_KEEP);
	poke(&f, MACHINE_LINEAR + NODE_PA + NODE_BYTES + NR_ZONES_OFFSET, 0xffffff);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	freelists_check_found(&f);
	CHECK_EQ(f.caught.warnings, 1);
	CHECK(log_caught(&f.caught, "nr_zones=16777215"));
	freelists_deinit(&f);
}

/* The array of nodes cannot be read, nor can the map of those online: all are asked for, none found. */
static void test_no_node_readable(void)
{
	struct freelists f;

	init_one_zone(&f);
	freelists_open(&f, ERA_2_6_32 ZONE_FACTS "SYMBOL(node_data)=ffff800000010000\n"
		       "LENGTH(node_data)=8\nSYMBOL(node_online_map)=ffff800000011000\n"
		       "SIZE(nodemask_t)=8\n");
	freelists_collect(&f, FREE_BUDGET);
	CHECK_EQ(f.found.count, 0);
	CHECK_EQ(f.caught.warnings, 1);
	CHECK(log_caught(&f.caught, "addresses of 8 memory nodes cannot be read"));
	freelists_deinit(&f);
}

/* Lists of a dump that is broken all over do not flood the console. */
static void test_many_broken_lists(void)
{
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	for (unsigned int order = 0; order < ORDERS; order++)
		for (unsigned int type = 0; type < TYPES; type++)
			poke(&f, list_va(0, 0, order, type), 0);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, FREE_BUDGET);
	CHECK_EQ(f.found.count, 0);
	CHECK_EQ(f.caught.warnings, 21);
	CHECK(log_caught(&f.caught, "55 lists could not be walked"));
	freelists_deinit(&f);
}

/* Single pages, none next to another, in an order that has nothing to do with theirs. */
static void put_singles(struct freelists *f, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		put_free(f, list_va(0, 0, 0, 0), from + 2 * (i * 37 % count), 0);
}

static void test_budget(void)
{
	size_t budget = 64 * sizeof(struct range);
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	put_free(&f, list_va(0, 0, 10, 0), 4096, 10);
	put_singles(&f, 1000, 100);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, budget);
	CHECK_EQ(f.found.count, 64);
	CHECK(f.found.room <= 64);
	CHECK(ranges_covers(&f.found, 4096, 5120));
	/* The first 63 of the list, no more, and none that is not free. */
	for (uint64_t i = 0; i < 100; i++)
		CHECK_EQ(ranges_contains(&f.found, 1000 + 2 * (i * 37 % 100)), i < 63);
	CHECK_EQ(ranges_total(&f.found), 1024 + 63);
	CHECK_EQ(f.caught.warnings, 1);
	CHECK(log_caught(&f.caught, "more than 64 separate ranges; other blocks of 2^0 pages"));
	freelists_deinit(&f);
}

/* Ranges that turn out to be neighbours make room for others. */
static void test_budget_counts_ranges_not_blocks(void)
{
	struct freelists f;

	freelists_init(&f, PAGES);
	put_zone(&f, 0, 0, PAGES);
	for (uint64_t i = 0; i < 1000; i++)
		put_free(&f, list_va(0, 0, 1, 0), 1000 + 2 * (i * 37 % 1000), 1);
	put_singles(&f, 4001, 20);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, 700 * sizeof(struct range));
	freelists_check_found(&f);
	CHECK_EQ(f.found.count, 21);
	CHECK_EQ(f.caught.warnings, 0);
	freelists_deinit(&f);
}

static void test_no_budget(void)
{
	struct freelists f;

	init_one_zone(&f);
	freelists_open(&f, FREE_INFO);
	freelists_collect(&f, 0);
	CHECK_EQ(f.found.count, 0);
	CHECK_EQ(f.caught.warnings, 1);
	freelists_deinit(&f);
}

/* Kernels whose struct pages tell: not even that there is no node to find is noticed. */
static void check_not_walked(const char *era)
{
	struct freelists f;

	init_one_zone(&f);
	f.w.l = era_layout(era);
	CHECK(page_layout_tells_free(&f.w.l));
	freelists_open(&f, ERA_2_6_32);
	freelists_collect(&f, FREE_BUDGET);
	CHECK_EQ(f.found.count, 0);
	CHECK_EQ(f.caught.lines, 0);
	freelists_deinit(&f);
}

static void test_struct_pages_tell(void)
{
	check_not_walked(ERA_5_10);
	check_not_walked(ERA_7_2);
	check_not_walked(ERA_3_18);
	check_not_walked(ERA_2_6_32 "OFFSET(page.private)=16\nNUMBER(PG_buddy)=19\n");
}

static void check_impossible(const char *info, const char *fact)
{
	struct freelists f;

	init_one_zone(&f);
	CHECK_OK(era_layout_of(info, 8, ORDER_LITTLE, NULL, &f.w.l));
	freelists_open(&f, info);
	freelists_collect(&f, FREE_BUDGET);
	CHECK_EQ(f.found.count, 0);
	CHECK_EQ(f.caught.warnings, 1);
	CHECK(log_caught(&f.caught, "free pages cannot be told, they stay"));
	CHECK(log_caught(&f.caught, fact));
	freelists_deinit(&f);
}

static void test_missing_facts(void)
{
	check_impossible(ERA_2_6_32 ZONE_FACTS, "SYMBOL(contig_page_data)");
	check_impossible(ERA_2_6_32 ZONE_FACTS "SYMBOL(node_data)=ffff888000010000\n",
			 "LENGTH of node_data");
	check_impossible(ERA_2_6_32 NUMA_FACTS, "OFFSET(pglist_data.node_zones)");
	check_impossible("SIZE(page)=56\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
			 "LENGTH(zone.free_area)=11\n" ZONE_FACTS NUMA_FACTS, "OFFSET(page.lru)");
	check_impossible("SIZE(page)=56\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
			 "OFFSET(page.lru)=40\n" ZONE_FACTS NUMA_FACTS, "LENGTH(zone.free_area)");
}

static void test_facts_that_do_not_fit(void)
{
	/* Of repeated keys the last counts. */
	check_impossible(FREE_INFO "OFFSET(page.lru)=48\n", "OFFSET(page.lru)");
	check_impossible(FREE_INFO "LENGTH(free_area.free_list)=0\n", "LENGTH(free_area.free_list)");
	check_impossible(FREE_INFO "LENGTH(free_area.free_list)=1000000\n",
			 "LENGTH(free_area.free_list)");
	check_impossible(FREE_INFO "LENGTH(free_area.free_list)=6\n", "SIZE(list_head)");
	check_impossible(FREE_INFO "SIZE(list_head)=8\n", "SIZE(list_head)");
	check_impossible(FREE_INFO "SIZE(free_area)=192\n", "SIZE(free_area)");
	check_impossible(FREE_INFO "SIZE(free_area)=1099511627776\n", "SIZE(free_area)");
	check_impossible(FREE_INFO "SIZE(zone)=1099511627776\n", "SIZE(zone)");
	check_impossible(FREE_INFO "SIZE(zone)=1796\n", "SIZE(zone)");
	check_impossible(FREE_INFO "LENGTH(zone.free_area)=0\n", "LENGTH(zone.free_area)");
}

int main(void)
{
	RUN(test_sound_lists);
	RUN(test_nodes_and_zones);
	RUN(test_only_node);
	RUN(test_counters_are_compared);
	RUN(test_wrong_prev);
	RUN(test_cycle);
	RUN(test_outside_mem_map);
	RUN(test_shifted_element);
	RUN(test_user_address);
	RUN(test_unaligned_block);
	RUN(test_block_beyond_mem_map);
	RUN(test_unreadable_struct_page);
	RUN(test_longer_than_its_zone);
	RUN(test_unreadable_node_and_zone);
	RUN(test_absurd_node);
	RUN(test_no_node_readable);
	RUN(test_many_broken_lists);
	RUN(test_budget);
	RUN(test_budget_counts_ranges_not_blocks);
	RUN(test_no_budget);
	RUN(test_struct_pages_tell);
	RUN(test_missing_facts);
	RUN(test_facts_that_do_not_fit);
	return unit_status();
}
