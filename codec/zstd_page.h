/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compressor of memory pages to zstd frames (RFC 8878), which any zstd reads.
 *
 * The library makes three entropy tables for each page, most of them those
 * that the format predefines, which takes about as long as finding matches. Here
 * these are made once, and a page is one frame of one block.
 */
#ifndef CODEC_ZSTD_PAGE_H
#define CODEC_ZSTD_PAGE_H

#include <stddef.h>

#include "base/err.h"

/* Positions within a page are 16 bits wide. */
#define ZSTD_PAGE_LEN_MAX 65536u

/* What is put before anyone looks whether it was too much: headers, tables, a word. */
#define ZSTD_PAGE_SLACK 256u

struct zstd_page;

/* For pages of up to @len_max bytes, which is at most ZSTD_PAGE_LEN_MAX. */
struct err *zstd_page_create(size_t len_max, struct zstd_page **ret)
	__attribute__((warn_unused_result));
/* NULL is fine. */
void zstd_page_destroy(struct zstd_page *page);

/*
 * Compress @len bytes into @dst of at least @len + ZSTD_PAGE_SLACK bytes. Returns the
 * size of the frame, or 0 when that would not be below @len, or @len is 0 or too large. The result depends on the input only.
 */
size_t zstd_page_compress(struct zstd_page *page, const void *src, size_t len, void *dst);

#endif
