// SPDX-License-Identifier: GPL-2.0-or-later
/* Telling a whole VMCOREINFO from a cut one, and taking wanted facts from types. */
#include "facts/wanted.h"
#include "kernel/btf.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/unit.h"

/* What the filter needs, as kernels from 6.12 on say it, a line each. */
static const char *const whole[] = {
	"SYMBOL(init_uts_ns)=ffffffff81c00000", "SYMBOL(_stext)=ffffffff81000000",
	"SYMBOL(mem_section)=ffff888000010000", "SIZE(page)=64", "SIZE(mem_section)=16",
	"OFFSET(page.flags)=0", "OFFSET(page._refcount)=52", "OFFSET(page.mapping)=24",
	"OFFSET(page.lru)=8", "OFFSET(page._mapcount)=48", "OFFSET(page.private)=40",
	"OFFSET(page.compound_info)=8", "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376",
	"NUMBER(PG_lru)=5", "NUMBER(PG_private)=14", "NUMBER(PG_swapcache)=10",
	"NUMBER(PG_swapbacked)=17", "NUMBER(PG_head_mask)=64",
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456",
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240",
	"OFFSET(mem_section.section_mem_map)=0", "OFFSET(pglist_data.node_zones)=0",
	"OFFSET(pglist_data.nr_zones)=99", "SIZE(zone)=1536", "OFFSET(zone.free_area)=256",
	"OFFSET(zone.vm_stat)=1344", "OFFSET(zone.spanned_pages)=160", "LENGTH(zone.free_area)=11",
	"SIZE(free_area)=88", "OFFSET(free_area.free_list)=0", "LENGTH(free_area.free_list)=5",
	"SIZE(list_head)=16", "OFFSET(list_head.next)=0", "OFFSET(list_head.prev)=8",
	"NUMBER(NR_FREE_PAGES)=0",
};

#define WHOLE_LINES (sizeof(whole) / sizeof(whole[0]))

/* All lines but the @without-th. */
static void fill(struct facts *facts, size_t without)
{
	char line[128];

	facts_init(facts);
	for (size_t i = 0; i < WHOLE_LINES; i++) {
		int len = snprintf(line, sizeof(line), "%s\n", whole[i]);

		if (i != without)
			CHECK_OK(facts_add_vmcoreinfo(facts, line, (size_t)len, "t", NULL));
	}
}

static void test_missing(void)
{
	struct facts facts;

	fill(&facts, WHOLE_LINES);
	CHECK(!facts_missing(&facts));
	facts_deinit(&facts);
	for (size_t i = 0; i < WHOLE_LINES; i++) {
		const char *key;

		fill(&facts, i);
		key = facts_missing(&facts);
		CHECK(key != NULL);
		/* Named as it is called in most kernels. */
		if (key && strncmp(whole[i], key, strlen(key)))
			CHECK(strstr(whole[i], "compound_info") || strstr(whole[i], "SLAB"));
		facts_deinit(&facts);
	}
}

/* struct page of a kernel with page types, and a struct log that is not the kernel log's. */
static struct types *page_types(void)
{
	struct types *set = NULL;
	struct btfbuild b;
	uint8_t *blob;
	uint32_t id;
	size_t len;

	btfbuild_init(&b, ORDER_LITTLE);
	id = btfbuild_int(&b, "long unsigned int", 8, 0, 64);
	btfbuild_record(&b, "page", 4, false, 3, 64);
	btfbuild_member(&b, "flags", id, 0);
	btfbuild_member(&b, "compound_info", id, 64);
	btfbuild_member(&b, "page_type", id, 384);
	btfbuild_record(&b, "log", 4, false, 1, 24);
	btfbuild_member(&b, "other", id, 0);
	id = btfbuild_array(&b, id, id, 11);
	btfbuild_record(&b, "zone", 4, false, 1, 128);
	btfbuild_member(&b, "free_area", id, 128);
	btfbuild_record(&b, "", 6, false, 2, 4);
	btfbuild_value(&b, "PGTY_buddy", 0xf0);
	btfbuild_value(&b, "PG_head", 6);
	blob = btfbuild_blob(&b, 24, &len);
	CHECK_OK(btf_parse(blob, len, ORDER_LITTLE, NULL, &set));
	return set;
}

