// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>

#include "base/bits.h"
#include "base/checked.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define BITS 640

/* The model: one bool per bit. */
struct model {
	bool bit[BITS];
};

static void check_same(const uint64_t *bits, const struct model *model)
{
	const uint8_t *bytes = (const uint8_t *)bits;

	for (unsigned int i = 0; i < BITS; i++)
		CHECK((bytes[i / 8] >> i % 8 & 1) == model->bit[i]);
}

static void check_queries(const uint64_t *bits, const struct model *model, uint64_t from,
			  uint64_t to)
{
	uint64_t count = 0, set = to, clear = to;

	for (uint64_t i = to; i-- > from;) {
		count += model->bit[i];
		if (model->bit[i])
			set = i;
		else
			clear = i;
	}
	CHECK_EQ(bits_count(bits, from, to), count);
	CHECK_EQ(bits_next_set(bits, from, to), set);
	CHECK_EQ(bits_next_clear(bits, from, to), clear);
}

static void test_order(void)
{
	uint64_t bits[2] = { 0 };
	const uint8_t *bytes = (const uint8_t *)bits;

	bits_set(bits, 9);
	CHECK_EQ(bytes[1], 2);
	CHECK(bits_test(bits, 9));
	CHECK(!bits_test(bits, 8));
	bits_set_range(bits, 124, 128);
	CHECK_EQ(bytes[15], 0xf0);
	bits_clear_range(bits, 125, 127);
	CHECK_EQ(bytes[15], 0x90);
	CHECK_EQ(bytes[1], 2);
}

static void test_every_range(void)
{
	for (uint64_t from = 0; from <= 130; from++) {
		for (uint64_t to = from; to <= 130; to++) {
			uint64_t bits[10] = { 0 };
			struct model model = { { false } };

			for (uint64_t i = from; i < to; i++)
				model.bit[i] = true;
			bits_set_range(bits, from, to);
			CHECK_EQ(bits_count(bits, 0, BITS), to - from);
			CHECK_EQ(bits_count(bits, from, to), to - from);
			CHECK_EQ(bits_next_clear(bits, from, BITS), to);
			check_queries(bits, &model, 0, BITS);
		}
	}
}

static void test_against_model(void)
{
	uint64_t bits[BITS / 64] = { 0 };
	struct model model = { { false } };
	uint64_t state = 1;

	for (int round = 0; round < 20000; round++) {
		uint64_t a = random_below(&state, BITS + 1), b = random_below(&state, BITS + 1);
		uint64_t from = min_u64(a, b), to = max_u64(a, b);
		bool set = random_below(&state, 2);

		if (round % 3)
			to = min_u64(to, from + 5);
		if (set)
			bits_set_range(bits, from, to);
		else
			bits_clear_range(bits, from, to);
		for (uint64_t i = from; i < to; i++)
			model.bit[i] = set;
		check_queries(bits, &model, from / 2, to);
		check_queries(bits, &model, to, BITS);
		if (round % 100 == 0)
			check_same(bits, &model);
	}
	check_same(bits, &model);
}

static void test_empty_ranges(void)
{
	uint64_t bits[2] = { 0 };

	bits_set_range(bits, 0, 0);
	bits_set_range(bits, 64, 64);
	bits_set_range(bits, 65, 64);
	CHECK_EQ(bits[0] | bits[1], 0);
	CHECK_EQ(bits_count(bits, 128, 128), 0);
	CHECK_EQ(bits_next_set(bits, 128, 128), 128);
	CHECK_EQ(bits_next_clear(bits, 0, 0), 0);
}

int main(void)
{
	RUN(test_order);
	RUN(test_every_range);
	RUN(test_against_model);
	RUN(test_empty_ranges);
	return unit_status();
}
