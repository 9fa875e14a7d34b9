/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of pages for tests of compressors. */
#ifndef TESTS_UNIT_PAGEFILL_H
#define TESTS_UNIT_PAGEFILL_H

#include <stdbool.h>
#include <string.h>

#include "tests/unit/random.h"

/* @kinds values in @len bytes of @page, partly (@copies percent) copies of what is some way before. */
static inline void page_fill(uint8_t *page, uint64_t *seed, size_t len, uint64_t kinds, uint64_t copies)
{
	for (size_t at = 0; at < len;) {
		size_t n = 1 + random_below(seed, 1u << random_below(seed, 10));
		size_t distance = 1 + random_below(seed, at + 1);
		bool copy = at && random_below(seed, 100) < copies;

		for (; n && at < len; n--, at++)
			page[at] = copy && distance <= at ? page[at - distance] :
							    (uint8_t)random_below(seed, kinds);
	}
}

/* 4096 bytes of small numbers, and of pointers as x86_64 kernels have them. */
static inline void page_fill_words(uint8_t *page, uint64_t *seed)
{
	for (size_t i = 0; i < 4096; i += 8) {
		uint64_t word = random_below(seed, 4) ?
			random_below(seed, 1u << random_below(seed, 12)) :
			UINT64_C(0xffff888000000000) + 64 * random_below(seed, 4096);

		memcpy(page + i, &word, 8);
	}
}

#endif
