/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The architecture table, names of machines, and the generic page table walk. */
#include "arch/arch.h"
#include "arch/arm64.h"
#include "arch/x86_64.h"
#include "tests/unit/memkernel.h"
#include "tests/unit/unit.h"

static void test_table(void)
{
	CHECK(arch_by_machine(EM_X86_64) != NULL);
	CHECK(arch_by_machine(EM_AARCH64) != NULL);
	CHECK(arch_by_machine(EM_S390) == NULL);
	CHECK(arch_by_machine(0) == NULL);
	CHECK(arch_by_uts_name("x86_64") == arch_by_machine(EM_X86_64));
	CHECK(arch_by_uts_name("aarch64") == arch_by_machine(EM_AARCH64));
	CHECK(arch_by_uts_name("aarch64_be") == arch_by_machine(EM_AARCH64));
	CHECK(arch_by_uts_name("aarch") == NULL);
	CHECK(arch_by_uts_name("aarch64 arm64") == NULL);
	CHECK(arch_by_uts_name("") == NULL);
}

static void test_machines(void)
{
	char name[64];

	CHECK(strcmp(arch_machine_name(EM_S390, name, sizeof(name)), "s390x (22)") == 0);
	CHECK(strcmp(arch_machine_name(4711, name, sizeof(name)), "unknown machine (4711)") == 0);
	CHECK(strcmp(arch_machine_uname(EM_X86_64, 8), "x86_64") == 0);
	CHECK(strcmp(arch_machine_uname(EM_RISCV, 4), "riscv32") == 0);
	CHECK(strcmp(arch_machine_uname(258, 8), "loongarch64") == 0);
	CHECK(arch_machine_uname(4711, 8) == NULL);
	/* i386 with PAE is dumped as ELFCLASS64, by kexec and by QEMU. */
	CHECK_EQ(arch_machine_word(EM_386, 8), 4);
	CHECK_EQ(arch_machine_word(EM_X86_64, 8), 8);
	CHECK_EQ(arch_machine_word(EM_S390, 4), 4);
	CHECK_EQ(arch_machine_word(EM_S390, 8), 8);
	CHECK_EQ(arch_machine_word(4711, 4), 4);
	CHECK_EQ(arch_machine_min_page(EM_SPARCV9), 8192);
	CHECK_EQ(arch_machine_min_page(EM_PPC64), 4096);
}

/* Entries: bit 0 table, bit 1 leaf, the rest an address. */
static struct pt_entry decode(const struct pt_form *form, unsigned int level, uint64_t entry)
{
	struct pt_entry ret = { PT_NONE, entry & form->pa_mask };

	(void)level;
	if (entry & 1)
		ret.kind = PT_TABLE;
	else if (entry & 2)
		ret.kind = PT_LEAF;
	return ret;
}

static struct pt_form three_levels(unsigned int entry_size, enum byte_order order)
{
	return (struct pt_form){
		.levels = 3,
		.level = { { 22, 4 }, { 17, 5 }, { 12, 5 } },
		.entry_size = entry_size,
		.order = order,
		.decode = decode,
		.pa_mask = 0xfffffff0,
	};
}

static void put_entry(const struct memkernel *mk, const struct pt_form *form, uint64_t table,
		      unsigned int index, uint32_t entry)
{
	uint64_t at = table + (uint64_t)index * form->entry_size;

	if (form->entry_size == 8)
		memkernel_put_u64(mk, at, entry);
	else
		memkernel_put_u32(mk, at, entry);
}

