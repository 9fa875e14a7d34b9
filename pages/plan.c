/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page plan in memory.
 *
 * Only blocks with a page that stays have an entry, so the table grows with
 * the memory that is there and not with the highest address. An entry holds
 * its chunks in one allocation: a count per chunk, then the bitmaps of chunks
 * that need one, then the runs of the others.
 */
#include "pages/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"

#define CHUNKS (PLAN_BLOCK / PLAN_CHUNK)
#define CHUNK_BYTES (PLAN_CHUNK / 8)
#define BLOCK_BYTES (PLAN_BLOCK / 8)

/* What struct chunks.count says besides a number of runs; both are above RUNS_MAX. */
#define COUNT_ALL 0xffffu
#define COUNT_BITS 0xfffeu

/* A chunk is kept as runs while they are smaller than its bitmap. */
struct chunk_run {
	uint16_t first;
	uint16_t last;		/* inclusive: a chunk is as long as 2^15, which is no index */
};
#define RUNS_MAX (CHUNK_BYTES / sizeof(struct chunk_run) - 1)

struct chunks {
	uint16_t count[CHUNKS];	/* number of runs, 0 for none, or COUNT_* */
	uint8_t data[];		/* bitmaps (so they stay 8-byte aligned), then runs; chunk order in each */
};

/* What the allocator adds to an allocation; a guess that fits glibc and musl. */
#define MALLOC_OVERHEAD 16

enum entry_form {
	ENTRY_ALL,		/* every page of the block stays */
	ENTRY_CHUNKS,
	ENTRY_FORGOTTEN,	/* no room: judge it again */
};

struct plan_entry {
	uint64_t block : 48;
	uint64_t form : 16;
	struct chunks *chunks;	/* ENTRY_CHUNKS only */
};

struct plan {
	uint64_t blocks;
	size_t budget;
	size_t used;		/* of the budget */
	struct plan_judge judge;
	struct plan_entry *v;	/* ascending blocks */
	size_t count;
	size_t room;
	uint64_t next;		/* first block plan_put() still accepts */
	uint64_t kept;
	uint64_t forgotten;
};

struct err *plan_create(uint64_t max_mapnr, size_t budget, const struct plan_judge *judge,
			struct plan **ret)
{
	struct plan *plan;

	if (max_mapnr > UINT64_C(1) << 48)
		return err_new(ERR_BAD_INPUT, "page plan: %llu page frames are too many",
			       (unsigned long long)max_mapnr);
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return err_nomem;
	plan->blocks = div_round_up(max_mapnr, PLAN_BLOCK);
	plan->budget = budget;
	plan->judge = *judge;
	*ret = plan;
	return NULL;
}

void plan_destroy(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++)
		free(plan->v[i].chunks);
	free(plan->v);
	free(plan);
}

uint64_t plan_blocks(const struct plan *plan)
{
	return plan->blocks;
}

uint64_t plan_kept(const struct plan *plan)
{
	return plan->kept;
}

uint64_t plan_forgotten(const struct plan *plan)
{
	return plan->forgotten;
}

size_t plan_budget_whole(uint64_t max_mapnr)
{
	uint64_t most = BLOCK_BYTES + sizeof(struct chunks) + MALLOC_OVERHEAD;

	return (size_t)min_u64(div_round_up(max_mapnr, PLAN_BLOCK) * most, SIZE_MAX);
}

size_t plan_bytes(const struct plan *plan)
{
	return sizeof(*plan) + plan->room * sizeof(*plan->v) + plan->used;
}

/* Runs of set bits in one chunk, counted up to RUNS_MAX + 1. */
static size_t chunk_count_runs(const uint8_t *keep, uint64_t from, uint64_t to)
{
	size_t runs = 0;

	while (runs <= RUNS_MAX && (from = bits_next_set(keep, from, to)) < to) {
		runs++;
		from = bits_next_clear(keep, from, to);
	}
	return runs;
}

/* Fill in the counts; returns the bytes of data they stand for. */
static size_t chunks_measure(const uint8_t *keep, uint16_t *count)
{
	size_t bytes = 0;

	for (uint64_t c = 0; c < CHUNKS; c++) {
		uint64_t from = c * PLAN_CHUNK, to = from + PLAN_CHUNK;
		size_t runs;

		if (bits_next_clear(keep, from, to) == to) {
			count[c] = COUNT_ALL;
			continue;
		}
		runs = chunk_count_runs(keep, from, to);
		count[c] = runs > RUNS_MAX ? COUNT_BITS : (uint16_t)runs;
		bytes += runs > RUNS_MAX ? CHUNK_BYTES : runs * sizeof(struct chunk_run);
	}
	return bytes;
}

