// SPDX-License-Identifier: GPL-2.0-or-later
/* The page compressor: what it writes, zstd reads. */
#include "codec/zstd_page.h"

#include <stdlib.h>

#include "codec/fse.h"
#include "tests/unit/pagefill.h"
#include "tests/unit/unit.h"

#define CANARY 0xa5

/* Shares fill the table exactly, and nothing that occurs has none. */
static void check_shares(const uint32_t *freq, unsigned int count, uint32_t total, unsigned int log)
{
	struct fse_shares shares;
	unsigned int sum = 0;

	fse_share_out(&shares, freq, count, total, log);
	CHECK(shares.log >= FSE_LOG_MIN && shares.log <= log);
	CHECK_EQ(shares.count, count);
	for (unsigned int i = 0; i < count; i++) {
		CHECK_EQ(shares.share[i] != 0, freq[i] != 0);
		CHECK(shares.share[i] >= 0 && shares.share[i] < 1 << shares.log);
		sum += (unsigned int)shares.share[i];
	}
	CHECK_EQ(sum, 1u << shares.log);
}

static void test_shares(void)
{
	uint32_t freq[FSE_SYMBOLS_MAX], total;
	uint64_t seed = 3;

	for (unsigned int round = 0; round < 500; round++) {
		unsigned int count = 2 + (unsigned int)random_below(&seed, round % 2 ? 11 : 51);
		uint64_t most = UINT64_C(1) << random_below(&seed, 9);

		total = 0;
		for (unsigned int i = 0; i < count; i++) {
			freq[i] = (uint32_t)random_below(&seed, most + 1);
			if (i == 0 || i == count - 1)
				freq[i] += 1 + (uint32_t)random_below(&seed, 4000);
			total += freq[i];
		}
		check_shares(freq, count, total, count <= 12 ? 6 : 9);
	}
}

#if USE_ZSTD

#include <zstd.h>

static uint8_t src[ZSTD_PAGE_LEN_MAX], back[ZSTD_PAGE_LEN_MAX];
static uint8_t dst[ZSTD_PAGE_LEN_MAX + ZSTD_PAGE_SLACK + 1];

/* Compress the first @len bytes of src; whatever is not refused must come back. */
static size_t check_page(struct zstd_page *page, size_t len)
{
	size_t size, got;

	dst[len + ZSTD_PAGE_SLACK] = CANARY;
	size = zstd_page_compress(page, src, len, dst);
	CHECK_EQ(dst[len + ZSTD_PAGE_SLACK], CANARY);
	if (!size)
		return 0;
	CHECK(size < len);
	CHECK_EQ(ZSTD_getFrameContentSize(dst, size), len);
	CHECK_EQ(ZSTD_findFrameCompressedSize(dst, size), size);
	got = ZSTD_decompress(back, len, dst, size);
	CHECK_EQ(got, len);
	CHECK(!memcmp(back, src, len));
	return size;
}

static void test_every_shape(void)
{
	static const size_t lengths[] = { 4096, 4096, 16384, 65536, 255, 256, 100, 9, 8, 1 };
	struct zstd_page *page;
	unsigned int stored = 0;
	uint64_t seed = 7;

	CHECK_OK(zstd_page_create(ZSTD_PAGE_LEN_MAX, &page));
	for (unsigned int round = 0; round < 3000; round++) {
		size_t len = lengths[round % 10];

		if (len == 65536 && round > 600)
			len = 1 + random_below(&seed, 5000);
		page_fill(src, &seed, len, 1 + random_below(&seed, 1u << random_below(&seed, 9)),
			  random_below(&seed, 101));
		stored += check_page(page, len) > 0;
	}
	CHECK(stored > 1500);
	CHECK_EQ(zstd_page_compress(page, src, 0, dst), 0);
	zstd_page_destroy(page);
}

/* Literals alone and matches alone, with lengths on both sides of what codes change at. */
static void test_lengths(void)
{
	static const size_t edges[] = { 15, 16, 31, 34, 35, 63, 64, 128, 130, 131, 1023, 1024, 2051, 4095,
					4096, 16383, 16384, 32768, 65000 };
	struct zstd_page *page;
	uint64_t seed = 9;

	CHECK_OK(zstd_page_create(ZSTD_PAGE_LEN_MAX, &page));
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
		for (unsigned int more = 0; more < 3; more++) {
			size_t n = edges[i] + more;

			/* n literals of a code, a match over the rest. */
			memset(src, 0, sizeof(src));
			for (size_t k = 0; k < n; k++)
				src[k] = (uint8_t)(1 + random_below(&seed, 60) * random_below(&seed, 3));
			CHECK(check_page(page, sizeof(src)) > 0);
			/* A match of n bytes between others. */
			memset(src, 0, sizeof(src));
			random_fill(&seed, src + 10, 20);
			memcpy(src + 30 + n, src + 10, 20);
			CHECK(check_page(page, sizeof(src)) > 0);
		}
	zstd_page_destroy(page);
}

/* Random bytes are refused; what is random in part, or in few bits, is not. */
static void test_noise(void)
{
	struct zstd_page *page;
	uint64_t seed = 4;

	CHECK_OK(zstd_page_create(4096, &page));
	for (unsigned int round = 0; round < 100; round++) {
		random_fill(&seed, src, 4096);
		CHECK_EQ(check_page(page, 4096), 0);
		memset(src + 3000, 0, 1096);
		CHECK(check_page(page, 4096) > 0);
		random_fill(&seed, src, 4096);
		for (size_t i = 0; i < 4096; i++)
			src[i] &= round % 2 ? 0x0f : 0x7f;
		CHECK(check_page(page, 4096) > 0);
	}
	CHECK_EQ(zstd_page_compress(page, src, 4097, dst), 0);
	zstd_page_destroy(page);
}

/* As in test_deflate.c: far from the library means a broken search. */
static void test_near_library(void)
{
	struct zstd_page *page;
	uint64_t seed = 5, ours = 0, library = 0;

	CHECK_OK(zstd_page_create(4096, &page));
	for (unsigned int round = 0; round < 200; round++) {
		page_fill_words(src, &seed);
		ours += check_page(page, 4096);
		library += ZSTD_compress(dst, sizeof(dst), src, 4096, 1);
	}
	CHECK(ours > 0 && ours * 20 <= library * 21);
	zstd_page_destroy(page);
}

static void run_with_zstd(void)
{
	RUN(test_every_shape);
	RUN(test_lengths);
	RUN(test_noise);
	RUN(test_near_library);
}

#else

static void run_with_zstd(void)
{
	printf("# built without zstd: nothing reads the frames\n");
}

#endif

int main(void)
{
	RUN(test_shares);
	run_with_zstd();
	return unit_status();
}
