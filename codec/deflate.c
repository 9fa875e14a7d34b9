// SPDX-License-Identifier: GPL-2.0-or-later
/* Section numbers are those of RFC 1951. */
#include "codec/deflate.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "codec/bit_writer.h"
#include "codec/huffman.h"

/*
 * Measured on kept pages of x86_64 dumps (docs/performance-notes.md): more
 * bits or a longer chain cost more time than they save bytes.
 */
#define HASH_BITS 13
#define CHAIN 3			/* earlier places looked at for a match */
#define MATCH_MIN 3
#define HASHED 4		/* bytes read to hash a place, the last one not used */
#define MATCH_MAX 258
#define MATCH_NICE 32		/* good enough to look no further */
/* Of a longer match only the last place is entered: the others would push out older ones. */
#define ENTER_ALL_MAX 4
#define NOISE SIZE_MAX		/* instead of a number of tokens */
#define DISTANCE_MAX 32768

/* 3.2.5, 3.2.7 */
#define END_OF_BLOCK 256
#define LITLENS 286
#define LITLENS_FIXED 288
#define DISTANCES 30
#define LENGTH_LENGTHS 19
#define LENGTH_LIMIT 7
#define STREAM_HEADER 0x7801	/* RFC 1950: 32 KiB window, fastest; big-endian */
#define ADLER_BASE 65521

struct coding {
	struct huffman_code litlen[LITLENS_FIXED];
	struct huffman_code distance[DISTANCES];
};

/* A run-length coded row of code lengths, 3.2.7. */
struct length_row {
	uint8_t symbol[LITLENS + DISTANCES];
	uint8_t extra[LITLENS + DISTANCES];
	unsigned int count;
	unsigned int litlens, distances;	/* how many lengths of each it has */
	uint32_t freq[LENGTH_LENGTHS];
	struct huffman_code codes[LENGTH_LENGTHS];
	unsigned int codes_sent;		/* of them, in the order of 3.2.7 */
};

struct deflate {
	uint16_t head[1u << HASH_BITS];		/* hash to the last place that has it; 0 is also "none" */
	uint16_t prev[DEFLATE_LEN_MAX];		/* place to the one before with the same hash */
	uint32_t tokens[DEFLATE_LEN_MAX];	/* literal: its byte; match: length << 16 | distance */
	uint32_t litlen_freq[LITLENS];
	uint32_t distance_freq[DISTANCES];
	uint8_t length_symbol[MATCH_MAX + 1];	/* minus 257 */
	uint64_t extra_bits;			/* of all lengths and distances */
	struct coding fixed, own;
	struct length_row row;
};

static const uint16_t length_base[] = {
	3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
	131, 163, 195, 227, 258,
};

static const uint8_t length_extra[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
};

/* The order in which lengths of length codes are written, 3.2.7. */
static const uint8_t length_order[LENGTH_LENGTHS] = {
	16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
};

/* 3.2.6 */
static void make_fixed(struct coding *fixed)
{
	unsigned int i;

	for (i = 0; i < LITLENS_FIXED; i++)
		fixed->litlen[i].bits = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	huffman_assign(fixed->litlen, LITLENS_FIXED);
	for (i = 0; i < DISTANCES; i++)
		fixed->distance[i].bits = 5;
	huffman_assign(fixed->distance, DISTANCES);
}

struct err *deflate_create(struct deflate **ret)
{
	struct deflate *deflate = calloc(1, sizeof(*deflate));
	unsigned int i, len;

	if (!deflate)
		return err_nomem;
	for (i = 0; i < ARRAY_LEN(length_base); i++)
		for (len = length_base[i]; len <= MATCH_MAX; len++)
			deflate->length_symbol[len] = (uint8_t)i;
	make_fixed(&deflate->fixed);
	*ret = deflate;
	return NULL;
}

void deflate_destroy(struct deflate *deflate)
{
	free(deflate);
}

/* Distances come in pairs of symbols per power of two. */
static unsigned int distance_symbol(uint32_t distance)
{
	uint32_t d = distance - 1;
	unsigned int log;

	if (d < 4)
		return d;
	log = log2_floor(d);
	return 2 * log + (d >> (log - 1) & 1);
}

