// SPDX-License-Identifier: GPL-2.0-or-later
/* The facts table and the VMCOREINFO parser. */
#include "facts/facts.h"
#include "facts/wanted.h"

#include <stdlib.h>

#include "tests/unit/log_catch.h"
#include "tests/unit/unit.h"

static struct log_catch caught;

/* Parse @len bytes of @text, in memory of exactly that size, as provider @name. */
static void add_bytes(struct facts *facts, const char *text, size_t len, const char *name)
{
	char *copy = malloc(len ? len : 1);

	if (!copy)
		return;
	memcpy(copy, text, len);
	log_catch_init(&caught);
	CHECK_OK(facts_add_vmcoreinfo(facts, copy, len, name, &caught.log));
	free(copy);
}

static void add_text(struct facts *facts, const char *text)
{
	add_bytes(facts, text, strlen(text), "VMCOREINFO");
}

static bool text_is(const struct facts *facts, const char *key, const char *want)
{
	const char *text = NULL;

	return fact_text(facts, key, &text) && strcmp(text, want) == 0;
}

static void test_every_kind(void)
{
	struct facts facts;
	uint64_t v = 0;
	int64_t n = 0;

	facts_init(&facts);
	add_text(&facts, "OSRELEASE=6.12.107+deb13-cloud-amd64\n"
			 "BUILD-ID=0123456789abcdef\n"
			 "PAGESIZE=4096\n"
			 "SYMBOL(init_uts_ns)=ffffffffa3e1c2c0\n"
			 "SIZE(page)=64\n"
			 "OFFSET(page.flags)=0\n"
			 "OFFSET(list_head.next)=8\n"
			 "LENGTH(zone.free_area)=11\n"
			 "NUMBER(PG_lru)=5\n"
			 "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
			 "NUMBER(kimage_voffset)=0xffff7fffc0000000\n"
			 "NUMBER(phys_base)=-113246208\n"
			 "KERNELOFFSET=15200000\n"
			 "CONFIG_ARM_LPAE=y\n"
			 "CRASHTIME=1718000000\n");
	CHECK_EQ(caught.lines, 0);
	CHECK(fact_symbol(&facts, "init_uts_ns", &v) && v == 0xffffffffa3e1c2c0);
	CHECK(fact_size(&facts, "page", &v) && v == 64);
	CHECK(fact_offset(&facts, "page.flags", &v) && v == 0);
	CHECK(fact_offset(&facts, "list_head.next", &v) && v == 8);
	CHECK(fact_length(&facts, "zone.free_area", &v) && v == 11);
	CHECK(fact_number(&facts, "PG_lru", &n) && n == 5);
	CHECK(fact_number(&facts, "PAGE_BUDDY_MAPCOUNT_VALUE", &n) && n == -268435456);
	CHECK(fact_number(&facts, "kimage_voffset", &n) && (uint64_t)n == 0xffff7fffc0000000);
	CHECK(fact_number(&facts, "phys_base", &n) && n == -113246208);
	CHECK(text_is(&facts, "OSRELEASE", "6.12.107+deb13-cloud-amd64"));
	CHECK(text_is(&facts, "CONFIG_ARM_LPAE", "y"));
	CHECK(text_is(&facts, "NUMBER(phys_base)", "-113246208"));
	CHECK(fact_text_number(&facts, "PAGESIZE", 10, &v) && v == 4096);
	CHECK(fact_text_number(&facts, "KERNELOFFSET", 16, &v) && v == 0x15200000);
	CHECK(fact_text_number(&facts, "CRASHTIME", 10, &v) && v == 1718000000);
	CHECK(!fact_text_number(&facts, "OSRELEASE", 10, &v));
	CHECK(fact_has(&facts, "NUMBER(PG_lru)"));
	CHECK(!fact_has(&facts, "NUMBER(PG_slab)"));
	facts_deinit(&facts);
}