static void one_walk(unsigned int entry_size, enum byte_order order)
{
	struct memkernel mk = { .form = { 4, order }, .machine = EM_PPC };
	struct pt_form form = three_levels(entry_size, order);
	struct mapping map = { 1, 2, 3 };
	struct dump_view *view;

	memkernel_add(&mk, &(struct memseg){ .paddr = 0x10000, .size = 0x10000, .vaddr = 0xffffffff });
	memkernel_add(&mk, &(struct memseg){ .paddr = 0x20000, .size = 0x1000, .vaddr = 0xffffffff,
					     .excluded = true });
	put_entry(&mk, &form, 0x10000, 3, 0x11000 | 1);
	put_entry(&mk, &form, 0x10000, 4, 0x7c00000 | 2);
	put_entry(&mk, &form, 0x10000, 5, 0x20000 | 1);
	put_entry(&mk, &form, 0x10000, 6, 0x90000 | 1);
	put_entry(&mk, &form, 0x10000, 7, 0x10000 | 1);
	put_entry(&mk, &form, 0x11000, 31, 0x12000 | 1);
	put_entry(&mk, &form, 0x12000, 17, 0xabc120 | 2);
	put_entry(&mk, &form, 0x12000, 18, 0x13000 | 1);
	CHECK_OK(memkernel_open(&mk, NULL));
	CHECK_OK(dump_view_create(mk.dump, 0, &view));
	/* A leaf at the end; bits of its address below the page do not count. */
	CHECK_OK(pt_walk(&form, view, 0x10000, 3u << 22 | 31u << 17 | 17u << 12 | 0x345, &map));
	CHECK_EQ(map.va, 3u << 22 | 31u << 17 | 17u << 12);
	CHECK_EQ(map.pa, 0xabc000);
	CHECK_EQ(map.len, 0x1000);
	/* A leaf at the top. Address bits above the tables do not matter here. */
	CHECK_OK(pt_walk(&form, view, 0x10000, 0xfc000000u | 4u << 22 | 0x12345, &map));
	CHECK_EQ(map.va, 0xfc000000u | 4u << 22);
	CHECK_EQ(map.pa, 0x7c00000);
	CHECK_EQ(map.len, 1u << 22);
	CHECK_ERR(pt_walk(&form, view, 0x10000, 3u << 22 | 30u << 17, &map), ERR_NO_MAPPING);
	CHECK_ERR(pt_walk(&form, view, 0x10000, 3u << 22 | 31u << 17 | 18u << 12, &map), ERR_NO_MAPPING);
	CHECK_ERR(pt_walk(&form, view, 0x10000, 5u << 22, &map), ERR_EXCLUDED);
	CHECK_ERR(pt_walk(&form, view, 0x10000, 6u << 22, &map), ERR_NOT_PRESENT);
	/* The root as its own table: three steps and no more. */
	CHECK_ERR(pt_walk(&form, view, 0x10000, 7u << 22 | 7u << 17 | 7u << 12, &map), ERR_NO_MAPPING);
	CHECK_EQ(map.pa, 0x7c00000);
	dump_view_destroy(view);
	memkernel_close(&mk);
}

/* What a kernel exports tells its architecture where the file does not. */
static void test_machines_by_facts(void)
{
	static const struct {
		enum fact_kind kind;
		const char *name;
		uint16_t machine;
	} cases[] = {
		{ FACT_NUMBER, "kimage_voffset", 183 },
		{ FACT_SYMBOL, "init_top_pgt", 62 },
		{ FACT_SYMBOL, "init_level4_pgt", 62 },
		/* riscv has it, too. */
		{ FACT_NUMBER, "VA_BITS", 0 },
		{ FACT_SYMBOL, "swapper_pg_dir", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts;

		facts_init(&facts);
		CHECK_EQ(arch_machine_by_facts(&facts), 0);
		CHECK_OK(facts_add(&facts, cases[i].kind, cases[i].name, 1, "test"));
		CHECK_EQ(arch_machine_by_facts(&facts), cases[i].machine);
		facts_deinit(&facts);
	}
}

static void test_walk(void)
{
	one_walk(4, ORDER_LITTLE);
	one_walk(4, ORDER_BIG);
	one_walk(8, ORDER_LITTLE);
	one_walk(8, ORDER_BIG);
}

/* Pages of programs that let nobody in, and what is none. */
static void test_hidden(void)
{
	struct pt_form form;
	uint64_t pa;

	x86_64_form_init(&form, 4, 0);
	/* PROT_NONE: accessed, dirty and global, as before and since the address is inverted. */
	CHECK(form.hidden(&form, 0x8000000012345160, &pa));
	CHECK_EQ(pa, 0x12345000);
	CHECK(form.hidden(&form, 0x800fffffedcba160, &pa));
	CHECK_EQ(pa, 0x12345000);
	CHECK(!form.hidden(&form, 0x8000000012345167, &pa));
	CHECK(!form.hidden(&form, 0x07ffffffffdcba00, &pa));
	CHECK(!form.hidden(&form, 0, &pa));
	arm64_form_init(&form, 12, 48, false);
	CHECK(form.hidden(&form, 0x04e0000042345f42, &pa));
	CHECK_EQ(pa, 0x42345000);
	CHECK(!form.hidden(&form, 0x00e0000042345f43, &pa));
	CHECK(!form.hidden(&form, 0x0000000012345600, &pa));
	CHECK(!form.hidden(&form, 0, &pa));
}

int main(void)
{
	RUN(test_table);
	RUN(test_machines);
	RUN(test_machines_by_facts);
	RUN(test_walk);
	RUN(test_hidden);
	return unit_status();
}