static unsigned int distance_extra(unsigned int symbol)
{
	return symbol < 4 ? 0 : symbol / 2 - 1;
}

/* The first MATCH_MIN of HASHED bytes, as a number. */
static uint32_t start_of(const uint8_t *p)
{
	return get_u32(p, ORDER_LITTLE) << 8;
}

/* The multiplier is 2^32 divided by the golden ratio: neighbours are spread far apart. */
static unsigned int hash_at(const uint8_t *p)
{
	return start_of(p) * 2654435769u >> (32 - HASH_BITS);
}

/* How many bytes at @a and @b, at most @max, are equal. */
static size_t match_length(const uint8_t *a, const uint8_t *b, size_t max)
{
	size_t len = 0;

	for (; len + 8 <= max; len += 8) {
		uint64_t differ = get_u64(a + len, ORDER_LITTLE) ^ get_u64(b + len, ORDER_LITTLE);

		if (differ)
			return len + (unsigned int)__builtin_ctzll(differ) / 8;
	}
	while (len < max && a[len] == b[len])
		len++;
	return len;
}

/* Enter place @at, and return the one before it with the same hash. */
static size_t enter(struct deflate *d, const uint8_t *src, size_t at)
{
	uint16_t *head = &d->head[hash_at(src + at)];

	d->prev[at] = *head;
	*head = (uint16_t)at;
	return d->prev[at];
}

/* The longest match for @at among those that begin with @from; its length, below MATCH_MIN for none. */
static size_t find_match(const struct deflate *d, const uint8_t *src, size_t at, size_t from,
			 size_t max, size_t *ret_distance)
{
	uint32_t first = start_of(src + at);
	size_t best = MATCH_MIN - 1;
	unsigned int left;

	for (left = CHAIN; left && from < at && at - from <= DISTANCE_MAX; left--) {
		if (start_of(src + from) == first && src[from + best] == src[at + best]) {
			size_t len = match_length(src + from, src + at, max);

			if (len > best) {
				best = len;
				*ret_distance = at - from;
				if (len >= MATCH_NICE || len == max)
					break;
			}
		}
		if (d->prev[from] >= from)
			break;
		from = d->prev[from];
	}
	return best;
}

static void count_match(struct deflate *d, size_t len, size_t distance)
{
	unsigned int length = d->length_symbol[len];
	unsigned int symbol = distance_symbol((uint32_t)distance);

	d->litlen_freq[END_OF_BLOCK + 1 + length]++;
	d->distance_freq[symbol]++;
	d->extra_bits += length_extra[length] + distance_extra(symbol);
}

/*
 * After the first @at bytes: is it no use to go on? That is when hardly any
 * was seen before, and all byte values are about as frequent: for bytes at random
 * the squares sum up to at^2 / 256 + at, a quarter more is already 7.7 bits per byte.
 */
static bool is_noise(const struct deflate *d, size_t at, size_t count)
{
	uint64_t sum = 0;
	unsigned int i;

	if (count < at - at / 32)
		return false;
	for (i = 0; i < END_OF_BLOCK; i++)
		sum += (uint64_t)d->litlen_freq[i] * d->litlen_freq[i];
	return sum < (uint64_t)at * at / 205 + at;
}

/* Places inside the match of @n bytes at @at. */
static void enter_match(struct deflate *d, const uint8_t *src, size_t at, size_t n, size_t len)
{
	size_t i;

	for (i = n > ENTER_ALL_MAX ? n - 1 : 1; i < n && at + i + HASHED < len; i++)
		enter(d, src, at + i);
}

