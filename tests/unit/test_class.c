/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every row of the decision, on real struct pages and on made ones. */
#include "tests/unit/eras.h"
#include "tests/unit/structpage.h"

#define ALL (LEVEL_ZERO | LEVEL_CACHE | LEVEL_CACHE_PRIVATE | LEVEL_USER | LEVEL_FREE)
#define NONE 0xffffffffu	/* mapcount of a page that is neither mapped nor typed */
#define BIT(n) (UINT64_C(1) << (n))

/* Struct pages read from Debian's amd64 kernels; p1 is the first tail of a head. */
struct sample {
	const char *era;
	const char *what;
	uint64_t pfn, flags, word8, mapping, private;
	uint32_t mapcount;
	uint64_t p1_flags, p1_word8;
	uint16_t p1_half16;		/* 5.10, 6.1: destructor and order */
	enum page_class class;		/* at level 31 */
	unsigned int order;
	bool hugetlb;
};

static const struct sample samples[] = {
	{ ERA_5_10, "5.10 reserved", 0, 0x7ffffc0001000, 0xfffff45140000008, 0, 0, NONE,
	  0, 0, 0, PAGE_KEEP, 0, false },
	{ ERA_5_10, "5.10 buddy", 0x10, 0x7ffffc0000000, 0xfffff45140002008, 0, 4, 0xffffff7f,
	  0, 0, 0, PAGE_FREE, 4, false },
	{ ERA_5_10, "5.10 hugetlb 1G", 0x100000, 0x17ffffc0010004, 0xffffffffb8f130e8,
	  0xffff8f0583c43069, 0, NONE, 0x17ffffc0002000, 0xfffff45144000001, 0x1202,
	  PAGE_USER, 18, true },
	{ ERA_5_10, "5.10 hugetlb 2M free", 0x141000, 0x17ffffc0010000, 0xffffffffb8f1aef0, 0, 0,
	  NONE, 0x17ffffc0000000, 0xfffff45145040001, 0x0902, PAGE_USER, 9, true },
	{ ERA_5_10, "5.10 THP", 0x140a00, 0x17ffffc0090014, 0xfffff45145ff9708,
	  0xffff8f0583c43f71, 0, NONE, 0x17ffffc0000000, 0xfffff45145028001, 0x0903,
	  PAGE_USER, 9, false },
	{ ERA_5_10, "5.10 slab", 0x140000, 0x17ffffc0010200, 0xdead000000000100,
	  0xffff8f0583453c00, 0xe000e, NONE, 0x17ffffc0000000, 0xfffff45145000001, 0x0101,
	  PAGE_KEEP, 1, false },
	{ ERA_5_10, "5.10 tmpfs", 0x144200, 0x17ffffc008001c, 0xfffff45145ffbfc8,
	  0xffff8f058346be08, 0, 0, 0, 0, 0, PAGE_CACHE, 0, false },
	{ ERA_5_10, "5.10 anon", 0x14495d, 0x17ffffc0080014, 0xfffff45145125708,
	  0xffff8f0583c43681, 0, 0, 0, 0, 0, PAGE_USER, 0, false },
	{ ERA_5_10, "5.10 kernel compound", 0x143a00, 0x17ffffc0010000, 0xdead000000000100, 0, 0,
	  NONE, 0x17ffffc0000000, 0xfffff451450e8001, 0x0601, PAGE_KEEP, 6, false },
	{ ERA_5_10, "6.1 hugetlb 1G with HVO", 0x100000, 0x17ffffc0030004, 0xffffffffb1d49508,
	  0xffff8affbe17aa29, 12, NONE, 0x17ffffc0000000, 0xfffff24244000001, 0x1202,
	  PAGE_USER, 18, true },
	{ ERA_5_10, "6.1 THP", 0x141200, 0x17ffffc00b0014, 0xfffff24245ffb008,
	  0xffff8affbe17a821, 0, NONE, 0x17ffffc0000000, 0xfffff24245048001, 0x0903,
	  PAGE_USER, 9, false },
	{ ERA_6_12, "6.12 buddy", 0x200, 0x7ffffc0000000, 0xffff89617ffd3aa8, 0, 9, 0xf0000000,
	  0, 0, 0, PAGE_FREE, 9, false },
	{ ERA_6_12, "6.12 hugetlb 1G", 0x100000, 0x17ffffc0000848, 0xffffffffab3761a8,
	  0xffff89617e4f4c99, 0x12, 0xf4000000, 0x17ffffc0000012, 0xfffffac0c4000001, 0,
	  PAGE_USER, 18, true },
	{ ERA_6_12, "6.12 hugetlb 2M free", 0x140c00, 0x17ffffc0000040, 0xffffffffab37e250, 0,
	  0x18, 0xf4000000, 0x17ffffc0000009, 0xfffffac0c5030001, 0, PAGE_USER, 9, true },
	{ ERA_6_12, "6.12 THP", 0x141200, 0x17ffffe0020868, 0xfffffac0c5ffb008,
	  0xffff89617e4f4001, 0, NONE, 0x17ffffc0000209, 0xfffffac0c5048001, 0,
	  PAGE_USER, 9, false },
	{ ERA_6_12, "6.12 slab", 0x140041, 0x17ffffc0000000, 0xffff896140042100,
	  0xdead000000000122, 0x400040, 0xf5000000, 0, 0, 0, PAGE_KEEP, 0, false },
	{ ERA_6_12, "6.12 page cache", 0x141600, 0x17ffffe0020038, 0xfffffac0c5ffbfc8,
	  0xffff89617ed5d9b0, 0, 0, 0, 0, 0, PAGE_CACHE, 0, false },
	{ ERA_6_12, "6.12 anon, not on the LRU", 0x141dc1, 0x17ffffc0020908, 0,
	  0xffff89617e4f48f1, 0, 0, 0, 0, 0, PAGE_USER, 0, false },
	{ ERA_6_16, "6.18 large kmalloc", 0x1401f8, 0x17ffffc0000040, 0, 0, 0, 0xf8000000,
	  0x17ffffc0000003, 0xfffff5abc5007e01, 0, PAGE_KEEP, 3, false },
	{ ERA_6_16, "6.18 slab", 0x140041, 0x17ffffc0000000, 0xffff889780042100,
	  0xdead000000000122, 0x200020, 0xf5000000, 0, 0, 0, PAGE_KEEP, 0, false },
	{ ERA_7_2, "7.2 hugetlb 1G", 0x100000, 0x17ffffc0000848, 0xffffffff9de92580,
	  0xffff8af2824f2c61, 0x12, 0xf4000000, 0x17ffffc0000012, 0xffffffffff000001, 0,
	  PAGE_USER, 18, true },
	{ ERA_7_2, "7.2 hugetlb 2M free", 0x141000, 0x17ffffc0000040, 0xfffff711c5048008, 0, 0x18,
	  0xf4000000, 0x17ffffc0000009, 0xffffffffffff8001, 0, PAGE_USER, 9, true },
	{ ERA_7_2, "7.2 THP", 0x141600, 0x17ffffd8c2086c, 0xfffff711c5ffaa88,
	  0xffff8af2824f2d81, 0, NONE, 0x17ffffc0000209, 0xffffffffffff8001, 0,
	  PAGE_USER, 9, false },
	{ ERA_7_2, "7.2 large kmalloc", 0x140228, 0x17ffffc0000040, 0, 0, 0, 0xf8000000,
	  0x17ffffc0000003, 0xfffffffffffffe01, 0, PAGE_KEEP, 3, false },
	{ ERA_7_2, "7.2 slab", 0x140041, 0x17ffffc0000000, 0xffff8af280042100,
	  0xdead000000000122, 0x800400040, 0xf5000000, 0, 0, 0, PAGE_KEEP, 0, false },
	{ ERA_7_2, "7.2 page cache", 0x142a00, 0x17ffffd802003c, 0xfffff711c5f37fc8,
	  0xffff8af2809f67f8, 0, 0, 0, 0, 0, PAGE_CACHE, 0, false },
};

