// SPDX-License-Identifier: GPL-2.0-or-later
/* Bitmaps in files against a plain array of bits, in both bit orders. */
#include "input/pagebits.h"

#include <stdlib.h>

#include "base/bits.h"
#include "tests/unit/unit.h"

#define START 7		/* of the bitmap in the file: nothing is aligned */
#define PFNS (2 * PAGEBITS_PIECE_BITS + 13)
#define BYTES (PFNS / 8 + 1)

static uint8_t file[START + BYTES];
static bool model[PFNS];

static void set_bit(enum pagebits_order order, uint64_t pfn)
{
	unsigned int bit = pfn % 8;

	model[pfn] = true;
	file[START + pfn / 8] |= (uint8_t)(order == PAGEBITS_MSB_FIRST ? 0x80 >> bit : 1 << bit);
}

/* Runs and single bits; all of the second piece; garbage behind the end. */
static void fill(enum pagebits_order order)
{
	memset(file, 0, sizeof(file));
	memset(model, 0, sizeof(model));
	for (uint64_t pfn = 3; pfn < PAGEBITS_PIECE_BITS; pfn += pfn % 11 + 1)
		set_bit(order, pfn);
	for (uint64_t pfn = PAGEBITS_PIECE_BITS; pfn < PFNS - 5; pfn++)
		set_bit(order, pfn);
	file[START + BYTES - 1] |= order == PAGEBITS_MSB_FIRST ? 0x07 : 0xe0;
}

static void check_finds(const struct pagebits *bits)
{
	uint64_t below = 0, got = 0, wrong = 0;
	bool set = false;

	for (uint64_t pfn = 0; pfn < PFNS; pfn++) {
		CHECK_OK(pagebits_find(bits, pfn, &set, &got));
		wrong += set != model[pfn] || got != below;
		below += model[pfn];
	}
	CHECK_EQ(wrong, 0);
	CHECK_EQ(pagebits_total(bits), below);
}

static void check_pieces(const struct pagebits *bits)
{
	uint64_t piece[PAGEBITS_PIECE / 8], wrong = 0;

	CHECK_EQ(pagebits_pieces(bits), 3);
	for (uint64_t n = 0; n < 3; n++) {
		CHECK_OK(pagebits_read(bits, n, (uint8_t *)piece));
		for (uint64_t i = 0; i < PAGEBITS_PIECE_BITS; i++) {
			uint64_t pfn = n * PAGEBITS_PIECE_BITS + i;

			wrong += bits_test(piece, i) != (pfn < PFNS && model[pfn]);
		}
	}
	CHECK_EQ(wrong, 0);
}

static void check_order(enum pagebits_order order)
{
	struct pagebits bits = { 0 };
	struct source *src = NULL;

	fill(order);
	CHECK_OK(source_open_memory(file, sizeof(file), &src));
	CHECK_OK(pagebits_init(&bits, src, START, PFNS, order));
	check_finds(&bits);
	check_pieces(&bits);
	pagebits_deinit(&bits);
	source_destroy(src);
}

static void test_lsb_first(void)
{
	check_order(PAGEBITS_LSB_FIRST);
}

static void test_msb_first(void)
{
	check_order(PAGEBITS_MSB_FIRST);
}

static void test_cut_off(void)
{
	struct pagebits bits = { 0 };
	struct source *src = NULL;

	CHECK_OK(source_open_memory(file, sizeof(file), &src));
	CHECK_ERR(pagebits_init(&bits, src, START + 1, PFNS, PAGEBITS_LSB_FIRST), ERR_LOST);
	pagebits_deinit(&bits);
	CHECK_ERR(pagebits_init(&bits, src, 0, UINT64_MAX, PAGEBITS_LSB_FIRST), ERR_LOST);
	pagebits_deinit(&bits);
	CHECK_OK(pagebits_init(&bits, src, sizeof(file), 0, PAGEBITS_LSB_FIRST));
	CHECK_EQ(pagebits_total(&bits), 0);
	pagebits_deinit(&bits);
	source_destroy(src);
}

int main(void)
{
	RUN(test_lsb_first);
	RUN(test_msb_first);
	RUN(test_cut_off);
	return unit_status();
}
