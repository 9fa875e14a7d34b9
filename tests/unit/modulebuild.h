/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules in memory, in the three eras of struct module, of any word size and byte order. */
#ifndef TESTS_UNIT_MODULEBUILD_H
#define TESTS_UNIT_MODULEBUILD_H

#include "kernel/module.h"
#include "tests/unit/faketypes.h"
#include "tests/unit/flatkernel.h"

#define MB_MEM 0x100000ull
#define MB_SIZE 0x20000ull
#define MB_HEAD (MB_MEM + 0x10)
#define MB_BTF_HEAD (MB_MEM + 0x40)
#define MB_BTF_NODE (MB_MEM + 0x80)
#define MB_BTF (MB_MEM + 0x100)
#define MB_BTF_DATA (MB_MEM + 0x200)
#define MB_MODULES 3u
#define MB_SYMBOLS 5u			/* with the empty first one */
#define MB_NAME_BYTES 56u
#define MB_INFO "SYMBOL(modules)=100010\nSYMBOL(btf_modules)=100040\n"

/* module_core to 4.4; core_layout to 6.3; mem[] since 6.4. */
enum mb_era { MB_OLD, MB_LAYOUT, MB_MEM_ARRAY, MB_ERAS };

/* Types of the set; numbers are of 4 bytes or a word. */
enum mb_type {
	MB_U32, MB_WORD, MB_NAME, MB_MODULE, MB_MODULE_LAYOUT, MB_MODULE_MEMORY, MB_MEMS, MB_KALLSYMS,
	MB_BTF_MODULE, MB_STRUCT_BTF, MB_TYPES,
};

#define MB_MEMBERS 40

struct mbuild {
	struct flatkernel fk;
	enum mb_era era;
	unsigned int word;
	struct fake_type types[MB_TYPES];
	struct fake_member members[MB_MEMBERS];
	struct faketypes set;
};

/* Where module @i is, and its memory. */
static inline uint64_t mb_module(unsigned int i)
{
	return MB_MEM + 0x1000 + i * 0x1000ull;
}

static inline uint64_t mb_core(unsigned int i)
{
	return MB_MEM + 0x10000 + i * 0x3000ull;
}

static inline void mb_member(struct mbuild *mb, unsigned int owner, const char *name, uint64_t offset,
			     unsigned int type)
{
	mb->members[mb->set.member_count++] = (struct fake_member){ owner, name, offset, type };
}

static inline void mb_type(struct mbuild *mb, enum mb_type i, const char *name, enum type_kind kind,
			   uint64_t size)
{
	mb->types[i] = (struct fake_type){ .name = name, .kind = kind, .size = size };
}

/* Offsets are not the kernel's: only the types say them. */
static inline void mb_make_types(struct mbuild *mb)
{
	unsigned int word = mb->word;

	mb_type(mb, MB_U32, "unsigned int", TYPE_INT, 4);
	mb_type(mb, MB_WORD, "unsigned long", TYPE_INT, word);
	mb->types[MB_NAME] = (struct fake_type){ NULL, TYPE_ARRAY, MB_NAME_BYTES, MB_NAME_BYTES, MB_U32 };
	mb_type(mb, MB_MODULE, "module", TYPE_STRUCT, 0x400);
	mb_type(mb, MB_MODULE_LAYOUT, "module_layout", TYPE_STRUCT, 4ull * word);
	mb_type(mb, MB_MODULE_MEMORY, "module_memory", TYPE_STRUCT, 4ull * word);
	mb->types[MB_MEMS] = (struct fake_type){ NULL, TYPE_ARRAY, 28ull * word, 7, MB_MODULE_MEMORY };
	mb_type(mb, MB_KALLSYMS, "mod_kallsyms", TYPE_STRUCT, 4ull * word);
	mb_type(mb, MB_BTF_MODULE, "btf_module", TYPE_STRUCT, 4ull * word);
	mb_type(mb, MB_STRUCT_BTF, "btf", TYPE_STRUCT, 128);
	mb->set = (struct faketypes){ { &fake_ops }, mb->types, MB_TYPES, mb->members, 0 };
	mb_member(mb, MB_MODULE, "state", 0, MB_U32);
	mb_member(mb, MB_MODULE, "list", 16, MB_WORD);
	mb_member(mb, MB_MODULE, "name", 32, MB_NAME);
	mb_member(mb, MB_BTF_MODULE, "list", 0, MB_WORD);
	mb_member(mb, MB_BTF_MODULE, "module", 2ull * word, MB_WORD);
	mb_member(mb, MB_BTF_MODULE, "btf", 3ull * word, MB_WORD);
	mb_member(mb, MB_STRUCT_BTF, "data", 0, MB_WORD);
	mb_member(mb, MB_STRUCT_BTF, "data_size", 92, MB_U32);
}