static void check_sample(const struct sample *s)
{
	struct page_layout l = era_layout(s->era);
	uint8_t head[64] = { 0 }, tail[64] = { 0 };
	struct page_info page;
	struct verdict v;

	put_u64(head, s->flags, ORDER_LITTLE);
	put_u64(head + 8, s->word8, ORDER_LITTLE);
	put_u64(head + 24, s->mapping, ORDER_LITTLE);
	put_u64(head + 40, s->private, ORDER_LITTLE);
	put_u32(head + 48, s->mapcount, ORDER_LITTLE);
	put_u64(tail, s->p1_flags, ORDER_LITTLE);
	put_u64(tail + 8, s->p1_word8, ORDER_LITTLE);
	put_u16(tail + 16, s->p1_half16, ORDER_LITTLE);
	page_decode(&l, head, &page);
	CHECK_EQ(page_is_head(&l, &page), s->p1_word8 != 0);
	if (page_is_head(&l, &page))
		page_decode_head(&l, s->pfn, tail, &page);
	CHECK_EQ(page.hugetlb, s->hugetlb);
	v = page_judge(&l, ALL, s->pfn, &page);
	CHECK_EQ(v.class, s->class);
	CHECK_EQ(v.order, s->order);
	CHECK_EQ(v.reason, KEEP_NONE);
	/* Without any class in the level everything here stays. */
	CHECK_EQ(page_judge(&l, 0, s->pfn, &page).class, PAGE_KEEP);
	for (unsigned int level = 0; level <= ALL; level++)
		CHECK_EQ(page_class_stays(level, s->class),
			 page_judge(&l, level, s->pfn, &page).class == PAGE_KEEP);
	if (s->p1_word8) {
		page_decode(&l, tail, &page);
		CHECK(page.tail);
		CHECK(!page_is_head(&l, &page));
		CHECK_EQ(page_judge(&l, ALL, s->pfn + 1, &page).class, PAGE_KEEP);
	}
}

