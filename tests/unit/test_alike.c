/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of struct pages that are alike: the same verdicts as one by one. */
#include "pages/scanner.h"
#include "tests/unit/world.h"

static const char *const eras[] = {
	ERA_5_10, ERA_6_4, ERA_6_7, ERA_6_10, ERA_6_11, ERA_6_12, ERA_6_16, ERA_7_2, ERA_4_4,
	ERA_4_12,
};

static uint64_t pick(uint64_t *seed, const uint64_t *from, size_t count)
{
	return from[random_below(seed, count)];
}

/* A value of mapcount: types, their neighbours, and counts. */
static uint32_t any_mapcount(const struct page_layout *l, uint64_t *seed)
{
	const uint64_t values[] = {
		0xffffffff, 0xffffffff, 0, 1, 7, 0x7fffffff, 0x80000000, 0xff000000, 0xfeffffff,
		0xffffff80, 0xffffff81, 0xf2000000, 0xf6000123, l->slab.value, l->buddy.value,
		l->offline.value, l->hugetlb.value, l->unaccepted.value, l->slab.value | 0x42,
		(uint64_t)l->typed_below, (uint64_t)l->typed_below - 1,
	};

	return (uint32_t)pick(seed, values, ARRAY_LEN(values));
}

static uint64_t any_flags(const struct page_layout *l, uint64_t *seed)
{
	const uint64_t bits[] = {
		l->pg_lru, l->pg_lru, l->pg_private, l->pg_swapcache, l->pg_swapbacked, l->pg_slab,
		l->pg_hwpoison, l->pg_reserved, l->pg_head, 0, 0, 0, 1, 1u << 3, UINT64_C(1) << 52,
	};
	uint64_t flags = 0;

	for (uint64_t n = random_below(seed, 4); n; n--)
		flags |= pick(seed, bits, ARRAY_LEN(bits));
	return random_below(seed, 50) ? flags : UINT64_MAX;
}

static struct structpage any_page(const struct page_layout *l, uint64_t *seed)
{
	static const uint64_t mappings[] = {
		0, 1, 0xfff, 0x1001, 0xffff888000001000, 0xffff888000001001, 0xffff888000001003,
		0xffff888000001002, 0xdead000000000400,
	};
	static const uint64_t words[] = { 0, 0, 0, 0xffffea0000000001, 0xffffea0000000000 };

	return (struct structpage){
		.flags = any_flags(l, seed),
		.mapping = pick(seed, mappings, ARRAY_LEN(mappings)),
		.private = random_below(seed, 12),
		.compound = pick(seed, words, ARRAY_LEN(words)),
		.mapcount = any_mapcount(l, seed),
	};
}

/* Change something of @page, mostly what no verdict depends on. */
static void vary(const struct page_layout *l, uint64_t *seed, struct structpage *page)
{
	const uint64_t bits[] = { l->pg_lru, l->pg_private, l->pg_swapcache, l->pg_swapbacked,
				  l->pg_slab, l->pg_reserved };

	switch (random_below(seed, 16)) {
	case 0:
		*page = any_page(l, seed);
		break;
	case 1:
		page->mapcount = any_mapcount(l, seed);
		break;
	case 2:
		page->flags ^= pick(seed, bits, ARRAY_LEN(bits));
		break;
	case 3:
		page->mapping ^= 1;
		break;
	case 4:
		page->flags ^= 1u << 3;
		break;
	case 5:
		page->mapping ^= UINT64_C(1) << 20;
		break;
	case 6:
		page->private = random_below(seed, 12);
		break;
	default:
		break;
	}
}

#define PAGES 4096u
#define IMAGE_START 1000
#define IMAGE_END 3000

static void fill(const struct page_layout *l, uint64_t *seed, uint8_t *bytes, uint64_t count)
{
	struct structpage page = any_page(l, seed);

	for (uint64_t i = 0; i < count; i++) {
		vary(l, seed, &page);
		structpage_put(l, &page, bytes + i * l->size);
	}
}

/* May alike_count() be asked about a page with this verdict? */
static bool may_ask(const struct page_layout *l, const struct page_info *page,
		    struct verdict verdict)
{
	return !page->tail && !(page->flags & l->pg_head) && !verdict.order &&
	       verdict.reason == KEEP_NONE && verdict.class != PAGE_FREE &&
	       verdict.class != PAGE_HWPOISON;
}

