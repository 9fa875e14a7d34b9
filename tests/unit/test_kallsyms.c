/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols from kallsyms: every encoding and order of tables, and tables nobody can trust. */
#include "kernel/symbols.h"
#include "tests/unit/kallsymsbuild.h"

static struct ksbuild kb;

static const enum kallsyms_encoding encodings[] = {
	KALLSYMS_ABSOLUTE, KALLSYMS_RELATIVE, KALLSYMS_ABSOLUTE_PERCPU, KALLSYMS_PLACE_RELATIVE,
};

/* There is no relative_base to look for before the number of symbols with these. */
static bool existed(const struct ks_shape *shape)
{
	if (shape->encoding == KALLSYMS_PLACE_RELATIVE)
		return shape->order == KS_NEWEST;
	return shape->order != KS_NEWEST;
}

static void for_each_shape(void (*fn)(const struct ks_shape *shape))
{
	for (size_t f = 0; f < ELF_FORMS; f++) {
		for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
			for (enum ks_order o = 0; o < KS_ORDERS; o++) {
				struct ks_shape shape = { .form = elf_forms[f], .encoding = encodings[i],
							  .order = o };

				if (existed(&shape))
					fn(&shape);
			}
		}
	}
}

static const struct ks_shape common = {
	.form = { .word = 8, .order = ORDER_LITTLE }, .encoding = KALLSYMS_RELATIVE, .order = KS_NEW,
};

static bool open_with(uint64_t stext)
{
	char info[1024];

	ks_facts(&kb.tables, stext, info, sizeof(info));
	return flatkernel_open(&kb.fk, info);
}

static void check_found(const struct ks_shape *shape)
{
	struct symbol_want wants[] = {
		{ .name = "modules" }, { .name = "dup" }, { .name = "nosuch" }, { .name = "sym_3" },
		{ .name = "sym_699" }, { .name = "modules" }, { .name = "_stext" },
	};

	CHECK_OK(ksymbols_find(kb.fk.reader, wants, ARRAY_LEN(wants)));
	CHECK_EQ(wants[0].found, 1);
	CHECK_EQ(wants[0].address, ks_address(shape, 600));
	CHECK_EQ(wants[1].found, 2);
	CHECK_EQ(wants[1].address, ks_address(shape, 500));
	CHECK_EQ(wants[2].found, 0);
	CHECK_EQ(wants[3].address, ks_address(shape, 3));
	CHECK_EQ(wants[4].address, ks_address(shape, 699));
	CHECK_EQ(wants[5].address, ks_address(shape, 600));
	CHECK_EQ(wants[6].found, 1);
	CHECK_EQ(wants[6].address, KS_IMAGE);
}

/* After the question that opened the tables: a pass of its own, for what is new in it. */
static void check_found_later(const struct ks_shape *shape)
{
	struct symbol_want wants[] = {
		{ .name = "q" }, { .name = "dup" }, { .name = "linux_banner" }, { .name = "sym" },
	};

	CHECK_OK(ksymbols_find(kb.fk.reader, wants, ARRAY_LEN(wants)));
	CHECK_EQ(wants[0].found, 1);
	CHECK_EQ(wants[0].address, ks_address(shape, 610));
	CHECK_EQ(wants[1].found, 2);
	CHECK_EQ(wants[1].address, ks_address(shape, 500));
	CHECK_EQ(wants[2].address, ks_address(shape, KS_BANNER));
	CHECK_EQ(wants[3].found, 0);
}

static void found_with_stext(const struct ks_shape *shape)
{
	ks_build(&kb, shape);
	if (open_with(KS_IMAGE)) {
		check_found(shape);
		check_found_later(shape);
		CHECK_EQ(kb.fk.log.warnings, 0);
	}
	flatkernel_close(&kb.fk);
}

static void test_encodings(void)
{
	for_each_shape(found_with_stext);
}

static void found_without_stext(const struct ks_shape *shape)
{
	ks_build(&kb, shape);
	if (open_with(0))
		check_found(shape);
	flatkernel_close(&kb.fk);
}

/* Which encoding it is, the rising addresses tell. */
static void test_encodings_without_stext(void)
{
	for_each_shape(found_without_stext);
}

static struct err *read_virtual(void *ctx, uint64_t address, void *buf, size_t len)
{
	return kread(ctx, address, buf, len);
}

static struct err *read_physical(void *ctx, uint64_t address, void *buf, size_t len)
{
	return dump_view_read(ctx, address, buf, len);
}

/* Of 32 bits, absolute addresses are the same as offsets from a base of 0. */
static bool same_encoding(enum kallsyms_encoding got, enum kallsyms_encoding want)
{
	return got == want ||
	       (kb.shape.form.word == 4 && want == KALLSYMS_ABSOLUTE && got == KALLSYMS_RELATIVE);
}