static void test_real_pages(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		int before = unit_current;

		check_sample(&samples[i]);
		if (unit_current != before)
			printf("# in sample %s\n", samples[i].what);
	}
}

/* Judge a page that is no head. */
static struct verdict judge(const struct page_layout *l, unsigned int level, uint64_t pfn,
			    struct structpage page)
{
	uint8_t bytes[STRUCT_PAGE_MAX];
	struct page_info info;

	structpage_put(l, &page, bytes);
	page_decode(l, bytes, &info);
	return page_judge(l, level, pfn, &info);
}

static enum page_class class_of(const struct page_layout *l, unsigned int level,
				struct structpage page)
{
	return judge(l, level, 0, page).class;
}

static void test_level_bits_of_cache(void)
{
	struct page_layout l = era_layout(ERA_6_12);
	struct structpage cache = { .flags = l.pg_lru, .mapping = 0xffff888000001000 };
	struct structpage private = cache;

	private.flags |= l.pg_private;
	CHECK_EQ(class_of(&l, 0, cache), PAGE_KEEP);
	CHECK_EQ(class_of(&l, LEVEL_ZERO | LEVEL_USER | LEVEL_FREE, cache), PAGE_KEEP);
	CHECK_EQ(class_of(&l, LEVEL_CACHE, cache), PAGE_CACHE);
	CHECK_EQ(class_of(&l, LEVEL_CACHE, private), PAGE_KEEP);
	/* The bit of private pages takes the others along. */
	CHECK_EQ(class_of(&l, LEVEL_CACHE_PRIVATE, cache), PAGE_CACHE);
	CHECK_EQ(class_of(&l, LEVEL_CACHE_PRIVATE, private), PAGE_CACHE_PRIVATE);
}

static void test_swapcache(void)
{
	struct page_layout l = era_layout(ERA_6_12);
	struct structpage page = { .flags = l.pg_swapcache };

	/* The bit is owner_priv_1 too. */
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	page.flags |= l.pg_swapbacked;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_CACHE);
	l = era_layout(ERA_4_4);
	page.flags = l.pg_swapcache;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_CACHE);
	l = era_layout(ERA_4_12);
	page.flags = l.pg_swapcache;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	page.flags |= l.pg_swapbacked;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_CACHE);
}

static void test_private_unknown(void)
{
	struct page_layout l;
	struct structpage cache = { .flags = 1 << 5, .mapping = 0xffff888000001000 };

	l = era_layout("SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
		       "NUMBER(PG_lru)=5\n");
	CHECK_EQ(class_of(&l, LEVEL_CACHE, cache), PAGE_KEEP);
	CHECK_EQ(class_of(&l, LEVEL_CACHE_PRIVATE, cache), PAGE_CACHE_PRIVATE);
}

