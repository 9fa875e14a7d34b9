// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/nonzero.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "base/pool.h"
#include "output/zero.h"

/* Pages of a job: 16 MiB of 4 KiB pages, so that a signal does not wait for long. */
#define PART_PAGES UINT64_C(4096)
#define PART_BYTES ((size_t)PART_PAGES / 8)
#define BLOCK_BYTES ((size_t)(PLAN_BLOCK / 8))

struct nonzero {
	struct nonzero_params params;
	struct plan *plan;
	struct plan_cursor *again;	/* of params.plan, for blocks that the new plan forgot */
	struct dump_view *view;		/* for the same */
};

/* A job: pages that stay, and of these those that hold something. */
struct part {
	const struct nonzero_params *params;
	uint64_t block;
	uint64_t offset;		/* of the first page in the block */
	uint8_t bits[PART_BYTES];
};

/* Page @pfn at @data will be written as zeros. */
static bool page_is_zero(const struct nonzero_params *params, uint64_t pfn, const uint8_t *data)
{
	size_t page = (size_t)1 << params->dump->page_shift;
	uint64_t pa = pfn << params->dump->page_shift;

	if (erase_set_hits(params->erase, pa, page))
		return erase_set_leaves_zeros(params->erase, pa, data, page);
	return is_zero(data, page);
}

/* Clear the bits of zero pages among @count pages from @pfn on; @bit is the first one's. */
static void test_run(struct dump_view *view, const struct nonzero_params *params, uint64_t pfn,
		     uint64_t count, uint8_t *bits, uint64_t bit)
{
	const struct dump *dump = params->dump;
	size_t page = (size_t)1 << dump->page_shift;
	const uint8_t *data;
	const void *ret;
	uint64_t i;
	struct err *e = dump_view_get(view, pfn << dump->page_shift, (size_t)count * page, &ret);

	if (e) {
		err_free(e);
		/* One bad page fails the whole read: then each page is asked for alone. */
		for (i = 0; count > 1 && i < count; i++)
			test_run(view, params, pfn + i, 1, bits, bit + i);
		return;
	}
	for (i = 0, data = ret; i < count; i++, data += page) {
		if (page_is_zero(params, pfn + i, data))
			bits_clear_range(bits, bit + i, bit + i + 1);
	}
}

/* The same for all bits of [from, to); bit 0 is page @base. */
static void test_bits(struct dump_view *view, const struct nonzero_params *params, uint64_t base,
		      uint64_t from, uint64_t to, uint8_t *bits)
{
	const struct dump *dump = params->dump;
	size_t page = (size_t)1 << dump->page_shift, bytes;
	uint64_t end, count;

	for (from = bits_next_set(bits, from, to); from < to;
	     from = bits_next_set(bits, from + count, to)) {
		end = bits_next_clear(bits, from, to);
		bytes = dump_view_contiguous(view, (base + from) << dump->page_shift,
					     min_u64(end - from, DUMP_VIEW_MAX / page) * page);
		count = max_u64(bytes / page, 1);
		test_run(view, params, base + from, count, bits, from);
	}
}

static void part_run(void *worker, void *slot)
{
	struct part *part = slot;

	test_bits(worker, part->params, part->block * PLAN_BLOCK + part->offset, 0, PART_PAGES,
		  part->bits);
}

static struct err *worker_create(void *ctx, void **ret)
{
	struct nonzero *nz = ctx;
	struct dump_view *view;

	TRY(dump_view_create(nz->params.dump, 0, &view));
	*ret = view;
	return NULL;
}

static void worker_destroy(void *worker)
{
	dump_view_destroy(worker);
}

static struct err *judge_again(void *ctx, uint64_t block, uint8_t *keep)
{
	struct nonzero *nz = ctx;
	const uint8_t *bits;

	TRY(plan_block_bits(nz->again, block, &bits));
	memcpy(keep, bits, BLOCK_BYTES);
	test_bits(nz->view, &nz->params, block * PLAN_BLOCK, 0, PLAN_BLOCK, keep);
	return NULL;
}

/* Looking at all pages once. */
struct search {
	struct nonzero *nz;
	struct ordpool *pool;
	struct plan_cursor *cursor;
	uint64_t next;		/* pfn of the next part to be fed */
	bool fed;		/* no more */
	uint64_t block;		/* whose parts come in */
	uint8_t *keep;		/* of this block */
	uint64_t done;		/* pages looked at */
};

