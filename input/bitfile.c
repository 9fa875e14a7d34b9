/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input/bitfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"

/* A table of more entries than this gets larger pieces. */
#define PIECES_MAX (UINT64_C(1) << 20)

#define CHUNK_BYTES ((size_t)(BITFILE_CHUNK / 8))
#define SCAN_BYTES ((size_t)1 << 18)

/* Bits that a search for the next run reads first: runs may be many and short. */
#define FIRST_BITS UINT64_C(512)

/* Bits of each byte in the other order; @len is rounded up to whole words, which are there. */
static void reverse_bits(uint8_t *bytes, size_t len)
{
	static const uint64_t ones = 0x5555555555555555, twos = 0x3333333333333333,
			      fours = 0x0f0f0f0f0f0f0f0f;
	uint64_t word;

	for (size_t i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		word = (word >> 1 & ones) | (word & ones) << 1;
		word = (word >> 2 & twos) | (word & twos) << 2;
		word = (word >> 4 & fours) | (word & fours) << 4;
		memcpy(bytes + i, &word, sizeof(word));
	}
}

/* Bytes [first, first + len) of the bitmap, both joined; @spare has @len bytes, too. */
static struct err *read_bytes(const struct bitfile_place *at, uint64_t first, uint8_t *buf,
			      uint8_t *spare, size_t len, uint64_t *stray)
{
	TRY(source_read(at->src, at->off + first, buf, len));
	if (at->also == at->off)
		return NULL;
	TRY(source_read(at->src, at->also + first, spare, len));
	for (size_t i = 0; i < len; i++) {
		if (stray)
			*stray += (uint64_t)__builtin_popcount(spare[i] & ~buf[i]);
		buf[i] |= spare[i];
	}
	return NULL;
}

/* Clear what of bits [from, from + count) is outside of the limits. */
static void clip(const struct bitfile_place *at, uint64_t from, uint64_t count, uint8_t *bits)
{
	if (from < at->first)
		bits_clear_range(bits, 0, min_u64(at->first - from, count));
	if (from + count > at->end)
		bits_clear_range(bits, at->end > from ? at->end - from : 0, count);
}

/*
 * Bits of chunk-sized or smaller [from, to), @from a multiple of 8. @buf has
 * SCAN_BYTES or CHUNK_BYTES, and so has @spare.
 */
static struct err *load(const struct bitfile *bf, uint64_t from, uint64_t to, uint8_t *buf,
			uint8_t *spare, uint64_t *stray)
{
	size_t len = (size_t)div_round_up(to - from, 8);

	TRY(read_bytes(&bf->at, from / 8, buf, spare, len, stray));
	/* Functions of base/bits work on whole words. */
	memset(buf + len, 0, (8 - len % 8) % 8);
	if (bf->at.msb_first)
		reverse_bits(buf, len);
	clip(&bf->at, from, round_up(len, 8) * 8, buf);
	bits_clear_range(buf, to - from, round_up(to - from, 64));
	return NULL;
}

static struct err *count_pieces(struct bitfile *bf, uint8_t *buf, uint8_t *spare)
{
	uint64_t scan = min_u64(SCAN_BYTES * 8, UINT64_C(1) << bf->piece_shift);
	uint64_t end = bf->at.end, total = 0;

	for (uint64_t piece = 0; piece < bf->pieces; piece++) {
		uint64_t at = piece << bf->piece_shift;
		uint64_t to = min_u64(at + (UINT64_C(1) << bf->piece_shift), end), n;

		for (bf->before[piece] = total; at < to; at += n) {
			n = min_u64(scan, to - at);
			TRY(load(bf, at, at + n, buf, spare, &bf->stray));
			total += bits_count(buf, 0, n);
		}
	}
	bf->before[bf->pieces] = total;
	return NULL;
}

struct err *bitfile_open(const struct bitfile_place *place, struct bitfile *ret)
{
	struct bitfile bf = { .at = *place, .piece_shift = BITFILE_CHUNK_SHIFT };
	uint8_t *buf = malloc(2 * SCAN_BYTES);
	struct err *e = err_nomem;

	while (place->end >> bf.piece_shift >= PIECES_MAX)
		bf.piece_shift++;
	bf.pieces = place->end ? ((place->end - 1) >> bf.piece_shift) + 1 : 0;
	bf.before = calloc((size_t)bf.pieces + 1, sizeof(*bf.before));
	if (buf && bf.before)
		e = count_pieces(&bf, buf, buf + SCAN_BYTES);
	free(buf);
	if (e) {
		free(bf.before);
		return e;
	}
	*ret = bf;
	return NULL;
}

void bitfile_close(struct bitfile *bf)
{
	free(bf->before);
	*bf = (struct bitfile){ 0 };
}

uint64_t bitfile_total(const struct bitfile *bf)
{
	return bf->before ? bf->before[bf->pieces] : 0;
}

struct err *bitfile_read(const struct bitfile *bf, uint64_t from, uint64_t to, void *bits)
{
	uint8_t spare[CHUNK_BYTES], *out = bits;
	uint64_t inside = min_u64(to, max_u64(from, round_up(bf->at.end, 8))), n;

