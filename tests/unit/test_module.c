/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules, their symbols and per-CPU addresses: every era, and modules nobody can trust. */
#include "kernel/percpu.h"
#include "tests/unit/modulebuild.h"

static struct mbuild mb;

static void for_each_form(void (*fn)(void), bool all_eras)
{
	for (size_t f = 0; f < ELF_FORMS; f++) {
		for (enum mb_era era = all_eras ? MB_OLD : MB_MEM_ARRAY; era < MB_ERAS; era++) {
			mb_build(&mb, elf_forms[f], era);
			fn();
			flatkernel_close(&mb.fk);
		}
	}
}

struct seen {
	struct kmodule v[8];
	unsigned int count;
	unsigned int stop_at;	/* 0: never */
};

static struct err *note(void *ctx, const struct kmodule *module)
{
	struct seen *seen = ctx;

	if (seen->count < ARRAY_LEN(seen->v))
		seen->v[seen->count] = *module;
	seen->count++;
	return seen->count == seen->stop_at ? err_stopped : NULL;
}

static void check_module(const struct kmodule *module, unsigned int i)
{
	char name[16];
	uint64_t address = 0;

	snprintf(name, sizeof(name), "mod_%u", i);
	CHECK(strcmp(module->name, name) == 0);
	CHECK_EQ(module->address, mb_module(i));
	CHECK_EQ(module->state, i);
	CHECK_EQ(module->region_count, mb.era == MB_MEM_ARRAY ? 2 : 1);
	CHECK_EQ(module->regions[0].va, mb_core(i));
	CHECK_EQ(module->regions[0].size, mb.era == MB_MEM_ARRAY ? 0x800 : 0x3000);
	CHECK_EQ(module->symbol_count, MB_SYMBOLS);
	snprintf(name, sizeof(name), "text_%u", i);
	CHECK(kmodule_symbol(mb.fk.reader, module, name, &address));
	CHECK_EQ(address, mb_core(i) + 0x10);
	CHECK(kmodule_symbol(mb.fk.reader, module, "a", &address));
	CHECK_EQ(address, mb_core(i) + 8);
	CHECK(!kmodule_symbol(mb.fk.reader, module, "other", &address));
	CHECK(!kmodule_symbol(mb.fk.reader, module, "text_", &address));
	CHECK(!kmodule_symbol(mb.fk.reader, module, "", &address));
	CHECK_EQ(module->btf, i == 1 ? MB_BTF_DATA : 0);
	CHECK_EQ(module->btf_bytes, i == 1 ? 24 : 0);
}

static void whole(void)
{
	struct seen seen = { .count = 0 };

	if (!flatkernel_open(&mb.fk, MB_INFO))
		return;
	CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
	CHECK_EQ(seen.count, MB_MODULES);
	for (unsigned int i = 0; i < MB_MODULES; i++)
		check_module(&seen.v[i], i);
	CHECK_EQ(mb.fk.log.warnings, 0);
}

static void test_whole(void)
{
	for_each_form(whole, true);
}

static void found(void)
{
	struct kmodule module;

	if (!flatkernel_open(&mb.fk, MB_INFO))
		return;
	CHECK_OK(kmodule_find(mb.fk.reader, &mb.set.types, "mod-2", &module));
	check_module(&module, 2);
	CHECK_ERR(kmodule_find(mb.fk.reader, &mb.set.types, "mod", &module), ERR_NOT_FOUND);
	CHECK_ERR(kmodule_find(mb.fk.reader, &mb.set.types, "mod_22", &module), ERR_NOT_FOUND);
}

static void test_found(void)
{
	for_each_form(found, true);
}

/* An error of the caller ends the walk, and is no broken list. */
static void test_stopped(void)
{
	struct seen seen = { .stop_at = 2 };

	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	if (flatkernel_open(&mb.fk, MB_INFO))
		CHECK_ERR(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen), ERR_STOPPED);
	CHECK_EQ(seen.count, 2);
	CHECK_EQ(mb.fk.log.warnings, 0);
	flatkernel_close(&mb.fk);
}

