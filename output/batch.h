/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The work of one job of the copy pipeline: a batch of pages read, tested for
 * zero and compressed into the batch's own memory.
 */
#ifndef OUTPUT_BATCH_H
#define OUTPUT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "codec/codec.h"
#include "input/dump.h"
#include "output/copy.h"

/* Pages of a batch in bytes: one dump_view_get() can serve it all. */
#define BATCH_BYTES DUMP_VIEW_MAX

/* What all batches and workers of a run share; read-only while they run. */
struct batch_env {
	struct dump *dump;
	const struct codec *codec;	/* NULL: store raw */
	const struct erase_set *erase;	/* set by the caller of batch_env_init(), see copy.h */
	bool share_zero;
	bool as_stored;			/* set by the caller of batch_env_init(), see copy.h */
	size_t page_size;		/* bytes, at most BATCH_BYTES */
	size_t max_pages;		/* of a batch */
	size_t buf_size;		/* bytes of batch.buf */
};

/* Derive the sizes; @dump has its page size set. ERR_UNSUPPORTED when it is too large. */
struct err *batch_env_init(struct batch_env *env, struct dump *dump, const struct codec *codec,
			   bool share_zero) __attribute__((warn_unused_result));

/* A job slot. The feeder sets count and the pfn of each page, ascending; batch_run() the rest. */
struct batch {
	struct copy_page *pages;	/* room for env->max_pages */
	size_t count;
	uint8_t *buf;			/* what the pages' data points into */
};

/* Callbacks for struct ordpool_params; ctx is the batch_env, a worker has its own view and codec context. */
struct err *batch_init(void *ctx, void *slot);
void batch_deinit(void *slot);
struct err *batch_worker_create(void *ctx, void **ret);
void batch_worker_destroy(void *worker);

/* Never fails: a page that cannot be read becomes a page of zeros marked lost. */
void batch_run(void *worker, void *slot);

#endif
