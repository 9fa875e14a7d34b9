/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages/sorter.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"

/* A chunk has at least 2^10 pages, the largest free block of most kernels. */
#define CHUNK_SHIFT_MIN 10u

/* Chunks lie far from each other, and the struct pages of one are no more than this. */
#define CHUNK_WINDOW (64u << 10)

/*
 * The bits in the order in which they claim pages: as in a scan at all of them,
 * where pmem and free pages are decided first. Level 4 takes all cache, so
 * what it claims behind level 2 is the private one.
 */
static const struct {
	unsigned int bit;
	enum page_class class;
	unsigned int wanted_with;	/* bits of the level */
} claims[] = {
	{ LEVEL_PMEM_METADATA, PAGE_PMEM_METADATA, LEVEL_PMEM_METADATA },
	{ LEVEL_FREE, PAGE_FREE, LEVEL_FREE },
	{ LEVEL_CACHE, PAGE_CACHE, LEVEL_CACHE | LEVEL_CACHE_PRIVATE },
	{ LEVEL_CACHE_PRIVATE, PAGE_CACHE_PRIVATE, LEVEL_CACHE_PRIVATE },
	{ LEVEL_USER, PAGE_USER, LEVEL_USER },
};

struct sorter {
	struct scan_job job;		/* a copy, whose level changes */
	unsigned int bits;		/* of the level, that are told apart */
	struct scanner *scanner;
	uint64_t pages;			/* of a chunk */
	uint8_t *keep;			/* a bit per page */
	uint8_t *classes;		/* a byte per page */
};

static uint64_t chunk_pages(const struct scan_job *job)
{
	unsigned int shift = CHUNK_SHIFT_MIN;

	if (job->layout && job->layout->buddy_orders > shift + 1)
		shift = job->layout->buddy_orders - 1;
	return UINT64_C(1) << (shift < PLAN_BLOCK_SHIFT ? shift : PLAN_BLOCK_SHIFT);
}

struct err *sorter_create(const struct scan_job *job, struct sorter **ret)
{
	struct sorter *sorter = calloc(1, sizeof(*sorter));
	struct err *e = NULL;

	if (!sorter)
		return err_nomem;
	sorter->job = *job;
	sorter->bits = job->level;
	sorter->job.window = CHUNK_WINDOW;
	sorter->pages = chunk_pages(job);
	sorter->keep = malloc(sorter->pages / 8);
	sorter->classes = malloc(sorter->pages);
	if (!sorter->keep || !sorter->classes)
		e = err_nomem;
	if (!e)
		e = scanner_create(&sorter->job, &sorter->scanner);
	if (e) {
		sorter_destroy(sorter);
		return e;
	}
	*ret = sorter;
	return NULL;
}

void sorter_destroy(struct sorter *sorter)
{
	if (!sorter)
		return;
	scanner_destroy(sorter->scanner);
	free(sorter->classes);
	free(sorter->keep);
	free(sorter);
}

uint64_t sorter_chunk_pages(const struct sorter *sorter)
{
	return sorter->pages;
}

static struct err *scan_at(struct sorter *sorter, unsigned int level, uint64_t first, uint64_t end)
{
	sorter->job.level = level;
	return scan_part(sorter->scanner, first, end, sorter->keep, NULL);
}

struct err *sorter_chunk(struct sorter *sorter, uint64_t chunk, const uint8_t **ret)
{
	uint64_t max = sorter->job.kernel->dump->max_mapnr;
	uint64_t first = chunk < max ? min_u64(chunk * sorter->pages, max) : max;
	uint64_t count = min_u64(sorter->pages, max - first);

	memset(sorter->classes, SORT_NEVER, sorter->pages);
	TRY(scan_at(sorter, 0, first, first + count));
	for (uint64_t i = 0; i < count; i++) {
		if (bits_test(sorter->keep, i))
			sorter->classes[i] = PAGE_KEEP;
	}
	for (size_t c = 0; c < ARRAY_LEN(claims); c++) {
		if (!(sorter->bits & claims[c].wanted_with))
			continue;
		TRY(scan_at(sorter, claims[c].bit, first, first + count));
		for (uint64_t i = 0; i < count; i++) {
			if (sorter->classes[i] == PAGE_KEEP && !bits_test(sorter->keep, i))
				sorter->classes[i] = (uint8_t)claims[c].class;
		}
	}
	*ret = sorter->classes;
	return NULL;
}
