// SPDX-License-Identifier: GPL-2.0-or-later
/* A region: bytes in order, writes that end at multiples of the buffer, zeros left out or not. */
#include "output/region.h"

#include "tests/unit/memsink.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define START 1234u
#define ROOM 1000u
#define TOTAL 20000u

/* Where writes began, to see how large they were. */
static unsigned int unaligned(const struct memsink *out, const uint64_t *flushed, size_t n)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		count += flushed[i] != START && flushed[i] % ROOM != 0 && flushed[i] < out->len;
	return count;
}

static void test_append(void)
{
	struct memsink *out = memsink_create(true);
	uint8_t buf[ROOM], data[TOTAL];
	uint64_t state = 1, flushed[TOTAL], done, n;
	struct region region;
	size_t steps = 0;

	random_fill(&state, data, sizeof(data));
	region_init(&region, &out->sink, START, buf, sizeof(buf));
	for (done = 0; done < TOTAL; done += n) {
		n = min_u64(TOTAL - done, random_below(&state, steps % 7 ? 90 : 2500));
		CHECK_OK(region_append(&region, data + done, n));
		flushed[steps++] = region.flushed;
		CHECK_EQ(region_tell(&region), START + done + n);
		CHECK(region_free(&region) > 0);
	}
	CHECK_EQ(unaligned(out, flushed, steps), 0);
	CHECK_OK(region_flush(&region));
	CHECK_OK(region_flush(&region));
	CHECK_EQ(region.flushed, START + TOTAL);
	CHECK_EQ(out->len, START + TOTAL);
	CHECK_EQ(out->sink.written, TOTAL);
	CHECK_EQ(out->calls, (START + TOTAL) / ROOM - START / ROOM + 1);
	CHECK(!memcmp(out->data + START, data, TOTAL));
	memsink_destroy(&out->sink);
}

static void check_zeros(bool file, size_t zeros)
{
	struct memsink *out = memsink_create(file);
	uint8_t buf[ROOM];
	struct region region;
	size_t i, bad = 0;

	memset(buf, 0x55, sizeof(buf));
	region_init(&region, &out->sink, START, buf, sizeof(buf));
	CHECK_OK(region_append(&region, "head", 4));
	CHECK_OK(region_append_zeros(&region, zeros));
	CHECK_OK(region_append_zeros(&region, 0));
	CHECK_OK(region_append(&region, "tail", 4));
	CHECK_OK(region_flush(&region));
	CHECK_EQ(region_tell(&region), START + zeros + 8);
	CHECK(!memcmp(out->data + START, "head", 4));
	for (i = 0; i < zeros; i++)
		bad += out->data[START + 4 + i] != 0;
	CHECK_EQ(bad, 0);
	CHECK(!memcmp(out->data + START + 4 + zeros, "tail", 4));
	CHECK_EQ(out->sink.written, file && zeros >= REGION_HOLE_MIN ? 8 : zeros + 8);
	memsink_destroy(&out->sink);
}

static void test_zeros(void)
{
	check_zeros(true, 5555);
	check_zeros(false, 5555);
	check_zeros(true, REGION_HOLE_MIN - 1);
	check_zeros(true, REGION_HOLE_MIN);
	check_zeros(false, REGION_HOLE_MIN);
}

/* After a failed write nothing behind it is tried: what is flushed stays a prefix. */
static void test_broken(void)
{
	struct memsink *out = memsink_create(true);
	static const uint8_t data[3 * ROOM];
	uint8_t buf[ROOM];
	struct region region;

	region_init(&region, &out->sink, 0, buf, sizeof(buf));
	out->fail_at = 1;
	CHECK_ERR(region_append(&region, data, sizeof(data)), ERR_IO);
	CHECK(region.broken);
	CHECK_EQ(region.flushed, ROOM);
	CHECK_ERR(region_flush(&region), ERR_IO);
	CHECK_EQ(out->calls, 2);
	memsink_destroy(&out->sink);
}

int main(void)
{
	RUN(test_append);
	RUN(test_zeros);
	RUN(test_broken);
	return unit_status();
}
