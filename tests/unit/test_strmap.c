// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>

#include "base/strmap.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define KEYS 3000

static struct err *put(struct strmap *map, const char *key, void *value)
{
	return strmap_put(map, key, strlen(key), value);
}

static void *get(const struct strmap *map, const char *key)
{
	return strmap_get(map, key, strlen(key));
}

static void test_empty(void)
{
	struct strmap map;

	strmap_init(&map);
	CHECK(!get(&map, "x"));
	CHECK(!get(&map, ""));
	strmap_deinit(&map);
}

static void test_replace_and_order(void)
{
	static const char *const keys[] = { "zeta", "alpha", "mid" };
	struct strmap map = { 0 };
	int a, b, c;

	CHECK_OK(put(&map, keys[0], &a));
	CHECK_OK(put(&map, keys[1], &b));
	CHECK_OK(put(&map, keys[2], &c));
	CHECK_OK(put(&map, "zeta", &c));
	CHECK_EQ(map.count, 3);
	CHECK(get(&map, "zeta") == &c);
	CHECK(get(&map, "alpha") == &b);
	for (size_t i = 0; i < map.count; i++) {
		CHECK(!strcmp(map.v[i].key, keys[i]));
		CHECK(map.v[i].key != keys[i]);
	}
	strmap_deinit(&map);
}

/* Lookups use @len, not the terminator: names are cut out of longer text. */
static void test_length_counts(void)
{
	struct strmap map = { 0 };
	int shorter, longer, empty;

	CHECK_OK(strmap_put(&map, "page.flags=0", 4, &shorter));
	CHECK_OK(strmap_put(&map, "page.flags=0", 10, &longer));
	CHECK_OK(strmap_put(&map, "page", 0, &empty));
	CHECK_EQ(map.count, 3);
	CHECK(get(&map, "page") == &shorter);
	CHECK(get(&map, "page.flags") == &longer);
	CHECK(get(&map, "") == &empty);
	CHECK(!get(&map, "page."));
	CHECK(strmap_get(&map, "page)", 4) == &shorter);
	strmap_deinit(&map);
}

static void test_nul_in_name(void)
{
	struct strmap map = { 0 };
	int v;

	CHECK_ERR(strmap_put(&map, "a\0b", 3, &v), ERR_BAD_INPUT);
	CHECK_EQ(map.count, 0);
	CHECK_OK(put(&map, "a", &v));
	CHECK(!strmap_get(&map, "a\0b", 3));
	strmap_deinit(&map);
}

static void test_against_model(void)
{
	static int values[KEYS];
	static int *model[KEYS];
	struct strmap map = { 0 };
	uint64_t state = 3;
	size_t distinct = 0;
	char key[32];

	for (int round = 0; round < 20000; round++) {
		size_t i = random_below(&state, KEYS);
		int *value = &values[random_below(&state, KEYS)];

		snprintf(key, sizeof(key), "sym_%zu", i * i);
		CHECK(get(&map, key) == model[i]);
		if (round % 3)
			continue;
		distinct += !model[i];
		model[i] = value;
		CHECK_OK(put(&map, key, value));
		CHECK_EQ(map.count, distinct);
	}
	for (size_t i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "sym_%zu", i * i);
		CHECK(get(&map, key) == model[i]);
	}
	strmap_deinit(&map);
}

int main(void)
{
	RUN(test_empty);
	RUN(test_replace_and_order);
	RUN(test_length_counts);
	RUN(test_nul_in_name);
	RUN(test_against_model);
	return unit_status();
}