	memset(bits, 0, (size_t)round_up(div_round_up(to - from, 8), 8));
	for (uint64_t at = from; at < inside; at += n, out += n / 8) {
		n = min_u64(BITFILE_CHUNK, inside - at);
		TRY(load(bf, at, at + n, out, spare, NULL));
	}
	return NULL;
}

/* A run being put together; start == end: none yet. */
static bool run_add(struct range *run, uint64_t start, uint64_t end)
{
	if (run->start == run->end)
		run->start = start;
	else if (start != run->end)
		return false;
	run->end = end;
	return true;
}

/* Go on with the run through [from, to) of one chunk; *done when it ends there. */
static struct err *next_in_chunk(const struct bitfile *bf, uint64_t from, uint64_t to,
				 struct range *run, bool *done)
{
	uint64_t base = from & ~UINT64_C(63), set, clear;
	uint8_t spare[CHUNK_BYTES];
	uint64_t words[BITFILE_CHUNK / 64];

	TRY(load(bf, base, to, (uint8_t *)words, spare, NULL));
	set = base + bits_next_set(words, from - base, to - base);
	if (set == to) {
		*done = run->start != run->end;
		return NULL;
	}
	clear = base + bits_next_clear(words, set - base, to - base);
	*done = !run_add(run, set, clear) || clear < to;
	return NULL;
}

/* The same through one piece, from its table entry where that says all. */
static struct err *next_in_piece(const struct bitfile *bf, uint64_t from, uint64_t to,
				 struct range *run, bool *done)
{
	uint64_t piece = from >> bf->piece_shift, end;
	uint64_t count = bf->before[piece + 1] - bf->before[piece];

	if (!count) {
		*done = run->start != run->end;
		return NULL;
	}
	if (count == UINT64_C(1) << bf->piece_shift) {
		*done = !run_add(run, from, to);
		return NULL;
	}
	for (uint64_t step = FIRST_BITS; from < to && !*done; from = end) {
		end = min_u64(to, round_down(from, step) + step);
		TRY(next_in_chunk(bf, from, end, run, done));
		step = min_u64(2 * step, BITFILE_CHUNK);
	}
	return NULL;
}

struct err *bitfile_next(const struct bitfile *bf, uint64_t from, uint64_t to, struct range *ret,
			 bool *found)
{
	struct range run = { 0, 0 };
	bool done = false;
	uint64_t end;

	from = max_u64(from, bf->at.first);
	to = min_u64(to, bf->at.end);
	for (; from < to && !done; from = end) {
		end = min_u64(to, ((from >> bf->piece_shift) + 1) << bf->piece_shift);
		TRY(next_in_piece(bf, from, end, &run, &done));
	}
	*found = run.start != run.end;
	if (*found)
		*ret = run;
	return NULL;
}

void bitfile_cursor_init(struct bitfile_cursor *cursor, const struct bitfile *bf)
{
	cursor->bitfile = bf;
	cursor->chunk = UINT64_MAX;
}

/* Bits set in [piece's start, first bit of @chunk), where a piece has several chunks. */
static struct err *count_to_chunk(struct bitfile_cursor *cursor, uint64_t chunk, uint64_t *ret)
{
	const struct bitfile *bf = cursor->bitfile;
	uint64_t piece = (chunk << BITFILE_CHUNK_SHIFT) >> bf->piece_shift;
	uint64_t at = (piece << bf->piece_shift) >> BITFILE_CHUNK_SHIFT;

	*ret = bf->before[piece];
	for (; at < chunk; at++) {
		TRY(bitfile_read(bf, at * BITFILE_CHUNK, (at + 1) * BITFILE_CHUNK, cursor->words));
		*ret += bits_count(cursor->words, 0, BITFILE_CHUNK);
	}
	return NULL;
}

struct err *bitfile_cursor_get(struct bitfile_cursor *cursor, uint64_t i, bool *set, uint64_t *rank)
{
	const struct bitfile *bf = cursor->bitfile;
	uint64_t chunk = i >> BITFILE_CHUNK_SHIFT, first = chunk << BITFILE_CHUNK_SHIFT;

	if (i < bf->at.first || i >= bf->at.end) {
		*set = false;
		*rank = i < bf->at.first ? 0 : bitfile_total(bf);
		return NULL;
	}
	if (chunk != cursor->chunk) {
		cursor->chunk = UINT64_MAX;
		TRY(count_to_chunk(cursor, chunk, &cursor->rank));
		TRY(bitfile_read(bf, first, first + BITFILE_CHUNK, cursor->words));
		cursor->chunk = chunk;
		cursor->last = first;
	}
	if (i >= cursor->last)
		cursor->rank += bits_count(cursor->words, cursor->last - first, i - first);
	else
		cursor->rank -= bits_count(cursor->words, i - first, cursor->last - first);
	cursor->last = i;
	*set = bits_test(cursor->words, i - first);
	*rank = cursor->rank;
	return NULL;
}
