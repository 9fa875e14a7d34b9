// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "output/zero.h"

struct batch_worker {
	const struct batch_env *env;
	struct dump_view *view;
	void *codec_ctx;	/* NULL without codec */
	uint8_t *zeros;		/* a page: what is stored for one that cannot be read */
	uint8_t *erased;	/* a page: one of the input without what is erased; NULL: none is */
};

struct err *batch_env_init(struct batch_env *env, struct dump *dump, const struct codec *codec,
			   bool share_zero)
{
	size_t page_size = (size_t)1 << dump->page_shift;
	size_t spare = 0;

	if (page_size > BATCH_BYTES)
		return err_new(ERR_UNSUPPORTED, "pages of %zu bytes; the largest known are %u",
			       page_size, BATCH_BYTES);
	/* A page that does not shrink is first written by the codec, in up to bound() bytes. */
	if (codec && codec->bound(page_size) > page_size)
		spare = codec->bound(page_size) - page_size;
	env->dump = dump;
	env->codec = codec;
	env->share_zero = share_zero;
	env->page_size = page_size;
	env->max_pages = BATCH_BYTES / page_size;
	env->buf_size = env->max_pages * page_size + spare;
	return NULL;
}

struct err *batch_init(void *ctx, void *slot)
{
	const struct batch_env *env = ctx;
	struct batch *batch = slot;

	batch->count = 0;
	batch->pages = calloc(env->max_pages, sizeof(*batch->pages));
	batch->buf = malloc(env->buf_size);
	if (batch->pages && batch->buf)
		return NULL;
	batch_deinit(batch);
	return err_nomem;
}

void batch_deinit(void *slot)
{
	struct batch *batch = slot;

	free(batch->pages);
	free(batch->buf);
	batch->pages = NULL;
	batch->buf = NULL;
}

struct err *batch_worker_create(void *ctx, void **ret)
{
	const struct batch_env *env = ctx;
	struct batch_worker *worker = calloc(1, sizeof(*worker));
	struct err *e = NULL;

	if (!worker)
		return err_nomem;
	worker->env = env;
	worker->zeros = calloc(1, env->page_size);
	if (env->erase)
		worker->erased = malloc(env->page_size);
	if (!worker->zeros || (env->erase && !worker->erased))
		e = err_nomem;
	if (!e)
		e = dump_view_create(env->dump, 0, &worker->view);
	if (!e && env->codec)
		e = env->codec->create(env->page_size, &worker->codec_ctx);
	if (e) {
		batch_worker_destroy(worker);
		return e;
	}
	*ret = worker;
	return NULL;
}

void batch_worker_destroy(void *arg)
{
	struct batch_worker *worker = arg;

	if (!worker)
		return;
	if (worker->codec_ctx)
		worker->env->codec->destroy(worker->codec_ctx);
	dump_view_destroy(worker->view);
	free(worker->zeros);
	free(worker->erased);
	free(worker);
}

/* How many pages from @first on follow each other in memory. */
static size_t run_length(const struct batch *batch, size_t first)
{
	size_t i = first + 1;

	while (i < batch->count && batch->pages[i].pfn == batch->pages[i - 1].pfn + 1)
		i++;
	return i - first;
}

/* The data of @count pages from @pfn on, or NULL. */
static const uint8_t *pages_get(struct batch_worker *worker, uint64_t pfn, size_t count)
{
	const struct batch_env *env = worker->env;
	const void *data = NULL;
	struct err *e;

	e = dump_view_get(worker->view, pfn << env->dump->page_shift, count * env->page_size, &data);
	if (!e)
		return data;
	err_free(e);
	return NULL;
}

/*
 * The page compressed into @dst, or 0. What the input has compressed with this
 * codec is taken as it is: it has been read, so it is known to be good. Unless
 * @data is not what the input has.
 */
static size_t page_compress(struct batch_worker *worker, uint64_t pfn, const uint8_t *data,
			    uint8_t *dst)
{
	const struct codec *codec = worker->env->codec;
	struct dump_stored stored;

	if (data == worker->zeros || data == worker->erased ||
	    !dump_view_stored(worker->view, pfn, &stored) ||
	    stored.flags != codec->page_flag)
		return codec->compress(worker->codec_ctx, data, worker->env->page_size, dst);
	memcpy(dst, stored.data, stored.len);
	return stored.len;
}

