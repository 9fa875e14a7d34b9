// SPDX-License-Identifier: GPL-2.0-or-later
/* Section numbers are those of RFC 8878. */
#include "codec/zstd_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "codec/fse.h"
#include "codec/zstd_literals.h"
#include "codec/zstd_match.h"

#define FRAME_HEAD 4		/* Magic_Number: 3.1.1 */
#define BLOCK_HEAD 3
#define BLOCK_COMPRESSED 2u
#define SINGLE_SEGMENT 0x20u	/* Frame_Header_Descriptor: 3.1.1.1.1 */
/* Fewer sequences than this: own tables save less than their description takes. */
#define OWN_TABLES_MIN 96
#define MODE_RLE 1u		/* Symbol_Compression_Modes: 3.1.1.3.2.1 */
#define MODE_FSE 2u

/* The three kinds of numbers of a sequence, in the order of their modes and tables. */
enum { LITERALS, OFFSETS, MATCHES, KINDS };

#define LITERAL_CODES 36
#define OFFSET_CODES 32
#define MATCH_CODES 53
/* Lengths below have their code in a table; above it follows from the highest bit. */
#define LITERAL_TABLE 64
#define MATCH_TABLE 128

struct zstd_page {
	size_t len_max;
	struct zstd_matches matches;
	struct zstd_literals *literals;
	uint8_t literal_code[LITERAL_TABLE], match_code[MATCH_TABLE];
	uint8_t literal_extra[LITERAL_CODES], match_extra[MATCH_CODES];
	uint16_t literal_base[LITERAL_CODES];
	uint32_t match_base[MATCH_CODES];	/* of the length less 3 */
	struct fse_table predefined[KINDS];
	struct fse_table own[KINDS];
	uint8_t (*codes)[KINDS];		/* of each sequence */
};

/* 3.1.1.3.2.2 */
static const struct fse_shares predefined_shares[KINDS] = {
	[LITERALS] = { 6, LITERAL_CODES, {
		4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1,
		1, 1, -1, -1, -1, -1 } },
	[OFFSETS] = { 5, 29, {
		1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1,
		-1 } },
	[MATCHES] = { 6, MATCH_CODES, {
		1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1 } },
};

static const unsigned int code_count[KINDS] = { LITERAL_CODES, OFFSET_CODES, MATCH_CODES };
static const unsigned int log_max[KINDS] = { 9, 8, 9 };

/* 3.1.1.3.2.1.1: extra bits of codes that have some. */
static const uint8_t literal_extra[] = {
	1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};

static const uint8_t match_extra[] = {
	1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};

static void make_codes(struct zstd_page *page)
{
	unsigned int code, value, start = LITERAL_CODES - sizeof(literal_extra);

	memcpy(page->literal_extra + start, literal_extra, sizeof(literal_extra));
	for (code = 0, value = 0; code < LITERAL_CODES; value += 1u << page->literal_extra[code++]) {
		page->literal_base[code] = (uint16_t)value;
		for (unsigned int i = 0; i < 1u << page->literal_extra[code]; i++)
			if (value + i < LITERAL_TABLE)
				page->literal_code[value + i] = (uint8_t)code;
	}
	start = MATCH_CODES - sizeof(match_extra);
	memcpy(page->match_extra + start, match_extra, sizeof(match_extra));
	for (code = 0, value = 0; code < MATCH_CODES; value += 1u << page->match_extra[code++]) {
		page->match_base[code] = value;
		for (unsigned int i = 0; i < 1u << page->match_extra[code]; i++)
			if (value + i < MATCH_TABLE)
				page->match_code[value + i] = (uint8_t)code;
	}
}

static struct err *allocate(struct zstd_page *page, size_t len_max)
{
	struct zstd_matches *m = &page->matches;
	size_t sequences = len_max / ZSTD_MATCH_MIN + 1;

	m->head = malloc(sizeof(*m->head) << ZSTD_HASH_BITS);
	m->sequences = malloc(sequences * sizeof(*m->sequences));
	m->literals = malloc(len_max + ZSTD_LITERALS_SLACK);
	page->codes = malloc(sequences * sizeof(*page->codes));
	if (!m->head || !m->sequences || !m->literals || !page->codes)
		return err_nomem;
	return zstd_literals_create(&page->literals);
}

