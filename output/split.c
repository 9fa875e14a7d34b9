// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/split.h"

#include <stdatomic.h>
#include <string.h>

#include "base/checked.h"
#include "base/pool.h"

/* Where piece number @piece of @count should end: so many pages come before. */
static uint64_t share(uint64_t pages, size_t piece, size_t count)
{
	return (uint64_t)((unsigned __int128)pages * (piece + 1) / count);
}

/* The multiple of @unit next to @pfn that is in (0, max_mapnr), or max_mapnr. */
static uint64_t boundary(uint64_t pfn, uint64_t unit, uint64_t max_mapnr)
{
	uint64_t below = pfn / unit * unit;

	if (!below || pfn - below > unit / 2)
		below += unit;
	return min_u64(below, max_mapnr);
}

struct err *split_choose(const struct plan *plan, uint64_t max_mapnr, uint64_t unit, size_t count,
			 struct range *pieces)
{
	uint64_t want, seen = 0, last = 0;
	struct range run = { 0 };
	struct plan_cursor *cursor;
	struct err *e = NULL;
	bool found = true;
	size_t i;

	TRY(plan_cursor_create(plan, &cursor));
	for (i = 0; !e && i < count; i++) {
		want = share(plan_kept(plan), i, count);
		/* The run in which that many pages have come. */
		while (!e && found && seen + (run.end - run.start) < want) {
			seen += run.end - run.start;
			e = plan_next_run(cursor, run.end, &run, &found);
		}
		pieces[i].start = last;
		last = max_u64(last, boundary(run.start + (want - seen), unit, max_mapnr));
		pieces[i].end = last;
	}
	pieces[count - 1].end = max_mapnr;
	plan_cursor_destroy(cursor);
	return e;
}

struct split {
	const struct split_params *params;
	unsigned int threads;		/* of each piece */
	atomic_flag telling;		/* somebody calls tick() */
	_Atomic uint64_t done;		/* pages */
};

/* A job. */
struct piece {
	struct split *split;
	size_t number;
	struct progress progress;
	uint64_t done;			/* pages told */
	struct copy_stats stats;
	struct err *error;
};

/* How far all are: any piece may tell, but one at a time. */
static void tick_piece(const struct progress *progress, enum phase phase, uint64_t done,
		       uint64_t total)
{
	struct piece *piece = progress->ctx;
	struct split *split = piece->split;
	const struct progress *whole = split->params->whole.copy.progress;
	uint64_t added;

	(void)total;
	/* Only what was added since the last time. */
	added = done - min_u64(done, piece->done);
	piece->done += added;
	done = atomic_fetch_add(&split->done, added) + added;
	if (atomic_flag_test_and_set(&split->telling))
		return;
	whole->tick(whole, phase, done, plan_kept(split->params->whole.copy.plan));
	atomic_flag_clear(&split->telling);
}

static void piece_run(void *worker, void *slot)
{
	struct piece *piece = slot;
	struct split *split = piece->split;
	const struct split_params *params = split->params;
	const struct progress *whole = params->whole.copy.progress;
	struct writer_params own = params->whole;

	(void)worker;
	own.is_piece = true;
	own.copy.pfns = params->pieces[piece->number];
	own.copy.threads = split->threads;
	if (whole) {
		piece->progress = (struct progress){ .stop = whole->stop, .ctx = piece,
						     .tick = whole->tick ? tick_piece : NULL };
		own.copy.progress = &piece->progress;
	}
	piece->error = params->writer->write(&own, params->sinks[piece->number], &piece->stats);
}

static void piece_take(struct piece *piece, struct copy_stats *stats, struct err **first)
{
	stats->pages += piece->stats.pages;
	stats->zero += piece->stats.zero;
	stats->lost += piece->stats.lost;
	if (*first)
		err_free(piece->error);
	else
		*first = piece->error;
}

static struct err *run_pieces(struct split *split, struct ordpool *pool, struct copy_stats *stats)
{
	struct err *first = NULL;
	struct piece *piece;
	size_t next = 0;

	for (;;) {
		piece = next < split->params->count ? ordpool_begin(pool) : NULL;
		if (piece) {
			memset(piece, 0, sizeof(*piece));
			piece->split = split;
			piece->number = next++;
			ordpool_submit(pool);
			continue;
		}
		piece = ordpool_wait(pool);
		if (!piece)
			return first;
		piece_take(piece, stats, &first);
		ordpool_release(pool);
	}
}

/*
 * How many pieces at a time: a writer needs about as much memory as a worker
 * thread, and with fewer than two of these it would do the work itself. A plan that
 * judges blocks again can do so for one thread only.
 */
static size_t choose_parallel(const struct split_params *params)
{
	const struct copy_params *copy = &params->whole.copy;

	if (plan_forgotten(copy->plan))
		return 1;
	return (size_t)min_u64(params->count, max_u64(copy->threads / 2, 1));
}

struct err *split_write(const struct split_params *params, struct copy_stats *stats)
{
	size_t parallel = choose_parallel(params);
	struct split split = { .params = params, .telling = ATOMIC_FLAG_INIT,
			       .threads = (unsigned int)(params->whole.copy.threads / parallel) };
	struct ordpool_params pool_params = {
		.workers = parallel > 1 ? (unsigned int)parallel : 0,
		.depth = (unsigned int)parallel,
		.slot_size = sizeof(struct piece),
		.run = piece_run,
	};
	struct ordpool *pool = NULL;
	struct err *e;

	memset(stats, 0, sizeof(*stats));
	TRY(ordpool_create(&pool_params, &pool));
	e = run_pieces(&split, pool, stats);
	ordpool_destroy(pool);
	return e;
}
