// SPDX-License-Identifier: GPL-2.0-or-later
/* What the index of a dump's segments costs, counted in instructions. */
#include "input/index.h"

#include <stdlib.h>

#include "tests/unit/steps.h"
#include "tests/unit/unit.h"

struct work {
	struct dump_segment *segments;
	size_t count;
	struct dump_index *index;
	uint64_t paddr;
};

static void find(void *arg)
{
	struct work *work = arg;

	if (dump_index_find(work->index, work->paddr) >= work->index->count)
		abort();
}

static void create(void *arg)
{
	struct work *work = arg;

	err_free(dump_index_create(work->segments, work->count, &work->index));
}

/* @count pages, each in a segment of its own; @nested: each with all later ones inside it. */
static struct work make(size_t count, bool nested)
{
	struct work work = { .count = count };

	work.segments = calloc(count, sizeof(*work.segments));
	for (size_t i = 0; work.segments && i < count; i++)
		work.segments[i] = (struct dump_segment){
			.paddr = i << 12, .filesz = 1,
			.memsz = nested ? (count - i + count) << 12 : 4096 };
	return work;
}

static void drop(struct work *work)
{
	dump_index_destroy(work->index);
	free(work->segments);
}

/* Looking up one of more than 65536 segments takes two or three times as long as one of 16. */
static void test_lookup_is_logarithmic(void)
{
	unsigned long few = 0, many = 0, steps;

	for (int i = 0; i < 2; i++) {
		struct work work = make(i ? 70000 : 16, false);

		create(&work);
		if (!work.index)
			return;
		CHECK_EQ(work.index->count, 2 * work.count);
		for (uint64_t part = 0; part < 8; part++) {
			work.paddr = (work.count * part / 8) << 12;
			steps = steps_of(find, &work);
			if (i)
				many = steps > many ? steps : many;
			else
				few = steps > few ? steps : few;
		}
		drop(&work);
	}
	if (!few)
		printf("# no single steps here\n");
	printf("# %lu instructions, %lu for 16 segments\n", many, few);
	CHECK(many <= 4 * few);
	CHECK(!few || many > few);
}

/* Four times as many segments cost little more than four times as much, not sixteen times. */
static void test_creation_is_no_square(void)
{
	for (int nested = 0; nested < 2; nested++) {
		struct work few = make(12, nested), many = make(48, nested);
		unsigned long steps, base;

		steps = steps_of(create, &many);
		base = steps_of(create, &few);
		printf("# %lu instructions, %lu for a quarter of the segments\n", steps, base);
		CHECK(steps <= 7 * base);
		drop(&few);
		drop(&many);
	}
}

int main(void)
{
	RUN(test_lookup_is_logarithmic);
	RUN(test_creation_is_no_square);
	return unit_status();
}