static void check_opened(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables,
			 uint64_t stext)
{
	struct kallsyms *kallsyms = NULL;
	uint64_t address;

	CHECK_OK(kallsyms_open(memory, tables, stext, &kallsyms));
	if (!kallsyms)
		return;
	CHECK_EQ(kallsyms_count(kallsyms), KS_COUNT);
	CHECK_EQ(kallsyms_named(kallsyms), KS_COUNT);
	CHECK(same_encoding(kallsyms_encoding(kallsyms), kb.shape.encoding));
	for (uint32_t i = 0; i < KS_COUNT; i++) {
		CHECK_OK(kallsyms_address(kallsyms, i, &address));
		CHECK_EQ(address, ks_address(&kb.shape, i));
	}
	CHECK_ERR(kallsyms_address(kallsyms, KS_COUNT, &address), ERR_BAD_INPUT);
	kallsyms_close(kallsyms);
}

static void check_located(bool physical, uint64_t stext)
{
	struct kallsyms_memory memory = {
		.read = physical ? read_physical : read_virtual,
		.ctx = physical ? (void *)kreader_view(kb.fk.reader) : kb.fk.reader,
		.word = kb.shape.form.word, .order = kb.shape.form.order, .physical = physical,
	};
	struct kallsyms_tables found = { 0 };

	/* There is nothing before and behind the image. */
	CHECK_OK(kallsyms_locate(&memory, KS_IMAGE - 0x5003, KS_IMAGE + 2 * KS_SIZE, stext, &found));
	CHECK_EQ(found.names, kb.tables.names);
	CHECK_EQ(found.num_syms, kb.tables.num_syms);
	CHECK_EQ(found.token_table, kb.tables.token_table);
	CHECK_EQ(found.token_index, kb.tables.token_index);
	check_opened(&memory, &found, stext);
	CHECK_ERR(kallsyms_locate(&memory, KS_IMAGE, KS_IMAGE + KS_TABLES, stext, &found), ERR_NOT_FOUND);
}

static void located(const struct ks_shape *shape)
{
	ks_build(&kb, shape);
	if (flatkernel_open(&kb.fk, "X=y\n")) {
		check_located(false, KS_IMAGE);
		check_located(false, 0);
		/* Without the banner, absolute addresses of 32 bits are as good as relative ones. */
		if (shape->encoding != KALLSYMS_ABSOLUTE || shape->form.word == 8)
			check_located(true, 0);
	}
	flatkernel_close(&kb.fk);
}

static void test_located(void)
{
	struct ks_shape shape = common;

	for_each_shape(located);
	shape.order = KS_OLD;
	shape.word_markers = true;
	located(&shape);
	shape.form.order = ORDER_BIG;
	located(&shape);
}

/* VMCOREINFO names no tables (before 6.0), or wrong ones. */
static void test_located_for_symbols(void)
{
	static const char *const infos[] = {
		"SYMBOL(_stext)=40000000\n",
		"SYMBOL(_stext)=40000000\nSYMBOL(kallsyms_names)=40020000\nSYMBOL(kallsyms_num_syms)=40000000\n"
		"SYMBOL(kallsyms_token_table)=40030000\nSYMBOL(kallsyms_token_index)=40030000\n"
		"SYMBOL(kallsyms_offsets)=40030000\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		ks_build(&kb, &common);
		if (flatkernel_open(&kb.fk, infos[i]))
			check_found(&common);
		CHECK_EQ(kb.fk.log.warnings, i);
		flatkernel_close(&kb.fk);
	}
}

/* Readers of one kernel look for the tables once; what is not there, neither. */
static void test_located_once(void)
{
	struct kallsyms_tables tables;
	struct kreader *other = NULL;
	uint64_t address;

	for (int there = 0; there < 2; there++) {
		struct kallsyms_place *place = NULL;

		ks_build(&kb, &common);
		if (!there)
			memset(memkernel_at(&kb.fk.mk, kb.tables.token_table, 512), 0, 512);
		CHECK_OK(kallsyms_place_create(&place));
		kb.fk.kernel.kallsyms_place = place;
		if (flatkernel_open(&kb.fk, "SYMBOL(_stext)=40000000\n")) {
			CHECK(!kallsyms_place_known(place, &tables));
			CHECK_EQ(ksymbol(kb.fk.reader, "modules", &address), there);
			CHECK(kallsyms_place_known(place, &tables));
			CHECK_EQ(tables.names, there ? kb.tables.names : 0);
			/* It goes by that: with another's tables there is nothing to find. */
			tables.num_syms = KS_IMAGE + 0xf000;
			kallsyms_place_tell(place, &tables);
			CHECK_OK(kreader_create(&kb.fk.kernel, &other));
			CHECK(!ksymbol(other, "modules", &address));
			CHECK_EQ(ksymbol(kb.fk.reader, "modules", &address), there);
			kreader_destroy(other);
		}
		flatkernel_close(&kb.fk);
		kallsyms_place_destroy(place);
	}
}

