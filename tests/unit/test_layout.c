/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What page_layout_init() makes of the facts of each kernel, and of missing ones. */
#include "tests/unit/eras.h"
#include "tests/unit/log_catch.h"

#define BIT(n) (UINT64_C(1) << (n))

static void test_5_10(void)
{
	struct page_layout l = era_layout(ERA_5_10);

	CHECK_EQ(l.size, 64);
	CHECK_EQ(l.mapping, 24);
	CHECK_EQ(l.mapcount, 48);
	CHECK_EQ(l.private, 40);
	CHECK_EQ(l.compound, 8);
	CHECK(l.has_compound && l.has_mapcount && l.has_private);
	CHECK_EQ(l.pg_lru, BIT(4));
	CHECK_EQ(l.pg_private, BIT(13));
	CHECK_EQ(l.pg_reserved, BIT(12));
	CHECK_EQ(l.pg_swapcache, BIT(10));
	CHECK_EQ(l.pg_swapbacked, BIT(19));
	CHECK_EQ(l.pg_slab, BIT(9));
	CHECK_EQ(l.pg_head, BIT(16));
	CHECK_EQ(l.buddy.value, 0xffffff7f);
	CHECK_EQ(l.buddy.mask, 0xffffffff);
	CHECK_EQ(l.offline.value, 0xfffffeff);
	CHECK(!l.slab.known && !l.hugetlb.known && !l.unaccepted.known);
	CHECK_EQ(l.order_source, ORDER_IN_BYTE);
	CHECK_EQ(l.order_off, 17);
	CHECK_EQ(l.hugetlb_source, HUGETLB_BY_DTOR);
	CHECK_EQ(l.dtor_off, 16);
	CHECK_EQ(l.hugetlb_dtor, 2);
	CHECK_EQ(l.buddy_orders, 11);
	CHECK_EQ(l.typed_below, -127);
}

static void test_6_4_folio(void)
{
	struct page_layout l = era_layout(ERA_6_4);

	CHECK_EQ(l.order_source, ORDER_IN_BYTE);
	CHECK_EQ(l.order_off, 17);
	CHECK_EQ(l.dtor_off, 16);
	CHECK_EQ(l.hugetlb_source, HUGETLB_BY_DTOR);
}

static void test_6_7_flag(void)
{
	struct page_layout l = era_layout(ERA_6_7);

	CHECK_EQ(l.order_source, ORDER_IN_FLAGS);
	CHECK_EQ(l.hugetlb_source, HUGETLB_BY_FLAG);
	CHECK_EQ(l.hugetlb_flag, BIT(8));
	CHECK_EQ(l.pg_slab, BIT(11));
	CHECK_EQ(l.pg_head, BIT(6));
}

static void test_6_10_and_6_11_types(void)
{
	struct page_layout l = era_layout(ERA_6_10);

	CHECK_EQ(l.order_source, ORDER_IN_FLAGS);
	CHECK_EQ(l.hugetlb_source, HUGETLB_BY_TYPE);
	CHECK_EQ(l.hugetlb.value, 0xfffff7ff);
	CHECK_EQ(l.slab.value, 0xffffefff);
	/* Bit 7 is PG_waiters here. */
	CHECK_EQ(l.pg_slab, 0);
	CHECK_EQ(l.typed_below, -127);
	l = era_layout(ERA_6_11);
	CHECK_EQ(l.buddy.value, 0xbfffffff);
	CHECK_EQ(l.buddy.mask, 0xffffffff);
	CHECK_EQ(l.hugetlb.value, 0xfbffffff);
	CHECK_EQ(l.typed_below, -127);
}

static void test_6_12_to_7_2_top_byte(void)
{
	struct page_layout l = era_layout(ERA_6_12);

	CHECK_EQ(l.buddy.value, 0xf0000000);
	CHECK_EQ(l.buddy.mask, 0xff000000);
	CHECK_EQ(l.slab.mask, 0xff000000);
	CHECK_EQ(l.pg_slab, 0);
	CHECK_EQ(l.typed_below, (int32_t)0xff000000);
	/* No key for the type in 6.12, but the same number. */
	CHECK(l.unaccepted.known);
	CHECK_EQ(l.unaccepted.value, 0xf7000000);
	l = era_layout(ERA_6_16);
	CHECK(l.unaccepted.known);
	l = era_layout(ERA_7_2);
	CHECK(l.has_compound);
	CHECK_EQ(l.compound, 8);
	CHECK_EQ(l.hugetlb_source, HUGETLB_BY_TYPE);
}

static void test_unaccepted_is_not_guessed_for_new_kernels(void)
{
	/* As 7.2, built without UNACCEPTED_MEMORY: the number might be used for anything later. */
	struct page_layout l = era_layout(ERA_FIELDS_64 ERA_FLAGS_NEW ERA_TYPES_TOP_BYTE
					  "OFFSET(page.compound_info)=8\n");

	CHECK(!l.unaccepted.known);
}