static void test_anon(void)
{
	struct page_layout l = era_layout(ERA_6_12);
	struct structpage page = { .mapping = 0xffff888000001001 };

	CHECK_EQ(class_of(&l, LEVEL_USER, page), PAGE_USER);
	CHECK_EQ(class_of(&l, ALL & ~LEVEL_USER, page), PAGE_KEEP);
	page.mapping = 0xffff888000001003;	/* KSM */
	CHECK_EQ(class_of(&l, LEVEL_USER, page), PAGE_USER);
	page.mapping = 0xffff888000001002;	/* movable, not on the LRU */
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	page.mapping = 1;			/* shared DAX page, 6.0 - 6.14 */
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	page.mapping = 0xfff;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	/* Anonymous pages are on the LRU and in the swap cache: user, never cache. */
	page.mapping = 0xffff888000001001;
	page.flags = l.pg_lru | l.pg_swapcache | l.pg_swapbacked;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_USER);
	CHECK_EQ(class_of(&l, LEVEL_CACHE | LEVEL_CACHE_PRIVATE, page), PAGE_KEEP);
	/* PG_waiters is bit 7, where old kernels had PG_slab. */
	page.flags |= BIT(7);
	CHECK_EQ(class_of(&l, ALL, page), PAGE_USER);
}

static void test_slab_is_never_anything_else(void)
{
	struct page_layout l = era_layout(ERA_5_10);
	struct structpage page = { .flags = l.pg_slab, .mapping = 0xffff888000001001,
				   .mapcount = 0xffffff7f };

	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	page.mapcount = 0xfffffeff;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	l = era_layout(ERA_6_10);
	page = (struct structpage){ .mapping = 0xffff888000001001, .mapcount = 0xffffefff };
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	l = era_layout(ERA_6_12);
	/* The low bytes belong to the owner. */
	page.mapcount = 0xf5000123;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
}

static void test_typed_pages_are_no_users(void)
{
	static const uint32_t types[] = { 0xf2000000, 0xf3000000, 0xf6000123, 0xf8000000,
					  0xf9000000, 0xfe000000, 0x90000000 };
	struct page_layout l = era_layout(ERA_7_2);
	struct structpage page = { .flags = l.pg_lru, .mapping = 0xffff888000001001 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		page.mapcount = types[i];
		CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	}
	page.mapcount = 0xff000000;	/* a mapcount that went below zero */
	CHECK_EQ(class_of(&l, ALL, page), PAGE_USER);
	page.mapcount = 0x7fffffff;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_USER);
	/* A page table of 5.10, and one of 6.11. */
	l = era_layout(ERA_5_10);
	page.mapcount = 0xfffffbff;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
	page.mapcount = 0xffffff81;	/* -127: still a mapcount */
	CHECK_EQ(class_of(&l, ALL, page), PAGE_USER);
	l = era_layout(ERA_6_11);
	page.mapcount = 0xefffffff;
	CHECK_EQ(class_of(&l, ALL, page), PAGE_KEEP);
}

static void check_buddy(const char *era, uint32_t type)
{
	struct page_layout l = era_layout(era);
	struct structpage page = { .mapcount = type, .private = 3 };
	struct verdict v = judge(&l, LEVEL_FREE, 0x1238, page);

	CHECK_EQ(v.class, PAGE_FREE);
	CHECK_EQ(v.order, 3);
	CHECK_EQ(judge(&l, ALL & ~LEVEL_FREE, 0x1238, page).class, PAGE_KEEP);
	/* Not aligned to its order, and beyond the largest. */
	v = judge(&l, LEVEL_FREE, 0x1234, page);
	CHECK_EQ(v.class, PAGE_KEEP);
	CHECK_EQ(v.reason, KEEP_BAD_ORDER);
	CHECK_EQ(v.order, 0);
	page.private = 10;
	CHECK_EQ(judge(&l, LEVEL_FREE, 0x1400, page).order, 10);
	page.private = 11;
	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).reason, KEEP_BAD_ORDER);
	page.private = 52;
	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).reason, KEEP_BAD_ORDER);
	page.private = UINT64_MAX;
	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).reason, KEEP_BAD_ORDER);
}