static void check_name(uint64_t address, const char *want)
{
	char text[64] = "?";

	CHECK(ksymbol_name(kb.fk.reader, address, text, sizeof(text)) == (*want != '?'));
	if (strcmp(text, want))
		printf("# %#llx is %s, not %s\n", (unsigned long long)address, text, want);
	CHECK(strcmp(text, want) == 0);
}

static void named(const struct ks_shape *shape)
{
	ks_build(&kb, shape);
	if (open_with(KS_IMAGE)) {
		check_name(ks_address(shape, 600), "modules");
		check_name(ks_address(shape, 600) + 0x12, "modules+0x12");
		check_name(ks_address(shape, 501) + 1, "dup+0x1");
		check_name(ks_address(shape, 698) + 31, "sym_698+0x1f");
		check_name(ks_address(shape, 699), "?");
		check_name(KS_IMAGE - 1, "?");
		check_name(8, "?");
		check_name(~0ull, "?");
	}
	flatkernel_close(&kb.fk);
}

static void test_names_of_addresses(void)
{
	for_each_shape(named);
}

/* Lengths above 127 are two bytes, or before 6.1 one. */
static void test_long_names(void)
{
	static const unsigned int lengths[] = { 126, 127, 150, 254, 512, 513, 900 };
	char name[1024];

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		for (int one_byte = 0; one_byte < (lengths[i] < 255 ? 2 : 1); one_byte++) {
			struct ks_shape shape = common;
			uint64_t address = 0;

			shape.long_name = lengths[i];
			shape.one_byte = one_byte;
			ks_build(&kb, &shape);
			ks_name(&shape, KS_LONG, name);
			if (open_with(KS_IMAGE)) {
				check_found(&shape);
				CHECK_EQ(ksymbol(kb.fk.reader, name + 1, &address), lengths[i] <= 512);
				CHECK_EQ(address, lengths[i] <= 512 ? ks_address(&shape, KS_LONG) : 0);
			}
			flatkernel_close(&kb.fk);
		}
	}
}

/* Nothing is found, and nobody fails. */
static void check_none(unsigned int warnings, const char *words)
{
	struct symbol_want want = { .name = "modules" };
	char text[64];

	CHECK_OK(ksymbols_find(kb.fk.reader, &want, 1));
	CHECK_EQ(want.found, 0);
	CHECK(!ksymbol_name(kb.fk.reader, KS_IMAGE + 64, text, sizeof(text)));
	CHECK_EQ(kb.fk.log.warnings, warnings);
	if (!log_caught(&kb.fk.log, words))
		printf("# not said: %s; but: %s\n", words, kb.fk.log.text);
	CHECK(log_caught(&kb.fk.log, words));
}

static void test_no_kallsyms(void)
{
	ks_build(&kb, &common);
	if (flatkernel_open(&kb.fk, "X=y\n"))
		check_none(0, "neither its tables nor _stext are known");
	flatkernel_close(&kb.fk);
	ks_build(&kb, &common);
	memset(memkernel_at(&kb.fk.mk, KS_IMAGE + KS_TABLES, 0x20000), 0, 0x20000);
	if (flatkernel_open(&kb.fk, "SYMBOL(_stext)=40000000\n"))
		check_none(0, "no kallsyms from");
	flatkernel_close(&kb.fk);
}