/* The page at @data as it may leave this machine; the input's own memory is never written. */
static const uint8_t *page_erase(struct batch_worker *worker, uint64_t pfn, const uint8_t *data)
{
	const struct batch_env *env = worker->env;
	uint64_t pa = pfn << env->dump->page_shift;

	if (!erase_set_hits(env->erase, pa, env->page_size))
		return data;
	memcpy(worker->erased, data, env->page_size);
	erase_set_apply(env->erase, pa, worker->erased, env->page_size);
	return worker->erased;
}

/*
 * Read, erase in, test and compress one page into @dst; returns how much of it is used.
 * @data NULL: the page could not be read.
 */
static size_t page_store(struct batch_worker *worker, const uint8_t *data, uint8_t *dst,
			 struct copy_page *page)
{
	const struct batch_env *env = worker->env;
	const struct codec *codec = env->codec;
	size_t len = 0;

	page->lost = !data;
	page->data = NULL;
	page->len = 0;
	page->flags = 0;
	data = data ? page_erase(worker, page->pfn, data) : worker->zeros;
	if (env->share_zero && is_zero(data, env->page_size))
		return 0;
	if (codec)
		len = page_compress(worker, page->pfn, data, dst);
	if (len && len < env->page_size) {
		page->flags = codec->page_flag;
	} else {
		/* Raw data is copied too: the view moves on before the page is written. */
		memcpy(dst, data, env->page_size);
		len = env->page_size;
	}
	page->data = dst;
	page->len = (uint32_t)len;
	return len;
}

static inline void prefetch(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 64)
		__builtin_prefetch(p + i);
}

/* Pages [first, first + count), neighbours in memory; returns bytes of @dst used. */
static size_t run_store(struct batch_worker *worker, struct batch *batch, size_t first,
			size_t count, uint8_t *dst)
{
	const struct batch_env *env = worker->env;
	const uint8_t *data = pages_get(worker, batch->pages[first].pfn, count);
	const uint8_t *page;
	size_t i, used = 0;

	for (i = 0; i < count; i++) {
		struct copy_page *out = &batch->pages[first + i];

		/* One bad page fails the whole read: then each page is asked for alone. */
		if (data)
			page = data + i * env->page_size;
		else
			page = count > 1 ? pages_get(worker, out->pfn, 1) : NULL;
		if (data && i + 1 < count)
			prefetch(page + env->page_size, env->page_size);
		used += page_store(worker, page, dst + used, out);
	}
	return used;
}

/* How many of @count pages from @pfn on one read should take. */
static size_t run_split(struct batch_worker *worker, uint64_t pfn, size_t count)
{
	const struct batch_env *env = worker->env;
	size_t bytes = dump_view_contiguous(worker->view, pfn << env->dump->page_shift,
					    count * env->page_size);

	return bytes < env->page_size ? 1 : min_u64(count, bytes / env->page_size);
}

/* The page as the input has it; a dump that stores no page by itself gives its bytes. */
static size_t page_take(struct batch_worker *worker, uint8_t *dst, struct copy_page *page)
{
	const struct batch_env *env = worker->env;
	struct dump_stored stored;
	const void *data;

	*page = (struct copy_page){ .pfn = page->pfn };
	if (!dump_view_stored(worker->view, page->pfn, &stored)) {
		data = pages_get(worker, page->pfn, 1);
		page->lost = !data;
		if (!data)
			return 0;
		stored = (struct dump_stored){ .data = data, .len = (uint32_t)env->page_size };
	}
	if (!stored.flags && env->share_zero && is_zero(stored.data, stored.len))
		return 0;
	memcpy(dst, stored.data, stored.len);
	page->data = dst;
	page->len = stored.len;
	page->flags = stored.flags;
	return stored.len;
}

void batch_run(void *worker_arg, void *slot)
{
	struct batch_worker *worker = worker_arg;
	struct batch *batch = slot;
	size_t i, used = 0, count;

	for (i = 0; worker->env->as_stored && i < batch->count; i++)
		used += page_take(worker, batch->buf + used, &batch->pages[i]);
	if (worker->env->as_stored)
		return;

	for (i = 0; i < batch->count; i += count) {
		count = run_split(worker, batch->pages[i].pfn, run_length(batch, i));
		used += run_store(worker, batch, i, count, batch->buf + used);
	}
}
