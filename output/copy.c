// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/copy.h"

#include <string.h>

#include "base/pool.h"
#include "output/batch.h"

struct copier {
	const struct copy_params *params;
	const struct copy_writer *writer;
	struct copy_stats *stats;
	struct batch_env env;
	struct plan_cursor *cursor;
	struct ordpool *pool;
	struct range run;		/* kept pages not yet fed; empty at start */
	uint64_t end;			/* pfns from here on are not asked for */
	uint64_t total;			/* pages that will come */
	bool fed;			/* no more batches will be fed */
	struct err *feed_error;		/* why, when the plan failed; told after what was fed */
};

/* Fill @batch with the next kept pages. It may stay empty. */
static struct err *batch_fill(struct copier *c, struct batch *batch)
{
	struct range *run = &c->run;
	bool found = true;

	batch->count = 0;
	while (batch->count < c->env.max_pages) {
		if (run->start == run->end)
			TRY(plan_next_run(c->cursor, run->end, run, &found));
		if (!found || run->start >= c->end) {
			c->fed = true;
			break;
		}
		batch->pages[batch->count++].pfn = run->start++;
	}
	return NULL;
}

static void feed(struct copier *c, struct batch *batch)
{
	c->feed_error = batch_fill(c, batch);
	if (c->feed_error)
		c->fed = true;
	if (batch->count)
		ordpool_submit(c->pool);
}

static struct err *deliver(struct copier *c, const struct batch *batch)
{
	const struct copy_page *page;
	size_t i;

	for (i = 0; i < batch->count; i++) {
		page = &batch->pages[i];
		TRY(c->writer->page(c->writer->ctx, page));
		c->stats->pages++;
		c->stats->zero += !page->data && !page->lost;
		c->stats->lost += page->lost;
	}
	return progress_tick(c->params->progress, PHASE_COPY, c->stats->pages, c->total);
}

static struct err *run_pipeline(struct copier *c)
{
	struct batch *batch;

	for (;;) {
		batch = c->fed ? NULL : ordpool_begin(c->pool);
		if (batch) {
			feed(c, batch);
			continue;
		}
		batch = ordpool_wait(c->pool);
		if (!batch)
			return NULL;
		TRY(deliver(c, batch));
		ordpool_release(c->pool);
	}
}

/* Where to begin and end. */
static struct err *choose_pages(struct copier *c)
{
	const struct range *pfns = &c->params->pfns;

	c->end = UINT64_MAX;
	c->total = plan_kept(c->params->plan);
	if (!pfns->end)
		return NULL;
	c->run = (struct range){ pfns->start, pfns->start };
	c->end = pfns->end;
	return plan_count(c->cursor, pfns, &c->total);
}

static struct err *copier_start(struct copier *c)
{
	const struct copy_params *params = c->params;
	struct ordpool_params pool = {
		.workers = params->threads,
		/* One that is being written out, and two per worker: running and waiting. */
		.depth = params->threads ? 2 * params->threads + 1 : 1,
		.slot_size = sizeof(struct batch),
		.run = batch_run,
		.worker_create = batch_worker_create,
		.worker_destroy = batch_worker_destroy,
		.slot_init = batch_init,
		.slot_deinit = batch_deinit,
		.ctx = &c->env,
	};

	TRY(batch_env_init(&c->env, params->dump, params->codec, params->share_zero));
	c->env.as_stored = params->as_stored;
	c->env.erase = params->erase;
	TRY(plan_cursor_create(params->plan, &c->cursor));
	TRY(choose_pages(c));
	return ordpool_create(&pool, &c->pool);
}

struct err *copy_pages(const struct copy_params *params, const struct copy_writer *writer,
		       struct copy_stats *stats)
{
	struct copier c = { .params = params, .writer = writer, .stats = stats };
	struct err *e;

	memset(stats, 0, sizeof(*stats));
	e = copier_start(&c);
	if (!e)
		e = run_pipeline(&c);
	/* A page that was fed comes before the one the plan could not tell. */
	if (!e)
		e = c.feed_error;
	else
		err_free(c.feed_error);
	ordpool_destroy(c.pool);
	plan_cursor_destroy(c.cursor);
	return e;
}