/* No module is loaded; then what is missing to find any. */
static void test_nothing_known(void)
{
	struct seen seen = { .count = 0 };

	mb_build(&mb, elf_forms[0], MB_LAYOUT);
	mb_link(&mb, MB_HEAD, MB_HEAD);
	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
		mb.members[1].name = "lost";	/* list */
		CHECK_ERR(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen), ERR_NOT_FOUND);
		mb.types[MB_MODULE].size = 1 << 20;
		CHECK_ERR(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen), ERR_NOT_FOUND);
		mb.types[MB_MODULE].name = NULL;
		CHECK_ERR(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen), ERR_NOT_FOUND);
	}
	flatkernel_close(&mb.fk);
	mb_build(&mb, elf_forms[0], MB_LAYOUT);
	if (flatkernel_open(&mb.fk, "X=y\n"))
		CHECK_ERR(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen), ERR_NOT_FOUND);
	CHECK_EQ(seen.count, 0);
	flatkernel_close(&mb.fk);
}

/* Walk, after module 1 was damaged: it is gone with one warning, the others are there. */
static void check_skipped(const char *words)
{
	struct seen seen = { .count = 0 };

	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
		CHECK_EQ(seen.count, 2);
		check_module(&seen.v[0], 0);
		check_module(&seen.v[1], 2);
		CHECK_EQ(mb.fk.log.warnings, 1);
		CHECK(log_caught(&mb.fk.log, words));
	}
	flatkernel_close(&mb.fk);
}

static void test_damaged_module(void)
{
	char endless[MB_NAME_BYTES];

	memset(endless, 'x', sizeof(endless));
	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	memkernel_put(&mb.fk.mk, mb_module(1) + 32, endless, sizeof(endless));
	check_skipped("skipped: its name is empty or has no end");
	mb_build(&mb, elf_forms[3], MB_MEM_ARRAY);
	memkernel_put(&mb.fk.mk, mb_module(1) + 33, "\n", 1);
	check_skipped("skipped: its name has byte 0xa");
	mb_build(&mb, elf_forms[1], MB_LAYOUT);
	mb_put_region(&mb, 1, 0, mb_core(1), 0x7fffffff);
	check_skipped("skipped: 2147483647 bytes of memory at");
	mb_build(&mb, elf_forms[0], MB_OLD);
	mb_put_region(&mb, 1, 0, ~0xfffull, 0x2000);
	check_skipped("skipped: 8192 bytes of memory at 0xfffffffffffff000 make no sense");
}

/* A module whose tables are not its own has no symbols, and is still one. */
static void check_without_symbols(const char *words)
{
	struct seen seen = { .count = 0 };
	uint64_t address;

	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
		CHECK_EQ(seen.count, MB_MODULES);
		CHECK_EQ(seen.v[1].symtab, 0);
		CHECK(!kmodule_symbol(mb.fk.reader, &seen.v[1], "a", &address));
		check_module(&seen.v[2], 2);
		CHECK(log_caught(&mb.fk.log, words));
	}
	flatkernel_close(&mb.fk);
}

static void test_damaged_symbols(void)
{
	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	memkernel_put_u32(&mb.fk.mk, mb_module(1) + 0x280 + 8, 0x10000);
	check_without_symbols("module mod_1: symbols ignored: 65536 symbols");
	mb_build(&mb, elf_forms[0], MB_LAYOUT);
	memkernel_put_word(&mb.fk.mk, mb_module(1) + 0x280, mb_core(0));
	check_without_symbols("are not in its memory");
	mb_build(&mb, elf_forms[0], MB_LAYOUT);
	memkernel_put_word(&mb.fk.mk, mb_module(1) + 0x280 + 16, mb_core(0));
	check_without_symbols("are not in its memory");
	mb_build(&mb, elf_forms[2], MB_MEM_ARRAY);
	memkernel_put_word(&mb.fk.mk, mb_module(1) + 0x200, MB_MEM + MB_SIZE + 0x1000);
	check_without_symbols("module mod_1: symbols ignored: kernel address");
	/* Being set up: its tables are not there yet. */
	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	memkernel_put_u32(&mb.fk.mk, mb_module(1), 3);
	check_without_symbols("");
}

/* Strings beyond the module's memory are no names. */
static void test_string_outside(void)
{
	struct kmodule module;
	uint64_t address = 0, symtab = mb_core(1) + 0x1000 - 2 * 24;

	mb_build(&mb, elf_forms[0], MB_LAYOUT);
	mb_put_symbol(&mb, symtab + 24, 0x2000, 1, 2);
	memkernel_put(&mb.fk.mk, symtab + MB_SYMBOLS * 24 + 0x2000, "far", 4);
	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodule_find(mb.fk.reader, &mb.set.types, "mod_1", &module));
		CHECK(!kmodule_symbol(mb.fk.reader, &module, "far", &address));
		CHECK(kmodule_symbol(mb.fk.reader, &module, "a", &address));
		CHECK_EQ(address, mb_core(1) + 0x20);
	}
	flatkernel_close(&mb.fk);
}

