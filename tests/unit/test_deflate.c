// SPDX-License-Identifier: GPL-2.0-or-later
/* The page compressor: what it writes, zlib reads. */
#include "codec/deflate.h"

#include <stdlib.h>

#include "codec/huffman.h"
#include "tests/unit/pagefill.h"
#include "tests/unit/unit.h"

#define CANARY 0xa5

/* Lengths of codes must fill the code space exactly, or inflate refuses them. */
static void check_code(const uint32_t *freq, unsigned int count, unsigned int limit)
{
	struct huffman_code codes[HUFFMAN_SYMBOLS_MAX];
	uint32_t taken = 0, used = 0;

	huffman_build(freq, count, limit, codes);
	for (unsigned int i = 0; i < count; i++) {
		CHECK_EQ(codes[i].bits != 0, freq[i] != 0);
		CHECK(codes[i].bits <= limit);
		CHECK(codes[i].code >> codes[i].bits == 0);
		if (!freq[i])
			continue;
		used++;
		taken += 1u << (limit - codes[i].bits);
		for (unsigned int k = 0; k < i; k++) {
			unsigned int least = codes[k].bits < codes[i].bits ? codes[k].bits : codes[i].bits;

			/* No code is the beginning of another (reversed: they differ in the low bits). */
			if (freq[k])
				CHECK((codes[k].code ^ codes[i].code) & ((1u << least) - 1));
			/* What occurs more often is not longer. */
			if (freq[k] && freq[k] > freq[i])
				CHECK(codes[k].bits <= codes[i].bits);
		}
	}
	CHECK_EQ(taken, used == 0 ? 0 : used == 1 ? 1u << (limit - 1) : 1u << limit);
}

static void test_huffman(void)
{
	uint32_t freq[HUFFMAN_SYMBOLS_MAX] = { 0 };
	uint64_t seed = 3;

	check_code(freq, 19, 7);
	freq[5] = 9;
	check_code(freq, 19, 7);
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int count = 2 + (unsigned int)random_below(&seed, 285);
		uint64_t most = UINT64_C(1) << random_below(&seed, 14);

		for (unsigned int i = 0; i < count; i++)
			freq[i] = (uint32_t)random_below(&seed, most + 1);
		check_code(freq, count, 15);
		check_code(freq, count < 19 ? count : 19, 7);
	}
}

/* Without a limit, frequencies like these give codes of count - 1 bits. */
static void test_huffman_limit(void)
{
	uint32_t freq[26] = { 1, 1 };

	for (unsigned int i = 2; i < 26; i++)
		freq[i] = freq[i - 1] + freq[i - 2];
	check_code(freq, 26, 15);
	check_code(freq, 19, 7);
	check_code(freq, 19, 5);
}

#if USE_ZLIB

#include <zlib.h>

static uint8_t src[DEFLATE_LEN_MAX], back[DEFLATE_LEN_MAX];
static uint8_t dst[DEFLATE_LEN_MAX + DEFLATE_SLACK + 1];

/* Compress the first @len bytes of src; whatever is not refused must come back. */
static size_t check_page(struct deflate *deflate, size_t len)
{
	uLongf got = len;
	size_t size;

	dst[len + DEFLATE_SLACK] = CANARY;
	size = deflate_page(deflate, src, len, dst);
	CHECK_EQ(dst[len + DEFLATE_SLACK], CANARY);
	if (!size)
		return 0;
	CHECK(size < len);
	/* Checks the Adler-32, too. */
	CHECK_EQ(uncompress(back, &got, dst, size), Z_OK);
	CHECK_EQ(got, len);
	CHECK(!memcmp(back, src, len));
	return size;
}

