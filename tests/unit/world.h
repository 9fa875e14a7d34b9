/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine whose memory is filled with allocations of all kinds, and what
 * must become of each page: written down while filling, from the kind and
 * not from the struct pages.
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include "base/bits.h"
#include "pages/scan.h"
#include "tests/unit/eras.h"
#include "tests/unit/machine.h"
#include "tests/unit/random.h"

struct world {
	struct machine m;
	struct page_layout l;
	struct mem_map map;
	struct mem_map_run runs[8];
	struct ranges metadata;
	struct scan_job job;
	uint64_t pages;
	uint8_t *class;		/* enum page_class of each page at level 63 */
	uint64_t seed;
};

/* @pages of memory and, in a block of its own, an array of struct page, in one run. */
static inline void world_init(struct world *w, const char *era, uint64_t pages)
{
	uint64_t memmap = round_up(pages, PLAN_BLOCK) * MACHINE_PAGE;

	memset(w, 0, sizeof(*w));
	w->l = era_layout(era);
	w->pages = pages;
	w->class = calloc(1, pages);
	w->seed = 42;
	machine_init(&w->m, memmap + round_up(pages * w->l.size, UINT64_C(2) << 20), memmap);
	machine_segment(&w->m, memmap / MACHINE_PAGE, (w->m.size - memmap) / MACHINE_PAGE);
	w->runs[0] = (struct mem_map_run){ 0, pages, MACHINE_VMEMMAP };
	w->map = (struct mem_map){ .struct_size = w->l.size, .v = w->runs, .count = 1 };
	ranges_init(&w->metadata);
}

/* After segments were added: the dump. */
static inline void world_open(struct world *w)
{
	machine_open(&w->m, "", NULL);
	w->job = (struct scan_job){ .kernel = &w->m.kernel, .map = &w->map, .layout = &w->l,
				    .level = 31, .pmem_metadata = &w->metadata };
}

static inline void world_deinit(struct world *w)
{
	machine_deinit(&w->m);
	ranges_deinit(&w->metadata);
	free(w->class);
}

static inline uint64_t world_va(const struct world *w, uint64_t pfn)
{
	const struct mem_map_run *run = mem_map_find(&w->map, pfn);

	return run ? run->va + (pfn - run->pfn) * w->l.size : 0;
}

static inline void world_put(const struct world *w, uint64_t pfn, struct structpage page)
{
	structpage_put(&w->l, &page, machine_page(&w->m, &w->l, pfn));
}

static inline void world_class(struct world *w, uint64_t pfn, uint64_t n, enum page_class class)
{
	for (uint64_t i = 0; i < n && pfn + i < w->pages; i++)
		w->class[pfn + i] = class;
}

/* What a tail's compound word is: the head's address, or a mask in kernels that use one. */
static inline uint64_t world_tail_word(const struct world *w, uint64_t head, unsigned int order,
				       bool mask)
{
	if (mask)
		return (UINT64_MAX << (order + 6)) | 1;
	return world_va(w, head) | 1;
}

/* A compound page: @head with the head flag, and its tails. */
static inline void world_compound(const struct world *w, uint64_t pfn, unsigned int order,
				  bool hugetlb, bool mask, struct structpage head)
{
	uint64_t word = world_tail_word(w, pfn, order, mask);
	uint64_t n = UINT64_C(1) << order;

	head.flags |= w->l.pg_head;
	if (hugetlb && w->l.hugetlb.known)
		head.mapcount = w->l.hugetlb.value;
	world_put(w, pfn, head);
	for (uint64_t i = 1; i < n && pfn + i < w->pages; i++) {
		struct structpage tail = { .compound = w->l.has_compound ? word : 0,
					   .mapping = i > 2 ? 0xdead000000000400 : 0,
					   .mapcount = 0xffffffff };

		world_put(w, pfn + i, tail);
		if (i == 1)
			structpage_put_order(&w->l, order, hugetlb,
					     machine_page(&w->m, &w->l, pfn + 1));
	}
}

/* The page stays at @level. */
static inline bool world_stays(unsigned int level, enum page_class class)
{
	switch (class) {
	case PAGE_FREE:
		return !(level & LEVEL_FREE);
	case PAGE_CACHE:
		return !(level & (LEVEL_CACHE | LEVEL_CACHE_PRIVATE));
	case PAGE_CACHE_PRIVATE:
		return !(level & LEVEL_CACHE_PRIVATE);
	case PAGE_USER:
		return !(level & LEVEL_USER);
	case PAGE_PMEM_METADATA:
		return !(level & LEVEL_PMEM_METADATA);
	case PAGE_HWPOISON:
	case PAGE_OFFLINE:
	case PAGE_PMEM_USERDATA:
		return false;
	default:
		return true;
	}
}

/* Scan all blocks at @level and compare every page and counter. */
static inline struct scan_counts world_check(struct world *w, unsigned int level)
{
	const struct dump *dump = w->m.dump;
	uint64_t want[PAGE_CLASSES] = { 0 }, bad = 0;
	uint8_t *keep = malloc(PLAN_BLOCK / 8);
	struct scan_counts counts = { 0 };
	struct scanner *scanner = NULL;

	w->job.level = level;
	CHECK_OK(scanner_create(&w->job, &scanner));
	for (uint64_t block = 0; block * PLAN_BLOCK < w->pages; block++) {
		memset(keep, 0x5a, PLAN_BLOCK / 8);
		CHECK_OK(scan_block(scanner, block, keep, &counts));
		for (uint64_t i = 0; i < PLAN_BLOCK; i++) {
			uint64_t pfn = block * PLAN_BLOCK + i;
			enum page_class class = pfn < w->pages ? w->class[pfn] : PAGE_KEEP;
			bool there = ranges_contains(&dump->present, pfn) &&
				     !ranges_contains(&dump->missing, pfn);
			bool stays = there && world_stays(level, class);

			want[class] += there && !stays;
			if (bits_test(keep, i) != stays && bad++ < 5)
				printf("# level %u: pfn %#" PRIx64 " of class %d stays: %d\n", level,
				       pfn, class, !stays);
		}
	}
	CHECK_EQ(bad, 0);
	for (unsigned int i = 0; i < PAGE_CLASSES; i++)
		CHECK_EQ(counts.dropped[i], want[i]);
	scanner_destroy(scanner);
	free(keep);
	return counts;
}

#endif
