// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One raw snappy block per page, not the framing format.
 *
 * The C interface has no context: snappy_compress() allocates and frees its
 * hash table in every call (internal::WorkingMemory in snappy 1.1.9), so this
 * is the one codec that breaks "nothing is allocated per page". That is 0.5% of
 * what a call costs (docs/performance-notes.md). Decompressing allocates nothing.
 */
#include "codec/rows.h"

#if USE_SNAPPY

#include <snappy-c.h>

static size_t snappy_bound(size_t len)
{
	return snappy_max_compressed_length(len);
}

/* A context is never looked at, but NULL would read like "none was made". */
static struct err *snappy_create(size_t block_size, void **ret_ctx)
{
	static const char no_state;

	(void)block_size;
	*ret_ctx = (void *)&no_state;
	return NULL;
}

static void snappy_destroy(void *ctx)
{
	(void)ctx;
}

static size_t snappy_compress_block(void *ctx, const void *src, size_t len, void *dst)
{
	size_t dst_len = snappy_bound(len);

	(void)ctx;
	if (snappy_compress(src, len, dst, &dst_len) != SNAPPY_OK)
		return 0;
	return dst_len;
}

static bool snappy_decompress_block(void *ctx, const void *src, size_t len, void *dst,
				    size_t dst_len)
{
	size_t got = dst_len;

	(void)ctx;
	return snappy_uncompress(src, len, dst, &got) == SNAPPY_OK && got == dst_len;
}

const struct codec codec_snappy = {
	.name = "snappy",
	.option = 'p',
	.page_flag = PAGE_FLAG_SNAPPY,
	.available = true,
	.bound = snappy_bound,
	.create = snappy_create,
	.destroy = snappy_destroy,
	.compress = snappy_compress_block,
	.decompress = snappy_decompress_block,
};

#else

const struct codec codec_snappy = {
	.name = "snappy",
	.option = 'p',
	.page_flag = PAGE_FLAG_SNAPPY,
};

#endif