static void test_every_shape(void)
{
	static const size_t lens[] = { 1, 2, 3, 4, 5, 8, 15, 16, 17, 100, 4095, 4096, 16384, 65536 };
	static const uint64_t kinds[] = { 1, 2, 3, 16, 100, 256 };
	static const uint64_t copies[] = { 0, 10, 50, 95 };
	struct deflate *deflate;
	uint64_t seed = 1;

	CHECK_OK(deflate_create(&deflate));
	for (unsigned int round = 0; round < 20; round++)
		for (size_t l = 0; l < sizeof(lens) / sizeof(lens[0]); l++)
			for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
				for (size_t c = 0; c < sizeof(copies) / sizeof(copies[0]); c++) {
					page_fill(src, &seed, lens[l], kinds[k], copies[c]);
					check_page(deflate, lens[l]);
				}
	CHECK_EQ(deflate_page(deflate, src, 0, dst), 0);
	deflate_destroy(deflate);
	deflate_destroy(NULL);
}

/* Every length and every power-of-two distance of a match, at both ends of the tables. */
static void test_lengths_and_distances(void)
{
	struct deflate *deflate;
	uint64_t seed = 2;

	CHECK_OK(deflate_create(&deflate));
	for (size_t len = 3; len <= 300; len++) {
		memset(src, 0, 4096);
		random_fill(&seed, src + 2000, 800);
		memcpy(src + 2400, src + 2007, len);
		CHECK(check_page(deflate, 4096) > 0);
	}
	for (size_t distance = 4; distance <= 32768; distance *= 2)
		for (int off = -1; off <= 1; off++) {
			size_t far = distance + (size_t)off, at = far + 10;

			memset(src, 0, sizeof(src));
			random_fill(&seed, src + 10, 8);
			memcpy(src + at, src + 10, 8);
			CHECK(check_page(deflate, sizeof(src)) > 0);
		}
	deflate_destroy(deflate);
}

/* Random bytes are given up; what only begins with them, or is random in part, is not. */
static void test_noise(void)
{
	struct deflate *deflate;
	uint64_t seed = 4;

	CHECK_OK(deflate_create(&deflate));
	for (unsigned int round = 0; round < 100; round++) {
		random_fill(&seed, src, 4096);
		CHECK_EQ(check_page(deflate, 4096), 0);
		memset(src + 1000, 0, 3096);
		CHECK(check_page(deflate, 4096) > 0);
		/* Hexadecimal digits, and bytes of seven bits. */
		random_fill(&seed, src, 4096);
		for (size_t i = 0; i < 4096; i++)
			src[i] &= round % 2 ? 0x0f : 0x7f;
		CHECK(check_page(deflate, 4096) > 0);
	}
	deflate_destroy(deflate);
}

/* All bytes 0xff: the largest sums that the check value has to hold. */
static void test_largest_sums(void)
{
	struct deflate *deflate;

	CHECK_OK(deflate_create(&deflate));
	memset(src, 0xff, sizeof(src));
	CHECK(check_page(deflate, sizeof(src)) > 0);
	CHECK(check_page(deflate, sizeof(src) - 1) > 0);
	deflate_destroy(deflate);
}

/*
 * Random words are kinder to zlib's search than pages of real kernels, of which
 * docs/performance-notes.md has the ratios; far from zlib means a broken search.
 */
static void test_near_zlib(void)
{
	struct deflate *deflate;
	uint64_t seed = 5, ours = 0, zlibs = 0;

	CHECK_OK(deflate_create(&deflate));
	for (unsigned int round = 0; round < 200; round++) {
		uLongf size = sizeof(dst);

		page_fill_words(src, &seed);
		ours += check_page(deflate, 4096);
		CHECK_EQ(compress2(dst, &size, src, 4096, 1), Z_OK);
		zlibs += size;
	}
	CHECK(ours > 0 && ours * 20 <= zlibs * 21);
	deflate_destroy(deflate);
}

static void run_with_zlib(void)
{
	RUN(test_every_shape);
	RUN(test_lengths_and_distances);
	RUN(test_noise);
	RUN(test_largest_sums);
	RUN(test_near_zlib);
}

#else

static void run_with_zlib(void)
{
	printf("# built without zlib: nothing reads the streams\n");
}

#endif

int main(void)
{
	RUN(test_huffman);
	RUN(test_huffman_limit);
	run_with_zlib();
	return unit_status();
}