/* Cut the page into literals and matches; returns the number of tokens, or NOISE. */
static size_t find_tokens(struct deflate *d, const uint8_t *src, size_t len)
{
	size_t at = 0, count = 0, look = len / 4, from, n, distance = 0;

	memset(d->head, 0, sizeof(d->head));
	memset(d->litlen_freq, 0, sizeof(d->litlen_freq));
	memset(d->distance_freq, 0, sizeof(d->distance_freq));
	d->extra_bits = 0;
	while (at < len) {
		if (at >= look) {
			if (is_noise(d, at, count))
				return NOISE;
			look = len;
		}
		n = 0;
		if (len - at > HASHED) {
			from = enter(d, src, at);
			n = find_match(d, src, at, from, min_u64(len - at, MATCH_MAX), &distance);
		}
		if (n < MATCH_MIN) {
			d->litlen_freq[src[at]]++;
			d->tokens[count++] = src[at++];
			continue;
		}
		count_match(d, n, distance);
		d->tokens[count++] = (uint32_t)n << 16 | (uint32_t)distance;
		enter_match(d, src, at, n, len);
		at += n;
	}
	d->litlen_freq[END_OF_BLOCK] = 1;
	return count;
}

static uint64_t coding_bits(const struct deflate *d, const struct coding *coding)
{
	uint64_t bits = d->extra_bits;
	unsigned int i;

	for (i = 0; i < LITLENS; i++)
		bits += (uint64_t)d->litlen_freq[i] * coding->litlen[i].bits;
	for (i = 0; i < DISTANCES; i++)
		bits += (uint64_t)d->distance_freq[i] * coding->distance[i].bits;
	return bits;
}

static void row_add(struct length_row *row, unsigned int symbol, unsigned int extra)
{
	row->symbol[row->count] = (uint8_t)symbol;
	row->extra[row->count++] = (uint8_t)extra;
	row->freq[symbol]++;
}

/* @n equal lengths. */
static void row_add_run(struct length_row *row, unsigned int bits, unsigned int n)
{
	unsigned int part;

	if (bits) {
		row_add(row, bits, 0);
		n--;
	}
	for (; n >= 3; n -= part) {
		part = (unsigned int)min_u64(n, bits ? 6 : 138);
		if (bits)
			row_add(row, 16, part - 3);
		else if (part < 11)
			row_add(row, 17, part - 3);
		else
			row_add(row, 18, part - 11);
	}
	while (n--)
		row_add(row, bits, 0);
}

static unsigned int used_count(const struct huffman_code *codes, unsigned int count,
			       unsigned int least)
{
	while (count > least && !codes[count - 1].bits)
		count--;
	return count;
}

static unsigned int extra_of_length(unsigned int symbol)
{
	return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}

/* Describe d->own; returns the bits that this takes. */
static uint64_t make_row(struct deflate *d)
{
	struct length_row *row = &d->row;
	uint8_t bits[LITLENS + DISTANCES];
	unsigned int i, n, all;
	uint64_t sum = 14;

	row->count = 0;
	memset(row->freq, 0, sizeof(row->freq));
	row->litlens = used_count(d->own.litlen, LITLENS, END_OF_BLOCK + 1);
	row->distances = used_count(d->own.distance, DISTANCES, 1);
	all = row->litlens + row->distances;
	for (i = 0; i < row->litlens; i++)
		bits[i] = d->own.litlen[i].bits;
	for (; i < all; i++)
		bits[i] = d->own.distance[i - row->litlens].bits;
	for (i = 0; i < all; i += n) {
		for (n = 1; i + n < all && bits[i + n] == bits[i];)
			n++;
		row_add_run(row, bits[i], n);
	}
	huffman_build(row->freq, LENGTH_LENGTHS, LENGTH_LIMIT, row->codes);
	for (i = LENGTH_LENGTHS; i > 4 && !row->codes[length_order[i - 1]].bits; i--)
		;
	row->codes_sent = i;
	sum += 3 * i;
	for (i = 0; i < LENGTH_LENGTHS; i++)
		sum += row->freq[i] * (row->codes[i].bits + extra_of_length(i));
	return sum;
}

static void put_row(struct bit_writer *w, const struct length_row *row)
{
	unsigned int i;

	bits_put(w, row->litlens - 257, 5);
	bits_put(w, row->distances - 1, 5);
	bits_put(w, row->codes_sent - 4, 4);
	for (i = 0; i < row->codes_sent; i++)
		bits_put(w, row->codes[length_order[i]].bits, 3);
	for (i = 0; i < row->count; i++) {
		const struct huffman_code *code = &row->codes[row->symbol[i]];

		bits_put(w, code->code | (uint64_t)row->extra[i] << code->bits,
		    code->bits + extra_of_length(row->symbol[i]));
	}
}