static void test_buddy(void)
{
	check_buddy(ERA_3_18, 0xffffff80);
	check_buddy(ERA_4_4, 0xffffff80);
	check_buddy(ERA_5_10, 0xffffff7f);
	check_buddy(ERA_6_7, 0xffffff7f);
	check_buddy(ERA_6_11, 0xbfffffff);
	check_buddy(ERA_6_12, 0xf0000000);
	check_buddy(ERA_7_2, 0xf0000042);
}

static void test_buddy_flag(void)
{
	struct page_layout l = era_layout(ERA_2_6_32 "OFFSET(page.private)=16\nNUMBER(PG_buddy)=19\n");
	struct structpage page = { .flags = BIT(19), .private = 2 };

	CHECK_EQ(judge(&l, LEVEL_FREE, 8, page).class, PAGE_FREE);
	CHECK_EQ(judge(&l, LEVEL_FREE, 8, page).order, 2);
	CHECK_EQ(judge(&l, ALL & ~LEVEL_FREE, 8, page).class, PAGE_KEEP);
}

static void test_buddy_without_largest_order(void)
{
	struct page_layout l = era_layout("SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
		"OFFSET(page._mapcount)=48\nOFFSET(page.private)=40\n"
		"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
		"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-150994944\n");
	struct structpage page = { .mapcount = 0xf0000000, .private = 9 };

	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).class, PAGE_FREE);
	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).order, 0);
	page.mapcount = 0xf7000000;
	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).class, PAGE_FREE);
	CHECK_EQ(judge(&l, LEVEL_FREE, 0, page).order, 0);
}

static void test_unaccepted(void)
{
	struct page_layout l = era_layout(ERA_6_16);
	struct structpage page = { .mapcount = 0xf7000000 };

	CHECK_EQ(judge(&l, LEVEL_FREE, 0x400, page).class, PAGE_FREE);
	CHECK_EQ(judge(&l, LEVEL_FREE, 0x400, page).order, 10);
	CHECK_EQ(judge(&l, ALL & ~LEVEL_FREE, 0x400, page).class, PAGE_KEEP);
	CHECK_EQ(judge(&l, LEVEL_FREE, 0x401, page).reason, KEEP_BAD_ORDER);
	/* A kernel whose unaccepted type nobody knows. */
	l = era_layout(ERA_5_10);
	CHECK_EQ(judge(&l, ALL, 0x400, page).class, PAGE_KEEP);
}

static void test_hwpoison(void)
{
	struct page_layout l = era_layout(ERA_6_12);
	struct structpage page = { .flags = l.pg_hwpoison, .mapping = 0xffff888000001001 };
	struct page_info info = { .flags = l.pg_hwpoison | l.pg_head, .mapcount = 0xf4000000,
				  .order = 9, .hugetlb = true };

	CHECK_EQ(class_of(&l, 0, page), PAGE_HWPOISON);
	CHECK_EQ(class_of(&l, ALL, page), PAGE_HWPOISON);
	/* A poisoned tail goes although its head decides for the others. */
	page.compound = 0xffffea0000000001;
	CHECK_EQ(class_of(&l, 0, page), PAGE_HWPOISON);
	page = (struct structpage){ .flags = l.pg_hwpoison, .mapcount = 0xf5000000 };
	CHECK_EQ(class_of(&l, 0, page), PAGE_HWPOISON);
	/* Which page of a hugetlb page is bad is not known: all go. */
	CHECK_EQ(page_judge(&l, 0, 512, &info).class, PAGE_HWPOISON);
	CHECK_EQ(page_judge(&l, 0, 512, &info).order, 9);
	/* The head page of a THP is bad itself, and only it. */
	info.hugetlb = false;
	info.mapcount = NONE;
	CHECK_EQ(page_judge(&l, 0, 512, &info).order, 0);
	/* Kernels without the flag. */
	l = era_layout(ERA_4_12);
	CHECK_EQ(class_of(&l, 0, (struct structpage){ .flags = BIT(20) }), PAGE_KEEP);
}

