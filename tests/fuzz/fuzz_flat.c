// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flattened stream nobody can trust, three ways: done by hand record by
 * record, read in place, and rearranged. What is small enough to look at must
 * be the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "input/flat.h"
#include "output/rearrange.h"
#include "tests/fuzz/fuzz.h"

/* Bytes of the carried file that are looked at. */
#define LOOK_AT ((uint64_t)1 << 20)

struct model {
	uint8_t *file;		/* LOOK_AT bytes */
	uint64_t size;		/* of the file; may be far above LOOK_AT */
	size_t records;
	bool complete;
};

static void model_write(struct model *m, uint64_t off, const uint8_t *data, uint64_t len)
{
	if (off < LOOK_AT)
		memcpy(m->file + off, data, min_u64(len, LOOK_AT - off));
	m->size = max_u64(m->size, off + len);
	m->records++;
}

/* As the format says, for a stream whose header is good. */
static void model_run(struct model *m, const uint8_t *data, size_t len)
{
	size_t at = 4096;
	uint64_t left;

	while (at + 16 <= len) {
		int64_t off = (int64_t)get_u64(data + at, ORDER_BIG);
		int64_t size = (int64_t)get_u64(data + at + 8, ORDER_BIG);

		at += 16;
		if (off == -1 && size == -1) {
			m->complete = true;
			return;
		}
		if (off < 0 || size <= 0 || size > INT64_MAX - off)
			return;
		left = min_u64((uint64_t)size, len - at);
		if (left)
			model_write(m, (uint64_t)off, data + at, left);
		if (left < (uint64_t)size)
			return;
		at += (size_t)size;
	}
}

static void check_source(struct source *src, const struct model *m, uint64_t seed)
{
	static uint8_t got[LOOK_AT];
	uint64_t looked = min_u64(m->size, LOOK_AT), off = looked ? seed % looked : 0;
	size_t n;

	require(src->size == m->size && src->incomplete == !m->complete);
	require(source_read_some(src, 0, got, looked, &n) == NULL);
	require(n == looked && memcmp(got, m->file, looked) == 0);
	require(source_read_some(src, off, got, 100, &n) == NULL);
	require(n == min_u64(100, m->size - off));
	require(memcmp(got, m->file + off, min_u64(n, LOOK_AT - off)) == 0);
	require(source_read_some(src, m->size - 1, got, 100, &n) == NULL && n == 1);
}

/* The stream in memory, a few bytes at a time. */
struct feed {
	const uint8_t *data;
	size_t len;
	size_t piece;
};

static struct err *feed_read(void *ctx, void *buf, size_t len, size_t *ret)
{
	struct feed *feed = ctx;

	*ret = min_u64(min_u64(len, feed->piece), feed->len);
	memcpy(buf, feed->data, *ret);
	feed->data += *ret;
	feed->len -= *ret;
	return NULL;
}

struct window_sink {
	struct sink sink;
	uint8_t *file;		/* LOOK_AT bytes; what is behind is dropped */
	uint64_t size;
};

static struct err *window_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	struct window_sink *out = (struct window_sink *)sink;

	if (off < LOOK_AT)
		memcpy(out->file + off, buf, min_u64(len, LOOK_AT - off));
	out->size = max_u64(out->size, off + len);
	return NULL;
}

static struct err *window_finish(struct sink *sink)
{
	(void)sink;
	return NULL;
}

static void window_destroy(struct sink *sink)
{
	(void)sink;
}

static void check_rearranged(const uint8_t *data, size_t len, const struct model *m, size_t piece)
{
	static const struct sink_ops ops = { .write = window_write, .finish = window_finish,
					     .destroy = window_destroy };
	struct window_sink out = { .sink = { .ops = &ops, .name = "out", .zero_filled = true },
				   .file = calloc(1, LOOK_AT) };
	struct feed feed = { data, len, piece };
	const struct flat_stream in = { .name = "in", .read = feed_read, .ctx = &feed };
	struct err *e = rearrange_header(&in);

	require(e == NULL);
	e = rearrange(&in, &out.sink);
	require((e == NULL) == (m->complete && m->records));
	require(out.size == m->size && memcmp(out.file, m->file, LOOK_AT) == 0);
	err_free(e);
	free(out.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct log log = { .mask = 0x1f, .emit = fuzz_discard };
	struct model m = { .file = calloc(1, LOOK_AT) };
	struct source *inner = NULL, *src = NULL;
	uint64_t seed = len ? data[len - 1] * UINT64_C(4099) : 0;
	struct err *e;

	require(source_open_memory(data, len, &inner) == NULL);
	e = source_open_flat(inner, &log, &src);
	if (len >= 4096 && err_kind(e) != ERR_NOT_MINE &&
	    get_u64(data + 16, ORDER_BIG) == 1 && get_u64(data + 24, ORDER_BIG) == 1) {
		model_run(&m, data, len);
		check_rearranged(data, len, &m, 1 + seed % 5000);
	}
	/* A flattened dump inside is refused. */
	require(!e || err_kind(e) == ERR_NOT_MINE || !m.records ||
		memcmp(m.file, "makedumpfile", 12) == 0);
	if (!e)
		check_source(src, &m, seed);
	source_destroy(e ? inner : src);
	err_free(e);
	free(m.file);
	return 0;
}
