/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that is as its facts say passes the audit; one whose facts lie fails
 * in the class that the lie would cost, by the part that can see it.
 */
#include "pages/auditor.h"
#include "tests/unit/freelists.h"

#define PAGES UINT64_C(16384)
#define TEXT_PFN UINT64_C(256)
#define TEXT_PAGES UINT64_C(256)
#define SLAB_PFN UINT64_C(600)
#define USER_PFN UINT64_C(1024)
#define CACHE_PFN UINT64_C(2048)
#define FREE_PFN UINT64_C(4096)
#define ALL_INFO ERA_7_2 ZONE_FACTS NUMA_FACTS "SYMBOL(_stext)=ffff888000100000\n"
#define LRU 8u
#define REFCOUNT 52u
#define RESERVED (UINT64_C(1) << 13)
#define OWNER (MACHINE_LINEAR + SLAB_PFN * MACHINE_PAGE)

struct audited {
	const char *init_provider;	/* who tells a symbol of an init section; NULL: nobody */
	struct freelists f;	/* for its ways to poke */
	struct log_catch caught;
	struct scan_samples samples;
	struct scan_counts counts;
	struct audit *audit;
};

static void put(struct audited *a, uint64_t pfn, struct structpage page, uint32_t refs)
{
	uint8_t *bytes = machine_page(&a->f.w.m, &a->f.w.l, pfn);
	uint64_t self = world_va(&a->f.w, pfn) + LRU;

	structpage_put(&a->f.w.l, &page, bytes);
	put_u64(bytes + LRU, self, ORDER_LITTLE);
	put_u64(bytes + LRU + 8, self, ORDER_LITTLE);
	put_u32(bytes + REFCOUNT, refs, ORDER_LITTLE);
}

static void put_free_block(struct audited *a, uint64_t pfn, unsigned int order)
{
	put(a, pfn, (struct structpage){ .private = order, .mapcount = a->f.w.l.buddy.value }, 0);
	for (uint64_t i = 1; i < UINT64_C(1) << order; i++)
		put(a, pfn + i, STRUCTPAGE_PLAIN, 0);
	poke(&a->f, list_va(0, 0, order, TYPES), peek(&a->f, list_va(0, 0, order, TYPES)) + 1);
}

/* A kernel's text, a slab with owners, user pages, page cache, free blocks; the rest is the kernel's. */
static void init(struct audited *a)
{
	struct world *w = &a->f.w;

	memset(a, 0, sizeof(*a));
	world_init(w, ERA_7_2, PAGES);
	for (uint64_t pfn = 0; pfn < PAGES; pfn++)
		put(a, pfn, STRUCTPAGE_PLAIN, 1);
	for (uint64_t i = 0; i < TEXT_PAGES; i++)
		put(a, TEXT_PFN + i, (struct structpage){ .flags = RESERVED, .mapcount = UINT32_MAX }, 1);
	put(a, SLAB_PFN, (struct structpage){ .mapcount = w->l.slab.value }, 1);
	for (uint64_t i = 0; i < 512; i++) {
		put(a, USER_PFN + i, (struct structpage){ .flags = w->l.pg_lru | w->l.pg_swapbacked,
							  .mapping = (OWNER + 64 * i % 4096) | 1 }, 1);
		put(a, CACHE_PFN + i, (struct structpage){ .flags = w->l.pg_lru,
							   .mapping = OWNER, .mapcount = UINT32_MAX }, 1);
	}
	put_zone(&a->f, 0, 0, PAGES);
	for (unsigned int i = 0; i < 64; i++)
		put_free_block(a, FREE_PFN + 16 * i, 4);
	machine_segment(&w->m, 0, PAGES);
}

static void judge(struct audited *a, const struct types *types)
{
	struct world *w = &a->f.w;
	uint8_t keep[PLAN_BLOCK / 8];
	struct scanner *scanner;

	log_catch_init(&a->caught);
	machine_open(&w->m, ALL_INFO, &a->caught.log);
	if (a->init_provider)
		CHECK_OK(facts_add(&w->m.kernel.facts, FACT_SYMBOL, "vmlist",
				   (int64_t)(MACHINE_LINEAR + FREE_PFN * MACHINE_PAGE), a->init_provider));
	w->job = (struct scan_job){ .kernel = &w->m.kernel, .map = &w->map, .layout = &w->l,
				    .level = 31, .pmem_metadata = &w->metadata };
	a->counts.samples = &a->samples;
	CHECK_OK(audit_create(w->m.reader, &w->job, types, AUDIT_BUDGET, &a->audit));
	CHECK_OK(scanner_create(&w->job, &scanner));
	for (uint64_t block = 0; block * PLAN_BLOCK < w->m.dump->max_mapnr; block++) {
		CHECK_OK(scan_block(scanner, block, keep, &a->counts));
		CHECK_OK(audit_block(a->audit, block, keep));
	}
	scanner_destroy(scanner);
	CHECK_OK(audit_judge(a->audit, &a->counts));
}