static void test_offline(void)
{
	struct page_layout l = era_layout(ERA_5_10);

	CHECK_EQ(class_of(&l, 0, (struct structpage){ .mapcount = 0xfffffeff }), PAGE_OFFLINE);
	l = era_layout(ERA_6_12);
	CHECK_EQ(class_of(&l, 0, (struct structpage){ .mapcount = 0xf1000000 }), PAGE_OFFLINE);
	CHECK_EQ(class_of(&l, ALL, (struct structpage){ .mapcount = 0xf1000000 }), PAGE_OFFLINE);
	l = era_layout(ERA_4_4);
	CHECK_EQ(class_of(&l, ALL, (struct structpage){ .mapcount = 0xf1000000 }), PAGE_KEEP);
}

static void test_poisoned_struct_page(void)
{
	struct page_layout l = era_layout(ERA_6_12), arm;
	struct structpage page = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT32_MAX };
	struct verdict v = judge(&l, LEVEL_MAX, 0, page);

	CHECK_EQ(v.class, PAGE_KEEP);
	CHECK_EQ(v.reason, KEEP_POISONED_STRUCT);
	CHECK_OK(era_layout_of(ERA_ARM_4_9, 4, ORDER_LITTLE, NULL, &arm));
	CHECK_EQ(judge(&arm, LEVEL_MAX, 0, page).reason, KEEP_POISONED_STRUCT);
}

static void test_flags_that_say_nothing(void)
{
	struct page_layout l = era_layout(ERA_7_2);

	/* Zeroed, reserved, in use by the kernel, on a per-cpu free list. */
	CHECK_EQ(class_of(&l, LEVEL_MAX, (struct structpage){ 0 }), PAGE_KEEP);
	CHECK_EQ(class_of(&l, LEVEL_MAX, (struct structpage){ .flags = BIT(13), .mapcount = NONE }),
		 PAGE_KEEP);
	CHECK_EQ(class_of(&l, LEVEL_MAX, STRUCTPAGE_PLAIN), PAGE_KEEP);
	/* A tail by its mapping alone. */
	CHECK_EQ(class_of(&l, LEVEL_MAX, (struct structpage){ .mapping = 0xdead000000000400,
							      .mapcount = NONE }), PAGE_KEEP);
}

/* Order and hugetlb as page_decode_head() finds them. */
static struct page_info head_of(const struct page_layout *l, uint64_t pfn, unsigned int order,
				bool hugetlb, uint32_t mapcount, uint64_t compound)
{
	struct structpage head = { .flags = l->pg_head, .mapcount = mapcount };
	struct structpage tail = { .compound = compound, .mapcount = NONE };
	uint8_t bytes[STRUCT_PAGE_MAX], next[STRUCT_PAGE_MAX];
	struct page_info info;

	structpage_put(l, &head, bytes);
	structpage_put(l, &tail, next);
	structpage_put_order(l, order, hugetlb, next);
	page_decode(l, bytes, &info);
	CHECK(page_is_head(l, &info));
	page_decode_head(l, pfn, next, &info);
	return info;
}

static void check_heads(const struct page_layout *l, uint32_t hugetlb_type, uint64_t compound)
{
	struct page_info info = head_of(l, 0x40000, 9, false, NONE, compound);
	uint64_t va = compound;

	CHECK_EQ(info.order, 9);
	CHECK(!info.hugetlb);
	info = head_of(l, 0x40000, 18, true, hugetlb_type, va);
	CHECK_EQ(info.order, 18);
	CHECK(info.hugetlb);
	/* Misaligned, too large, none. */
	info = head_of(l, 0x40100, 9, true, hugetlb_type, va);
	CHECK_EQ(info.order, 0);
	CHECK(!info.hugetlb);
	CHECK_EQ(head_of(l, 0, 30, false, NONE, va).order, 30);
	CHECK_EQ(head_of(l, 0, 31, false, NONE, va).order, 0);
	CHECK_EQ(head_of(l, 0, 255, false, NONE, va).order, 0);
	CHECK(!head_of(l, 0, 0, true, hugetlb_type, va).hugetlb);
	/* The next page is not a tail. */
	if (l->has_compound)
		CHECK_EQ(head_of(l, 0x40000, 9, true, hugetlb_type, 0).order, 0);
}

