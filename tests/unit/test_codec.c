// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "base/checked.h"
#include "codec/codec.h"
#include "diskdump_mod.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define CANARY 64
#define CANARY_BYTE 0xa5

static const size_t block_sizes[] = { 4096, 16384, 65536 };

enum pattern { ZERO, TEXT, POINTERS, NOISE, ONE_BYTE, PATTERNS };

static void fill(enum pattern pattern, uint64_t seed, uint8_t *buf, size_t len)
{
	static const char *const words[] = { "page", "list", "flags", "=", " ", "\n", "0x", "cpu" };

	memset(buf, 0, len);
	switch (pattern) {
	case TEXT:
		for (size_t i = 0; i < len;)
			for (const char *s = words[random_below(&seed, 8)]; *s && i < len; s++)
				buf[i++] = (uint8_t)*s;
		break;
	case POINTERS:
		for (size_t i = 0; i + 8 <= len; i += 8) {
			uint64_t v = 0xffff888000000000ull | random_below(&seed, 1u << 30);

			memcpy(buf + i, &v, sizeof(v));
		}
		break;
	case NOISE:
		random_fill(&seed, buf, len);
		break;
	case ONE_BYTE:
		buf[random_below(&seed, len)] = 1;
		break;
	default:
		break;
	}
}

/* A buffer with a canary behind its end: the libraries are not built with sanitizers. */
struct guarded {
	uint8_t *data;
	size_t len;
};

static struct guarded guarded_make(size_t len)
{
	struct guarded buf = { .data = malloc(len + CANARY), .len = len };

	memset(buf.data, CANARY_BYTE, len + CANARY);
	return buf;
}

static void guarded_free(struct guarded *buf)
{
	for (size_t i = 0; i < CANARY; i++)
		CHECK_EQ(buf->data[buf->len + i], CANARY_BYTE);
	free(buf->data);
}

/* One codec, one block size, everything that the tests need. */
struct bench {
	const struct codec *codec;
	void *ctx;
	size_t len;
	struct guarded page, packed, back;
};

static void bench_init(struct bench *b, const struct codec *codec, size_t len)
{
	b->codec = codec;
	b->len = len;
	b->ctx = NULL;
	CHECK_OK(codec->create(len, &b->ctx));
	b->page = guarded_make(len);
	b->packed = guarded_make(codec->bound(len));
	b->back = guarded_make(len);
}

static void bench_deinit(struct bench *b)
{
	b->codec->destroy(b->ctx);
	guarded_free(&b->page);
	guarded_free(&b->packed);
	guarded_free(&b->back);
}

static size_t pack(struct bench *b, enum pattern pattern, uint64_t seed)
{
	fill(pattern, seed, b->page.data, b->len);
	return b->codec->compress(b->ctx, b->page.data, b->len, b->packed.data);
}

static bool unpack(struct bench *b, size_t size)
{
	return b->codec->decompress(b->ctx, b->packed.data, size, b->back.data, b->len);
}

/* Run @fn for every codec of this build and every block size. */
static void each(void (*fn)(struct bench *b))
{
	for (const struct codec *const *row = codecs; *row; row++) {
		for (size_t i = 0; (*row)->available && i < ARRAY_LEN(block_sizes); i++) {
			int before = unit_current;
			struct bench b;

			bench_init(&b, *row, block_sizes[i]);
			fn(&b);
			bench_deinit(&b);
			if (unit_current != before)
				printf("# with %s, blocks of %zu\n", (*row)->name, block_sizes[i]);
		}
	}
}

static void check_round_trips(struct bench *b)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		for (int pattern = 0; pattern < PATTERNS; pattern++) {
			size_t size = pack(b, (enum pattern)pattern, seed);

			CHECK(size <= b->packed.len);
			CHECK(size > 0 || pattern == NOISE);
			if (pattern != NOISE)
				CHECK(size < b->len);
			if (pattern == ZERO || pattern == ONE_BYTE)
				CHECK(size < b->len / 10);
			if (!size)
				continue;
			memset(b->back.data, 0xee, b->len);
			CHECK(unpack(b, size));
			CHECK(!memcmp(b->back.data, b->page.data, b->len));
		}
	}
}

static void test_round_trips(void)
{
	each(check_round_trips);
}

/* The same page gives the same bytes from a new context and from one with a past. */
static void check_repeatable(struct bench *b)
{
	uint8_t *first = malloc(b->packed.len);
	void *fresh, *used = b->ctx;

	for (int pattern = 0; pattern < PATTERNS; pattern++) {
		size_t size, again;

		for (uint64_t seed = 100; seed < 140; seed++)
			pack(b, (enum pattern)(seed % PATTERNS), seed);
		size = pack(b, (enum pattern)pattern, 7);
		memcpy(first, b->packed.data, size);
		/* A page that was just seen must not become a reference for itself. */
		again = pack(b, (enum pattern)pattern, 7);
		CHECK_EQ(again, size);
		CHECK(!memcmp(first, b->packed.data, size));

		CHECK_OK(b->codec->create(b->len, &fresh));
		b->ctx = fresh;
		again = pack(b, (enum pattern)pattern, 7);
		CHECK_EQ(again, size);
		CHECK(!memcmp(first, b->packed.data, size));
		b->codec->destroy(fresh);
		b->ctx = used;
	}
	free(first);
}

