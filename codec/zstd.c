// SPDX-License-Identifier: GPL-2.0-or-later
/* One zstd frame per page: with its content size, without checksum and dictionary. */
#include "codec/rows.h"

#if USE_ZSTD

#include <stdlib.h>
#include <zstd.h>

/* The fastest level that is not a negative one: a dump is written while the machine is down. */
#define LEVEL 1

struct zstd_ctx {
	ZSTD_CCtx *compress;
	ZSTD_DCtx *decompress;
};

static size_t zstd_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static void zstd_destroy(void *ctx)
{
	struct zstd_ctx *zstd = ctx;

	if (!zstd)
		return;
	ZSTD_freeCCtx(zstd->compress);
	ZSTD_freeDCtx(zstd->decompress);
	free(zstd);
}

/*
 * ZSTD_compressCCtx() starts a frame of its own with the parameters that the
 * level has for @len, and forgets everything before it.
 */
static size_t zstd_compress(void *ctx, const void *src, size_t len, void *dst)
{
	struct zstd_ctx *zstd = ctx;
	size_t size = ZSTD_compressCCtx(zstd->compress, dst, zstd_bound(len), src, len, LEVEL);

	return ZSTD_isError(size) ? 0 : size;
}

/* The first block makes the context allocate its tables; they stay for blocks of that size. */
static bool make_tables(struct zstd_ctx *zstd, size_t block_size)
{
	void *src = calloc(1, block_size);
	void *dst = malloc(zstd_bound(block_size));
	bool done = src && dst && zstd_compress(zstd, src, block_size, dst);

	free(dst);
	free(src);
	return done;
}

static struct err *zstd_create(size_t block_size, void **ret_ctx)
{
	struct zstd_ctx *zstd = calloc(1, sizeof(*zstd));

	if (!zstd)
		return err_nomem;
	zstd->compress = ZSTD_createCCtx();
	zstd->decompress = ZSTD_createDCtx();
	if (!zstd->compress || !zstd->decompress || !make_tables(zstd, block_size)) {
		zstd_destroy(zstd);
		return err_nomem;
	}
	*ret_ctx = zstd;
	return NULL;
}

static bool zstd_decompress(void *ctx, const void *src, size_t len, void *dst, size_t dst_len)
{
	struct zstd_ctx *zstd = ctx;
	size_t got = ZSTD_decompressDCtx(zstd->decompress, dst, dst_len, src, len);

	return !ZSTD_isError(got) && got == dst_len;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.option = 'z',
	.page_flag = PAGE_FLAG_ZSTD,
	.available = true,
	.bound = zstd_bound,
	.create = zstd_create,
	.destroy = zstd_destroy,
	.compress = zstd_compress,
	.decompress = zstd_decompress,
};

#else

const struct codec codec_zstd = { .name = "zstd", .option = 'z', .page_flag = PAGE_FLAG_ZSTD };

#endif
