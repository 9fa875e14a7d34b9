// SPDX-License-Identifier: GPL-2.0-or-later
/* Bitmaps in files whose bytes have the highest bit first, against those that have the lowest. */
#include "input/bitfile.h"

#include "base/bits.h"
#include "tests/unit/unit.h"

#define START 7		/* of the bitmap in the file: nothing is aligned */
#define PFNS (2 * BITFILE_CHUNK + 13)
#define BYTES (PFNS / 8 + 1)

static uint8_t lsb[START + 2 * BYTES], msb[START + 2 * BYTES];

static void set_bit(size_t bitmap, uint64_t pfn)
{
	size_t at = START + bitmap * BYTES + pfn / 8;

	lsb[at] |= (uint8_t)(1 << pfn % 8);
	msb[at] |= (uint8_t)(0x80 >> pfn % 8);
}

/* Runs and single bits; all of the second chunk; some only in the second bitmap. */
static void fill(void)
{
	for (uint64_t pfn = 3; pfn < BITFILE_CHUNK; pfn += pfn % 11 + 1)
		set_bit(pfn % 5 == 0, pfn);
	for (uint64_t pfn = BITFILE_CHUNK; pfn < PFNS - 5; pfn++)
		set_bit(0, pfn);
	/* Behind the end. */
	lsb[START + BYTES - 1] |= 0xe0;
	msb[START + BYTES - 1] |= 0x07;
}

static void open_both(struct source **sources, struct bitfile *files, bool joined)
{
	struct bitfile_place place = {
		.off = START, .also = joined ? START + BYTES : START, .end = PFNS,
	};

	CHECK_OK(source_open_memory(lsb, sizeof(lsb), &sources[0]));
	CHECK_OK(source_open_memory(msb, sizeof(msb), &sources[1]));
	place.src = sources[0];
	CHECK_OK(bitfile_open(&place, &files[0]));
	place.src = sources[1];
	place.msb_first = true;
	CHECK_OK(bitfile_open(&place, &files[1]));
}

static void check_same(bool joined)
{
	static struct bitfile_cursor cursors[2];
	struct source *sources[2];
	struct bitfile files[2];
	uint64_t words[2][(PFNS + 63) / 64], ranks[2], wrong = 0, below = 0;
	bool set[2];

	open_both(sources, files, joined);
	CHECK_EQ(bitfile_total(&files[0]), bitfile_total(&files[1]));
	CHECK_EQ(files[0].stray, files[1].stray);
	CHECK_OK(bitfile_read(&files[0], 0, PFNS, words[0]));
	CHECK_OK(bitfile_read(&files[1], 0, PFNS, words[1]));
	CHECK(!memcmp(words[0], words[1], sizeof(words[0])));
	bitfile_cursor_init(&cursors[0], &files[0]);
	bitfile_cursor_init(&cursors[1], &files[1]);
	for (uint64_t pfn = 0; pfn < PFNS; pfn++) {
		for (int i = 0; i < 2; i++)
			CHECK_OK(bitfile_cursor_get(&cursors[i], pfn, &set[i], &ranks[i]));
		wrong += set[0] != set[1] || ranks[0] != ranks[1] || ranks[0] != below ||
			 set[0] != bits_test(words[0], pfn);
		below += set[0];
	}
	CHECK_EQ(wrong, 0);
	CHECK_EQ(below, bitfile_total(&files[1]));
	for (int i = 0; i < 2; i++) {
		bitfile_close(&files[i]);
		source_destroy(sources[i]);
	}
}

static void test_one(void)
{
	check_same(false);
}

static void test_joined(void)
{
	check_same(true);
}

int main(void)
{
	fill();
	RUN(test_one);
	RUN(test_joined);
	return unit_status();
}