static void test_repeatable(void)
{
	each(check_repeatable);
}

static void check_wrong_length(struct bench *b)
{
	size_t size = pack(b, TEXT, 5);
	uint8_t *longer = calloc(1, size + 1), *wide = calloc(2, b->len);

	memcpy(longer, b->packed.data, size);
	CHECK(!b->codec->decompress(b->ctx, longer, size + 1, b->back.data, b->len));
	CHECK(!b->codec->decompress(b->ctx, longer, size, b->back.data, b->len - 1));
	CHECK(!b->codec->decompress(b->ctx, longer, size, b->back.data, 1));
	CHECK(!b->codec->decompress(b->ctx, longer, size, wide, b->len + 1));
	CHECK(!b->codec->decompress(b->ctx, longer, size, wide, 2 * b->len));
	CHECK(!b->codec->decompress(b->ctx, longer, 0, b->back.data, b->len));
	for (size_t cut = 1; cut < size; cut += 1 + size / 50)
		CHECK(!b->codec->decompress(b->ctx, longer, size - cut, b->back.data, b->len));
	/* None of this spoils the context. */
	CHECK(unpack(b, size));
	CHECK(!memcmp(b->back.data, b->page.data, b->len));
	free(longer);
	free(wide);
}

static void test_wrong_length(void)
{
	each(check_wrong_length);
}

/*
 * Flipped bits: never a write beyond the page (the canaries), and with zlib,
 * the one format here with a checksum, not another page. (Adler-32 is weak: a
 * flip that moves a match can swap words of a text and keep the sum. Words
 * that do not repeat leave it no such chance.)
 */
static void check_flipped_bits(struct bench *b)
{
	size_t size = pack(b, POINTERS, 6);
	uint64_t state = 9;

	for (int round = 0; round < 300; round++) {
		size_t at = round < 40 ? (size_t)round / 8 : random_below(&state, size);
		uint8_t bit = (uint8_t)(1u << random_below(&state, 8));

		b->packed.data[at] ^= bit;
		if (unpack(b, size) && b->codec->page_flag == KDUMP_ZLIB)
			CHECK(!memcmp(b->back.data, b->page.data, b->len));
		b->packed.data[at] ^= bit;
	}
	CHECK(unpack(b, size));
}

static void test_flipped_bits(void)
{
	each(check_flipped_bits);
}

static void check_noise_is_refused(struct bench *b)
{
	uint64_t state = 10;

	for (int round = 0; round < 300; round++) {
		size_t size = 1 + random_below(&state, b->packed.len);

		random_fill(&state, b->packed.data, size);
		CHECK(!unpack(b, size));
	}
}

static void test_noise_is_refused(void)
{
	each(check_noise_is_refused);
}

static void test_table(void)
{
	static const struct { const char *name; char option; uint32_t flag; bool built; } want[] = {
		{ "zlib", 'c', KDUMP_ZLIB, USE_ZLIB }, { "lzo", 'l', KDUMP_LZO, USE_LZO },
		{ "snappy", 'p', KDUMP_SNAPPY, USE_SNAPPY }, { "zstd", 'z', KDUMP_ZSTD, USE_ZSTD },
	};

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const struct codec *codec = codecs[i];

		CHECK(!strcmp(codec->name, want[i].name));
		CHECK_EQ(codec->option, want[i].option);
		CHECK_EQ(codec->page_flag, want[i].flag);
		CHECK_EQ(codec->available, want[i].built);
		CHECK_EQ(codec->bound && codec->create && codec->destroy && codec->compress &&
			 codec->decompress, want[i].built);
		CHECK(codec_by_option(want[i].option) == codec);
		CHECK(codec_by_flag(want[i].flag) == codec);
		if (codec->available)
			codec->destroy(NULL);
	}
	CHECK(!codecs[ARRAY_LEN(want)]);
	CHECK(!codec_by_option('E'));
	CHECK(!codec_by_option(0));
	CHECK(!codec_by_flag(0));
	CHECK(!codec_by_flag(KDUMP_ZLIB | KDUMP_LZO));
	CHECK(!codec_by_flag(KDUMP_INCOMPLETE));
}

int main(void)
{
	RUN(test_table);
	RUN(test_round_trips);
	RUN(test_repeatable);
	RUN(test_wrong_length);
	RUN(test_flipped_bits);
	RUN(test_noise_is_refused);
	return unit_status();
}