static void test_from_types(void)
{
	struct types *set = page_types();
	uint64_t value = 0;
	struct facts facts;
	int64_t number = 0;

	facts_init(&facts);
	CHECK_OK(facts_add(&facts, FACT_OFFSET, "page.flags", 8, "note"));
	CHECK_OK(facts_add_types(&facts, set));
	CHECK_OK(facts_derive(&facts, "derived"));
	CHECK(fact_size(&facts, "page", &value) && value == 64);
	CHECK(fact_offset(&facts, "page.flags", &value) && value == 8);	/* the note's */
	CHECK(fact_offset(&facts, "page.compound_head", &value) && value == 8);
	CHECK(fact_length(&facts, "zone.free_area", &value) && value == 11);
	CHECK(fact_number(&facts, "PAGE_BUDDY_MAPCOUNT_VALUE", &number) && number == -268435456);
	CHECK(fact_number(&facts, "PG_head_mask", &number) && number == 64);
	CHECK(!fact_has(&facts, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)"));
	CHECK(!fact_size(&facts, "log", &value));
	facts_deinit(&facts);
	types_destroy(set);
}

/* Page types that are bits have no names in any description of types. */
static void test_types_as_bits(void)
{
	struct facts facts;
	int64_t number = 0;

	facts_init(&facts);
	CHECK_OK(facts_add(&facts, FACT_OFFSET, "page._mapcount", 48, "t"));
	CHECK_OK(facts_add(&facts, FACT_OFFSET, "page.page_type", 48, "t"));
	CHECK_OK(facts_add(&facts, FACT_NUMBER, "PG_lru", 4, "t"));
	CHECK_OK(facts_derive(&facts, "derived"));
	CHECK(fact_number(&facts, "PAGE_BUDDY_MAPCOUNT_VALUE", &number) && number == -129);
	CHECK(fact_number(&facts, "PAGE_OFFLINE_MAPCOUNT_VALUE", &number) && number == -257);
	facts_deinit(&facts);
}

/* As many nodes as node_online_map has bits, which has to be known then. */
static void test_node_count(void)
{
	struct facts facts;
	uint64_t value = 0;

	facts_init(&facts);
	CHECK_OK(facts_add(&facts, FACT_SYMBOL, "node_data", 0x1000, "t"));
	CHECK_OK(facts_add(&facts, FACT_SIZE, "nodemask_t", 128, "t"));
	CHECK_OK(facts_derive(&facts, "derived"));
	CHECK(!fact_length(&facts, "node_data", &value));
	CHECK_OK(facts_add(&facts, FACT_SYMBOL, "node_states", 0x2000, "t"));
	CHECK_OK(facts_add(&facts, FACT_NUMBER, "N_ONLINE", 1, "t"));
	CHECK_OK(facts_derive(&facts, "derived"));
	CHECK(fact_symbol(&facts, "node_online_map", &value) && value == 0x2080);
	CHECK(fact_length(&facts, "node_data", &value) && value == 1024);
	facts_deinit(&facts);
}

static void test_unknown(void)
{
	struct strmap unknown;
	struct facts facts;

	facts_init(&facts);
	strmap_init(&unknown);
	CHECK_OK(facts_add(&facts, FACT_SIZE, "page", 64, "t"));
	CHECK_OK(facts_unknown(&facts, &unknown));
	CHECK_EQ(unknown.count, wanted_fact_count - 1);
	CHECK(!strmap_get(&unknown, "SIZE(page)", 10));
	CHECK(strmap_get(&unknown, "SIZE(zone)", 10));
	strmap_deinit(&unknown);
	facts_deinit(&facts);
}

int main(void)
{
	RUN(test_missing);
	RUN(test_from_types);
	RUN(test_types_as_bits);
	RUN(test_node_count);
	RUN(test_unknown);
	return unit_status();
}
