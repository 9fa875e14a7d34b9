// SPDX-License-Identifier: GPL-2.0-or-later
/* Bitmaps in files against a plain array of the same bits. */
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "input/bitfile.h"
#include "tests/unit/fault_source.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define BITS (5 * BITFILE_CHUNK + 1234)
#define BYTES (round_up(BITS, 64) / 8)

struct model {
	uint8_t *file;		/* two bitmaps */
	uint8_t *want;		/* what must be read */
	struct bitfile_place at;
	struct bitfile bf;
	struct source *src;
};

/* Sparse, dense and mixed stretches, whole chunks of zeros and of ones. */
static void fill(uint8_t *bits, uint64_t *rnd)
{
	uint64_t at = 0, len;

	memset(bits, 0, BYTES);
	while (at < BITS) {
		len = 1 + random_below(rnd, random_below(rnd, 4) ? 40 : 2 * BITFILE_CHUNK);
		len = min_u64(len, BITS - at);
		if (random_below(rnd, 2))
			bits_set_range(bits, at, at + len);
		at += len;
	}
}

static void model_init(struct model *m, uint64_t *rnd, bool joined, uint64_t first,
		       uint64_t end)
{
	memset(m, 0, sizeof(*m));
	m->file = malloc(2 * BYTES);
	m->want = calloc(1, BYTES);
	fill(m->file, rnd);
	fill(m->file + BYTES, rnd);
	CHECK_OK(source_open_memory(m->file, 2 * BYTES, &m->src));
	m->at = (struct bitfile_place){ .src = m->src, .also = joined ? BYTES : 0, .first = first,
					.end = end };
	for (uint64_t i = first; i < end; i++) {
		if (bits_test(m->file, i) || (joined && bits_test(m->file + BYTES, i)))
			bits_set(m->want, i);
	}
	CHECK_OK(bitfile_open(&m->at, &m->bf));
}

static void model_deinit(struct model *m)
{
	bitfile_close(&m->bf);
	source_destroy(m->src);
	free(m->file);
	free(m->want);
}

static void check_next(const struct model *m, uint64_t from, uint64_t to)
{
	uint64_t start = bits_next_set(m->want, from, min_u64(to, BITS));
	uint64_t end = bits_next_clear(m->want, start, min_u64(to, BITS));
	struct range run = { 0, 0 };
	bool found = false;

	CHECK_OK(bitfile_next(&m->bf, from, to, &run, &found));
	CHECK_EQ(found, start < end);
	if (found && start < end) {
		CHECK_EQ(run.start, start);
		CHECK_EQ(run.end, end);
	}
}

static void check_read(const struct model *m, uint64_t from, uint64_t to)
{
	uint8_t *got = malloc(round_up(to - from, 64) / 8 + 8);
	uint64_t wrong = 0;

	memset(got, 0xa5, round_up(to - from, 64) / 8 + 8);
	CHECK_OK(bitfile_read(&m->bf, from, to, got));
	for (uint64_t i = from; i < from + round_up(to - from, 64); i++)
		wrong += bits_test(got, i - from) != (i < to && i < BITS && bits_test(m->want, i));
	CHECK_EQ(wrong, 0);
	free(got);
}

static void check_model(const struct model *m, uint64_t *rnd)
{
	struct bitfile_cursor cursor;
	uint64_t rank, wrong = 0;
	bool set;

	CHECK_EQ(bitfile_total(&m->bf), bits_count(m->want, 0, BITS));
	bitfile_cursor_init(&cursor, &m->bf);
	for (int i = 0; i < 300; i++) {
		uint64_t from = random_below(rnd, BITS + 100);
		uint64_t to = from + random_below(rnd, i & 1 ? 200 : BITS);

		check_next(m, from, to);
		if (to > from)
			check_read(m, from / 8 * 8, to);
		from = min_u64(from, BITS - 1);
		for (uint64_t at = from; at < min_u64(from + 50, BITS); at++) {
			CHECK_OK(bitfile_cursor_get(&cursor, at, &set, &rank));
			wrong += set != bits_test(m->want, at) || rank != bits_count(m->want, 0, at);
		}
	}
	CHECK_EQ(wrong, 0);
}