static void done(struct audited *a)
{
	audit_destroy(a->audit);
	world_deinit(&a->f.w);
}

/* A finding of that part, against exactly these classes, whose text has @text. */
static bool found(const struct audited *a, enum audit_part part, uint32_t classes, const char *text)
{
	const struct audit_result *result = audit_result(a->audit);

	for (unsigned int i = 0; i < result->count; i++) {
		const struct audit_finding *finding = &result->findings[i];

		if (finding->part == part && finding->classes == classes &&
		    strstr(finding->text, text) && (result->failed & classes) == classes)
			return true;
	}
	for (unsigned int i = 0; i < result->count; i++)
		printf("# found: %#x %s\n", result->findings[i].classes, result->findings[i].text);
	return false;
}

static void check(struct audited *a, enum audit_part part, uint32_t classes, const char *text)
{
	judge(a, NULL);
	CHECK(found(a, part, classes, text));
	done(a);
}

static void test_honest(void)
{
	struct audited a;

	init(&a);
	judge(&a, NULL);
	CHECK_EQ(audit_result(a.audit)->failed, 0);
	CHECK_EQ(audit_result(a.audit)->count, 0);
	CHECK(audit_result(a.audit)->ran[AUDIT_ANCHORS]);
	CHECK(audit_result(a.audit)->ran[AUDIT_COUNTERS]);
	CHECK(audit_result(a.audit)->ran[AUDIT_PROTECTED]);
	CHECK(audit_result(a.audit)->ran[AUDIT_SAMPLES]);
	CHECK(!audit_result(a.audit)->ran[AUDIT_TYPES]);
	CHECK_EQ(audit_result(a.audit)->counted_free_pages, 64 * 16);
	/* The whole struct page array and the text. */
	CHECK_EQ(audit_result(a.audit)->protected_pages >= TEXT_PAGES + PAGES * 64 / 4096, true);
	done(&a);
}

static void test_members_overlap(void)
{
	struct audited a;

	init(&a);
	a.f.w.l.flags = LRU;
	check(&a, AUDIT_FACTS, ALL_CLASSES, "OFFSET(page.flags)=8 and OFFSET(page.lru)=8 overlap");
	init(&a);
	a.f.w.l.mapping = 40;
	check(&a, AUDIT_FACTS, OWNED_CLASSES | CLASS_BIT(PAGE_FREE), "OFFSET(page.private)=40");
}

static void test_flags_and_types_alike(void)
{
	struct audited a;

	init(&a);
	a.f.w.l.pg_lru = a.f.w.l.pg_head;
	check(&a, AUDIT_FACTS, OWNED_CLASSES, "PG_lru and PG_head_mask are the same bit");
	init(&a);
	a.f.w.l.offline.value = 0xf2000000;
	check(&a, AUDIT_FACTS, CLASS_BIT(PAGE_OFFLINE), "is not the one beside");
	init(&a);
	a.f.w.l.offline.value = a.f.w.l.buddy.value;
	check(&a, AUDIT_FACTS, CLASS_BIT(PAGE_FREE) | CLASS_BIT(PAGE_OFFLINE), "are both 0xf0000000");
	init(&a);
	a.f.w.l.buddy = (struct page_type){ true, UINT32_MAX, UINT32_MAX };
	check(&a, AUDIT_FACTS, CLASS_BIT(PAGE_FREE), "is what pages without a type have");
}

static void test_anchors(void)
{
	struct audited a;

	init(&a);
	a.f.w.l.mapcount = 44;
	check(&a, AUDIT_ANCHORS, ALL_CLASSES, "of 256 struct pages of the kernel's text only 0 have "
	      "the mapcount -1");
	init(&a);
	a.f.w.l.size = a.f.w.map.struct_size = 72;
	check(&a, AUDIT_ANCHORS, ALL_CLASSES, "have a list element that is alone");
}

/* What marks text and the memory map is taken for what marks page cache and user pages. */
static void test_protected(void)
{
	struct audited a;
	uint64_t map_pfn;

	init(&a);
	a.f.w.l.pg_lru = RESERVED;
	check(&a, AUDIT_PROTECTED, CLASS_BIT(PAGE_CACHE),
	      "256 of them are in the kernel image, the first at pfn 0x100");
	init(&a);
	map_pfn = TEXT_PFN + 3;
	put(&a, map_pfn, (struct structpage){ .mapcount = a.f.w.l.buddy.value }, 0);
	check(&a, AUDIT_PROTECTED, CLASS_BIT(PAGE_FREE),
	      "1 of them are in the kernel image, the first at pfn 0x103");
}