static void test_absent_is_not_zero(void)
{
	struct facts facts;
	uint64_t v = 77;
	int64_t n = 77;
	const char *text = "untouched";

	facts_init(&facts);
	add_text(&facts, "SIZE(page)=64\n");
	CHECK(!fact_symbol(&facts, "page", &v));
	CHECK(!fact_offset(&facts, "page", &v));
	CHECK(!fact_length(&facts, "page", &v));
	CHECK(!fact_size(&facts, "pag", &v));
	CHECK(!fact_size(&facts, "page.", &v));
	CHECK(!fact_number(&facts, "page", &n));
	CHECK(!fact_text(&facts, "page", &text));
	CHECK_EQ(v, 77);
	CHECK_EQ(n, 77);
	CHECK(strcmp(text, "untouched") == 0);
	facts_deinit(&facts);
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		bool known;
		int64_t value;
	} numbers[] = {
		{ "10", true, 10 },
		{ "0x10", true, 16 },
		{ "1a", true, 26 },
		{ "ffff888000000000", true, (int64_t)0xffff888000000000 },
		{ "-0x10", true, -16 },
		{ "18446744073709551615", true, -1 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "0x10000000000000000", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "0x", false, 0 },
		{ "--1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "12 ", false, 0 },
		{ "12g", false, 0 },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct facts facts;
		char line[80];
		int64_t n = 0;
		bool known;

		facts_init(&facts);
		snprintf(line, sizeof(line), "NUMBER(x)=%s\n", numbers[i].text);
		add_text(&facts, line);
		known = fact_number(&facts, "x", &n);
		if (known != numbers[i].known || n != numbers[i].value)
			printf("# %s: %d %" PRId64 "\n", line, known, n);
		CHECK(known == numbers[i].known && n == numbers[i].value);
		CHECK(fact_has(&facts, "NUMBER(x)"));
		CHECK(text_is(&facts, "NUMBER(x)", numbers[i].text));
		CHECK_EQ(caught.warnings, !known);
		CHECK(known || log_caught(&caught, "NUMBER(x)="));
		facts_deinit(&facts);
	}
}

static void test_unusable_values(void)
{
	struct facts facts;
	uint64_t v;

	facts_init(&facts);
	add_text(&facts, "SYMBOL(a)=0\nSYMBOL(b)=ffffffffffffffff\nSYMBOL(c)=10g\nSIZE(d)=-1\n"
			 "OFFSET(e)=9223372036854775808\nLENGTH(f)=\nSYMBOL(g)=10\n");
	CHECK(!fact_symbol(&facts, "a", &v));
	CHECK(!fact_symbol(&facts, "b", &v));
	CHECK(!fact_symbol(&facts, "c", &v));
	CHECK(!fact_size(&facts, "d", &v));
	CHECK(!fact_offset(&facts, "e", &v));
	CHECK(!fact_length(&facts, "f", &v));
	CHECK(fact_symbol(&facts, "g", &v) && v == 0x10);
	CHECK_EQ(caught.warnings, 6);
	facts_deinit(&facts);
}

/* A hostile text can not flood the log. */
static void test_warnings_are_few(void)
{
	struct facts facts;
	char text[6000] = "";

	for (int i = 0; i < 300; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "SIZE(s%d)=x\n", i);
	facts_init(&facts);
	add_text(&facts, text);
	CHECK(caught.warnings > 1 && caught.warnings < 12);
	CHECK(log_caught(&caught, "292 more lines"));
	facts_deinit(&facts);
}

static void test_lines_that_are_none(void)
{
	struct facts facts;
	char text[3000];

	facts_init(&facts);
	add_text(&facts, "\n\n=x\nno equals sign\nKEY=a=b\nEMPTY=\nBELL=\a\n");
	CHECK(text_is(&facts, "KEY", "a=b"));
	CHECK(text_is(&facts, "EMPTY", ""));
	CHECK(!fact_has(&facts, "BELL"));
	CHECK(!fact_has(&facts, ""));
	CHECK_EQ(facts.map.count, 2);
	CHECK_EQ(caught.warnings, 1);
	memset(text, 'k', sizeof(text));
	memcpy(text + 255, "=1\n", 4);
	add_text(&facts, text);
	CHECK_EQ(facts.map.count, 3);
	memset(text, 'l', sizeof(text));
	memcpy(text + 256, "=1\n", 4);
	add_text(&facts, text);
	CHECK_EQ(facts.map.count, 3);
	memset(text, 'm', sizeof(text));
	text[1] = '=';
	memcpy(text + 2000, "\n", 2);
	add_text(&facts, text);
	CHECK_EQ(facts.map.count, 3);
	facts_deinit(&facts);
}