static void test_4_4_wide_order(void)
{
	struct page_layout l = era_layout(ERA_4_4);

	CHECK_EQ(l.order_source, ORDER_IN_U32);
	CHECK_EQ(l.order_off, 44);
	CHECK_EQ(l.dtor_off, 40);
	CHECK_EQ(l.hugetlb_dtor, 2);
	/* A bit of its own. */
	CHECK_EQ(l.pg_swapcache, BIT(15));
	CHECK_EQ(l.pg_swapbacked, 0);
	CHECK_EQ(l.buddy.value, 0xffffff80);
	CHECK(!l.offline.known);
}

static void test_4_12_swapbacked_is_derived(void)
{
	struct page_layout l = era_layout(ERA_4_12);

	CHECK_EQ(l.pg_swapcache, BIT(9));
	CHECK_EQ(l.pg_swapbacked, BIT(18));
	CHECK_EQ(l.pg_hwpoison, 0);
}

static void test_3_18_lru_words(void)
{
	struct page_layout l = era_layout(ERA_3_18);

	CHECK_EQ(l.order_source, ORDER_IN_WORD);
	CHECK_EQ(l.order_off, 40);
	CHECK_EQ(l.dtor_off, 32);
	CHECK_EQ(l.hugetlb_source, HUGETLB_BY_DTOR);
	CHECK_EQ(l.hugetlb_dtor, 0xffffffff811b2c50);
	CHECK(!l.has_compound);
}

static void test_2_6_32(void)
{
	struct log_catch caught;
	struct page_layout l;

	log_catch_init(&caught);
	CHECK_OK(era_layout_of(ERA_2_6_32, 8, ORDER_LITTLE, &caught.log, &l));
	CHECK_EQ(l.size, 56);
	CHECK_EQ(l.pg_head, BIT(14));
	CHECK_EQ(l.pg_slab, BIT(7));
	CHECK_EQ(l.order_source, ORDER_IN_WORD);
	CHECK_EQ(l.hugetlb_source, HUGETLB_UNKNOWN);
	CHECK(!l.has_mapcount && !l.has_private && !l.buddy.known);
	CHECK_EQ(l.typed_below, 0);
	/* Lists may still tell; what they cannot is said where they are walked. */
	CHECK(!page_layout_tells_free(&l));
	CHECK_EQ(caught.warnings, 0);
}

static void test_2_6_32_with_debug_data(void)
{
	struct page_layout l = era_layout(ERA_2_6_32 "OFFSET(page.private)=16\nNUMBER(PG_buddy)=19\n"
					  "OFFSET(page._mapcount)=12\n");

	CHECK_EQ(l.pg_buddy, BIT(19));
	CHECK(!l.buddy.known);
	CHECK(page_layout_tells_free(&l));
}

static void test_arm32(void)
{
	struct page_layout l;

	CHECK_OK(era_layout_of(ERA_ARM_4_9, 4, ORDER_LITTLE, NULL, &l));
	CHECK_EQ(l.order_source, ORDER_IN_U16);
	CHECK_EQ(l.order_off, 26);
	CHECK_EQ(l.dtor_off, 24);
	CHECK_EQ(l.pg_head, BIT(14));
}

static void test_no_hugetlb_config(void)
{
	/* 6.10+ without HUGETLB still keeps the order where slab as a type says so. */
	struct page_layout l = era_layout(ERA_FIELDS_64 ERA_FLAGS_NEW "OFFSET(page.compound_head)=8\n"
		"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
		"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n");

	CHECK_EQ(l.order_source, ORDER_IN_FLAGS);
	CHECK_EQ(l.hugetlb_source, HUGETLB_UNKNOWN);
	/* 6.7 without HUGETLB: nothing tells; and its lru words are no order. */
	l = era_layout(ERA_FIELDS_64 ERA_FLAGS_MID ERA_TYPES_BIT_CLEAR "NUMBER(PG_slab)=11\n"
		       "OFFSET(page.compound_head)=8\n");
	CHECK_EQ(l.order_source, ORDER_UNKNOWN);
	l = era_layout(ERA_FIELDS_64 ERA_FLAGS_OLD ERA_TYPES_BIT_CLEAR "OFFSET(page.compound_head)=8\n"
		       "OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n");
	CHECK_EQ(l.order_source, ORDER_IN_BYTE);
	CHECK_EQ(l.hugetlb_source, HUGETLB_UNKNOWN);
}

