// SPDX-License-Identifier: GPL-2.0-or-later
/* One bare LZO1X block per page, without a header. */
#include "codec/rows.h"

#if USE_LZO

#include <lzo/lzo1x.h>
#include <stdlib.h>

/*
 * Blocks up to here are compressed with a dictionary of 12 bits, not 14, which takes a
 * quarter of the time to clear (docs/performance-notes.md).
 */
#define SHORT_BLOCK 16384u

/* Worst case of LZO1X, from doc/LZO.FAQ of lzo 2.10. */
static size_t lzo_bound(size_t len)
{
	return len + len / 16 + 64 + 3;
}

_Static_assert(LZO1X_1_12_MEM_COMPRESS <= LZO1X_1_MEM_COMPRESS, "one dictionary serves both");

/* The context is the compressor's dictionary; decompressing needs no memory. */
static struct err *lzo_create(size_t block_size, void **ret_ctx)
{
	void *dictionary;

	(void)block_size;
	if (lzo_init() != LZO_E_OK)
		return err_new(ERR_OTHER, "lzo: the library %s does not fit its header %s",
			       lzo_version_string(), LZO_VERSION_STRING);
	dictionary = malloc(LZO1X_1_MEM_COMPRESS);
	if (!dictionary)
		return err_nomem;
	*ret_ctx = dictionary;
	return NULL;
}

/*
 * The library clears the dictionary at the start of each call (LZO_DETERMINISTIC,
 * on by default, in src/lzo1x_c.ch of lzo 2.10), so earlier pages leave no trace.
 */
static size_t lzo_compress(void *ctx, const void *src, size_t len, void *dst)
{
	lzo_uint dst_len = 0;
	int status;

	if (len <= SHORT_BLOCK)
		status = lzo1x_1_12_compress(src, len, dst, &dst_len, ctx);
	else
		status = lzo1x_1_compress(src, len, dst, &dst_len, ctx);
	return status == LZO_E_OK ? dst_len : 0;
}

static bool lzo_decompress(void *ctx, const void *src, size_t len, void *dst, size_t dst_len)
{
	lzo_uint got = dst_len;

	(void)ctx;
	return lzo1x_decompress_safe(src, len, dst, &got, NULL) == LZO_E_OK && got == dst_len;
}

const struct codec codec_lzo = {
	.name = "lzo",
	.option = 'l',
	.page_flag = PAGE_FLAG_LZO,
	.available = true,
	.bound = lzo_bound,
	.create = lzo_create,
	.destroy = free,
	.compress = lzo_compress,
	.decompress = lzo_decompress,
};

#else

const struct codec codec_lzo = { .name = "lzo", .option = 'l', .page_flag = PAGE_FLAG_LZO };

#endif
