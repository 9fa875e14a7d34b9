/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting a page into literals and matches for codec/zstd_page.c. */
#ifndef CODEC_ZSTD_MATCH_H
#define CODEC_ZSTD_MATCH_H

#include <stddef.h>
#include <stdint.h>

#define ZSTD_HASH_BITS 12
#define ZSTD_MATCH_MIN 4

/* Literals, and the match behind them: RFC 8878 section 3.1.1.3.2. */
struct zstd_sequence {
	uint16_t literals;	/* how many */
	uint16_t match;		/* bytes */
	uint32_t offset;	/* Offset_Value: 1 repeats the last offset, others are 3 too large */
};

struct zstd_matches {
	uint16_t *head;		/* by hash: the last place that has it; 0 is also "none" */
	struct zstd_sequence *sequences;	/* room for len / ZSTD_MATCH_MIN */
	size_t count;		/* of sequences */
	uint8_t *literals;	/* room for len + ZSTD_LITERALS_SLACK */
	size_t literal_count;	/* those behind the last match included */
};

/* Literals are copied in pieces of this size. */
#define ZSTD_LITERALS_SLACK 16u

void zstd_find_matches(struct zstd_matches *matches, const uint8_t *src, size_t len);

#endif