/* A page of an init section was freed: only the crashed kernel's own word makes a symbol's page its. */
static void test_symbol_of_an_init_section(void)
{
	struct audited a;

	init(&a);
	a.init_provider = "vmlinux";
	judge(&a, NULL);
	CHECK_EQ(audit_result(a.audit)->failed, 0);
	done(&a);
	init(&a);
	a.init_provider = FACTS_OWN;
	check(&a, AUDIT_PROTECTED, CLASS_BIT(PAGE_FREE), "1 of them are in the kernel image");
}

static void test_counters(void)
{
	struct audited a;

	init(&a);
	poke(&a.f, list_va(0, 0, 4, TYPES), 7);
	check(&a, AUDIT_COUNTERS, CLASS_BIT(PAGE_FREE),
	      "64 free blocks of order 4, but free_area counts 7");
	/* What CPUs may be in the middle of is excused. */
	init(&a);
	poke(&a.f, list_va(0, 0, 4, TYPES), 60);
	judge(&a, NULL);
	CHECK_EQ(audit_result(a.audit)->failed, 0);
	done(&a);
}

static void test_user_samples(void)
{
	struct audited a;

	init(&a);
	for (uint64_t i = 0; i < 512; i += 8)
		put(&a, USER_PFN + i, (struct structpage){ .mapping = 0x12345679 }, 1);
	check(&a, AUDIT_SAMPLES, CLASS_BIT(PAGE_USER), "mapping is no kernel address");
	/* An owner in a page that would be dropped itself. */
	init(&a);
	put(&a, SLAB_PFN, (struct structpage){ .flags = a.f.w.l.pg_lru, .mapping = OWNER }, 1);
	check(&a, AUDIT_SAMPLES, CLASS_BIT(PAGE_USER) | CLASS_BIT(PAGE_CACHE),
	      "its owner lies in a page that is no kernel data");
}

static void test_cache_samples(void)
{
	struct audited a;

	init(&a);
	for (uint64_t i = 0; i < 512; i += 8)
		put(&a, CACHE_PFN + i, (struct structpage){ .flags = a.f.w.l.pg_lru,
							    .mapcount = UINT32_MAX }, 1);
	check(&a, AUDIT_SAMPLES, CLASS_BIT(PAGE_CACHE), "it has no owner");
	/* In the swap cache that is how they are. */
	init(&a);
	for (uint64_t i = 0; i < 512; i++)
		put(&a, CACHE_PFN + i,
		    (struct structpage){ .flags = a.f.w.l.pg_swapcache | a.f.w.l.pg_swapbacked,
					 .private = 0x55, .mapcount = UINT32_MAX }, 1);
	judge(&a, NULL);
	CHECK_EQ(audit_result(a.audit)->failed, 0);
	done(&a);
}

static void test_free_samples(void)
{
	struct audited a;

	init(&a);
	for (uint64_t i = 0; i < 64; i++)
		put_u32(machine_page(&a.f.w.m, &a.f.w.l, FREE_PFN + 16 * i + 15) + REFCOUNT, 1,
			ORDER_LITTLE);
	check(&a, AUDIT_SAMPLES, CLASS_BIT(PAGE_FREE), "it has references");
	init(&a);
	for (uint64_t i = 0; i < 64; i++)
		put_u64(machine_page(&a.f.w.m, &a.f.w.l, FREE_PFN + 16 * i) + LRU,
			world_va(&a.f.w, 17) + LRU, ORDER_LITTLE);
	check(&a, AUDIT_SAMPLES, CLASS_BIT(PAGE_FREE), "does not point back");
}

/* Types that know one struct of one size, one member and one enumerator. */
static bool only_find(const struct types *set, enum type_kind kind, const char *name,
		      struct type *ret)
{
	*ret = (struct type){ set, 1 };
	return kind == TYPE_STRUCT && !strcmp(name, "page");
}

static bool only_describe(struct type type, struct type_info *ret)
{
	*ret = (struct type_info){ .kind = type.id == 1 ? TYPE_STRUCT : TYPE_INT,
				   .size = type.id == 1 ? 64 : 8 };
	return true;
}

static bool only_member(struct type type, const char *name, struct type_member *ret)
{
	*ret = (struct type_member){ .type = { type.set, 2 }, .bit_offset = 32 * 8 };
	return type.id == 1 && !strcmp(name, "mapping");
}

static bool only_enumerator(const struct types *set, const char *name, int64_t *ret)
{
	(void)set;
	*ret = 0xf3;
	return !strcmp(name, "PGTY_offline");
}

