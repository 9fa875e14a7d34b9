// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One zstd frame per page, with its content size, without checksum and dictionary:
 * compressed by codec/zstd_page.c, which is faster for pages than the library,
 * decompressed by the library.
 */
#include "codec/rows.h"
#include "codec/zstd_page.h"

#if USE_ZSTD

#include <stdlib.h>
#include <zstd.h>

#include "base/checked.h"

/*
 * For blocks that codec/zstd_page.c does not take. The fastest level that is not a negative
 * one: a dump is written while the machine is down.
 */
#define LEVEL 1

struct zstd_ctx {
	struct zstd_page *page;	/* NULL: blocks are too long for it */
	ZSTD_CCtx *library;	/* then this is there */
	ZSTD_DCtx *decompress;
};

static size_t zstd_bound(size_t len)
{
	return max_u64(ZSTD_compressBound(len), len + ZSTD_PAGE_SLACK);
}

static void zstd_destroy(void *ctx)
{
	struct zstd_ctx *zstd = ctx;

	if (!zstd)
		return;
	zstd_page_destroy(zstd->page);
	ZSTD_freeCCtx(zstd->library);
	ZSTD_freeDCtx(zstd->decompress);
	free(zstd);
}

/*
 * ZSTD_compressCCtx() starts a frame of its own with the parameters that the
 * level has for @len, and forgets everything before it.
 */
static size_t compress_by_library(struct zstd_ctx *zstd, const void *src, size_t len, void *dst)
{
	size_t size = ZSTD_compressCCtx(zstd->library, dst, zstd_bound(len), src, len, LEVEL);

	return ZSTD_isError(size) ? 0 : size;
}

static size_t zstd_compress(void *ctx, const void *src, size_t len, void *dst)
{
	struct zstd_ctx *zstd = ctx;

	if (!zstd->page)
		return compress_by_library(zstd, src, len, dst);
	return zstd_page_compress(zstd->page, src, len, dst);
}

/* The first block makes the library allocate its tables; they stay for blocks of that size. */
static bool make_tables(struct zstd_ctx *zstd, size_t block_size)
{
	void *src = calloc(1, block_size);
	void *dst = malloc(zstd_bound(block_size));
	bool done = src && dst && compress_by_library(zstd, src, block_size, dst);

	free(dst);
	free(src);
	return done;
}

static struct err *make_compressor(struct zstd_ctx *zstd, size_t block_size)
{
	if (block_size <= ZSTD_PAGE_LEN_MAX)
		return zstd_page_create(block_size, &zstd->page);
	zstd->library = ZSTD_createCCtx();
	return zstd->library && make_tables(zstd, block_size) ? NULL : err_nomem;
}

static struct err *zstd_create(size_t block_size, void **ret_ctx)
{
	struct zstd_ctx *zstd = calloc(1, sizeof(*zstd));
	struct err *e;

	if (!zstd)
		return err_nomem;
	zstd->decompress = ZSTD_createDCtx();
	e = zstd->decompress ? make_compressor(zstd, block_size) : err_nomem;
	if (e) {
		zstd_destroy(zstd);
		return e;
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