static void test_needed_facts(void)
{
	struct page_layout l = { .size = 77 };

	CHECK_ERR(era_layout_of("OFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n", 8, ORDER_LITTLE,
				NULL, &l), ERR_NOT_FOUND);
	CHECK_ERR(era_layout_of("SIZE(page)=64\nOFFSET(page.mapping)=24\n", 8, ORDER_LITTLE, NULL,
				&l), ERR_NOT_FOUND);
	CHECK_ERR(era_layout_of("SIZE(page)=64\nOFFSET(page.flags)=0\n", 8, ORDER_LITTLE, NULL, &l),
		  ERR_NOT_FOUND);
	CHECK_EQ(l.size, 77);
}

static void check_bad_size(const char *size)
{
	char text[128];
	struct page_layout l;

	snprintf(text, sizeof(text), "SIZE(page)=%s\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n",
		 size);
	CHECK_ERR(era_layout_of(text, 8, ORDER_LITTLE, NULL, &l), ERR_BAD_INPUT);
}

static void test_absurd_sizes(void)
{
	check_bad_size("0");
	check_bad_size("8");
	check_bad_size("63");
	check_bad_size("4096");
}

static void test_fields_outside_are_not_used(void)
{
	struct log_catch caught;
	struct page_layout l;

	log_catch_init(&caught);
	CHECK_OK(era_layout_of("SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
			       "OFFSET(page._mapcount)=62\nOFFSET(page.private)=60\n"
			       "OFFSET(page.compound_head)=4294967296\nOFFSET(page.lru)=56\n"
			       "NUMBER(PG_lru)=64\nNUMBER(PG_private)=-1\nNUMBER(PG_hwpoison)=4000\n"
			       "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nLENGTH(zone.free_area)=99\n",
			       8, ORDER_LITTLE, &caught.log, &l));
	CHECK(!l.has_mapcount && !l.has_private && !l.has_compound && !l.buddy.known);
	CHECK_EQ(l.pg_lru | l.pg_private | l.pg_hwpoison, 0);
	CHECK_EQ(l.order_source, ORDER_UNKNOWN);
	CHECK_EQ(l.buddy_orders, 0);
	CHECK(log_caught(&caught, "OFFSET(page._mapcount)=62"));
	CHECK(log_caught(&caught, "NUMBER(PG_lru)=64"));
	CHECK_ERR(era_layout_of("SIZE(page)=64\nOFFSET(page.flags)=60\nOFFSET(page.mapping)=24\n", 8,
				ORDER_LITTLE, NULL, &l), ERR_NOT_FOUND);
}

static void test_order_fields_that_do_not_fit(void)
{
	struct page_layout l = era_layout(ERA_FIELDS_64 ERA_FLAGS_OLD "OFFSET(page.compound_head)=8\n"
		"OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=19\n"
		"NUMBER(HUGETLB_PAGE_DTOR)=2\n");

	CHECK_EQ(l.order_source, ORDER_UNKNOWN);
	l = era_layout(ERA_FIELDS_64 ERA_FLAGS_OLD "OFFSET(page.compound_head)=8\n"
		       "OFFSET(page.compound_dtor)=58\nOFFSET(page.compound_order)=62\n");
	CHECK_EQ(l.order_source, ORDER_UNKNOWN);
	/* An offset in the folio that is not in its second page. */
	l = era_layout(ERA_FIELDS_64 ERA_FLAGS_OLD "OFFSET(page.compound_head)=8\n"
		       "OFFSET(folio._folio_dtor)=16\nOFFSET(folio._folio_order)=128\n");
	CHECK_EQ(l.order_source, ORDER_UNKNOWN);
}

static void test_usual_kernels_say_nothing(void)
{
	static const char *const eras[] = { ERA_5_10, ERA_6_4, ERA_6_7, ERA_6_10, ERA_6_11,
					    ERA_6_12, ERA_6_16, ERA_7_2, ERA_4_4, ERA_3_18 };

	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct log_catch caught;
		struct page_layout l;

		log_catch_init(&caught);
		CHECK_OK(era_layout_of(eras[i], 8, ORDER_LITTLE, &caught.log, &l));
		CHECK_EQ(caught.warnings, 0);
	}
}

int main(void)
{
	RUN(test_5_10);
	RUN(test_6_4_folio);
	RUN(test_6_7_flag);
	RUN(test_6_10_and_6_11_types);
	RUN(test_6_12_to_7_2_top_byte);
	RUN(test_unaccepted_is_not_guessed_for_new_kernels);
	RUN(test_4_4_wide_order);
	RUN(test_4_12_swapbacked_is_derived);
	RUN(test_3_18_lru_words);
	RUN(test_2_6_32);
	RUN(test_2_6_32_with_debug_data);
	RUN(test_arm32);
	RUN(test_no_hugetlb_config);
	RUN(test_needed_facts);
	RUN(test_absurd_sizes);
	RUN(test_fields_outside_are_not_used);
	RUN(test_order_fields_that_do_not_fit);
	RUN(test_usual_kernels_say_nothing);
	return unit_status();
}
