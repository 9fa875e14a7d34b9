// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts from a kernel's memory: BTF by its symbols and by its magic number, exported symbols by shape. */
#include "kernel/btf.h"
#include "kernel/ksymtab.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/flatkernel.h"

#define IMAGE 0x100000u
#define IMAGE_BYTES 0x100000u
#define BTF_AT (IMAGE + 0x20ffcu)	/* the magic number at the very end of a page */
#define BTF_PADDING 0x10000u
#define DECOY_AT (IMAGE + 0x60004u)
#define TABLE_AT (IMAGE + 0x90000u)
#define STRINGS_AT (IMAGE + 0x98000u)
#define VALUES_AT (IMAGE + 0xa0000u)
#define EXPORTS 24u

static struct flatkernel fk;

static void open_image(struct elf_form form)
{
	const struct memseg seg = { .paddr = IMAGE, .size = IMAGE_BYTES, .vaddr = UINT64_MAX };

	flatkernel_init(&fk, form);
	memkernel_add(&fk.mk, &seg);
}

/* BTF of one struct page, with @padding bytes of empty strings. Returns its length. */
static size_t put_btf(uint64_t at, uint32_t size, size_t padding)
{
	struct btfbuild b;
	uint8_t *blob;
	uint32_t id;
	size_t len;

	btfbuild_init(&b, fk.mk.form.order);
	id = btfbuild_int(&b, "long unsigned int", fk.mk.form.word, 0, fk.mk.form.word * 8);
	btfbuild_record(&b, "page", 4, false, 2, size);
	btfbuild_member(&b, "flags", id, 0);
	btfbuild_member(&b, "_mapcount", id, 64);
	blob = btfbuild_blob(&b, 24, &len);
	put_u32(blob + 20, (uint32_t)(b.strings_len + padding), b.order);
	memkernel_put(&fk.mk, at, blob, len);
	free(blob);
	return len + padding;
}

static void put_relative(uint64_t at, uint64_t to)
{
	memkernel_put_u32(&fk.mk, at, (uint32_t)(to - at));
}

/* A name of the table; in the order of the numbers. */
static void export_name(char *buf, unsigned int i)
{
	snprintf(buf, 16, "name_%c", 'a' + (int)i);
}

static void put_exports(bool in_order)
{
	uint64_t string = STRINGS_AT;
	char name[16];

	for (unsigned int i = 0; i < EXPORTS; i++) {
		uint64_t entry = TABLE_AT + i * 12;

		export_name(name, in_order ? i : EXPORTS - 1 - i);
		memkernel_put(&fk.mk, string + 1, name, strlen(name) + 1);
		put_relative(entry, VALUES_AT + i * 8);
		put_relative(entry + 4, string + 1);
		string += strlen(name) + 1;
	}
}

static void check_page_size(uint64_t want)
{
	struct types *set = NULL;
	struct type_info info;
	struct type type;

	CHECK_OK(btf_load(fk.reader, &set));
	CHECK(types_find_any(set, "page", &type) && type_describe(type, &info));
	CHECK_EQ(info.size, want);
	types_destroy(set);
}

static void test_btf_by_symbols(void)
{
	char info[128];

	for (size_t i = 0; i < ELF_FORMS; i++) {
		open_image(elf_forms[i]);
		snprintf(info, sizeof(info), "SYMBOL(_stext)=%x\nSYMBOL(__start_BTF)=%x\n"
			 "SYMBOL(__stop_BTF)=%x\n", IMAGE, BTF_AT,
			 BTF_AT + (unsigned int)put_btf(BTF_AT, 64, 0));
		if (flatkernel_open(&fk, info))
			check_page_size(64);
		flatkernel_close(&fk);
	}
}

/* Of several the largest; a small one is a module's. */
static void test_btf_by_magic(void)
{
	char info[64];

	snprintf(info, sizeof(info), "SYMBOL(_stext)=%x\n", IMAGE);
	for (size_t i = 0; i < ELF_FORMS; i++) {
		open_image(elf_forms[i]);
		put_btf(BTF_AT, 72, BTF_PADDING + 8);
		put_btf(DECOY_AT, 80, BTF_PADDING);
		put_btf(IMAGE + 16, 88, 0);
		if (flatkernel_open(&fk, info))
			check_page_size(72);
		flatkernel_close(&fk);
	}
}

static void expect_btf(const char *info, enum err_kind kind)
{
	struct types *set = NULL;

	if (flatkernel_open(&fk, info))
		CHECK_ERR(btf_load(fk.reader, &set), kind);
	flatkernel_close(&fk);
}