static void test_against_array(void)
{
	uint64_t rnd = 5;

	for (int i = 0; i < 12; i++) {
		uint64_t first = i % 3 ? random_below(&rnd, BITS / 2) : 0;
		uint64_t end = i % 4 ? BITS - random_below(&rnd, BITS / 3) : BITS;
		struct model m;

		model_init(&m, &rnd, i & 1, first, end);
		check_model(&m, &rnd);
		model_deinit(&m);
	}
}

/* Each of many short runs costs what is near it, not its whole chunk. */
static void test_short_runs(void)
{
	uint8_t *file = malloc(BYTES);
	struct range run = { 0, 0 };
	struct fault_source src;
	struct bitfile bf;
	uint64_t runs = 0;
	bool found = true;

	memset(file, 0x55, BYTES);
	fault_source_init(&src, file, BYTES);
	CHECK_OK(bitfile_open(&(struct bitfile_place){ .src = &src.base, .end = BITS }, &bf));
	src.bytes_read = 0;
	while (found) {
		CHECK_OK(bitfile_next(&bf, run.end, BITS, &run, &found));
		runs += found;
	}
	CHECK_EQ(runs, BITS / 2);
	CHECK(src.bytes_read < 128 * runs);
	bitfile_close(&bf);
	free(file);
}

/* A run ends with its chunk, which is full, and the next chunk does not begin with a set bit. */
static void test_run_ends_with_chunk(void)
{
	struct model m = { .file = calloc(2, BYTES), .want = calloc(1, BYTES) };

	bits_set_range(m.want, 0, BITFILE_CHUNK);
	bits_set_range(m.want, BITFILE_CHUNK + 5, BITFILE_CHUNK + 9);
	bits_set_range(m.want, 3 * BITFILE_CHUNK - 2, 3 * BITFILE_CHUNK);
	bits_set_range(m.want, 3 * BITFILE_CHUNK + 1, BITS);
	memcpy(m.file, m.want, BYTES);
	CHECK_OK(source_open_memory(m.file, 2 * BYTES, &m.src));
	m.at = (struct bitfile_place){ .src = m.src, .end = BITS };
	CHECK_OK(bitfile_open(&m.at, &m.bf));
	for (uint64_t from = 0; from < BITS; from += 4095)
		check_next(&m, from, BITS);
	check_next(&m, 3 * BITFILE_CHUNK - 2, BITS);
	model_deinit(&m);
}

static void test_stray_bits_are_counted(void)
{
	static uint8_t file[16] = { 0x0f, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x80 };
	struct bitfile_place at = { .also = 8, .end = 64 };
	struct bitfile bf;

	CHECK_OK(source_open_memory(file, sizeof(file), &at.src));
	CHECK_OK(bitfile_open(&at, &bf));
	CHECK_EQ(bf.stray, 2);
	CHECK_EQ(bitfile_total(&bf), 6);
	bitfile_close(&bf);
	source_destroy(at.src);
}

static void test_cut_off(void)
{
	static uint8_t file[16];
	struct bitfile_place at = { .end = 200 };
	struct bitfile bf = { 0 };

	CHECK_OK(source_open_memory(file, sizeof(file), &at.src));
	CHECK_ERR(bitfile_open(&at, &bf), ERR_LOST);
	bitfile_close(&bf);
	source_destroy(at.src);
}

int main(void)
{
	RUN(test_against_array);
	RUN(test_short_runs);
	RUN(test_run_ends_with_chunk);
	RUN(test_stray_bits_are_counted);
	RUN(test_cut_off);
	return unit_status();
}
