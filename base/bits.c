// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/bits.h"

#include <endian.h>
#include <string.h>

/* Bits 64 * word .. 64 * word + 63, the lowest in bit 0, whatever the host's order. */
static uint64_t load_word(const void *bits, uint64_t word)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)bits + word * 8, sizeof(v));
	return le64toh(v);
}

static void store_word(void *bits, uint64_t word, uint64_t v)
{
	v = htole64(v);
	memcpy((uint8_t *)bits + word * 8, &v, sizeof(v));
}

/* The bits of @word that lie in [from, to); @word must hold at least one of them. */
static uint64_t word_mask(uint64_t word, uint64_t from, uint64_t to)
{
	uint64_t mask = ~0ull;

	if (word == from / 64)
		mask <<= from % 64;
	if (word == (to - 1) / 64)
		mask &= ~0ull >> (63 - (to - 1) % 64);
	return mask;
}

void bits_set_range(void *bits, uint64_t from, uint64_t to)
{
	if (from >= to)
		return;
	for (uint64_t word = from / 64; word <= (to - 1) / 64; word++)
		store_word(bits, word, load_word(bits, word) | word_mask(word, from, to));
}

void bits_clear_range(void *bits, uint64_t from, uint64_t to)
{
	if (from >= to)
		return;
	for (uint64_t word = from / 64; word <= (to - 1) / 64; word++)
		store_word(bits, word, load_word(bits, word) & ~word_mask(word, from, to));
}

uint64_t bits_count(const void *bits, uint64_t from, uint64_t to)
{
	uint64_t count = 0;

	if (from >= to)
		return 0;
	for (uint64_t word = from / 64; word <= (to - 1) / 64; word++)
		count += (uint64_t)__builtin_popcountll(load_word(bits, word) &
							word_mask(word, from, to));
	return count;
}

/* First bit in [from, to) that differs from the bits of @flip (all ones or all zeros). */
static uint64_t next_bit(const void *bits, uint64_t from, uint64_t to, uint64_t flip)
{
	if (from >= to)
		return to;
	for (uint64_t word = from / 64; word <= (to - 1) / 64; word++) {
		uint64_t v = (load_word(bits, word) ^ flip) & word_mask(word, from, to);

		if (v)
			return word * 64 + (uint64_t)__builtin_ctzll(v);
	}
	return to;
}

uint64_t bits_next_set(const void *bits, uint64_t from, uint64_t to)
{
	return next_bit(bits, from, to, 0);
}

uint64_t bits_next_clear(const void *bits, uint64_t from, uint64_t to)
{
	return next_bit(bits, from, to, ~0ull);
}
