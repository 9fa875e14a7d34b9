/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What VMCOREINFO says about struct page, kernel by kernel (x86_64, but for
 * the last two). 5.10, 6.1, 6.12, 6.16 and 7.2 as read from Debian's amd64
 * kernels; 6.4, 6.7, 6.10 and 6.11 follow crash_core.c and page-flags.h of those
 * releases, 4.4, 3.10 and 2.6.32 likewise kexec.c.
 */
#ifndef TESTS_UNIT_ERAS_H
#define TESTS_UNIT_ERAS_H

#include "facts/facts.h"
#include "pages/layout.h"
#include "tests/unit/unit.h"

#define ERA_FIELDS_64 \
	"SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=52\n" \
	"OFFSET(page.mapping)=24\nOFFSET(page.lru)=8\nOFFSET(page._mapcount)=48\n" \
	"OFFSET(page.private)=40\nLENGTH(zone.free_area)=11\n"
#define ERA_FLAGS_OLD \
	"NUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\n" \
	"NUMBER(PG_swapbacked)=19\nNUMBER(PG_slab)=9\nNUMBER(PG_hwpoison)=23\n" \
	"NUMBER(PG_head_mask)=65536\n"
#define ERA_FLAGS_MID \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=15\nNUMBER(PG_swapcache)=12\n" \
	"NUMBER(PG_swapbacked)=19\nNUMBER(PG_hwpoison)=22\nNUMBER(PG_head_mask)=64\n"
#define ERA_FLAGS_NEW \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=14\nNUMBER(PG_swapcache)=10\n" \
	"NUMBER(PG_swapbacked)=17\nNUMBER(PG_hwpoison)=20\nNUMBER(PG_head_mask)=64\n"
#define ERA_TYPES_BIT_CLEAR \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nNUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"
#define ERA_TYPES_TOP_BYTE \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n" \
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n" \
	"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"

#define ERA_5_10 ERA_FIELDS_64 ERA_FLAGS_OLD ERA_TYPES_BIT_CLEAR \
	"OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n" \
	"OFFSET(page.compound_head)=8\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
#define ERA_6_4 ERA_FIELDS_64 ERA_FLAGS_OLD ERA_TYPES_BIT_CLEAR \
	"OFFSET(folio._folio_dtor)=80\nOFFSET(folio._folio_order)=81\n" \
	"OFFSET(page.compound_head)=8\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
#define ERA_6_7 ERA_FIELDS_64 ERA_FLAGS_MID ERA_TYPES_BIT_CLEAR "NUMBER(PG_slab)=11\n" \
	"OFFSET(page.compound_head)=8\nNUMBER(PG_hugetlb)=8\n"
#define ERA_6_10 ERA_FIELDS_64 ERA_FLAGS_MID ERA_TYPES_BIT_CLEAR \
	"OFFSET(page.compound_head)=8\nNUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-2049\n" \
	"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-4097\n"
#define ERA_6_11 ERA_FIELDS_64 ERA_FLAGS_NEW \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-1073741825\n" \
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-536870913\n" \
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-67108865\n" \
	"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-33554433\nOFFSET(page.compound_head)=8\n"
#define ERA_6_12 ERA_FIELDS_64 ERA_FLAGS_NEW ERA_TYPES_TOP_BYTE "OFFSET(page.compound_head)=8\n" \
	"SYMBOL(kallsyms_relative_base)=ffffffff82a00000\n"
#define ERA_6_16 ERA_6_12 "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-150994944\n"
#define ERA_7_2 ERA_FIELDS_64 ERA_FLAGS_NEW ERA_TYPES_TOP_BYTE "OFFSET(page.compound_info)=8\n" \
	"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-150994944\n"

