// SPDX-License-Identifier: GPL-2.0-or-later
/* One RFC 1950 stream per page. */
#include "codec/rows.h"

#if USE_ZLIB

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* The fastest: a dump is written while the machine is down. */
#define LEVEL 1

struct zlib_ctx {
	z_stream deflate;
	z_stream inflate;
};

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
	deflateEnd(&zlib->deflate);
	inflateEnd(&zlib->inflate);
	free(zlib);
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
	status = deflateInit(&zlib->deflate, LEVEL);
	if (status == Z_OK)
		status = inflateInit(&zlib->inflate);
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
	z_stream *stream = &((struct zlib_ctx *)ctx)->deflate;

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