struct err *zstd_page_create(size_t len_max, struct zstd_page **ret)
{
	struct zstd_page *page = calloc(1, sizeof(*page));
	struct err *e;

	if (!page)
		return err_nomem;
	e = allocate(page, len_max);
	if (e) {
		zstd_page_destroy(page);
		return e;
	}
	page->len_max = len_max;
	make_codes(page);
	for (unsigned int kind = 0; kind < KINDS; kind++)
		fse_build(&page->predefined[kind], &predefined_shares[kind]);
	*ret = page;
	return NULL;
}

void zstd_page_destroy(struct zstd_page *page)
{
	if (!page)
		return;
	zstd_literals_destroy(page->literals);
	free(page->matches.head);
	free(page->matches.sequences);
	free(page->matches.literals);
	free(page->codes);
	free(page);
}

static void find_codes(struct zstd_page *page)
{
	const struct zstd_sequence *s = page->matches.sequences;
	size_t i;

	for (i = 0; i < page->matches.count; i++, s++) {
		uint8_t *codes = page->codes[i];
		unsigned int match = s->match - 3u;

		codes[LITERALS] = s->literals < LITERAL_TABLE ? page->literal_code[s->literals] :
				  (uint8_t)(log2_floor(s->literals) + 19);
		codes[OFFSETS] = (uint8_t)log2_floor(s->offset);
		codes[MATCHES] = match < MATCH_TABLE ? page->match_code[match] :
				 (uint8_t)(log2_floor(match) + 36);
	}
}

/* How often each code occurs, of each kind. */
static void count_codes(const struct zstd_page *page, uint32_t freq[KINDS][FSE_SYMBOLS_MAX])
{
	uint32_t other[KINDS][FSE_SYMBOLS_MAX] = { 0 };
	size_t i, n = page->matches.count;
	unsigned int k, s;

	/* Two tables: the same code twice in a row would wait for itself. */
	for (i = 0; i + 1 < n; i += 2) {
		for (k = 0; k < KINDS; k++) {
			freq[k][page->codes[i][k]]++;
			other[k][page->codes[i + 1][k]]++;
		}
	}
	for (k = 0; k < KINDS; k++) {
		if (i < n)
			freq[k][page->codes[i][k]]++;
		for (s = 0; s < FSE_SYMBOLS_MAX; s++)
			freq[k][s] += other[k][s];
	}
}

/* A table for one kind of codes, which occur @freq times; what a decoder needs for it goes to @w. */
static unsigned int make_table(struct zstd_page *page, unsigned int kind, const uint32_t *freq,
			       struct bit_writer *w)
{
	unsigned int count = code_count[kind];
	size_t n = page->matches.count;
	struct fse_shares shares;

	while (!freq[count - 1])
		count--;
	if (freq[count - 1] == n) {
		bits_put(w, count - 1, 8);
		fse_build_single(&page->own[kind], count - 1);
		return MODE_RLE;
	}
	fse_share_out(&shares, freq, count, (uint32_t)n, log_max[kind]);
	fse_put_shares(w, &shares);
	fse_build(&page->own[kind], &shares);
	return MODE_FSE;
}

/* The bits of a sequence that no table has, above the @n of @bits that wait: 3.1.1.3.2.1.1. */
static inline void put_extra(const struct zstd_page *page, struct bit_writer *w, size_t i,
			     uint64_t bits, unsigned int n)
{
	const struct zstd_sequence *s = &page->matches.sequences[i];
	const uint8_t *codes = page->codes[i];
	unsigned int match = codes[MATCHES], literals = codes[LITERALS];
	unsigned int more = page->match_extra[match] + codes[OFFSETS];

	bits |= (uint64_t)(s->literals - page->literal_base[literals]) << n;
	n += page->literal_extra[literals];
	if (n + more > 56) {
		bits_put(w, bits, n);
		bits = n = 0;
	}
	bits |= (uint64_t)(s->match - 3u - page->match_base[match]) << n;
	n += page->match_extra[match];
	bits |= (uint64_t)(s->offset - (1u << codes[OFFSETS])) << n;
	bits_put(w, bits, n + codes[OFFSETS]);
}

