/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compressor of memory pages to zlib streams (RFC 1950, RFC 1951), which any
 * inflate reads.
 *
 * Libraries for deflate are made for long input: clearing the tables of one
 * for a page takes longer than compressing most pages. Here a page's tables fit
 * into the first-level cache, the page is one block, and what it will take is
 * known before a byte is written.
 */
#ifndef CODEC_DEFLATE_H
#define CODEC_DEFLATE_H

#include <stddef.h>

#include "base/err.h"

/* Positions within a page are 16 bits wide. */
#define DEFLATE_LEN_MAX 65536u

/* Writes in words, so that it may pass the end of the stream by less than this. */
#define DEFLATE_SLACK 8u

struct deflate;

struct err *deflate_create(struct deflate **ret) __attribute__((warn_unused_result));
void deflate_destroy(struct deflate *deflate);

/*
 * Compress @len bytes (at most DEFLATE_LEN_MAX) into @dst of at least @len +
 * DEFLATE_SLACK bytes. Returns the size of the stream, or 0 when that would not
 * be below @len, or when the first quarter looks like random bytes. The result depends on the input only.
 */
size_t deflate_page(struct deflate *deflate, const void *src, size_t len, void *dst);

#endif
