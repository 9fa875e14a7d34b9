// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/huffman.h"

#include <string.h>

/* A used symbol while sorting: the frequency above, the symbol in the low bits. */
#define SYMBOL_BITS 9
#define SYMBOL_MASK ((1u << SYMBOL_BITS) - 1)
#define DIGIT_BITS 6		/* most pages have no frequency of two digits' length and more */
#define DIGITS (1u << DIGIT_BITS)

/* One pass of a radix sort by the digit at @shift; stable. */
static void sort_pass(const uint32_t *from, uint32_t *to, unsigned int used, unsigned int shift)
{
	uint16_t start[DIGITS + 1] = { 0 };
	unsigned int i;

	for (i = 0; i < used; i++)
		start[(from[i] >> shift & (DIGITS - 1)) + 1]++;
	for (i = 1; i < DIGITS; i++)
		start[i] = (uint16_t)(start[i] + start[i - 1]);
	for (i = 0; i < used; i++)
		to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* The used symbols by ascending frequency, in one of the two arrays; returns how many. */
static unsigned int sort_symbols(const uint32_t *freq, unsigned int count,
				 uint32_t arrays[2][HUFFMAN_SYMBOLS_MAX], uint32_t **ret)
{
	uint32_t *sorted = arrays[0], *spare = arrays[1], *swap, all = 0;
	unsigned int i, used = 0, shift;

	for (i = 0; i < count; i++) {
		if (freq[i]) {
			sorted[used++] = freq[i] << SYMBOL_BITS | i;
			all |= freq[i];
		}
	}
	for (shift = 0; shift < 32 && all >> shift; shift += DIGIT_BITS) {
		sort_pass(sorted, spare, used, SYMBOL_BITS + shift);
		swap = sorted;
		sorted = spare;
		spare = swap;
	}
	*ret = sorted;
	return used;
}

/*
 * Depths of the leaves of a Huffman tree, in place: the weights @w ascend, at
 * least two. The method is that of Moffat and Katajainen, "In-Place Calculation
 * of Minimum-Redundancy Codes" (1995): weights become parent links, links
 * become depths of inner nodes, those give the number of leaves per depth.
 */
static void leaf_depths(uint32_t *w, unsigned int n, uint16_t *per_depth, unsigned int limit)
{
	unsigned int root = 0, leaf = 0, next, depth, inner, open = 1;
	int i;

	for (next = 0; next + 1 < n; next++) {
		uint32_t sum = 0;

		for (unsigned int k = 0; k < 2; k++) {
			if (leaf >= n || (root < next && w[root] < w[leaf])) {
				sum += w[root];
				w[root++] = next;
			} else {
				sum += w[leaf++];
			}
		}
		w[next] = sum;
	}
	w[n - 2] = 0;
	for (i = (int)n - 3; i >= 0; i--)
		w[i] = w[w[i]] + 1;
	/* Inner nodes stand in order of descending depth; what a level has beside them is leaves. */
	i = (int)n - 2;
	for (depth = 0; open; depth++) {
		for (inner = 0; i >= 0 && w[i] == depth; i--)
			inner++;
		per_depth[depth < limit ? depth : limit] =
			(uint16_t)(per_depth[depth < limit ? depth : limit] + open - inner);
		open = 2 * inner;
	}
}

/*
 * Leaves deeper than @limit were put at @limit, which is too many: each step
 * makes a leaf higher up an inner node, with itself and one of the lowest
 * level below it, and so frees one place there.
 */
static void limit_depths(uint16_t *per_depth, unsigned int limit)
{
	uint32_t taken = 0, places = 1u << limit;
	unsigned int depth;

	for (depth = 1; depth <= limit; depth++)
		taken += (uint32_t)per_depth[depth] << (limit - depth);
	for (; taken > places; taken--) {
		for (depth = limit - 1; !per_depth[depth]; depth--)
			;
		per_depth[depth]--;
		per_depth[depth + 1] = (uint16_t)(per_depth[depth + 1] + 2);
		per_depth[limit]--;
	}
}

static uint16_t reverse(unsigned int code, unsigned int bits)
{
	code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
	code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
	code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
	code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
	return (uint16_t)(code >> (16 - bits));
}

void huffman_assign(struct huffman_code *codes, unsigned int count)
{
	uint16_t per_length[HUFFMAN_BITS_MAX + 1] = { 0 };
	unsigned int next[HUFFMAN_BITS_MAX + 1], i, code = 0;

	for (i = 0; i < count; i++)
		per_length[codes[i].bits]++;
	per_length[0] = 0;
	for (i = 1; i <= HUFFMAN_BITS_MAX; i++) {
		code = (code + per_length[i - 1]) << 1;
		next[i] = code;
	}
	for (i = 0; i < count; i++)
		if (codes[i].bits)
			codes[i].code = reverse(next[codes[i].bits]++, codes[i].bits);
}

void huffman_lengths(const uint32_t *freq, unsigned int count, unsigned int limit,
		     struct huffman_code *codes)
{
	uint32_t arrays[2][HUFFMAN_SYMBOLS_MAX], *sorted, *weights;
	uint16_t per_depth[HUFFMAN_BITS_MAX + 1] = { 0 };
	unsigned int i, used = sort_symbols(freq, count, arrays, &sorted), bits;

	memset(codes, 0, count * sizeof(*codes));
	if (!used)
		return;
	if (used == 1) {
		per_depth[1] = 1;
	} else {
		weights = sorted == arrays[0] ? arrays[1] : arrays[0];
		for (i = 0; i < used; i++)
			weights[i] = sorted[i] >> SYMBOL_BITS;
		leaf_depths(weights, used, per_depth, limit);
		limit_depths(per_depth, limit);
	}
	/* The rarest symbols get the longest codes. */
	for (i = 0, bits = limit; bits; bits--)
		for (unsigned int k = per_depth[bits]; k; k--, i++)
			codes[sorted[i] & SYMBOL_MASK].bits = (uint8_t)bits;
}

void huffman_build(const uint32_t *freq, unsigned int count, unsigned int limit,
		   struct huffman_code *codes)
{
	huffman_lengths(freq, count, limit, codes);
	huffman_assign(codes, count);
}
