/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bitmap of page frames inside a dump file, asked without holding it.
 *
 * What stays in memory is one count per PAGEBITS_PIECE bytes of bitmap (2 MiB
 * for 16 TiB of 4 KiB pages); the bits are read from the file when they are
 * asked for. Safe for use by several threads at once.
 */
#ifndef INPUT_PAGEBITS_H
#define INPUT_PAGEBITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"

#define PAGEBITS_PIECE 4096u	/* bytes of bitmap between two counts */
#define PAGEBITS_PIECE_BITS (UINT64_C(8) * PAGEBITS_PIECE)

/* Which bit of a byte is the lowest pfn. */
enum pagebits_order {
	PAGEBITS_LSB_FIRST,	/* pfn p: mask 1 << (p % 8), as in kdump-compressed files */
	PAGEBITS_MSB_FIRST,	/* pfn p: mask 0x80 >> (p % 8), as in sadump files */
};

struct pagebits {
	struct source *src;	/* borrowed */
	uint64_t offset;	/* of the bitmap in src */
	uint64_t count;		/* pfns: bits from here on do not count, whatever they are */
	enum pagebits_order order;
	uint64_t *before;	/* set bits before each piece, and one more: all of them */
};

/*
 * The bitmap of @count pfns at @offset of @src, which is read once, by pieces.
 * ERR_LOST when the file ends inside it. pagebits_deinit() in either case.
 */
struct err *pagebits_init(struct pagebits *bits, struct source *src, uint64_t offset,
			  uint64_t count, enum pagebits_order order)
	__attribute__((warn_unused_result));
/* A zero-filled struct is fine. */
void pagebits_deinit(struct pagebits *bits);

/* Number of set bits. */
uint64_t pagebits_total(const struct pagebits *bits);

/* Number of pieces; the last one may end before PAGEBITS_PIECE bytes are full. */
uint64_t pagebits_pieces(const struct pagebits *bits);

/*
 * Piece @piece as an array of base/bits.h, lowest pfn first, zeros from
 * bits->count on; @ret has PAGEBITS_PIECE bytes.
 */
struct err *pagebits_read(const struct pagebits *bits, uint64_t piece, uint8_t *ret)
	__attribute__((warn_unused_result));

/* Whether @pfn (< bits->count) is set, and how many are below it. */
struct err *pagebits_find(const struct pagebits *bits, uint64_t pfn, bool *set, uint64_t *below)
	__attribute__((warn_unused_result));

#endif