static void test_types(void)
{
	static const struct types_ops ops = { .name = "test", .find = only_find,
					      .describe = only_describe, .member = only_member,
					      .enumerator = only_enumerator };
	const struct types types = { &ops };
	struct audited a;

	init(&a);
	judge(&a, &types);
	CHECK(found(&a, AUDIT_TYPES, OWNED_CLASSES,
		    "OFFSET(page.mapping)=24, but the kernel's types (test) say 32"));
	CHECK(found(&a, AUDIT_TYPES, CLASS_BIT(PAGE_OFFLINE), "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)"));
	CHECK_EQ(audit_result(a.audit)->count, 2);
	done(&a);
}

static void test_give_up(void)
{
	struct page_layout layout = era_layout(ERA_7_2);
	unsigned int level = 31;
	char names[64];

	CHECK(audit_give_up(CLASS_BIT(PAGE_FREE) | CLASS_BIT(PAGE_CACHE), &layout, &level));
	CHECK_EQ(level, LEVEL_ZERO | LEVEL_USER);
	CHECK(!audit_give_up(CLASS_BIT(PAGE_FREE), &layout, &level));
	CHECK(audit_give_up(CLASS_BIT(PAGE_HWPOISON) | CLASS_BIT(PAGE_OFFLINE), &layout, &level));
	CHECK_EQ(layout.pg_hwpoison, 0);
	CHECK(!layout.offline.known);
	CHECK(!strcmp(audit_class_names(CLASS_BIT(PAGE_FREE) | CLASS_BIT(PAGE_USER), names,
					sizeof(names)), "free, user"));
}

/* What is marked as hugetlb is looked at apart, however many other user pages there are. */
static void test_hugetlb_heads(void)
{
	struct audited a;

	init(&a);
	for (uint64_t pfn = 6144; pfn < 6144 + 64; pfn += 4) {
		put(&a, pfn, (struct structpage){ .flags = a.f.w.l.pg_head,
						  .mapcount = a.f.w.l.hugetlb.value }, 1);
		for (uint64_t i = 1; i < 4; i++) {
			put(&a, pfn + i, (struct structpage){ .mapcount = UINT32_MAX }, 0);
			put_u64(machine_page(&a.f.w.m, &a.f.w.l, pfn + i) + 8,
				world_va(&a.f.w, pfn) | 1, ORDER_LITTLE);
		}
		structpage_put_order(&a.f.w.l, 2, true, machine_page(&a.f.w.m, &a.f.w.l, pfn + 1));
	}
	check(&a, AUDIT_SAMPLES, CLASS_BIT(PAGE_USER), "16 of 16 hugetlb heads are not what they seem");
}

static void test_poisoned(void)
{
	struct audited a;

	init(&a);
	for (uint64_t pfn = 6144; pfn < 6144 + 64; pfn++)
		put(&a, pfn, (struct structpage){ .flags = a.f.w.l.pg_hwpoison,
						  .mapcount = UINT32_MAX }, 1);
	check(&a, AUDIT_COUNTERS, CLASS_BIT(PAGE_HWPOISON), "64 pages are marked, but there should be "
	      "no more than 4");
}

static void test_samples_are_spread(void)
{
	struct class_samples one = { 0 };
	static struct scan_samples parts[2], sum;

	for (uint64_t pfn = 0; pfn < 100000; pfn += 10)
		class_samples_add(&one, pfn, 10);
	CHECK(one.count > SAMPLES_MAX / 2);
	for (unsigned int i = 1; i < one.count; i++)
		CHECK_EQ(one.pfn[i] - one.pfn[i - 1], one.stride);
	for (uint64_t pfn = 0; pfn < 100000; pfn++)
		class_samples_add(&parts[pfn / 50000].of[PAGE_USER], pfn, 1);
	scan_samples_merge(&sum, &parts[0]);
	scan_samples_merge(&sum, &parts[1]);
	CHECK(sum.of[PAGE_USER].count > SAMPLES_MAX / 4);
	CHECK(sum.of[PAGE_USER].pfn[sum.of[PAGE_USER].count - 1] > 90000);
	CHECK_EQ(sum.of[PAGE_CACHE].count, 0);
}

int main(void)
{
	RUN(test_honest);
	RUN(test_members_overlap);
	RUN(test_flags_and_types_alike);
	RUN(test_anchors);
	RUN(test_protected);
	RUN(test_symbol_of_an_init_section);
	RUN(test_counters);
	RUN(test_user_samples);
	RUN(test_cache_samples);
	RUN(test_free_samples);
	RUN(test_types);
	RUN(test_hugetlb_heads);
	RUN(test_poisoned);
	RUN(test_give_up);
	RUN(test_samples_are_spread);
	return unit_status();
}
