/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page compressors, one row each.
 *
 * To add one: write codec/NAME.c with a `const struct codec codec_NAME`, and
 * add it to the table in codec/codec.c (a codec whose library is missing at
 * build time is a row whose `available` is false; see the Makefile).
 *
 * A context holds all memory a codec needs and is used by one thread at a
 * time; nothing is allocated per page.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct codec {
	const char *name;	/* "zlib", "lzo", "snappy", "zstd" */
	char option;		/* command-line letter: c l p z */
	uint32_t page_flag;	/* flag bit in page_desc.flags and header status, diskdump_mod.h */
	bool available;		/* built with its library */

	/* NULL members when not available. */
	/* Bytes that compress() may write for @len bytes of input. */
	size_t (*bound)(size_t len);
	/* A context for blocks up to @block_size bytes. */
	struct err *(*create)(size_t block_size, void **ret_ctx);
	void (*destroy)(void *ctx);
	/*
	 * Compress @len bytes into @dst of at least bound(len) bytes. Returns the
	 * stored size, or 0 when it cannot be compressed (the caller then stores
	 * the page raw; a result not smaller than the page is treated alike).
	 * The result depends only on the input, never on earlier calls.
	 */
	size_t (*compress)(void *ctx, const void *src, size_t len, void *dst);
	/* Decompress into exactly @dst_len bytes; false when the data is corrupt or of another length. */
	bool (*decompress)(void *ctx, const void *src, size_t len, void *dst, size_t dst_len);
};

/* All rows, available or not, in the order zlib, lzo, snappy, zstd; ends with NULL. */
extern const struct codec *const codecs[];

/* The row of a command-line letter or of a page flag; NULL when there is none. */
const struct codec *codec_by_option(char option);
const struct codec *codec_by_flag(uint32_t page_flag);

#endif
