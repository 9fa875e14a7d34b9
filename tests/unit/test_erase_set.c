// SPDX-License-Identifier: GPL-2.0-or-later
/* What is overwritten, and what is said of it. */
#include <stdlib.h>

#include "base/bits.h"
#include "erase/set.h"
#include "tests/unit/unit.h"

#define SHIFT 12

static void add(struct erase_set *set, uint64_t pa, uint32_t len, uint8_t byte)
{
	CHECK_OK(erase_set_object(set, len, byte));
	CHECK_OK(erase_set_add(set, pa, len));
}

static void test_apply(void)
{
	uint8_t page[4096];
	struct erase_set set;

	erase_set_init(&set);
	CHECK(!erase_set_hits(NULL, 0, 4096));
	CHECK_OK(erase_set_rule(&set, "a"));
	add(&set, 0x2ff0, 0x10, ERASE_BYTE);
	add(&set, 0x1004, 8, ERASE_BYTE);
	add(&set, 0x1008, 2, ERASE_NULL);
	add(&set, 0x5000, 4096, ERASE_NULL);
	CHECK_OK(erase_set_close(&set));
	CHECK(!erase_set_hits(&set, 0, 0x1000));
	CHECK(erase_set_hits(&set, 0x1000, 0x1000));
	CHECK(erase_set_hits(&set, 0x2000, 0x1000));
	CHECK(!erase_set_hits(&set, 0x3000, 0x2000));
	memset(page, 'a', sizeof(page));
	erase_set_apply(&set, 0x1000, page, sizeof(page));
	CHECK(!memcmp(page, "aaaaXXXX\0\0XXa", 13));
	memset(page, 'a', sizeof(page));
	erase_set_apply(&set, 0x2000, page, sizeof(page));
	CHECK(page[0xfef] == 'a' && page[0xff0] == 'X' && page[0xfff] == 'X');
	CHECK(erase_set_leaves_zeros(&set, 0x5000, page, sizeof(page)));
	memset(page, 0, sizeof(page));
	CHECK(!erase_set_leaves_zeros(&set, 0x1000, page, sizeof(page)));
	CHECK(erase_set_leaves_zeros(&set, 0x4000, page, sizeof(page)));
	erase_set_deinit(&set);
}

/* A machine of 16 pages, of which some stay. */
static struct plan *make_plan(uint64_t first, uint64_t last)
{
	const struct plan_judge none = { 0 };
	uint8_t *keep = calloc(1, PLAN_BLOCK / 8);
	struct plan *plan = NULL;

	CHECK_OK(plan_create(16, 1 << 20, &none, &plan));
	bits_set_range(keep, first, last + 1);
	CHECK_OK(plan_put(plan, 0, keep));
	free(keep);
	return plan;
}

static void check_text(const struct erase_set *set, const struct plan *plan, struct range pfns,
		       const char *want)
{
	char *text = NULL;
	size_t len = 0;

	CHECK_OK(erase_set_text(set, plan, &pfns, SHIFT, &text, &len));
	if (len != strlen(want) || (len && memcmp(text, want, len))) {
		printf("# got '%.*s', not '%s'\n", (int)len, text ? text : "", want);
		unit_current++;
	}
	free(text);
}

static void test_text(void)
{
	struct plan *plan = make_plan(1, 5);
	struct erase_set set;

	erase_set_init(&set);
	CHECK_OK(erase_set_rule(&set, "first.x"));
	CHECK_OK(erase_set_object(&set, 8192, ERASE_BYTE));
	CHECK_OK(erase_set_add(&set, 0x5800, 0x800));
	CHECK_OK(erase_set_add(&set, 0x6000, 0x1000));
	CHECK_OK(erase_set_add(&set, 0x2000, 0x800));
	CHECK_OK(erase_set_rule(&set, "none"));
	add(&set, 0x8000, 16, ERASE_BYTE);
	CHECK_OK(erase_set_rule(&set, "p"));
	add(&set, 0x3008, 8, ERASE_NULL);
	add(&set, 0x1008, 8, ERASE_BYTE);
	CHECK_OK(erase_set_close(&set));
	check_text(&set, plan, (struct range){ 0, 0 },
		   "erase first.x size 4096\nerase p nullify\nerase p size 8\n");
	check_text(&set, plan, (struct range){ 0, 3 }, "erase first.x size 2048\nerase p size 8\n");
	check_text(&set, plan, (struct range){ 3, 16 }, "erase first.x size 2048\nerase p nullify\n");
	check_text(&set, plan, (struct range){ 6, 16 }, "");
	plan_destroy(plan);
	erase_set_deinit(&set);
}

static void test_limit(void)
{
	struct erase_set set;
	struct err *e = NULL;

	erase_set_init(&set);
	CHECK_OK(erase_set_rule(&set, "a"));
	for (size_t i = 0; !e && i <= ERASE_OBJECTS_MAX; i++)
		e = erase_set_object(&set, 1, ERASE_BYTE);
	CHECK_EQ(err_kind(e), ERR_UNSUPPORTED);
	CHECK_EQ(set.object_count, ERASE_OBJECTS_MAX);
	err_free(e);
	erase_set_deinit(&set);
}

int main(void)
{
	RUN(test_apply);
	RUN(test_text);
	RUN(test_limit);
	return unit_status();
}