/* @from is where a link is wrong; @count modules come, the last of them @last. */
static void check_broken(uint64_t from, unsigned int count, unsigned int last, unsigned int warnings,
			 const char *words)
{
	struct seen seen = { .count = 0 };

	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	memkernel_put_word(&mb.fk.mk, from, MB_MEM + MB_SIZE + 0x1000);
	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
		CHECK_EQ(seen.count, count);
		for (unsigned int i = 0; i < count; i++)
			check_module(&seen.v[i], seen.v[i].state);
		CHECK_EQ(seen.v[count - 1].state, last);
		CHECK_EQ(mb.fk.log.warnings, warnings);
		CHECK(log_caught(&mb.fk.log, words));
	}
	flatkernel_close(&mb.fk);
}

/* What is behind the break comes from the end of the list, each once. */
static void test_broken_lists(void)
{
	check_broken(MB_HEAD, 3, 0, 1, "modules: kernel address 0x121000");
	check_broken(MB_HEAD + 8, 3, 2, 0, "");
	check_broken(mb_module(0) + 16, 3, 1, 1, "going on from the end of the list");
	check_broken(mb_module(0) + 24, 3, 0, 1, "modules: list at 0x100010: element 0x101010 points back");
	check_broken(mb_module(1) + 16, 3, 2, 1, "going on from the end of the list");
	check_broken(mb_module(1) + 24, 3, 1, 1, "modules: list at 0x100010: element 0x102010 points back");
}

static void test_broken_twice(void)
{
	struct seen seen = { .count = 0 };

	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	memkernel_put_word(&mb.fk.mk, mb_module(0) + 16, 0x1234);
	memkernel_put_word(&mb.fk.mk, mb_module(2) + 24, 0x1234);
	memkernel_put_word(&mb.fk.mk, MB_BTF_NODE, MB_MEM + MB_SIZE + 0x1000);
	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
		CHECK_EQ(seen.count, 2);
		CHECK_EQ(seen.v[0].state, 0);
		CHECK_EQ(seen.v[1].state, 2);
		CHECK(log_caught(&mb.fk.log, "modules: backwards: kernel address 0x1234"));
		CHECK(log_caught(&mb.fk.log, "BTF of modules: kernel address"));
		CHECK_EQ(mb.fk.log.warnings, 3);
	}
	flatkernel_close(&mb.fk);
}

static void test_damaged_btf(void)
{
	struct seen seen = { .count = 0 };

	mb_build(&mb, elf_forms[0], MB_MEM_ARRAY);
	memkernel_put_u32(&mb.fk.mk, MB_BTF + 92, 0x7fffffff);
	if (flatkernel_open(&mb.fk, MB_INFO)) {
		CHECK_OK(kmodules_for_each(mb.fk.reader, &mb.set.types, note, &seen));
		CHECK_EQ(seen.count, MB_MODULES);
		CHECK_EQ(seen.v[1].btf, 0);
		CHECK(log_caught(&mb.fk.log, "BTF of a module at 0x100080: its size makes no sense"));
	}
	flatkernel_close(&mb.fk);
}

#define KERNEL_BTF (MB_MEM + 0x600)
#define BTF_BYTES 25u

/* The smallest BTF there is: a header and an empty string. */
static void put_btf(uint64_t at)
{
	const uint32_t words[] = { 0, 24, 0, 0, 0, 1 };
	uint8_t magic[4] = { 0, 0, 1, 0 };

	put_u16(magic, 0xeb9f, mb.fk.mk.form.order);
	for (unsigned int i = 0; i < ARRAY_LEN(words); i++)
		memkernel_put_u32(&mb.fk.mk, at + i * 4, words[i]);
	memkernel_put(&mb.fk.mk, at, magic, 4);
}

static void types_of_module(void)
{
	struct types *types = NULL;
	struct kmodule module;
	struct type type;

	put_btf(MB_BTF_DATA);
	memkernel_put_u32(&mb.fk.mk, MB_BTF + 92, BTF_BYTES);
	if (!flatkernel_open(&mb.fk, MB_INFO))
		return;
	CHECK_OK(kmodule_find(mb.fk.reader, &mb.set.types, "mod_1", &module));
	CHECK_OK(kmodule_types(mb.fk.reader, &module, NULL, &types));
	CHECK(types && !types_find_any(types, "module", &type));
	types_destroy(types);
	CHECK_ERR(kmodule_types(mb.fk.reader, &module, &mb.set.types, &types), ERR_NOT_FOUND);
	module.btf += 4;
	CHECK_ERR(kmodule_types(mb.fk.reader, &module, NULL, &types), ERR_BAD_INPUT);
	module.btf = MB_MEM + MB_SIZE;
	CHECK_ERR(kmodule_types(mb.fk.reader, &module, NULL, &types), ERR_NOT_PRESENT);
	CHECK_OK(kmodule_find(mb.fk.reader, &mb.set.types, "mod_0", &module));
	CHECK_ERR(kmodule_types(mb.fk.reader, &module, NULL, &types), ERR_NOT_FOUND);
}

