/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The literals section of a zstd block: RFC 8878 section 3.1.1.3.1. */
#ifndef CODEC_ZSTD_LITERALS_H
#define CODEC_ZSTD_LITERALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct zstd_literals;

struct err *zstd_literals_create(struct zstd_literals **ret) __attribute__((warn_unused_result));
/* NULL is fine. */
void zstd_literals_destroy(struct zstd_literals *literals);

/*
 * Put @count literals at @src, at most 65536, to @to, in the smallest way; returns the end. When that is
 * not below @limit, nothing of use was written. May write up to 32 bytes behind @limit.
 */
uint8_t *zstd_put_literals(struct zstd_literals *literals, const uint8_t *src, size_t count,
			   uint8_t *to, const uint8_t *limit);

#endif
