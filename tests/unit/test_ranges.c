// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>

#include "base/checked.h"
#include "base/ranges.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define VALUES 200

static void check_shape(const struct ranges *set)
{
	for (size_t i = 0; i < set->count; i++) {
		CHECK(set->v[i].start < set->v[i].end);
		/* A gap: neighbours that touch are one range. */
		CHECK(!i || set->v[i - 1].end < set->v[i].start);
	}
}

static void check_span(const struct ranges *set, const bool *in, uint64_t from, uint64_t to)
{
	struct range got = { 77, 77 };
	uint64_t count = 0, first = from, last;
	bool any;

	for (uint64_t i = from; i < to; i++)
		count += in[i];
	CHECK_EQ(ranges_count_in(set, from, to), count);
	CHECK_EQ(ranges_covers(set, from, to), count == to - from);
	while (first < to && !in[first])
		first++;
	for (last = first; last < to && in[last];)
		last++;
	any = ranges_next(set, from, to, &got);
	CHECK_EQ(any, first < to);
	CHECK_EQ(got.start, any ? first : 77);
	CHECK_EQ(got.end, any ? last : 77);
}

static void check_values(const struct ranges *set, const bool *in)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < VALUES; i++) {
		size_t at = ranges_find(set, i);

		CHECK_EQ(ranges_contains(set, i), in[i]);
		CHECK(at == set->count || set->v[at].end > i);
		CHECK(!at || set->v[at - 1].end <= i);
		total += in[i];
	}
	CHECK_EQ(ranges_total(set), total);
}

static void test_against_model(void)
{
	struct ranges set = { 0 };
	bool in[VALUES + 1] = { false };
	uint64_t state = 2;

	for (int round = 0; round < 20000; round++) {
		uint64_t from = random_below(&state, VALUES);
		uint64_t to = min_u64(VALUES, from + random_below(&state, round % 7 ? 6 : 90));
		bool add = random_below(&state, 2);

		if (add)
			CHECK_OK(ranges_add(&set, from, to));
		else
			CHECK_OK(ranges_remove(&set, from, to));
		for (uint64_t i = from; i < to; i++)
			in[i] = add;
		check_shape(&set);
		check_span(&set, in, from / 2, to);
		check_span(&set, in, 0, VALUES);
		if (round % 10 == 0)
			check_values(&set, in);
	}
	ranges_deinit(&set);
	CHECK_EQ(set.count, 0);
}

static void test_merge_and_split(void)
{
	struct ranges set;

	ranges_init(&set);
	CHECK_OK(ranges_add(&set, 10, 20));
	CHECK_OK(ranges_add(&set, 30, 40));
	CHECK_EQ(set.count, 2);
	CHECK_OK(ranges_add(&set, 20, 30));
	CHECK_EQ(set.count, 1);
	CHECK_OK(ranges_remove(&set, 15, 16));
	CHECK_EQ(set.count, 2);
	CHECK(ranges_covers(&set, 16, 40));
	CHECK(!ranges_covers(&set, 14, 16));
	CHECK_OK(ranges_remove(&set, 0, 100));
	CHECK_EQ(set.count, 0);
	ranges_deinit(&set);
}

static void test_ends_of_the_number_line(void)
{
	struct ranges set = { 0 };
	struct range got;

	CHECK_OK(ranges_add(&set, UINT64_MAX - 5, UINT64_MAX));
	CHECK_OK(ranges_add(&set, 0, 1));
	CHECK(ranges_contains(&set, UINT64_MAX - 1));
	CHECK(!ranges_contains(&set, UINT64_MAX));
	CHECK(ranges_contains(&set, 0));
	CHECK(ranges_next(&set, 1, UINT64_MAX, &got));
	CHECK_EQ(got.start, UINT64_MAX - 5);
	CHECK_OK(ranges_add(&set, 1, UINT64_MAX - 5));
	CHECK_EQ(set.count, 1);
	CHECK_EQ(ranges_total(&set), UINT64_MAX);
	CHECK_OK(ranges_remove(&set, 0, UINT64_MAX));
	CHECK_EQ(set.count, 0);
	ranges_deinit(&set);
}

static void test_empty_changes_nothing(void)
{
	struct ranges set = { 0 };

	CHECK_OK(ranges_add(&set, 5, 5));
	CHECK_OK(ranges_add(&set, 6, 5));
	CHECK_OK(ranges_remove(&set, 5, 5));
	CHECK_OK(ranges_remove(&set, 5, 6));
	CHECK_EQ(set.count, 0);
	CHECK_OK(ranges_add(&set, 1, 9));
	CHECK_OK(ranges_remove(&set, 5, 5));
	CHECK_OK(ranges_remove(&set, 6, 5));
	CHECK_EQ(set.count, 1);
	CHECK_EQ(ranges_total(&set), 8);
	CHECK_EQ(ranges_count_in(&set, 9, 1), 0);
	ranges_deinit(&set);
}

static void test_append_and_sort(void)
{
	static const struct range in[] = { { 50, 60 }, { 60, 61 }, { 7, 8 }, { 10, 20 }, { 15, 17 },
					   { 5, 7 }, { 19, 30 }, { 9, 9 } };
	struct ranges set = { 0 };

	ranges_sort(&set);
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		CHECK_OK(ranges_append(&set, in[i].start, in[i].end));
	/* Neighbours in the order given are one already. */
	CHECK_EQ(set.count, 5);
	ranges_sort(&set);
	CHECK_EQ(set.count, 3);
	CHECK_EQ(ranges_total(&set), 3 + 20 + 11);
	CHECK(ranges_covers(&set, 5, 8));
	CHECK(ranges_covers(&set, 10, 30));
	CHECK(ranges_covers(&set, 50, 61));
	ranges_deinit(&set);
}

int main(void)
{
	RUN(test_append_and_sort);
	RUN(test_against_model);
	RUN(test_merge_and_split);
	RUN(test_ends_of_the_number_line);
	RUN(test_empty_changes_nothing);
	return unit_status();
}
