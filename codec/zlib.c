// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One RFC 1950 stream per page: compressed by codec/deflate.c, which is faster
 * for pages than the library, decompressed by the library.
 */
#include "codec/deflate.h"
#include "codec/rows.h"

#if USE_ZLIB

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* For blocks that codec/deflate.c does not take. The fastest: the machine is down meanwhile. */
#define LEVEL 1

struct zlib_ctx {
	struct deflate *deflate;	/* NULL: blocks are too long for it */
	z_stream library;		/* set up without deflate */
	z_stream inflate;
};

_Static_assert(DEFLATE_SLACK <= 13, "compressBound() adds 13 bytes and more");

static size_t zlib_bound(size_t len)
{
	return compressBound(len);
}

static void zlib_destroy(void *ctx)
{
	struct zlib_ctx *zlib = ctx;

	if (!zlib)
		return;
	/* Both accept a stream that was never set up. */
	deflateEnd(&zlib->library);
	inflateEnd(&zlib->inflate);
	deflate_destroy(zlib->deflate);
	free(zlib);
}

static int zlib_init(struct zlib_ctx *zlib, size_t block_size)
{
	int status = inflateInit(&zlib->inflate);
	struct err *e;

	if (status != Z_OK)
		return status;
	if (block_size > DEFLATE_LEN_MAX)
		return deflateInit(&zlib->library, LEVEL);
	e = deflate_create(&zlib->deflate);
	err_free(e);
	return e ? Z_MEM_ERROR : Z_OK;
}

static struct err *zlib_create(size_t block_size, void **ret_ctx)
{
	struct zlib_ctx *zlib;
	int status;

	if (zlib_bound(block_size) > UINT_MAX)
		return err_new(ERR_UNSUPPORTED, "zlib: blocks of %zu bytes", block_size);
	zlib = calloc(1, sizeof(*zlib));
	if (!zlib)
		return err_nomem;
	status = zlib_init(zlib, block_size);
	if (status == Z_OK) {
		*ret_ctx = zlib;
		return NULL;
	}
	zlib_destroy(zlib);
	if (status == Z_MEM_ERROR)
		return err_nomem;
	return err_new(ERR_OTHER, "zlib %s: %s", zlibVersion(), zError(status));
}

static size_t zlib_compress(void *ctx, const void *src, size_t len, void *dst)
{
	struct zlib_ctx *zlib = ctx;
	z_stream *stream = &zlib->library;

	if (zlib->deflate)
		return len <= DEFLATE_LEN_MAX ? deflate_page(zlib->deflate, src, len, dst) : 0;
	if (deflateReset(stream) != Z_OK)
		return 0;
	stream->next_in = (Bytef *)src;
	stream->avail_in = (uInt)len;
	stream->next_out = dst;
	stream->avail_out = (uInt)zlib_bound(len);
	if (deflate(stream, Z_FINISH) != Z_STREAM_END)
		return 0;
	return (size_t)stream->total_out;
}

static bool zlib_decompress(void *ctx, const void *src, size_t len, void *dst, size_t dst_len)
{
	z_stream *stream = &((struct zlib_ctx *)ctx)->inflate;

	if (len > UINT_MAX || dst_len > UINT_MAX || inflateReset(stream) != Z_OK)
		return false;
	stream->next_in = (Bytef *)src;
	stream->avail_in = (uInt)len;
	stream->next_out = dst;
	stream->avail_out = (uInt)dst_len;
	return inflate(stream, Z_FINISH) == Z_STREAM_END && !stream->avail_in &&
	       !stream->avail_out;
}

const struct codec codec_zlib = {
	.name = "zlib",
	.option = 'c',
	.page_flag = PAGE_FLAG_ZLIB,
	.available = true,
	.bound = zlib_bound,
	.create = zlib_create,
	.destroy = zlib_destroy,
	.compress = zlib_compress,
	.decompress = zlib_decompress,
};

#else

const struct codec codec_zlib = { .name = "zlib", .option = 'c', .page_flag = PAGE_FLAG_ZLIB };

#endif