static uint8_t *chunks_first_run(struct chunks *chunks)
{
	uint8_t *p = chunks->data;

	for (unsigned int c = 0; c < CHUNKS; c++)
		p += chunks->count[c] == COUNT_BITS ? CHUNK_BYTES : 0;
	return p;
}

static void chunks_pack(struct chunks *chunks, const uint8_t *keep)
{
	uint8_t *bits = chunks->data;
	uint8_t *runs = chunks_first_run(chunks);

	for (uint64_t c = 0; c < CHUNKS; c++) {
		uint64_t base = c * PLAN_CHUNK, to = base + PLAN_CHUNK, pos = base;

		if (chunks->count[c] == COUNT_BITS) {
			memcpy(bits, keep + base / 8, CHUNK_BYTES);
			bits += CHUNK_BYTES;
			continue;
		}
		if (chunks->count[c] == COUNT_ALL)
			continue;
		while ((pos = bits_next_set(keep, pos, to)) < to) {
			struct chunk_run run = { .first = (uint16_t)(pos - base) };

			pos = bits_next_clear(keep, pos, to);
			run.last = (uint16_t)(pos - base - 1);
			memcpy(runs, &run, sizeof(run));
			runs += sizeof(run);
		}
	}
}

static void chunks_unpack(struct chunks *chunks, uint8_t *keep)
{
	const uint8_t *bits = chunks->data;
	const uint8_t *runs = chunks_first_run(chunks);

	memset(keep, 0, BLOCK_BYTES);
	for (uint64_t c = 0; c < CHUNKS; c++) {
		uint64_t base = c * PLAN_CHUNK;

		if (chunks->count[c] == COUNT_ALL) {
			memset(keep + base / 8, 0xff, CHUNK_BYTES);
			continue;
		}
		if (chunks->count[c] == COUNT_BITS) {
			memcpy(keep + base / 8, bits, CHUNK_BYTES);
			bits += CHUNK_BYTES;
			continue;
		}
		for (unsigned int i = 0; i < chunks->count[c]; i++) {
			struct chunk_run run;

			memcpy(&run, runs, sizeof(run));
			runs += sizeof(run);
			bits_set_range(keep, base + run.first, base + run.last + UINT64_C(1));
		}
	}
}

static struct err *plan_append(struct plan *plan, uint64_t block)
{
	if (plan->count == plan->room) {
		size_t room = plan->room ? 2 * plan->room : 64;
		struct plan_entry *v;

		/* No more entries than blocks: small machines do not pay for doubling. */
		room = (size_t)min_u64(room, plan->blocks);
		v = reallocarray(plan->v, room, sizeof(*v));
		if (!v)
			return err_nomem;
		plan->v = v;
		plan->room = room;
	}
	plan->v[plan->count++] = (struct plan_entry){ .block = block };
	return NULL;
}

/* Give the entry its form; forgets the block when its chunks do not fit the budget. */
static void entry_fill(struct plan *plan, struct plan_entry *entry, const uint8_t *keep)
{
	uint16_t count[CHUNKS];
	size_t len = sizeof(struct chunks) + chunks_measure(keep, count);
	size_t charge = len + MALLOC_OVERHEAD;

	entry->form = ENTRY_FORGOTTEN;
	if (charge <= plan->budget - plan->used)
		entry->chunks = malloc(len);
	if (!entry->chunks) {
		plan->forgotten++;
		return;
	}
	memcpy(entry->chunks->count, count, sizeof(count));
	chunks_pack(entry->chunks, keep);
	entry->form = ENTRY_CHUNKS;
	plan->used += charge;
}

struct err *plan_put(struct plan *plan, uint64_t block, const uint8_t *keep)
{
	uint64_t kept = bits_count(keep, 0, PLAN_BLOCK);
	struct plan_entry *entry;