/* The kernel writes into one page; what does not fit is cut off anywhere. */
static void test_cut_off_and_padded(void)
{
	struct facts facts;
	uint64_t v = 0;

	facts_init(&facts);
	add_text(&facts, "SIZE(a)=1\nSIZE(b)=2");
	CHECK(fact_size(&facts, "a", &v) && v == 1);
	CHECK(!fact_has(&facts, "SIZE(b)"));
	add_bytes(&facts, "SIZE(c)=3\n\0\0\0\0SIZE(d)=4\n", 24, "VMCOREINFO");
	CHECK(fact_size(&facts, "c", &v) && v == 3);
	CHECK(!fact_has(&facts, "SIZE(d)"));
	add_bytes(&facts, "SIZE(e)=5\nSIZE(f)=6\0\n", 21, "VMCOREINFO");
	CHECK(fact_has(&facts, "SIZE(e)"));
	CHECK(!fact_has(&facts, "SIZE(f)"));
	add_bytes(&facts, "", 0, "VMCOREINFO");
	CHECK_EQ(facts.map.count, 3);
	facts_deinit(&facts);
}

static void test_who_wins(void)
{
	struct facts facts;
	uint64_t v = 0;

	facts_init(&facts);
	CHECK_OK(facts_add(&facts, FACT_SIZE, "early", 1, "first"));
	CHECK_OK(facts_add(&facts, FACT_SIZE, "early", 2, "second"));
	/* Within one text the last line, between providers the first. */
	add_bytes(&facts, "SIZE(a)=1\nSIZE(early)=9\nSIZE(a)=2\n", 34, "note");
	add_bytes(&facts, "SIZE(a)=3\nSIZE(b)=4\n", 20, "file");
	CHECK_OK(facts_add(&facts, FACT_SIZE, "b", 5, "late"));
	CHECK_OK(facts_add(&facts, FACT_SYMBOL, "s", (int64_t)0xffffffff81000000, "late"));
	CHECK_OK(facts_add(&facts, FACT_NUMBER, "n", -2, "late"));
	CHECK_OK(facts_add(&facts, FACT_TEXT, "PAGESIZE", 65536, "late"));
	CHECK(fact_size(&facts, "early", &v) && v == 1);
	CHECK(fact_size(&facts, "a", &v) && v == 2);
	CHECK(fact_size(&facts, "b", &v) && v == 4);
	CHECK(fact_symbol(&facts, "s", &v) && v == 0xffffffff81000000);
	CHECK(text_is(&facts, "SYMBOL(s)", "ffffffff81000000"));
	CHECK(text_is(&facts, "NUMBER(n)", "-2"));
	CHECK(fact_text_number(&facts, "PAGESIZE", 10, &v) && v == 65536);
	CHECK(strcmp(((struct fact *)strmap_get(&facts.map, "SIZE(b)", 7))->provider, "file") == 0);
	/* A value that is no number is not known, so whoever knows it fills it in. */
	add_bytes(&facts, "SIZE(bad)=x\nSIZE(worse)=y\n", 26, "note");
	CHECK(!fact_size(&facts, "bad", &v));
	CHECK_OK(facts_add(&facts, FACT_SIZE, "bad", 5, "late"));
	add_bytes(&facts, "SIZE(worse)=6\nSIZE(bad)=7\n", 26, "file");
	CHECK(fact_size(&facts, "bad", &v) && v == 5);
	CHECK(fact_size(&facts, "worse", &v) && v == 6);
	add_bytes(&facts, "SIZE(bad)=z\n", 12, "file");
	CHECK(fact_size(&facts, "bad", &v) && v == 5);
	add_bytes(&facts, "OSRELEASE=6.1\n", 14, "note");
	add_bytes(&facts, "OSRELEASE=6.2\n", 14, "file");
	CHECK(text_is(&facts, "OSRELEASE", "6.1"));
	facts_deinit(&facts);
}

static void test_names_that_are_too_long(void)
{
	struct facts facts;
	char name[400];
	uint64_t v;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	facts_init(&facts);
	CHECK_ERR(facts_add(&facts, FACT_SIZE, name, 1, "test"), ERR_OTHER);
	CHECK(!fact_size(&facts, name, &v));
	name[255 - 6] = 0;
	CHECK_OK(facts_add(&facts, FACT_SIZE, name, 1, "test"));
	CHECK(fact_size(&facts, name, &v));
	facts_deinit(&facts);
}

