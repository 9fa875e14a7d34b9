/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bitmap in a file, one bit per page, too large to hold in memory.
 *
 * In memory is a table of how many bits are set below each piece, of a size
 * that does not grow with the bitmap beyond 8 MiB. It answers for pieces
 * without any bit and pieces full of them, which most are; others are read
 * when asked for. Bit i is byte i / 8, mask 1 << (i % 8).
 */
#ifndef INPUT_BITFILE_H
#define INPUT_BITFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"
#include "base/ranges.h"

#define BITFILE_CHUNK_SHIFT 15
#define BITFILE_CHUNK (UINT64_C(1) << BITFILE_CHUNK_SHIFT)	/* bits read at a time: 4 KiB */

/* Where the bits are. */
struct bitfile_place {
	struct source *src;	/* borrowed */
	uint64_t off;		/* of bit 0, in bytes */
	uint64_t also;		/* of another bitmap that is joined with it; the same as off: none */
	uint64_t first, end;	/* bits outside of [first, end) read as clear */
};

/* Read-only after bitfile_open(); any number of threads may use it. */
struct bitfile {
	struct bitfile_place at;
	unsigned int piece_shift;	/* log2 of the bits of a piece, at least BITFILE_CHUNK_SHIFT */
	uint64_t pieces;
	uint64_t *before;		/* [pieces + 1]: bits set below piece i */
	uint64_t stray;			/* bits set only in the bitmap at place.also */
};

/* Read all of it once. The caller has checked that it lies inside the source. */
struct err *bitfile_open(const struct bitfile_place *place, struct bitfile *ret)
	__attribute__((warn_unused_result));
/* A zero-filled bitfile is fine. */
void bitfile_close(struct bitfile *bitfile);

/* Set bits in all of it. */
uint64_t bitfile_total(const struct bitfile *bitfile);

/* Next run of set bits in [from, to), clipped to it. */
struct err *bitfile_next(const struct bitfile *bitfile, uint64_t from, uint64_t to,
			 struct range *ret, bool *found) __attribute__((warn_unused_result));

/*
 * Bits [from, to) into @bits, which has room for them in whole 64-bit words;
 * @from is a multiple of 8. Bits of the last word behind @to are clear.
 */
struct err *bitfile_read(const struct bitfile *bitfile, uint64_t from, uint64_t to, void *bits)
	__attribute__((warn_unused_result));

/* One reader's place in a bitfile: asking in ascending order is cheap. One thread. */
struct bitfile_cursor {
	const struct bitfile *bitfile;
	uint64_t chunk;			/* number of the one in words; UINT64_MAX: none */
	uint64_t last, rank;		/* bits set below bit last of the bitfile, in this chunk */
	uint64_t words[BITFILE_CHUNK / 64];
};

void bitfile_cursor_init(struct bitfile_cursor *cursor, const struct bitfile *bitfile);

/* Whether bit @i is set, and how many are set below it. */
struct err *bitfile_cursor_get(struct bitfile_cursor *cursor, uint64_t i, bool *set,
			       uint64_t *rank) __attribute__((warn_unused_result));

#endif
