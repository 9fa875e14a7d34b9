/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sample.h"

#include <string.h>
#include <time.h>

#include "base/checked.h"

uint64_t sample_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*
 * A fixed sequence, so that the same dump gives the same sample: a counter,
 * mixed (the constants are those of SplitMix64, Steele, Lea and Flood 2014).
 */
static uint64_t next_random(uint64_t *state, uint64_t below)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	mixed ^= mixed >> 31;
	return mixed % below;
}

/* Evenly spread with a random place in every group: no period of memory's own can match. */
struct picker {
	uint64_t random;
	uint64_t step;		/* one of so many is taken */
	uint64_t seen;
	uint64_t at;		/* place in the running group */
};

static void picker_init(struct picker *picker, uint64_t have, uint64_t want, uint64_t seed)
{
	*picker = (struct picker){ .random = seed << 32 };
	picker->step = want ? max_u64(div_round_up(have, want), 1) : UINT64_MAX;
}

static bool picker_takes(struct picker *picker)
{
	uint64_t place = picker->seen % picker->step;

	if (place == 0)
		picker->at = next_random(&picker->random, picker->step);
	picker->seen++;
	return place == picker->at;
}

/* The first chunk from @chunk on with a present page; *found false when there is none. */
static struct err *next_chunk(const struct sample *sample, uint64_t chunk, uint64_t *ret,
			      bool *found)
{
	uint64_t pages = sorter_chunk_pages(sample->sorter);
	struct range range = { 0, 0 };

	TRY(dump_next_present(sample->dump, chunk * pages, sample->dump->max_mapnr, &range, found));
	*ret = range.start / pages;
	return NULL;
}

typedef struct err *(*chunk_fn)(void *ctx, uint64_t first, const uint8_t *classes);

/* Sort every chunk of the sample, the same ones each time. */
static struct err *each_chunk(struct sample *sample, chunk_fn fn, void *ctx)
{
	uint64_t pages = sorter_chunk_pages(sample->sorter), chunk = 0, done = 0;
	const uint8_t *classes;
	struct picker picker;
	bool found;

	picker_init(&picker, sample->chunks, SAMPLE_CHUNKS, 0);
	for (uint64_t at = 0;; at = chunk + 1) {
		TRY(next_chunk(sample, at, &chunk, &found));
		if (!found)
			return NULL;
		if (!picker_takes(&picker))
			continue;
		TRY(sorter_chunk(sample->sorter, chunk, &classes));
		TRY(fn(ctx, chunk * pages, classes));
		TRY(progress_tick(sample->progress, PHASE_COPY, done++,
				  min_u64(sample->chunks, SAMPLE_CHUNKS)));
	}
}

static struct err *count_chunk(void *ctx, uint64_t first, const uint8_t *classes)
{
	struct sample *sample = ctx;
	uint64_t counts[SORT_NEVER + 1] = { 0 };

	(void)first;
	for (uint64_t i = 0; i < sorter_chunk_pages(sample->sorter); i++)
		counts[classes[i]]++;
	for (unsigned int c = 0; c < PAGE_CLASSES; c++) {
		sample->counts[c].pages += counts[c];
		sample->counts[c].squares += (double)counts[c] * (double)counts[c];
	}
	sample->looked_at++;
	return NULL;
}

struct err *sample_count(struct sample *sample)
{
	uint64_t chunk = 0, started = sample_now_ns();
	bool found = true;

	sample->chunks = 0;
	for (uint64_t at = 0; found; at = chunk + 1) {
		TRY(next_chunk(sample, at, &chunk, &found));
		sample->chunks += found;
	}
	sample->looked_at = 0;
	memset(sample->counts, 0, sizeof(sample->counts));
	TRY(each_chunk(sample, count_chunk, sample));
	sample->sort_ns = sample_now_ns() - started;
	return NULL;
}

struct page_picker {
	struct sample *sample;
	struct picker pickers[PAGE_CLASSES];
	void (*look)(void *ctx, uint64_t pfn, enum page_class class);
	void *ctx;
};

static struct err *pick_pages(void *ctx, uint64_t first, const uint8_t *classes)
{
	struct page_picker *p = ctx;

	for (uint64_t i = 0; i < sorter_chunk_pages(p->sample->sorter); i++) {
		if (classes[i] != SORT_NEVER && picker_takes(&p->pickers[classes[i]]))
			p->look(p->ctx, first + i, (enum page_class)classes[i]);
	}
	return NULL;
}

struct err *sample_pages(struct sample *sample, const uint64_t want[PAGE_CLASSES],
			 void (*look)(void *ctx, uint64_t pfn, enum page_class class), void *ctx)
{
	struct page_picker p = { .sample = sample, .look = look, .ctx = ctx };

	for (unsigned int c = 0; c < PAGE_CLASSES; c++)
		picker_init(&p.pickers[c], sample->counts[c].pages, want[c], c + 1);
	return each_chunk(sample, pick_pages, &p);
}