/* The bit stream is read backwards, so what a decoder needs first is put last: 3.1.1.3.2.1.2. */
static uint8_t *put_bits(const struct zstd_page *page, struct bit_writer *w,
			 const struct fse_table *const *tables, const uint8_t *limit)
{
	const struct fse_table *literals = tables[LITERALS], *offsets = tables[OFFSETS],
			       *matches = tables[MATCHES];
	size_t i = page->matches.count - 1;
	const uint8_t *codes = page->codes[i];
	uint32_t literal_state = literals->first[codes[LITERALS]];
	uint32_t offset_state = offsets->first[codes[OFFSETS]];
	uint32_t match_state = matches->first[codes[MATCHES]];

	put_extra(page, w, i, 0, 0);
	while (i-- && w->to < limit) {
		uint64_t bits = 0;
		unsigned int n = 0;

		codes = page->codes[i];
		offset_state = fse_encode(offsets, offset_state, codes[OFFSETS], &bits, &n);
		match_state = fse_encode(matches, match_state, codes[MATCHES], &bits, &n);
		literal_state = fse_encode(literals, literal_state, codes[LITERALS], &bits, &n);
		put_extra(page, w, i, bits, n);
	}
	fse_put_state(w, matches, match_state);
	fse_put_state(w, offsets, offset_state);
	fse_put_state(w, literals, literal_state);
	bits_put(w, 1, 1);
	return bits_end(w);
}

/* 3.1.1.3.2; returns its end, or something not below @limit. */
static uint8_t *put_sequences(struct zstd_page *page, uint8_t *to, const uint8_t *limit)
{
	const struct fse_table *tables[KINDS];
	size_t n = page->matches.count;
	struct bit_writer w;
	unsigned int kind, modes = 0;
	uint32_t freq[KINDS][FSE_SYMBOLS_MAX] = { 0 };
	uint8_t *place;

	if (n < 128) {
		*to++ = (uint8_t)n;
	} else {
		*to++ = (uint8_t)(n / 256 + 128);
		*to++ = (uint8_t)n;
	}
	if (!n)
		return to;
	place = to++;
	w = (struct bit_writer){ .to = to };
	find_codes(page);
	if (n >= OWN_TABLES_MIN)
		count_codes(page, freq);
	for (kind = 0; kind < KINDS; kind++) {
		tables[kind] = &page->predefined[kind];
		if (n < OWN_TABLES_MIN)
			continue;
		modes |= make_table(page, kind, freq[kind], &w) << (6 - 2 * kind);
		tables[kind] = &page->own[kind];
	}
	*place = (uint8_t)modes;
	return put_bits(page, &w, tables, limit);
}

/* Magic number, and a header with nothing but the content size: 3.1.1. */
static uint8_t *put_frame_header(uint8_t *to, size_t len)
{
	put_u32(to, 0xfd2fb528, ORDER_LITTLE);
	to += FRAME_HEAD;
	if (len < 256) {
		*to++ = SINGLE_SEGMENT;
		*to++ = (uint8_t)len;
		return to;
	}
	*to++ = SINGLE_SEGMENT | 1 << 6;
	put_u16(to, (uint16_t)(len - 256), ORDER_LITTLE);
	return to + 2;
}

size_t zstd_page_compress(struct zstd_page *page, const void *src, size_t len, void *dst)
{
	const uint8_t *limit = (uint8_t *)dst + len;
	uint8_t *block, *to;
	uint32_t head;

	if (!len || len > page->len_max)
		return 0;
	block = put_frame_header(dst, len);
	to = block + BLOCK_HEAD;
	zstd_find_matches(&page->matches, src, len);
	to = zstd_put_literals(page->literals, page->matches.literals, page->matches.literal_count,
			       to, limit);
	/* As many sequences cannot be: every match takes two bytes and more. */
	if (to < limit)
		to = put_sequences(page, to, limit);
	if (to >= limit)
		return 0;
	head = 1 | BLOCK_COMPRESSED << 1 | (uint32_t)(to - block - BLOCK_HEAD) << 3;
	put_u16(block, (uint16_t)head, ORDER_LITTLE);
	block[2] = (uint8_t)(head >> 16);
	return (size_t)(to - (uint8_t *)dst);
}
