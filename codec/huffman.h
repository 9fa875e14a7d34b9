/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Length-limited prefix codes as RFC 1951 section 3.2.2 orders and writes them. */
#ifndef CODEC_HUFFMAN_H
#define CODEC_HUFFMAN_H

#include <stdint.h>

#define HUFFMAN_SYMBOLS_MAX 288
#define HUFFMAN_BITS_MAX 15

/* What is written for a symbol: @bits bits of @code, which is reversed already; 0 bits: unused. */
struct huffman_code {
	uint16_t code;
	uint8_t bits;
};

/*
 * The best code for symbols that occur @freq[i] times, i below @count (at most
 * HUFFMAN_SYMBOLS_MAX), none longer than @limit bits (2^limit >= count; the
 * frequencies sum up to less than 2^22). A single used symbol gets one bit;
 * without any, all of @codes is unused.
 */
void huffman_build(const uint32_t *freq, unsigned int count, unsigned int limit,
		   struct huffman_code *codes);

/* The same without giving out codes. */
void huffman_lengths(const uint32_t *freq, unsigned int count, unsigned int limit,
		     struct huffman_code *codes);

/* Give codes to the lengths that are already in @codes. */
void huffman_assign(struct huffman_code *codes, unsigned int count);

#endif
