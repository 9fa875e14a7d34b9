/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bitmap of pages worth dumping that a kernel keeps for the case of its
 * crash: struct crash_dump_bitmap_info (RFC "crash dump bitmap", 2013-03; in no
 * released kernel, so a module may have it as well).
 *
 * Bit n of the bitmap, in byte n / 8 with mask 1 << (n % 8), is 0 when page frame
 * n may be left out. The kernel counts by class what it left out; which page is of
 * which class, and at what level it chose, it does not say.
 */
#ifndef KERNEL_CRASH_BITMAP_H
#define KERNEL_CRASH_BITMAP_H

#include "facts/types.h"
#include "kernel/kernel.h"

enum crash_bitmap_counter {
	CRASH_BITMAP_CACHE,
	CRASH_BITMAP_CACHE_PRIVATE,
	CRASH_BITMAP_USER,
	CRASH_BITMAP_FREE,
	CRASH_BITMAP_HWPOISON,
	CRASH_BITMAP_COUNTERS,
};

struct crash_bitmap {
	const struct kernel *kernel;	/* borrowed */
	uint64_t pa;			/* physical address */
	uint64_t bytes;			/* all of it is in the dump */
	uint64_t pfns;			/* page frames below this have a bit; at most max_mapnr */
	uint64_t pages[CRASH_BITMAP_COUNTERS];	/* left out, as the kernel counted */
	struct range own;		/* pfns that hold the bitmap */
	uint64_t info[2];		/* pfns that hold the struct's first and last byte */
};

/*
 * Find and check the struct: everything but whether the counters fit the bits. @types NULL: that
 * of a module is not found. ERR_NOT_FOUND: this kernel has none. Other errors but ERR_NOMEM say why it cannot be
 * used, with field and value; then the caller does without.
 */
struct err *crash_bitmap_read(struct kreader *reader, const struct types *types,
			      struct crash_bitmap *ret)
	__attribute__((warn_unused_result));

/* Name of a counter as a field of the struct, static: "user_pages". */
const char *crash_bitmap_counter_name(enum crash_bitmap_counter counter);

/* All that the kernel counted. */
uint64_t crash_bitmap_total(const struct crash_bitmap *bitmap);

/* How many bits of all are 0, for pages of this dump or not; errors are those of reading. */
struct err *crash_bitmap_count_zero(const struct crash_bitmap *bitmap, struct dump_view *view,
				    uint64_t *ret) __attribute__((warn_unused_result));

/* Page frames whose bits are read together. */
#define CRASH_BITMAP_PIECE UINT64_C(32768)

/* Bits of [first, first + CRASH_BITMAP_PIECE); @first is a multiple of that. */
struct crash_bitmap_piece {
	uint64_t first;			/* UINT64_MAX: none is loaded */
	uint64_t bits[CRASH_BITMAP_PIECE / 64];
};

/*
 * Load the bits around @pfn, unless they are there. Set are also those of pages without a
 * bit and of pages that hold the bitmap or the struct. After an error none is loaded.
 */
struct err *crash_bitmap_load(const struct crash_bitmap *bitmap, struct dump_view *view,
			      uint64_t pfn, struct crash_bitmap_piece *piece)
	__attribute__((warn_unused_result));

#endif
