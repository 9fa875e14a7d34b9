// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The zero test runs over every page that stays, so it reads a block of fixed
 * size without a branch; a page with data usually ends the test in its first
 * block. Four sums keep the loads independent of each other.
 */
#include "output/zero.h"

#include <stdint.h>
#include <string.h>

/* 16 bytes are a register on every 64-bit machine; elsewhere the compiler splits them. */
typedef uint64_t vec __attribute__((vector_size(16)));

#define BLOCK 256

static inline vec vec_at(const uint8_t *p)
{
	vec v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool block_is_zero(const uint8_t *p)
{
	vec a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	unsigned int i;

	for (i = 0; i < BLOCK; i += 64) {
		a |= vec_at(p + i);
		b |= vec_at(p + i + 16);
		c |= vec_at(p + i + 32);
		d |= vec_at(p + i + 48);
	}
	a |= b | c | d;
	return !(a[0] | a[1]);
}

bool is_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len >= BLOCK; p += BLOCK, len -= BLOCK) {
		if (!block_is_zero(p))
			return false;
	}
	for (; len; p++, len--) {
		if (*p)
			return false;
	}
	return true;
}
