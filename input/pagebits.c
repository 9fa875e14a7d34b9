/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input/pagebits.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"

/* Bits of each byte of @word in the other order. */
static uint64_t reverse_bytes_bits(uint64_t word)
{
	word = (word >> 1 & UINT64_C(0x5555555555555555)) | (word & UINT64_C(0x5555555555555555)) << 1;
	word = (word >> 2 & UINT64_C(0x3333333333333333)) | (word & UINT64_C(0x3333333333333333)) << 2;
	return (word >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f)) |
	       (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4;
}

uint64_t pagebits_pieces(const struct pagebits *bits)
{
	return div_round_up(bits->count, PAGEBITS_PIECE_BITS);
}

uint64_t pagebits_total(const struct pagebits *bits)
{
	return bits->before ? bits->before[pagebits_pieces(bits)] : 0;
}

struct err *pagebits_read(const struct pagebits *bits, uint64_t piece, uint8_t *ret)
{
	uint64_t first = piece * PAGEBITS_PIECE_BITS;
	uint64_t here = min_u64(bits->count - first, PAGEBITS_PIECE_BITS);
	uint64_t word;
	size_t i;

	memset(ret, 0, PAGEBITS_PIECE);
	TRY(source_read(bits->src, bits->offset + piece * PAGEBITS_PIECE, ret,
			(size_t)div_round_up(here, 8)));
	for (i = 0; bits->order == PAGEBITS_MSB_FIRST && i < PAGEBITS_PIECE; i += sizeof(word)) {
		memcpy(&word, ret + i, sizeof(word));
		word = reverse_bytes_bits(word);
		memcpy(ret + i, &word, sizeof(word));
	}
	if (here % 8)
		ret[here / 8] &= (uint8_t)((1u << here % 8) - 1);
	return NULL;
}

static struct err *count_pieces(struct pagebits *bits)
{
	uint64_t piece, pieces = pagebits_pieces(bits);
	uint64_t buf[PAGEBITS_PIECE / sizeof(uint64_t)];

	for (piece = 0; piece < pieces; piece++) {
		TRY(pagebits_read(bits, piece, (uint8_t *)buf));
		bits->before[piece + 1] = bits->before[piece] +
					  bits_count(buf, 0, PAGEBITS_PIECE_BITS);
	}
	return NULL;
}

struct err *pagebits_init(struct pagebits *bits, struct source *src, uint64_t offset,
			  uint64_t count, enum pagebits_order order)
{
	*bits = (struct pagebits){ .src = src, .offset = offset, .count = count, .order = order };
	/* Before anything is allocated: the count is the file's word. */
	if (!range_fits(offset, div_round_up(count, 8), src->size))
		return err_lost;
	bits->before = calloc(pagebits_pieces(bits) + 1, sizeof(*bits->before));
	if (!bits->before)
		return err_nomem;
	return count_pieces(bits);
}

void pagebits_deinit(struct pagebits *bits)
{
	free(bits->before);
	bits->before = NULL;
}

/* The lowest @n pfns of a byte. */
static unsigned int mask_below(enum pagebits_order order, unsigned int n)
{
	return order == PAGEBITS_MSB_FIRST ? (0xff00u >> n) & 0xff : (1u << n) - 1;
}

struct err *pagebits_find(const struct pagebits *bits, uint64_t pfn, bool *set, uint64_t *below)
{
	uint64_t piece = pfn / PAGEBITS_PIECE_BITS, at = pfn % PAGEBITS_PIECE_BITS;
	uint64_t buf[PAGEBITS_PIECE / sizeof(uint64_t)];
	unsigned int bit = at & 7, byte;
	uint64_t whole = at & ~UINT64_C(7);

	TRY(source_read(bits->src, bits->offset + piece * PAGEBITS_PIECE, buf, at / 8 + 1));
	byte = ((const uint8_t *)buf)[at / 8];
	*set = byte & (mask_below(bits->order, bit + 1) & ~mask_below(bits->order, bit));
	*below = bits->before[piece] + bits_count(buf, 0, whole) +
		 (unsigned int)__builtin_popcount(byte & mask_below(bits->order, bit));
	return NULL;
}