static void put_match(const struct deflate *d, struct bit_writer *w, const struct coding *coding,
		      uint32_t token)
{
	unsigned int len = token >> 16, distance = token & 0xffff;
	unsigned int length = d->length_symbol[len];
	const struct huffman_code *code = &coding->litlen[END_OF_BLOCK + 1 + length];
	unsigned int symbol, extra, count;
	uint64_t bits;

	bits = code->code | (uint64_t)(len - length_base[length]) << code->bits;
	count = code->bits + length_extra[length];
	symbol = distance_symbol(distance);
	extra = distance_extra(symbol);
	code = &coding->distance[symbol];
	bits |= (uint64_t)code->code << count;
	count += code->bits;
	bits |= (uint64_t)((distance - 1) & ((1u << extra) - 1)) << count;
	bits_put(w, bits, count + extra);
}

static void put_tokens(const struct deflate *d, struct bit_writer *w, const struct coding *coding,
		       size_t count)
{
	const struct huffman_code *code;

	for (size_t i = 0; i < count; i++) {
		uint32_t token = d->tokens[i];

		if (token >> 16) {
			put_match(d, w, coding, token);
		} else {
			code = &coding->litlen[token];
			bits_put(w, code->code, code->bits);
		}
	}
	code = &coding->litlen[END_OF_BLOCK];
	bits_put(w, code->code, code->bits);
}

/* RFC 1950 section 8.2, in lanes: lane j takes the bytes at 16 * i + j. */
typedef uint8_t lane_bytes __attribute__((vector_size(16)));
typedef uint32_t lanes __attribute__((vector_size(64)));

static uint32_t adler32(const uint8_t *src, size_t len)
{
	lanes sum = { 0 }, sums = { 0 };
	size_t i, whole = len / 16;
	uint64_t a = 1, b = len;

	for (i = 0; i < whole; i++) {
		lane_bytes bytes;

		memcpy(&bytes, src + 16 * i, 16);
		sum += __builtin_convertvector(bytes, lanes);
		sums += sum;
	}
	for (i = 0; i < 16; i++) {
		a += sum[i];
		b += 16 * (uint64_t)sums[i] - i * sum[i];
	}
	b += (a - 1) * (len % 16);
	for (i = 16 * whole; i < len; i++) {
		a += src[i];
		b += (uint64_t)src[i] * (len - i);
	}
	return (uint32_t)(b % ADLER_BASE << 16 | a % ADLER_BASE);
}

size_t deflate_page(struct deflate *d, const void *src, size_t len, void *dst)
{
	struct bit_writer w = { .to = (uint8_t *)dst + 2 };
	size_t count = find_tokens(d, src, len);
	const struct coding *coding = &d->own;
	uint64_t fixed_bits, bits;

	if (count == NOISE)
		return 0;
	fixed_bits = coding_bits(d, &d->fixed);
	huffman_build(d->litlen_freq, LITLENS, HUFFMAN_BITS_MAX, d->own.litlen);
	huffman_build(d->distance_freq, DISTANCES, HUFFMAN_BITS_MAX, d->own.distance);
	bits = make_row(d) + coding_bits(d, &d->own);
	if (fixed_bits <= bits) {
		bits = fixed_bits;
		coding = &d->fixed;
	}
	if ((3 + bits + 7) / 8 + 6 >= len)
		return 0;
	put_u16(dst, STREAM_HEADER, ORDER_BIG);
	bits_put(&w, coding == &d->fixed ? 3 : 5, 3);
	if (coding == &d->own)
		put_row(&w, &d->row);
	put_tokens(d, &w, coding, count);
	w.to = bits_end(&w);
	put_u32(w.to, adler32(src, len), ORDER_BIG);
	return (size_t)(w.to - (uint8_t *)dst) + 4;
}
