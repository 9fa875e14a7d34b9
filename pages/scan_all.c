/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All blocks, in order, on as many threads as wanted. */
#include <stdlib.h>

#include "base/checked.h"
#include "base/pool.h"
#include "pages/scanner.h"

struct scan_slot {
	uint64_t block;
	uint8_t *keep;
	struct scan_counts counts;
	struct scan_samples *samples;	/* room for them */
	struct err *err;
};

static struct err *slot_init(void *ctx, void *slot)
{
	struct scan_slot *s = slot;

	(void)ctx;
	s->keep = malloc(PLAN_BLOCK / 8);
	s->samples = malloc(sizeof(*s->samples));
	return s->keep && s->samples ? NULL : err_nomem;
}

static void slot_deinit(void *slot)
{
	struct scan_slot *s = slot;

	err_free(s->err);
	free(s->samples);
	free(s->keep);
}

static struct err *worker_create(void *ctx, void **ret)
{
	struct scanner *scanner;

	TRY(scanner_create(ctx, &scanner));
	*ret = scanner;
	return NULL;
}

static void worker_destroy(void *worker)
{
	scanner_destroy(worker);
}

static void worker_run(void *worker, void *slot)
{
	struct scan_slot *s = slot;

	s->err = scan_block(worker, s->block, s->keep, &s->counts);
}

/* The first block from @block on that has a present page; *found false at the end. */
static struct err *next_block(const struct dump *dump, uint64_t block, uint64_t *ret, bool *found)
{
	struct range range = { 0, 0 };

	TRY(dump_next_present(dump, block * PLAN_BLOCK, dump->max_mapnr, &range, found));
	*ret = range.start / PLAN_BLOCK;
	return NULL;
}

static void counts_add(struct scan_counts *sum, const struct scan_counts *counts)
{
	for (unsigned int i = 0; i < PAGE_CLASSES; i++)
		sum->dropped[i] += counts->dropped[i];
	for (unsigned int i = 0; i < KEEP_REASONS; i++)
		sum->kept_for[i] += counts->kept_for[i];
	sum->poisoned += counts->poisoned;
	for (unsigned int i = 0; i < SCAN_ORDERS; i++)
		sum->free_blocks[i] += counts->free_blocks[i];
	if (sum->samples && counts->samples)
		scan_samples_merge(sum->samples, counts->samples);
}

static void slot_start(struct scan_slot *slot, uint64_t block, bool want_samples)
{
	slot->block = block;
	memset(&slot->counts, 0, sizeof(slot->counts));
	if (want_samples) {
		memset(slot->samples, 0, sizeof(*slot->samples));
		slot->counts.samples = slot->samples;
	}
}

/* Hand on a finished block. */
static struct err *take_slot(struct scan_slot *slot, const struct scan_taker *taker,
			     struct scan_counts *sum)
{
	struct err *e = slot->err;

	slot->err = NULL;
	TRY(e);
	counts_add(sum, &slot->counts);
	return taker->take(taker->ctx, slot->block, slot->keep);
}

static struct err *feed_and_take(const struct scan_job *job, struct ordpool *pool,
				 const struct scan_taker *taker, struct scan_counts *sum,
				 const struct progress *progress)
{
	const struct dump *dump = job->kernel->dump;
	uint64_t block = 0;
	bool more = true;

	TRY(next_block(dump, 0, &block, &more));
	while (more || ordpool_pending(pool)) {
		struct scan_slot *slot = more ? ordpool_begin(pool) : NULL;

		if (slot) {
			slot_start(slot, block, sum->samples);
			ordpool_submit(pool);
			TRY(next_block(dump, block + 1, &block, &more));
			continue;
		}
		slot = ordpool_wait(pool);
		TRY(take_slot(slot, taker, sum));
		TRY(progress_tick(progress, PHASE_CLASSIFY,
				  min_u64((slot->block + 1) * PLAN_BLOCK, dump->max_mapnr),
				  dump->max_mapnr));
		ordpool_release(pool);
	}
	return NULL;
}

struct err *scan_unnamed(const struct scan_job *job, unsigned int threads,
			 const struct scan_taker *taker, struct scan_counts *counts,
			 const struct progress *progress)
{
	struct ordpool_params params = {
		.workers = threads,
		.depth = threads ? 2 * threads : 1,
		.slot_size = sizeof(struct scan_slot),
		.run = worker_run,
		.worker_create = worker_create,
		.worker_destroy = worker_destroy,
		.slot_init = slot_init,
		.slot_deinit = slot_deinit,
		.ctx = (void *)job,
	};
	struct scan_counts sum = { .samples = counts->samples };
	struct ordpool *pool;
	struct err *e;

	TRY(ordpool_create(&params, &pool));
	e = feed_and_take(job, pool, taker, &sum, progress);
	ordpool_destroy(pool);
	TRY(e);
	sum.samples = NULL;
	counts_add(counts, &sum);
	return NULL;
}

struct err *scan_each(const struct scan_job *job, unsigned int threads,
		      const struct scan_taker *taker, struct scan_counts *counts,
		      const struct progress *progress)
{
	TRY(scan_unnamed(job, threads, taker, counts, progress));
	if (job->bitmap)
		scan_name_classes(job->bitmap, counts);
	return NULL;
}

static struct err *take_into_plan(void *ctx, uint64_t block, const uint8_t *keep)
{
	return plan_put(ctx, block, keep);
}

struct err *scan_all(const struct scan_job *job, unsigned int threads, struct plan *plan,
		     struct scan_counts *counts, const struct progress *progress)
{
	const struct scan_taker taker = { .take = take_into_plan, .ctx = plan };

	return scan_each(job, threads, &taker, counts, progress);
}