static inline void mb_make_members(struct mbuild *mb)
{
	uint64_t word = mb->word;

	if (mb->era == MB_OLD) {
		mb_member(mb, MB_MODULE, "module_core", 0x100, MB_WORD);
		mb_member(mb, MB_MODULE, "core_size", 0x110, MB_U32);
		mb_member(mb, MB_MODULE, "module_init", 0x108, MB_WORD);
		mb_member(mb, MB_MODULE, "init_size", 0x114, MB_U32);
		mb_member(mb, MB_MODULE, "symtab", 0x300, MB_WORD);
		mb_member(mb, MB_MODULE, "num_symtab", 0x300 + word, MB_U32);
		mb_member(mb, MB_MODULE, "strtab", 0x300 + 2 * word, MB_WORD);
		return;
	}
	if (mb->era == MB_LAYOUT) {
		mb_member(mb, MB_MODULE, "core_layout", 0x100, MB_MODULE_LAYOUT);
		mb_member(mb, MB_MODULE, "init_layout", 0x140, MB_MODULE_LAYOUT);
	} else {
		mb_member(mb, MB_MODULE, "mem", 0x100, MB_MEMS);
	}
	mb_member(mb, MB_MODULE_LAYOUT, "base", 0, MB_WORD);
	mb_member(mb, MB_MODULE_LAYOUT, "size", word, MB_U32);
	mb_member(mb, MB_MODULE_MEMORY, "base", 0, MB_WORD);
	mb_member(mb, MB_MODULE_MEMORY, "size", word + 4, MB_U32);
	mb_member(mb, MB_MODULE, "kallsyms", 0x200, MB_WORD);
	mb_member(mb, MB_KALLSYMS, "symtab", 0, MB_WORD);
	mb_member(mb, MB_KALLSYMS, "num_symtab", word, MB_U32);
	mb_member(mb, MB_KALLSYMS, "strtab", 2 * word, MB_WORD);
}

/* A region @n of module @i: text and data, of a page and two; init memory is gone. */
static inline void mb_put_region(struct mbuild *mb, unsigned int i, unsigned int n, uint64_t va, uint32_t size)
{
	uint64_t at = mb_module(i) + 0x100;

	if (mb->era == MB_OLD) {
		memkernel_put_word(&mb->fk.mk, at + n * 8, va);
		memkernel_put_u32(&mb->fk.mk, at + 0x10 + n * 4, size);
	} else if (mb->era == MB_LAYOUT) {
		memkernel_put_word(&mb->fk.mk, at + n * 0x40, va);
		memkernel_put_u32(&mb->fk.mk, at + n * 0x40 + mb->word, size);
	} else {
		memkernel_put_word(&mb->fk.mk, at + n * 4ull * mb->word, va);
		memkernel_put_u32(&mb->fk.mk, at + n * 4ull * mb->word + mb->word + 4, size);
	}
}

static inline void mb_put_symbol(struct mbuild *mb, uint64_t at, uint32_t name, uint64_t value,
				 uint16_t section)
{
	uint8_t raw[2];

	put_u16(raw, section, mb->fk.mk.form.order);
	memkernel_put_u32(&mb->fk.mk, at, name);
	if (mb->word == 8) {
		memkernel_put(&mb->fk.mk, at + 6, raw, 2);
		memkernel_put_u64(&mb->fk.mk, at + 8, value);
	} else {
		memkernel_put_u32(&mb->fk.mk, at + 4, (uint32_t)value);
		memkernel_put(&mb->fk.mk, at + 14, raw, 2);
	}
}

