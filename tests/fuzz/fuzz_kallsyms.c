// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of kallsyms nobody can trust. The first 4 bytes choose word size, byte
 * order, encoding, order of the tables and what is known about them; then come
 * patches of whole tables: offset from the first table (3 bytes, little), length
 * (1 byte), that many bytes.
 */
#include "kernel/symbols.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/kallsymsbuild.h"

#define CHOICES 4
#define PATCH_HEAD 4

static void patch(struct ksbuild *kb, const uint8_t *data, size_t len)
{
	while (len >= PATCH_HEAD) {
		uint64_t at = KS_IMAGE + KS_TABLES + (get_u32(data, ORDER_LITTLE) & 0xffffff);
		size_t now = (size_t)min_u64(data[3], len - PATCH_HEAD);
		uint8_t *to = memkernel_at(&kb->fk.mk, at, now);

		if (to)
			memcpy(to, data + PATCH_HEAD, now);
		data += PATCH_HEAD + now;
		len -= PATCH_HEAD + now;
	}
}

static void ask(struct kreader *reader)
{
	struct symbol_want wants[] = {
		{ .name = "modules" }, { .name = "dup" }, { .name = "_stext" }, { .name = "sym_699" },
	};
	char text[64] = "";

	err_free(ksymbols_find(reader, wants, ARRAY_LEN(wants)));
	for (uint64_t at = KS_IMAGE; at < KS_IMAGE + KS_TABLES; at += 0x5678) {
		if (ksymbol_name(reader, at, text, sizeof(text)))
			require(strlen(text) < sizeof(text));
	}
}

static struct err *read_physical(void *ctx, uint64_t address, void *buf, size_t len)
{
	return dump_view_read(ctx, address, buf, len);
}

static bool count(void *ctx, const struct kallsyms_symbol *symbol)
{
	require(symbol->len == strlen(symbol->name) && symbol->len <= KALLSYMS_NAME_MAX);
	++*(uint32_t *)ctx;
	return true;
}

static void walk(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables,
		 uint64_t stext, bool must_open)
{
	struct kallsyms *kallsyms = NULL;
	uint32_t symbols = 0;
	struct err *e = kallsyms_open(memory, tables, stext, &kallsyms);

	require(!e || !must_open);
	if (!e) {
		kallsyms_for_each(kallsyms, count, &symbols);
		require(symbols <= kallsyms_named(kallsyms));
	}
	kallsyms_close(kallsyms);
	err_free(e);
}

/* By the tables that were built, or by looking for them: what was found can be opened. */
static void open_or_search(struct ksbuild *kb, bool look, uint64_t stext)
{
	const struct kallsyms_memory memory = {
		.read = read_physical, .ctx = kreader_view(kb->fk.reader), .word = kb->shape.form.word,
		.order = kb->shape.form.order, .physical = true,
	};
	struct kallsyms_tables tables;
	struct err *e;

	if (!look) {
		walk(&memory, &kb->tables, stext, false);
		return;
	}
	e = kallsyms_locate(&memory, KS_IMAGE, KS_IMAGE + KS_SIZE, stext, &tables);
	if (!e)
		walk(&memory, &tables, stext, true);
	err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ksbuild kb;
	struct ks_shape shape = { .long_name = 0 };
	char info[1024];
	uint64_t stext;

	if (len < CHOICES)
		return 0;
	shape.form = elf_forms[data[0] & 3];
	shape.encoding = data[0] >> 2 & 3;
	shape.order = data[0] >> 4 & 3;
	shape.one_byte = data[1] & 1;
	shape.word_markers = data[1] & 2;
	shape.long_name = 2u * data[2];
	stext = data[1] & 4 ? KS_IMAGE : 0;
	if (shape.one_byte && shape.long_name > 254)
		shape.long_name = 254;
	ks_build(&kb, &shape);
	patch(&kb, data + CHOICES, len - CHOICES);
	ks_facts(&kb.tables, stext, info, sizeof(info));
	if (flatkernel_open(&kb.fk, info)) {
		/* With _stext, tables that fail would be looked for in 256 MiB that are not there. */
		if (data[1] & 8 || stext)
			open_or_search(&kb, data[1] & 8, stext);
		else
			ask(kb.fk.reader);
	}
	flatkernel_close(&kb.fk);
	return 0;
}
