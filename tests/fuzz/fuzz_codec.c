// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Codecs: what is compressed comes back, the result depends on the input
 * alone, and data nobody compressed is decoded or refused.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "tests/fuzz/fuzz.h"

/* The input goes through its own decoder, and through an allocation of its exact size. */
static void round_trip(const struct codec *codec, void *ctx, const uint8_t *page, size_t len)
{
	size_t bound = codec->bound(len);
	uint8_t *stored = malloc(bound), *again = malloc(bound), *back = malloc(len);
	size_t n, m;

	require(stored && again && back);
	n = codec->compress(ctx, page, len, stored);
	require(n <= bound);
	/* Something else in between must leave no trace in the context. */
	codec->compress(ctx, page, len / 2 + 1, again);
	m = codec->compress(ctx, page, len, again);
	require(n == m && memcmp(stored, again, n) == 0);
	if (n) {
		require(codec->decompress(ctx, stored, n, back, len));
		require(memcmp(back, page, len) == 0);
		require(!codec->decompress(ctx, stored, n, back, len - 1));
	}
	free(stored);
	free(again);
	free(back);
}

/* Bytes of the input, repeated up to @len: short inputs make whole pages with far matches. */
static uint8_t *make_page(const uint8_t *data, size_t have, size_t len)
{
	uint8_t *page = malloc(len);

	require(page != NULL);
	for (size_t i = 0; i < len; i++)
		page[i] = (uint8_t)(data[i % have] + (i / have % 7 == 3));
	return page;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t sizes[] = { 4096, 8192, 16384, 65536 };
	const struct codec *codec;
	size_t page_size;
	uint8_t *page;
	void *ctx;

	if (len < 4)
		return 0;
	codec = codecs[data[0] & 3];
	page_size = sizes[data[1] & 3];
	if (!codec->available)
		return 0;
	require(codec->create(page_size, &ctx) == NULL);
	page = make_page(data + 2, len - 2, page_size);
	round_trip(codec, ctx, page, page_size);
	if (len - 2 <= page_size && len > 3)
		round_trip(codec, ctx, data + 2, len - 2);
	codec->decompress(ctx, data + 2, len - 2, page, page_size);
	codec->destroy(ctx);
	free(page);
	return 0;
}