/* The kernel's types are of another provider: the module's build on the kernel's BTF all the same. */
static void types_on_own_base(void)
{
	struct types *types = NULL;
	struct kmodule module;
	struct type type;
	int64_t value;

	put_btf(MB_BTF_DATA);
	put_btf(KERNEL_BTF);
	memkernel_put_u32(&mb.fk.mk, MB_BTF + 92, BTF_BYTES);
	if (!flatkernel_open(&mb.fk, MB_INFO "SYMBOL(__start_BTF)=100600\nSYMBOL(__stop_BTF)=100619\n"))
		return;
	CHECK_OK(kmodule_find(mb.fk.reader, &mb.set.types, "mod_1", &module));
	CHECK_OK(kmodule_types(mb.fk.reader, &module, &mb.set.types, &types));
	CHECK(types && !types_find_any(types, "module", &type));
	CHECK(types && !types_enumerator(types, "none", &value));
	CHECK(types && !types_variable(types, "none", &type));
	types_destroy(types);
	module.btf += 4;
	CHECK_ERR(kmodule_types(mb.fk.reader, &module, &mb.set.types, &types), ERR_BAD_INPUT);
}

static void test_types(void)
{
	for_each_form(types_of_module, false);
	for_each_form(types_on_own_base, false);
}

#define OFFSETS (MB_MEM + 0x400)
#define NR_CPU_IDS (MB_MEM + 0x500)

static void percpu(void)
{
	uint64_t address = 0;

	memkernel_put_word(&mb.fk.mk, OFFSETS, 0x7f000000);
	memkernel_put_word(&mb.fk.mk, OFFSETS + mb.word, 0ull - 0x1000);
	memkernel_put_u32(&mb.fk.mk, NR_CPU_IDS, 2);
	if (!flatkernel_open(&mb.fk, "SYMBOL(__per_cpu_offset)=100400\nSYMBOL(nr_cpu_ids)=100500\n"))
		return;
	CHECK_EQ(percpu_count(mb.fk.reader), 2);
	CHECK_OK(percpu_address(mb.fk.reader, 0x35000, 0, &address));
	CHECK_EQ(address, 0x7f035000);
	CHECK_OK(percpu_address(mb.fk.reader, 0x35000, 1, &address));
	CHECK_EQ(address, 0x34000);
	CHECK_ERR(percpu_address(mb.fk.reader, 0x35000, 2, &address), ERR_BAD_INPUT);
}

static void test_percpu(void)
{
	uint64_t address;

	for_each_form(percpu, false);
	mb_build(&mb, elf_forms[0], MB_OLD);
	memkernel_put_u32(&mb.fk.mk, NR_CPU_IDS, 100000);
	if (flatkernel_open(&mb.fk, "SYMBOL(__per_cpu_offset)=100400\nSYMBOL(nr_cpu_ids)=100500\n")) {
		CHECK_EQ(percpu_count(mb.fk.reader), 0);
		CHECK_ERR(percpu_address(mb.fk.reader, 0, 8192, &address), ERR_BAD_INPUT);
	}
	flatkernel_close(&mb.fk);
	mb_build(&mb, elf_forms[0], MB_OLD);
	if (flatkernel_open(&mb.fk, "X=y\n")) {
		CHECK_EQ(percpu_count(mb.fk.reader), 0);
		CHECK_ERR(percpu_address(mb.fk.reader, 0, 0, &address), ERR_NOT_FOUND);
	}
	flatkernel_close(&mb.fk);
}

int main(void)
{
	RUN(test_whole);
	RUN(test_found);
	RUN(test_stopped);
	RUN(test_nothing_known);
	RUN(test_damaged_module);
	RUN(test_damaged_symbols);
	RUN(test_string_outside);
	RUN(test_broken_lists);
	RUN(test_broken_twice);
	RUN(test_damaged_btf);
	RUN(test_types);
	RUN(test_percpu);
	return unit_status();
}