	if (block < plan->next || block >= plan->blocks)
		return err_new(ERR_OTHER, "page plan: block %llu of %llu comes out of order",
			       (unsigned long long)block, (unsigned long long)plan->blocks);
	plan->next = block + 1;
	if (!kept)
		return NULL;
	TRY(plan_append(plan, block));
	entry = &plan->v[plan->count - 1];
	plan->kept += kept;
	if (kept == PLAN_BLOCK)
		entry->form = ENTRY_ALL;
	else
		entry_fill(plan, entry, keep);
	return NULL;
}

struct plan_cursor {
	const struct plan *plan;
	size_t at;		/* entry found last */
	bool filled;		/* bits hold block @block */
	uint64_t block;
	uint8_t *bits;
};

struct err *plan_cursor_create(const struct plan *plan, struct plan_cursor **ret)
{
	struct plan_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return err_nomem;
	cursor->bits = malloc(BLOCK_BYTES);
	if (!cursor->bits) {
		free(cursor);
		return err_nomem;
	}
	cursor->plan = plan;
	*ret = cursor;
	return NULL;
}

void plan_cursor_destroy(struct plan_cursor *cursor)
{
	if (!cursor)
		return;
	free(cursor->bits);
	free(cursor);
}

/* Index of the first entry at or behind @block, or plan->count. */
static size_t cursor_seek(struct plan_cursor *cursor, uint64_t block)
{
	const struct plan *plan = cursor->plan;
	size_t low = 0, high = plan->count;

	/* Reads go upwards: the answer is mostly the last one or its neighbour. */
	for (size_t i = cursor->at; i < plan->count && i < cursor->at + 2; i++) {
		if (plan->v[i].block >= block && (i == 0 || plan->v[i - 1].block < block))
			return cursor->at = i;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (plan->v[mid].block < block)
			low = mid + 1;
		else
			high = mid;
	}
	return cursor->at = low;
}

/* Spread the block of @entry out into cursor->bits, unless it is there already. */
static struct err *cursor_fill(struct plan_cursor *cursor, const struct plan_entry *entry)
{
	const struct plan *plan = cursor->plan;

	if (cursor->filled && cursor->block == entry->block)
		return NULL;
	cursor->filled = false;
	if (entry->form == ENTRY_ALL)
		memset(cursor->bits, 0xff, BLOCK_BYTES);
	else if (entry->form == ENTRY_CHUNKS)
		chunks_unpack(entry->chunks, cursor->bits);
	else
		TRY(plan->judge.judge(plan->judge.ctx, entry->block, cursor->bits));
	cursor->filled = true;
	cursor->block = entry->block;
	return NULL;
}

struct err *plan_block_bits(struct plan_cursor *cursor, uint64_t block, const uint8_t **ret)
{
	const struct plan *plan = cursor->plan;
	size_t i = cursor_seek(cursor, block);

	if (i < plan->count && plan->v[i].block == block) {
		TRY(cursor_fill(cursor, &plan->v[i]));
	} else if (!cursor->filled || cursor->block != block) {
		memset(cursor->bits, 0, BLOCK_BYTES);
		cursor->filled = true;
		cursor->block = block;
	}
	*ret = cursor->bits;
	return NULL;
}

struct err *plan_next_run(struct plan_cursor *cursor, uint64_t from, struct range *ret,
			  bool *found)
{
	const struct plan *plan = cursor->plan;

	for (size_t i = cursor_seek(cursor, from / PLAN_BLOCK); i < plan->count; i++) {
		const struct plan_entry *entry = &plan->v[i];
		uint64_t base = (uint64_t)entry->block * PLAN_BLOCK;
		uint64_t start = max_u64(from, base) - base, end = PLAN_BLOCK;

		if (entry->form != ENTRY_ALL) {
			TRY(cursor_fill(cursor, entry));
			start = bits_next_set(cursor->bits, start, PLAN_BLOCK);
			end = bits_next_clear(cursor->bits, start, PLAN_BLOCK);
		}
		if (start < PLAN_BLOCK) {
			cursor->at = i;
			*ret = (struct range){ base + start, base + end };
			*found = true;
			return NULL;
		}
	}
	*found = false;
	return NULL;
}

struct err *plan_count(struct plan_cursor *cursor, const struct range *pfns, uint64_t *ret)
{
	struct range run = { .end = pfns->start };
	uint64_t count = 0;
	bool found;

	for (;;) {
		TRY(plan_next_run(cursor, run.end, &run, &found));
		if (!found || run.start >= pfns->end)
			break;
		count += min_u64(run.end, pfns->end) - run.start;
	}
	*ret = count;
	return NULL;
}