static void test_no_btf(void)
{
	open_image(elf_forms[0]);
	expect_btf("SYMBOL(_stext)=100000\n", ERR_NOT_FOUND);
	open_image(elf_forms[0]);
	expect_btf("OSRELEASE=1\n", ERR_NOT_FOUND);
	/* What the symbols enclose is no BTF, too much, or not all in the dump. */
	open_image(elf_forms[0]);
	expect_btf("SYMBOL(__start_BTF)=100000\nSYMBOL(__stop_BTF)=101000\n", ERR_BAD_INPUT);
	open_image(elf_forms[0]);
	expect_btf("SYMBOL(__start_BTF)=100000\nSYMBOL(__stop_BTF)=f100000\n", ERR_BAD_INPUT);
	open_image(elf_forms[0]);
	expect_btf("SYMBOL(__start_BTF)=1f0000\nSYMBOL(__stop_BTF)=210000\n", ERR_NOT_PRESENT);
}

static void check_exports(bool found)
{
	struct symbol_want wants[] = {
		{ .name = "name_a" }, { .name = "name_m" }, { .name = "name_x" }, { .name = "name_" },
		{ .name = "name_m" }, { .name = "known", .address = 5, .found = 1 },
	};

	CHECK_OK(ksymtab_find(fk.reader, wants, ARRAY_LEN(wants)));
	CHECK_EQ(wants[0].found, found);
	CHECK_EQ(wants[1].found, found);
	CHECK_EQ(wants[2].found, found);
	CHECK_EQ(wants[3].found, 0);
	CHECK_EQ(wants[4].found, found);
	CHECK(wants[5].found == 1 && wants[5].address == 5);
	if (!found)
		return;
	CHECK_EQ(wants[0].address, VALUES_AT);
	CHECK_EQ(wants[1].address, VALUES_AT + 12 * 8);
	CHECK_EQ(wants[2].address, VALUES_AT + 23 * 8);
	CHECK_EQ(wants[4].address, VALUES_AT + 12 * 8);
}

static void test_exports(void)
{
	for (size_t i = 0; i < ELF_FORMS; i++) {
		open_image(elf_forms[i]);
		put_exports(true);
		if (flatkernel_open(&fk, "SYMBOL(_stext)=100000\n"))
			check_exports(true);
		flatkernel_close(&fk);
		/* The same references in another order are no table of exports. */
		open_image(elf_forms[i]);
		put_exports(false);
		if (flatkernel_open(&fk, "SYMBOL(_stext)=100000\n"))
			check_exports(false);
		flatkernel_close(&fk);
	}
}

static void test_filled(void)
{
	uint64_t value = 0;
	char info[128];

	open_image(elf_forms[0]);
	snprintf(info, sizeof(info), "SYMBOL(_stext)=%x\nSIZE(page)=56\nSYMBOL(__start_BTF)=%x\n"
		 "SYMBOL(__stop_BTF)=%x\n", IMAGE, BTF_AT, BTF_AT + (unsigned int)put_btf(BTF_AT, 64, 0));
	if (flatkernel_open(&fk, info)) {
		CHECK_OK(kernel_fill_facts(&fk.kernel));
		CHECK(fact_size(&fk.kernel.facts, "page", &value) && value == 56);
		CHECK(fact_offset(&fk.kernel.facts, "page._mapcount", &value) && value == 8);
		CHECK(!fact_has(&fk.kernel.facts, "OFFSET(page.lru)"));
	}
	flatkernel_close(&fk);
}

/* Symbols of exports; one in memory that was freed after boot is no fact. */
static void test_freed_symbols(void)
{
	static const char *const names[] = {
		"a", "b", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "clear_idx", "cpu_pgd", "cur_cpu_spec", "high_memory", "kimage_voffset",
		"linux_banner", "max_pfn", "mem_map", "node_states", "vmlist",
	};
	uint64_t string = STRINGS_AT, value = 0;
	char info[128];

	open_image(elf_forms[0]);
	for (unsigned int i = 0; i < ARRAY_LEN(names); i++) {
		memkernel_put(&fk.mk, string + 1, names[i], strlen(names[i]) + 1);
		put_relative(TABLE_AT + i * 12, VALUES_AT + i * 8);
		put_relative(TABLE_AT + i * 12 + 4, string + 1);
		string += strlen(names[i]) + 1;
	}
	/* vmlist, the last, is in front of the end. */
	snprintf(info, sizeof(info), "SYMBOL(_stext)=%x\nSYMBOL(__init_begin)=%x\n"
		 "SYMBOL(__init_end)=%x\n", IMAGE, VALUES_AT + 18 * 8, VALUES_AT + 19 * 8);
	if (flatkernel_open(&fk, info)) {
		CHECK_OK(kernel_fill_facts(&fk.kernel));
		CHECK(fact_symbol(&fk.kernel.facts, "max_pfn", &value) && value == VALUES_AT + 15 * 8);
		CHECK(fact_symbol(&fk.kernel.facts, "node_states", &value) && value == VALUES_AT + 17 * 8);
		CHECK(!fact_has(&fk.kernel.facts, "SYMBOL(vmlist)"));
	}
	flatkernel_close(&fk);
}

int main(void)
{
	RUN(test_btf_by_symbols);
	RUN(test_btf_by_magic);
	RUN(test_no_btf);
	RUN(test_exports);
	RUN(test_filled);
	RUN(test_freed_symbols);
	return unit_status();
}