static void test_heads_of_all_kernels(void)
{
	static const struct { const char *text; uint32_t hugetlb_type; } eras[] = {
		{ ERA_5_10, NONE }, { ERA_6_4, NONE }, { ERA_6_7, NONE }, { ERA_6_10, 0xfffff7ff },
		{ ERA_6_11, 0xfbffffff }, { ERA_6_12, 0xf4000000 }, { ERA_7_2, 0xf4000000 },
		{ ERA_4_4, NONE }, { ERA_4_12, NONE }, { ERA_3_18, NONE },
	};

	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct page_layout l;

		CHECK_OK(era_layout_of(eras[i].text, 8, ORDER_LITTLE, NULL, &l));
		check_heads(&l, eras[i].hugetlb_type, 0xffffea0001000001);
		CHECK_OK(era_layout_of(eras[i].text, 8, ORDER_BIG, NULL, &l));
		check_heads(&l, eras[i].hugetlb_type, 0xffffea0001000001);
	}
}

static void test_heads_of_32_bit(void)
{
	struct page_layout l;

	CHECK_OK(era_layout_of(ERA_ARM_4_9, 4, ORDER_LITTLE, NULL, &l));
	check_heads(&l, NONE, 0xdf800001);
	CHECK_OK(era_layout_of(ERA_ARM_4_9, 4, ORDER_BIG, NULL, &l));
	check_heads(&l, NONE, 0xdf800001);
}

static void test_unreadable_tail(void)
{
	struct page_layout l = era_layout(ERA_6_12);
	struct page_info info = { .flags = l.pg_head, .mapcount = 0xf4000000 };

	page_decode_head(&l, 512, NULL, &info);
	CHECK_EQ(info.order, 0);
	CHECK(!info.hugetlb);
	CHECK_EQ(page_judge(&l, LEVEL_MAX, 512, &info).class, PAGE_KEEP);
}

static void test_head_speaks_for_its_range(void)
{
	struct page_layout l = era_layout(ERA_7_2);
	struct page_info cache = { .flags = l.pg_head | l.pg_lru, .mapping = 0xffff888000001000,
				   .order = 9 };
	struct page_info hugetlb = { .flags = l.pg_head, .mapcount = 0xf4000000, .order = 18,
				     .hugetlb = true };

	CHECK_EQ(page_judge(&l, LEVEL_CACHE, 512, &cache).class, PAGE_CACHE);
	CHECK_EQ(page_judge(&l, LEVEL_CACHE, 512, &cache).order, 9);
	/* Kept, it still speaks for all. */
	CHECK_EQ(page_judge(&l, LEVEL_USER, 512, &cache).class, PAGE_KEEP);
	CHECK_EQ(page_judge(&l, LEVEL_USER, 512, &cache).order, 9);
	CHECK_EQ(page_judge(&l, LEVEL_USER, 1 << 18, &hugetlb).class, PAGE_USER);
	CHECK_EQ(page_judge(&l, LEVEL_USER, 1 << 18, &hugetlb).order, 18);
	CHECK_EQ(page_judge(&l, LEVEL_FREE, 1 << 18, &hugetlb).class, PAGE_KEEP);
	CHECK_EQ(page_judge(&l, LEVEL_FREE, 1 << 18, &hugetlb).order, 18);
}

int main(void)
{
	RUN(test_real_pages);
	RUN(test_level_bits_of_cache);
	RUN(test_swapcache);
	RUN(test_private_unknown);
	RUN(test_anon);
	RUN(test_slab_is_never_anything_else);
	RUN(test_typed_pages_are_no_users);
	RUN(test_buddy);
	RUN(test_buddy_flag);
	RUN(test_buddy_without_largest_order);
	RUN(test_unaccepted);
	RUN(test_hwpoison);
	RUN(test_offline);
	RUN(test_poisoned_struct_page);
	RUN(test_flags_that_say_nothing);
	RUN(test_heads_of_all_kernels);
	RUN(test_heads_of_32_bit);
	RUN(test_unreadable_tail);
	RUN(test_head_speaks_for_its_range);
	return unit_status();
}