/* Symbols "a", "text_0", "other" (of no section), "a" again; a table that goes over a page's end. */
static inline void mb_put_symbols(struct mbuild *mb, unsigned int i)
{
	static const char strings[] = "\0a\0text_0\0other";
	unsigned int each = mb->word == 8 ? 24 : 16;
	uint64_t symtab = mb_core(i) + 0x1000 - 2 * each, strtab = symtab + MB_SYMBOLS * each;
	uint64_t table = mb->era == MB_OLD ? mb_module(i) + 0x300 : mb_module(i) + 0x280;

	mb_put_symbol(mb, symtab, 0, 0, 0);
	mb_put_symbol(mb, symtab + each, 1, mb_core(i) + 8, 2);
	mb_put_symbol(mb, symtab + 2 * each, 3, mb_core(i) + 0x10, 1);
	mb_put_symbol(mb, symtab + 3 * each, 10, mb_core(i), 0);
	mb_put_symbol(mb, symtab + 4 * each, 1, mb_core(i) + 0x20, 2);
	memkernel_put(&mb->fk.mk, strtab, strings, sizeof(strings));
	memkernel_put(&mb->fk.mk, strtab + 8, &"0123456789"[i], 1);
	memkernel_put_word(&mb->fk.mk, table, symtab);
	memkernel_put_u32(&mb->fk.mk, table + mb->word, MB_SYMBOLS);
	memkernel_put_word(&mb->fk.mk, table + 2 * mb->word, strtab);
	if (mb->era != MB_OLD)
		memkernel_put_word(&mb->fk.mk, mb_module(i) + 0x200, table);
}

static inline void mb_link(struct mbuild *mb, uint64_t from, uint64_t to)
{
	memkernel_put_word(&mb->fk.mk, from, to);
	memkernel_put_word(&mb->fk.mk, to + mb->word, from);
}

static inline void mb_put_module(struct mbuild *mb, unsigned int i)
{
	char name[16];

	snprintf(name, sizeof(name), "mod_%u", i);
	memkernel_put_u32(&mb->fk.mk, mb_module(i), i);
	memkernel_put(&mb->fk.mk, mb_module(i) + 32, name, strlen(name) + 1);
	if (mb->era == MB_MEM_ARRAY) {
		mb_put_region(mb, i, 0, mb_core(i), 0x800);
		mb_put_region(mb, i, 1, mb_core(i) + 0x800, 0x2800);
		mb_put_region(mb, i, 4, 0, 0x1000);	/* freed: no base */
	} else {
		mb_put_region(mb, i, 0, mb_core(i), 0x3000);
	}
	mb_put_symbols(mb, i);
}

/* Module 0 is the newest. Module 1 alone has BTF. */
static inline void mb_build(struct mbuild *mb, struct elf_form form, enum mb_era era)
{
	flatkernel_init(&mb->fk, form);
	memkernel_add(&mb->fk.mk, &(struct memseg){ .paddr = MB_MEM, .size = MB_SIZE, .vaddr = ~0ull });
	mb->era = era;
	mb->word = form.word;
	mb_make_types(mb);
	mb_make_members(mb);
	for (unsigned int i = 0; i < MB_MODULES; i++) {
		mb_put_module(mb, i);
		mb_link(mb, i ? mb_module(i - 1) + 16 : MB_HEAD, mb_module(i) + 16);
	}
	mb_link(mb, mb_module(MB_MODULES - 1) + 16, MB_HEAD);
	mb_link(mb, MB_BTF_HEAD, MB_BTF_NODE);
	mb_link(mb, MB_BTF_NODE, MB_BTF_HEAD);
	memkernel_put_word(&mb->fk.mk, MB_BTF_NODE + 2 * mb->word, mb_module(1));
	memkernel_put_word(&mb->fk.mk, MB_BTF_NODE + 3 * mb->word, MB_BTF);
	memkernel_put_word(&mb->fk.mk, MB_BTF, MB_BTF_DATA);
	memkernel_put_u32(&mb->fk.mk, MB_BTF + 92, 24);
}

#endif