/* struct page of 4.4: order and destructor are unsigned ints behind the head's address. */
#define ERA_4_4 \
	"SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._count)=28\nOFFSET(page.mapping)=8\n" \
	"OFFSET(page.lru)=32\nOFFSET(page._mapcount)=24\nOFFSET(page.private)=48\n" \
	"OFFSET(page.compound_head)=32\nOFFSET(page.compound_dtor)=40\n" \
	"OFFSET(page.compound_order)=44\nLENGTH(zone.free_area)=11\nNUMBER(HUGETLB_PAGE_DTOR)=2\n" \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=11\nNUMBER(PG_swapcache)=15\nNUMBER(PG_slab)=7\n" \
	"NUMBER(PG_hwpoison)=22\nNUMBER(PG_head_mask)=16384\n" \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-128\n"
/* 4.12: swapcache shares owner_priv_1's bit and swapbacked is not exported. */
#define ERA_4_12 \
	"SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=28\nOFFSET(page.mapping)=8\n" \
	"OFFSET(page.lru)=32\nOFFSET(page._mapcount)=24\nOFFSET(page.private)=48\n" \
	"OFFSET(page.compound_head)=32\nOFFSET(page.compound_dtor)=40\n" \
	"OFFSET(page.compound_order)=44\nLENGTH(zone.free_area)=11\nNUMBER(HUGETLB_PAGE_DTOR)=2\n" \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=12\nNUMBER(PG_swapcache)=9\nNUMBER(PG_slab)=8\n" \
	"NUMBER(PG_head_mask)=32768\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-128\n"
/* 3.17 - 4.3 */
#define ERA_3_18 \
	"SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._count)=28\nOFFSET(page.mapping)=8\n" \
	"OFFSET(page.lru)=32\nOFFSET(page._mapcount)=24\nOFFSET(page.private)=48\n" \
	"LENGTH(zone.free_area)=11\nSYMBOL(free_huge_page)=ffffffff811b2c50\n" \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=11\nNUMBER(PG_swapcache)=16\nNUMBER(PG_slab)=7\n" \
	"NUMBER(PG_hwpoison)=22\nNUMBER(PG_head_mask)=16384\n" \
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-128\n"
#define ERA_2_6_32 \
	"SIZE(page)=56\nOFFSET(page.flags)=0\nOFFSET(page._count)=8\nOFFSET(page.mapping)=24\n" \
	"OFFSET(page.lru)=40\nLENGTH(zone.free_area)=11\n" \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=11\nNUMBER(PG_swapcache)=16\n"
/* 32-bit ARM 4.9: unsigned shorts. */
#define ERA_ARM_4_9 \
	"SIZE(page)=32\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=16\nOFFSET(page.mapping)=4\n" \
	"OFFSET(page.lru)=20\nOFFSET(page._mapcount)=12\nOFFSET(page.private)=28\n" \
	"OFFSET(page.compound_head)=20\nOFFSET(page.compound_dtor)=24\n" \
	"OFFSET(page.compound_order)=26\nLENGTH(zone.free_area)=11\nNUMBER(HUGETLB_PAGE_DTOR)=2\n" \
	"NUMBER(PG_lru)=5\nNUMBER(PG_private)=11\nNUMBER(PG_swapcache)=15\nNUMBER(PG_slab)=7\n" \
	"NUMBER(PG_head_mask)=16384\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-128\n"

static inline struct err *era_layout_of(const char *text, unsigned int word, enum byte_order order,
					const struct log *log, struct page_layout *ret)
{
	struct facts facts;
	struct err *e;

	facts_init(&facts);
	e = facts_add_vmcoreinfo(&facts, text, strlen(text), "test", NULL);
	if (!e)
		e = page_layout_init(ret, &facts, word, order, 12, log);
	facts_deinit(&facts);
	return e;
}

/* 64-bit little-endian. */
static inline struct page_layout era_layout(const char *text)
{
	struct page_layout layout = { 0 };

	CHECK_OK(era_layout_of(text, 8, ORDER_LITTLE, NULL, &layout));
	return layout;
}

#endif
