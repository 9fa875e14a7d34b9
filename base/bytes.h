/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integers in the byte order and word size of the dump.
 *
 * A dump's byte order and word size are run-time values; structs of a dump
 * are never overlaid on host structs. All pointers may be unaligned.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum byte_order { ORDER_LITTLE, ORDER_BIG };

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define ORDER_HOST ORDER_LITTLE
#else
#define ORDER_HOST ORDER_BIG
#endif

static inline uint16_t get_u16(const void *p, enum byte_order order)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return order == ORDER_HOST ? v : __builtin_bswap16(v);
}

static inline uint32_t get_u32(const void *p, enum byte_order order)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return order == ORDER_HOST ? v : __builtin_bswap32(v);
}

static inline uint64_t get_u64(const void *p, enum byte_order order)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return order == ORDER_HOST ? v : __builtin_bswap64(v);
}

/* An unsigned long of the dumped kernel: @width is 4 or 8 bytes. */
static inline uint64_t get_word(const void *p, unsigned int width, enum byte_order order)
{
	return width == 8 ? get_u64(p, order) : get_u32(p, order);
}

static inline void put_u16(void *p, uint16_t v, enum byte_order order)
{
	v = order == ORDER_HOST ? v : __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_u32(void *p, uint32_t v, enum byte_order order)
{
	v = order == ORDER_HOST ? v : __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_u64(void *p, uint64_t v, enum byte_order order)
{
	v = order == ORDER_HOST ? v : __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_word(void *p, uint64_t v, unsigned int width, enum byte_order order)
{
	if (width == 8)
		put_u64(p, v, order);
	else
		put_u32(p, (uint32_t)v, order);
}

#endif
