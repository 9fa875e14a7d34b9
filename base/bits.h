/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit arrays in memory: bit i is byte i / 8, mask 1 << (i % 8), on every host.
 *
 * That is the order of the bitmaps in a kdump-compressed file, so an array can
 * be written out as it is. Memory belongs to the caller and is a multiple of
 * 8 bytes long and 8-byte aligned; no function checks bounds.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool bits_test(const void *bits, uint64_t i)
{
	return ((const uint8_t *)bits)[i >> 3] >> (i & 7) & 1;
}

static inline void bits_set(void *bits, uint64_t i)
{
	((uint8_t *)bits)[i >> 3] |= (uint8_t)(1u << (i & 7));
}

/* Set or clear bits [from, to). */
void bits_set_range(void *bits, uint64_t from, uint64_t to);
void bits_clear_range(void *bits, uint64_t from, uint64_t to);

/* Number of set bits in [from, to). */
uint64_t bits_count(const void *bits, uint64_t from, uint64_t to);

/* First set (clear) bit in [from, to), or @to when there is none. */
uint64_t bits_next_set(const void *bits, uint64_t from, uint64_t to);
uint64_t bits_next_clear(const void *bits, uint64_t from, uint64_t to);

#endif
