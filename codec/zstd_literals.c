// SPDX-License-Identifier: GPL-2.0-or-later
/* Section numbers are those of RFC 8878. */
#include "codec/zstd_literals.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "codec/fse.h"
#include "codec/huffman.h"

/* Literals_Block_Type: 3.1.1.3.1.1 */
#define TYPE_RAW 0u
#define TYPE_RLE 1u
#define TYPE_COMPRESSED 2u

#define SYMBOLS 256
#define BITS_MAX 11		/* 4.2.1 */
#define WEIGHTS_DIRECT 128	/* at most, as 4 bits each */
#define WEIGHTS_LOG_MAX 6
#define DESCRIPTION_MAX 128	/* bytes of compressed weights, with their length */
/* What can come about before it is found too long: 255 weights of 6 bits, and their shares. */
#define DESCRIPTION_ROOM 256
/* Fewer do not pay for the description of their code. */
#define COMPRESS_MIN 48
/* From here on there are four streams, which decoders read at once. */
#define SINGLE_STREAM 1024

struct zstd_literals {
	uint32_t freq[SYMBOLS];
	struct huffman_code codes[SYMBOLS];
	unsigned int count;		/* of symbols: the last one is used */
	uint8_t weights[SYMBOLS];
	uint32_t kinds[BITS_MAX + 1];	/* how many symbols but the last have this weight */
	uint8_t description[DESCRIPTION_ROOM];
	size_t description_len;
	struct fse_table table;
};

struct err *zstd_literals_create(struct zstd_literals **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? NULL : err_nomem;
}

void zstd_literals_destroy(struct zstd_literals *literals)
{
	free(literals);
}

/* Returns how often the most frequent one occurs. */
static uint32_t count_symbols(struct zstd_literals *l, const uint8_t *src, size_t count)
{
	uint32_t other[SYMBOLS] = { 0 }, most = 0;
	size_t i;

	/* Two tables: the same symbol twice in a row would wait for itself. */
	memset(l->freq, 0, sizeof(l->freq));
	for (i = 0; i + 1 < count; i += 2) {
		l->freq[src[i]]++;
		other[src[i + 1]]++;
	}
	if (i < count)
		l->freq[src[i]]++;
	for (i = 0; i < SYMBOLS; i++) {
		l->freq[i] += other[i];
		most = l->freq[i] > most ? l->freq[i] : most;
	}
	for (l->count = SYMBOLS; !l->freq[l->count - 1]; l->count--)
		;
	return most;
}

/*
 * 4.2.1: a weight is the number of bits of the longest code less that of this one, plus 1. Codes
 * are given out from the lowest weight on, among equals in the order of symbols.
 */
static void make_codes(struct zstd_literals *l)
{
	uint32_t next[BITS_MAX + 2] = { 0 }, per_bits[BITS_MAX + 2] = { 0 };
	unsigned int i, bits, longest;

	for (i = 0; i < l->count; i++)
		per_bits[l->codes[i].bits]++;
	for (longest = BITS_MAX; !per_bits[longest]; longest--)
		;
	for (bits = longest; bits > 1; bits--)
		next[bits - 1] = (next[bits] + per_bits[bits]) >> 1;
	memset(l->kinds, 0, sizeof(l->kinds));
	for (i = 0; i < l->count; i++) {
		bits = l->codes[i].bits;
		l->weights[i] = (uint8_t)(bits ? longest + 1 - bits : 0);
		l->codes[i].code = (uint16_t)next[bits]++;
	}
	for (bits = 1; bits <= longest; bits++)
		l->kinds[longest + 1 - bits] = per_bits[bits];
	l->kinds[0] = per_bits[0];
	/* That of the last symbol follows from the others. */
	l->kinds[l->weights[l->count - 1]]--;
}

/* 4.2.1.2: two states take turns, the last two weights are where they begin. */
static size_t put_weights(struct zstd_literals *l, struct bit_writer *w, const uint8_t *begin)
{
	const struct fse_table *table = &l->table;
	unsigned int i = l->count - 3, n;
	uint32_t even = table->first[l->weights[i + (i & 1)]];
	uint32_t odd = table->first[l->weights[i + !(i & 1)]];
	uint64_t bits;

	if (i & 1) {
		bits = n = 0;
		i--;
		even = fse_encode(table, even, l->weights[i], &bits, &n);
		bits_put(w, bits, n);
	}
	for (; i; i -= 2) {
		bits = n = 0;
		odd = fse_encode(table, odd, l->weights[i - 1], &bits, &n);
		even = fse_encode(table, even, l->weights[i - 2], &bits, &n);
		bits_put(w, bits, n);
	}
	fse_put_state(w, table, odd);
	fse_put_state(w, table, even);
	bits_put(w, 1, 1);
	return (size_t)(bits_end(w) - begin);
}

/* The weights of all symbols but the last, compressed; false when that is not possible. */
static bool describe_compressed(struct zstd_literals *l)
{
	struct bit_writer w = { .to = l->description + 1 };
	struct fse_shares shares;
	unsigned int i, kinds = 0, last = 0;

	for (i = 0; i <= BITS_MAX; i++) {
		kinds += l->kinds[i] > 0;
		last = l->kinds[i] ? i : last;
	}
	if (kinds < 2)
		return false;
	fse_share_out(&shares, l->kinds, last + 1, l->count - 1, WEIGHTS_LOG_MAX);
	fse_put_shares(&w, &shares);
	fse_build(&l->table, &shares);
	l->description_len = 1 + put_weights(l, &w, l->description + 1);
	l->description[0] = (uint8_t)(l->description_len - 1);
	return l->description_len <= DESCRIPTION_MAX;
}