/* Fill @part with the next stretch that has pages; false when there is none. */
static struct err *next_part(struct search *s, struct part *part, bool *found)
{
	const uint8_t *bits;
	struct range run;

	TRY(plan_next_run(s->cursor, s->next, &run, found));
	if (!*found)
		return NULL;
	part->params = &s->nz->params;
	part->block = run.start / PLAN_BLOCK;
	part->offset = round_down(run.start % PLAN_BLOCK, PART_PAGES);
	s->next = part->block * PLAN_BLOCK + part->offset + PART_PAGES;
	TRY(plan_block_bits(s->cursor, part->block, &bits));
	memcpy(part->bits, bits + part->offset / 8, PART_BYTES);
	s->done += bits_count(part->bits, 0, PART_PAGES);
	return NULL;
}

static struct err *feed(struct search *s, struct part *part)
{
	bool found = false;

	TRY(next_part(s, part, &found));
	if (found)
		ordpool_submit(s->pool);
	s->fed = !found;
	return progress_tick(s->nz->params.progress, PHASE_COPY, s->done,
			     plan_kept(s->nz->params.plan));
}

/* The block is complete. */
static struct err *put_block(struct search *s, uint64_t next)
{
	TRY(plan_put(s->nz->plan, s->block, s->keep));
	memset(s->keep, 0, BLOCK_BYTES);
	s->block = next;
	return NULL;
}

static struct err *take(struct search *s, const struct part *part)
{
	if (part->block != s->block)
		TRY(put_block(s, part->block));
	memcpy(s->keep + part->offset / 8, part->bits, PART_BYTES);
	return NULL;
}

static struct err *search_run(struct search *s)
{
	struct part *part;

	for (;;) {
		part = s->fed ? NULL : ordpool_begin(s->pool);
		if (part) {
			TRY(feed(s, part));
			continue;
		}
		part = ordpool_wait(s->pool);
		if (!part)
			return put_block(s, 0);
		TRY(take(s, part));
		ordpool_release(s->pool);
	}
}

static struct err *search_start(struct search *s)
{
	const struct nonzero_params *params = &s->nz->params;
	struct ordpool_params pool = {
		.workers = params->threads,
		.depth = params->threads ? 2 * params->threads + 1 : 1,
		.slot_size = sizeof(struct part),
		.run = part_run,
		.worker_create = worker_create,
		.worker_destroy = worker_destroy,
		.ctx = s->nz,
	};

	s->keep = calloc(1, BLOCK_BYTES);
	if (!s->keep)
		return err_nomem;
	TRY(plan_cursor_create(params->plan, &s->cursor));
	return ordpool_create(&pool, &s->pool);
}

static struct err *search(struct nonzero *nz)
{
	struct search s = { .nz = nz };
	struct err *e = search_start(&s);

	if (!e && plan_blocks(nz->plan))
		e = search_run(&s);
	ordpool_destroy(s.pool);
	plan_cursor_destroy(s.cursor);
	free(s.keep);
	return e;
}

struct err *nonzero_create(const struct nonzero_params *params, struct nonzero **ret)
{
	struct nonzero *nz = calloc(1, sizeof(*nz));
	const struct plan_judge judge = { .judge = judge_again, .ctx = nz };
	struct err *e;

	if (!nz)
		return err_nomem;
	nz->params = *params;
	e = plan_create(params->dump->max_mapnr, params->budget, &judge, &nz->plan);
	if (!e)
		e = plan_cursor_create(params->plan, &nz->again);
	if (!e)
		e = dump_view_create(params->dump, 0, &nz->view);
	if (!e)
		e = search(nz);
	if (e) {
		nonzero_destroy(nz);
		return e;
	}
	*ret = nz;
	return NULL;
}

void nonzero_destroy(struct nonzero *nz)
{
	if (!nz)
		return;
	plan_cursor_destroy(nz->again);
	dump_view_destroy(nz->view);
	plan_destroy(nz->plan);
	free(nz);
}

const struct plan *nonzero_plan(const struct nonzero *nz)
{
	return nz->plan;
}