/* Compares each row with single verdicts; returns the number of pages behind the first of rows. */
static uint64_t check_rows(const struct page_layout *l, const uint8_t *bytes, unsigned int level)
{
	struct alike alike = alike_init(l);
	uint64_t gained = 0, n;

	CHECK(alike.usable);
	for (uint64_t i = 0; i < PAGES; i += n) {
		struct page_info page;
		struct verdict verdict;

		n = 1;
		page_decode(l, bytes + i * l->size, &page);
		verdict = page_judge(l, level, i, &page);
		if (!may_ask(l, &page, verdict))
			continue;
		n = alike_count(&alike, l, &page, bytes + i * l->size, PAGES - i);
		CHECK(n >= 1 && n <= PAGES - i);
		gained += n - 1;
		for (uint64_t k = 1; k < n; k++) {
			struct page_info next;
			struct verdict alone;

			page_decode(l, bytes + (i + k) * l->size, &next);
			alone = page_judge(l, level, i + k, &next);
			CHECK(may_ask(l, &next, alone));
			CHECK_EQ(alone.class, verdict.class);
		}
	}
	return gained;
}

static void test_rows(void)
{
	static const unsigned int levels[] = { 0, 2, 4, 8, 16, 31, 21, 10 };
	uint8_t *bytes = malloc((size_t)PAGES * STRUCT_PAGE_MAX);
	uint64_t seed = 7;

	for (size_t era = 0; era < ARRAY_LEN(eras); era++) {
		struct page_layout l = era_layout(eras[era]);

		fill(&l, &seed, bytes, PAGES);
		for (size_t i = 0; i < ARRAY_LEN(levels); i++)
			CHECK(check_rows(&l, bytes, levels[i]) > PAGES / 8);
	}
	free(bytes);
}

/* Layouts whose words are not the host's, or whose types are not told apart, have no rows. */
static void test_unusable(void)
{
	struct page_layout l;

	CHECK_OK(era_layout_of(ERA_6_12, 8, ORDER_HOST == ORDER_LITTLE ? ORDER_BIG : ORDER_LITTLE,
			       NULL, &l));
	CHECK(!alike_init(&l).usable);
	CHECK_OK(era_layout_of(ERA_ARM_4_9, 4, ORDER_HOST, NULL, &l));
	CHECK(!alike_init(&l).usable);
	l = era_layout(ERA_6_12);
	l.slab.value = 5;
	CHECK(!alike_init(&l).usable);
	l = era_layout(ERA_6_12);
	l.typed_below = 0;
	CHECK(!alike_init(&l).usable);
	l = era_layout(ERA_6_12);
	l.pg_head = 0;
	CHECK(!alike_init(&l).usable);
	l = era_layout(ERA_6_12);
	l.has_mapcount = false;
	CHECK(!alike_init(&l).usable);
}

/* One scan with rows, one page by page. */
static void check_scans(struct world *w, unsigned int level)
{
	struct scan_counts counts[2] = { 0 };
	struct scanner *scanner[2] = { NULL, NULL };
	uint8_t *keep[2];

	w->job.level = level;
	for (int i = 0; i < 2; i++) {
		CHECK_OK(scanner_create(&w->job, &scanner[i]));
		CHECK(scanner[i]->alike.usable);
		/* The image lies inside the memory, so that rows meet both its ends. */
		scanner[i]->image = (struct range){ IMAGE_START, IMAGE_END };
		keep[i] = malloc(PLAN_BLOCK / 8);
	}
	scanner[1]->alike.usable = false;
	for (int i = 0; i < 2; i++)
		CHECK_OK(scan_block(scanner[i], 0, keep[i], &counts[i]));
	CHECK(!memcmp(keep[0], keep[1], PLAN_BLOCK / 8));
	CHECK(!memcmp(&counts[0], &counts[1], sizeof(counts[0])));
	CHECK(counts[0].dropped[PAGE_USER] || !(level & LEVEL_USER));
	for (int i = 0; i < 2; i++) {
		scanner_destroy(scanner[i]);
		free(keep[i]);
	}
}

/* What would be user pages, were they not reserved ones of the kernel image: at both its ends. */
static void fill_image_ends(const struct world *w)
{
	for (uint64_t i = 0; i < 200; i++) {
		struct structpage page = { .flags = w->l.pg_reserved, .mapping = 0xffff888000001001,
					   .mapcount = 0 };

		world_put(w, IMAGE_START - 100 + i, page);
		world_put(w, IMAGE_END - 100 + i, page);
	}
}

static void test_scans(void)
{
	static const unsigned int levels[] = { 0, 2, 8, 31, 12 };

	for (size_t era = 0; era < ARRAY_LEN(eras); era++) {
		struct world w;

		world_init(&w, eras[era], 65536);
		w.seed += era;
		/* A page without data in the middle, and a gap. */
		machine_segment(&w.m, 0, 20000);
		w.m.seg[w.m.segs - 1].missing = 500;
		machine_segment(&w.m, 20007, 45000);
		fill(&w.l, &w.seed, machine_page(&w.m, &w.l, 0), w.pages);
		fill_image_ends(&w);
		world_open(&w);
		for (size_t i = 0; i < ARRAY_LEN(levels); i++)
			check_scans(&w, levels[i]);
		world_deinit(&w);
	}
}

int main(void)
{
	RUN(test_rows);
	RUN(test_unusable);
	RUN(test_scans);
	return unit_status();
}