/* 4.2.1.1: two weights per byte, the first one above. */
static void describe_directly(struct zstd_literals *l)
{
	unsigned int i, n = l->count - 1;

	l->description[0] = (uint8_t)(127 + n);
	l->weights[n] = 0;
	for (i = 0; i < n; i += 2)
		l->description[1 + i / 2] = (uint8_t)(l->weights[i] << 4 | l->weights[i + 1]);
	l->description_len = 1 + (n + 1) / 2;
}

/* The code and its description; false when there is none. At least two symbols occur. */
static bool make_code(struct zstd_literals *l)
{
	unsigned int direct;
	bool done;

	huffman_lengths(l->freq, l->count, BITS_MAX, l->codes);
	make_codes(l);
	direct = 1 + l->count / 2;
	done = l->count > 2 && describe_compressed(l);
	if (l->count - 1 > WEIGHTS_DIRECT)
		return done;
	if (!done || l->description_len > direct)
		describe_directly(l);
	return true;
}

static uint8_t *put_header(uint8_t *to, unsigned int bytes, uint64_t value)
{
	for (; bytes; bytes--, value >>= 8)
		*to++ = (uint8_t)value;
	return to;
}

/* Raw and RLE: 3.1.1.3.1.1. */
static uint8_t *put_simple_header(uint8_t *to, unsigned int type, size_t count)
{
	if (count < 32)
		return put_header(to, 1, type | count << 3);
	if (count < 4096)
		return put_header(to, 2, type | 1 << 2 | count << 4);
	return put_header(to, 3, type | 3 << 2 | count << 4);
}

static uint8_t *put_raw(const uint8_t *src, size_t count, uint8_t *to, const uint8_t *limit)
{
	to = put_simple_header(to, TYPE_RAW, count);
	if (to >= limit || count >= (size_t)(limit - to))
		return (uint8_t *)(uintptr_t)limit;
	memcpy(to, src, count);
	return to + count;
}

/* One stream, 4.2.2: read backwards, so the last literal is put first. */
static uint8_t *put_stream(const struct zstd_literals *l, const uint8_t *src, size_t count,
			   uint8_t *to)
{
	struct bit_writer w = { .to = to };
	size_t i = count;

	for (; i % 4; i--)
		bits_put(&w, l->codes[src[i - 1]].code, l->codes[src[i - 1]].bits);
	for (; i; i -= 4) {
		uint64_t bits = 0;
		unsigned int k, n = 0;

		for (k = 1; k <= 4; k++) {
			const struct huffman_code *code = &l->codes[src[i - k]];

			bits |= (uint64_t)code->code << n;
			n += code->bits;
		}
		bits_put(&w, bits, n);
	}
	bits_put(&w, 1, 1);
	return bits_end(&w);
}

/* Four streams, with the sizes of the first three in front: 3.1.1.3.1.6. */
static uint8_t *put_streams(const struct zstd_literals *l, const uint8_t *src, size_t count,
			    uint8_t *to)
{
	uint8_t *sizes = to, *end;
	size_t part = (count + 3) / 4;
	unsigned int i;

	to += 6;
	for (i = 0; i < 4; i++) {
		end = put_stream(l, src + i * part, i < 3 ? part : count - 3 * part, to);
		if (i < 3)
			put_u16(sizes + 2 * i, (uint16_t)(end - to), ORDER_LITTLE);
		to = end;
	}
	return to;
}

/* Bytes of the section, at most: each stream has an end of its own. */
static size_t compressed_size(const struct zstd_literals *l)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < l->count; i++)
		bits += l->freq[i] * l->codes[i].bits;
	return 5 + l->description_len + 6 + bits / 8 + 4;
}

static uint8_t *put_compressed(const struct zstd_literals *l, const uint8_t *src, size_t count,
			       uint8_t *to)
{
	unsigned int bits = count < SINGLE_STREAM ? 10 : count < 16384 ? 14 : 18;
	unsigned int format = count < SINGLE_STREAM ? 0 : count < 16384 ? 2 : 3;
	uint8_t *head = to, *begin = to + (4 + 2 * bits + 7) / 8;
	uint64_t size;

	memcpy(begin, l->description, l->description_len);
	to = begin + l->description_len;
	to = format ? put_streams(l, src, count, to) : put_stream(l, src, count, to);
	size = (uint64_t)(to - begin);
	put_header(head, (4 + 2 * bits + 7) / 8,
		   TYPE_COMPRESSED | format << 2 | (uint64_t)count << 4 | size << (4 + bits));
	return to;
}

uint8_t *zstd_put_literals(struct zstd_literals *l, const uint8_t *src, size_t count, uint8_t *to,
			   const uint8_t *limit)
{
	uint32_t most;
	size_t size;

	if (count < COMPRESS_MIN)
		return put_raw(src, count, to, limit);
	most = count_symbols(l, src, count);
	if (most == count) {
		to = put_simple_header(to, TYPE_RLE, count);
		*to++ = src[0];
		return to;
	}
	/* Nearly as many kinds as of random bytes: not worth a code. */
	if (most <= count / 128 + 4 || !make_code(l))
		return put_raw(src, count, to, limit);
	size = compressed_size(l);
	if (size >= count + 3)
		return put_raw(src, count, to, limit);
	if (size >= (size_t)(limit - to))
		return (uint8_t *)(uintptr_t)limit;
	return put_compressed(l, src, count, to);
}