/* One damage each to whole tables, and what is said then. _stext is unknown, so nobody searches. */
static void test_damaged(void)
{
	static const struct {
		int table;	/* 0 num_syms, 1 token_index, 2 token_table, 3 names, 4 relative_base, 5 offsets */
		unsigned int at;
		uint32_t value;
		const char *words;
	} cases[] = {
		{ 0, 0, 0, "kallsyms_num_syms: 0 is not from 1 to 4194304" },
		{ 0, 0, 4194305, "kallsyms_num_syms: 4194305 is not" },
		{ 0, 0, 4194304, "kallsyms_names: 4194304 symbols at" },
		{ 1, 0, 0x00010001, "kallsyms_token_index: 1 at 0 does not rise" },
		{ 1, 100, 0, "kallsyms_token_index: 0 at 50 does not rise" },
		{ 1, 508, 0xfffff000, "kallsyms_token_index: 65535 is not below 16384" },
		{ 2, 0x30, 0x41414141, "kallsyms_token_table: token" },
		{ 3, 0, 0, "kallsyms_names: no name at" },
		{ 5, 100, 0xffffffff, "no way to read the addresses makes sense" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct kallsyms_tables *t = &kb.tables;

		ks_build(&kb, &common);
		{
			const uint64_t tables[] = { t->num_syms, t->token_index, t->token_table, t->names,
						    t->relative_base, t->offsets };

			memkernel_put_u32(&kb.fk.mk, tables[cases[i].table] + cases[i].at, cases[i].value);
		}
		if (open_with(0))
			check_none(1, cases[i].words);
		flatkernel_close(&kb.fk);
	}
}

/* Nothing but characters behind the token table. */
static void test_last_token_without_end(void)
{
	uint64_t last;

	ks_build(&kb, &common);
	last = kb.tables.token_table +
	       get_u16(memkernel_at(&kb.fk.mk, kb.tables.token_index + 510, 2), common.form.order);
	/* The index is copied to where the image is empty: it would be overwritten. */
	kb.tables.token_index = KS_IMAGE + KS_SIZE - 512;
	memcpy(memkernel_at(&kb.fk.mk, kb.tables.token_index, 512),
	       memkernel_at(&kb.fk.mk, round_up(last + 1, 8), 512), 512);
	memset(memkernel_at(&kb.fk.mk, last, 512), 'x', 512);
	if (open_with(0))
		check_none(1, "kallsyms_token_table: the last token has no end");
	flatkernel_close(&kb.fk);
}

/* A table of which nothing can be read, one by one. */
static void test_unreadable(void)
{
	for (size_t i = 0; i < 6; i++) {
		ks_build(&kb, &common);
		{
			uint64_t *const tables[] = {
				&kb.tables.num_syms, &kb.tables.token_index, &kb.tables.token_table,
				&kb.tables.names, &kb.tables.relative_base, &kb.tables.offsets,
			};

			*tables[i] = KS_IMAGE + KS_SIZE + 0x10000;
		}
		if (open_with(0))
			check_none(1, "symbols: kallsyms");
		flatkernel_close(&kb.fk);
	}
}

/* What stands before the damage is known, and it is said how much that is. */
static void test_cut_names(void)
{
	uint64_t address = 0;

	ks_build(&kb, &common);
	/* Symbol 513 is the second one behind the third marker; no record has length 0. */
	memkernel_put(&kb.fk.mk, kb.tables.names + kb.markers[2], "\0", 1);
	if (open_with(KS_IMAGE)) {
		CHECK(ksymbol(kb.fk.reader, "sym_511", &address));
		CHECK_EQ(address, ks_address(&common, 511));
		CHECK(!ksymbol(kb.fk.reader, "modules", &address));
		CHECK(log_caught(&kb.fk.log, "kallsyms: names are damaged after 512 of 700"));
		CHECK_EQ(kb.fk.log.warnings, 1);
	}
	flatkernel_close(&kb.fk);
}

/* _stext is right, so the encoding is; what lies far from it is damage. */
static void test_hit_outside(void)
{
	struct ks_shape shape = common;
	uint64_t address;

	shape.encoding = KALLSYMS_ABSOLUTE;
	ks_build(&kb, &shape);
	memkernel_put_word(&kb.fk.mk, kb.tables.addresses + 600 * 8, KS_IMAGE + 0x100000000);
	if (open_with(KS_IMAGE)) {
		CHECK(!ksymbol(kb.fk.reader, "modules", &address));
		CHECK(log_caught(&kb.fk.log, "modules at 0x140000000 is not in the kernel image"));
	}
	flatkernel_close(&kb.fk);
}

/* Tables of another kernel: no encoding gives _stext, and none is believed. */
static void test_wrong_stext(void)
{
	ks_build(&kb, &common);
	if (open_with(KS_IMAGE + 16))
		check_none(1, "no way to read the addresses gives _stext 0x40000010");
	flatkernel_close(&kb.fk);
}

/* The banner is not where it should be. */
static void test_wrong_banner(void)
{
	ks_build(&kb, &common);
	memkernel_put(&kb.fk.mk, ks_address(&common, KS_BANNER), "Linus", 5);
	if (open_with(0))
		check_none(1, "no way to read the addresses makes sense");
	flatkernel_close(&kb.fk);
}

int main(void)
{
	RUN(test_encodings);
	RUN(test_encodings_without_stext);
	RUN(test_located);
	RUN(test_located_for_symbols);
	RUN(test_located_once);
	RUN(test_names_of_addresses);
	RUN(test_long_names);
	RUN(test_no_kallsyms);
	RUN(test_damaged);
	RUN(test_last_token_without_end);
	RUN(test_unreadable);
	RUN(test_cut_names);
	RUN(test_hit_outside);
	RUN(test_wrong_stext);
	RUN(test_wrong_banner);
	return unit_status();
}
