/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages sorted one by one against what was put there. */
#include "pages/sorter.h"

#include "tests/unit/world.h"

#define ANON 0xffff888000001001
#define FILE_MAPPING 0xffff888000001000
#define NONE 0xffffffffu

static void put_free(struct world *w, uint64_t pfn, unsigned int order)
{
	struct structpage stale = { .mapping = ANON, .mapcount = NONE };

	world_put(w, pfn, (struct structpage){ .mapcount = w->l.buddy.value, .private = order });
	for (uint64_t i = 1; i < UINT64_C(1) << order; i++)
		world_put(w, pfn + i, stale);
	world_class(w, pfn, UINT64_C(1) << order, PAGE_FREE);
}

static void put_single(struct world *w, uint64_t pfn)
{
	struct structpage page = STRUCTPAGE_PLAIN;

	switch (random_below(&w->seed, 6)) {
	case 0:
		page.mapping = ANON;
		world_class(w, pfn, 1, PAGE_USER);
		break;
	case 1:
		page = (struct structpage){ .flags = w->l.pg_lru, .mapping = FILE_MAPPING };
		world_class(w, pfn, 1, PAGE_CACHE);
		break;
	case 2:
		page = (struct structpage){ .flags = w->l.pg_lru | w->l.pg_private,
					    .mapping = FILE_MAPPING };
		world_class(w, pfn, 1, PAGE_CACHE_PRIVATE);
		break;
	case 3:
		page.flags = w->l.pg_hwpoison;
		world_class(w, pfn, 1, PAGE_HWPOISON);
		break;
	case 4:
		page.mapcount = w->l.offline.value;
		world_class(w, pfn, 1, PAGE_OFFLINE);
		break;
	default:
		break;
	}
	world_put(w, pfn, page);
}

static void put_thp(struct world *w, uint64_t pfn, unsigned int order)
{
	struct structpage head = STRUCTPAGE_PLAIN;

	head.mapping = ANON;
	world_compound(w, pfn, order, false, false, head);
	world_class(w, pfn, UINT64_C(1) << order, PAGE_USER);
}

static void fill(struct world *w)
{
	for (uint64_t pfn = 0, count; pfn < w->pages; pfn += count) {
		unsigned int order = (unsigned int)random_below(&w->seed, 11);
		uint64_t kind = random_below(&w->seed, 3);

		while (pfn & ((UINT64_C(1) << order) - 1) || pfn + (UINT64_C(1) << order) > w->pages)
			order--;
		if (kind == 0) {
			put_free(w, pfn, order);
		} else if (kind == 1 && order) {
			put_thp(w, pfn, order);
		} else {
			order = 0;
			put_single(w, pfn);
		}
		count = UINT64_C(1) << order;
	}
}

/* What the sorter should say when it tells the bits of @level apart. */
static unsigned int wanted(const struct world *w, unsigned int level, uint64_t pfn)
{
	enum page_class class = pfn < w->pages ? w->class[pfn] : PAGE_KEEP;

	if (!ranges_contains(&w->m.dump->present, pfn) || class == PAGE_HWPOISON ||
	    class == PAGE_OFFLINE)
		return SORT_NEVER;
	return world_stays(level, class) ? PAGE_KEEP : class;
}

static void check_sorted(struct world *w, unsigned int level)
{
	struct sorter *sorter = NULL;
	const uint8_t *classes;
	uint64_t pages, bad = 0;

	w->job.level = level;
	CHECK_OK(sorter_create(&w->job, &sorter));
	pages = sorter_chunk_pages(sorter);
	CHECK_EQ(pages, 1024);
	/* From the last to the first: chunks do not depend on each other. */
	for (uint64_t chunk = div_round_up(w->pages, pages); chunk-- > 0;) {
		CHECK_OK(sorter_chunk(sorter, chunk, &classes));
		for (uint64_t i = 0; i < pages; i++) {
			uint64_t pfn = chunk * pages + i;

			if (classes[i] != wanted(w, level, pfn) && bad++ < 5)
				printf("# level %u: pfn %#" PRIx64 " is %u, not %u\n", level, pfn,
				       classes[i], wanted(w, level, pfn));
		}
	}
	CHECK_EQ(bad, 0);
	sorter_destroy(sorter);
}

static void test_classes(void)
{
	struct world w;

	world_init(&w, ERA_6_12, 20000);
	machine_segment(&w.m, 0, 9000);
	/* A hole, and an end inside a chunk. */
	machine_segment(&w.m, 9500, w.pages - 9500);
	fill(&w);
	world_open(&w);
	check_sorted(&w, LEVEL_MAX);
	check_sorted(&w, 31);
	check_sorted(&w, LEVEL_CACHE_PRIVATE | LEVEL_FREE);
	check_sorted(&w, LEVEL_ZERO);
	world_deinit(&w);
}

/* Behind the last page there is nothing, and that is no error. */
static void test_behind_the_end(void)
{
	struct sorter *sorter = NULL;
	const uint8_t *classes;
	struct world w;

	world_init(&w, ERA_6_12, 2000);
	machine_segment(&w.m, 0, w.pages);
	fill(&w);
	world_open(&w);
	CHECK_OK(sorter_create(&w.job, &sorter));
	CHECK_OK(sorter_chunk(sorter, UINT64_C(1) << 40, &classes));
	for (uint64_t i = 0; i < sorter_chunk_pages(sorter); i++)
		CHECK_EQ(classes[i], SORT_NEVER);
	sorter_destroy(sorter);
	world_deinit(&w);
}

int main(void)
{
	RUN(test_classes);
	RUN(test_behind_the_end);
	return unit_status();
}