/* What VMCOREINFO has and debug information cannot. */
static void test_derive(void)
{
	static const struct {
		const char *given;
		const char *name;
		int64_t value;
	} cases[] = {
		{ "NUMBER(PG_head)=16\n", "PG_head_mask", 1 << 16 },
		{ "NUMBER(PG_compound)=14\n", "PG_head_mask", 1 << 14 },
		{ "NUMBER(PGTY_buddy)=240\n", "PAGE_BUDDY_MAPCOUNT_VALUE", (int32_t)0xf0000000u },
		{ "NUMBER(PG_buddy)=1073741824\n", "PAGE_BUDDY_MAPCOUNT_VALUE", (int32_t)0xbfffffffu },
		{ "OFFSET(page._mapcount)=48\nOFFSET(page.page_type)=48\nNUMBER(PG_lru)=4\n",
		  "PAGE_BUDDY_MAPCOUNT_VALUE", -129 },
		{ "OFFSET(page._mapcount)=48\nNUMBER(PG_lru)=4\n", "PAGE_BUDDY_MAPCOUNT_VALUE", -128 },
	};
	static const char *const nothing[] = {
		"", "NUMBER(PG_buddy)=19\nOFFSET(page._mapcount)=48\nNUMBER(PG_lru)=4\n",
		"NUMBER(PGTY_buddy)=-16\n", "NUMBER(PG_head)=64\n", "NUMBER(PG_head)=-1\n",
		"SYMBOL(node_states)=100\nNUMBER(N_ONLINE)=-1\nSIZE(nodemask_t)=8\n",
	};
	struct facts facts;
	uint64_t va = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 0;

		facts_init(&facts);
		CHECK_OK(facts_add_vmcoreinfo(&facts, cases[i].given, strlen(cases[i].given), "t", NULL));
		CHECK_OK(facts_derive(&facts, "t"));
		CHECK(fact_number(&facts, cases[i].name, &value));
		CHECK_EQ(value, cases[i].value);
		facts_deinit(&facts);
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		size_t before;

		facts_init(&facts);
		CHECK_OK(facts_add_vmcoreinfo(&facts, nothing[i], strlen(nothing[i]), "t", NULL));
		before = facts.map.count;
		CHECK_OK(facts_derive(&facts, "t"));
		CHECK_EQ(facts.map.count, before);
		facts_deinit(&facts);
	}
	facts_init(&facts);
	CHECK_OK(facts_add(&facts, FACT_SYMBOL, "node_states", 0x1000, "t"));
	CHECK_OK(facts_add(&facts, FACT_NUMBER, "N_ONLINE", 2, "t"));
	CHECK_OK(facts_add(&facts, FACT_SIZE, "nodemask_t", 128, "t"));
	CHECK_OK(facts_derive(&facts, "t"));
	CHECK(fact_symbol(&facts, "node_online_map", &va) && va == 0x1100);
	facts_deinit(&facts);
}

static void test_format(void)
{
	static const char text[] = "NUMBER(PG_lru)=4\nSIZE(page)=64\nOSRELEASE=5.4.0\nSYMBOL(prb)=ffff00\n"
		"SYMBOL(mem_section)=ff\nX=y\nNUMBER(unknown)=1\nSIZE(zone)=junk\n";
	struct facts facts;
	char *out = NULL;
	size_t len = 0;

	facts_init(&facts);
	CHECK_OK(facts_add_vmcoreinfo(&facts, text, strlen(text), "t", NULL));
	CHECK_OK(facts_format_vmcoreinfo(&facts, 65536, &out, &len));
	CHECK(out && len == strlen(out) && !strcmp(out, "OSRELEASE=5.4.0\nPAGESIZE=65536\n"
	      "SYMBOL(mem_section)=ff\nSYMBOL(prb)=ffff00\nSIZE(page)=64\n"
	      "NUMBER(PG_lru)=4\n"));
	free(out);
	facts_deinit(&facts);
}

int main(void)
{
	RUN(test_every_kind);
	RUN(test_absent_is_not_zero);
	RUN(test_numbers);
	RUN(test_unusable_values);
	RUN(test_warnings_are_few);
	RUN(test_lines_that_are_none);
	RUN(test_cut_off_and_padded);
	RUN(test_who_wins);
	RUN(test_names_that_are_too_long);
	RUN(test_derive);
	RUN(test_format);
	return unit_status();
}
