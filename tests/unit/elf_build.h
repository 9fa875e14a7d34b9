/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of ELF cores put into a byte array, in either class and byte order.
 * Nothing is checked: tests and fuzz seeds build broken files with it too.
 */
#ifndef TESTS_UNIT_ELF_BUILD_H
#define TESTS_UNIT_ELF_BUILD_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "elf_info.h"

struct elf_form {
	unsigned int word;	/* 4 or 8 */
	enum byte_order order;
};

/* All four, for loops. */
static const struct elf_form elf_forms[] = {
	{ 8, ORDER_LITTLE }, { 8, ORDER_BIG }, { 4, ORDER_LITTLE }, { 4, ORDER_BIG },
};
#define ELF_FORMS 4

static inline size_t elf_ehdr_size(struct elf_form form)
{
	return form.word == 8 ? 64 : 52;
}

static inline size_t elf_phdr_size(struct elf_form form)
{
	return form.word == 8 ? 56 : 32;
}

/* The header of a core with @phnum program headers at @phoff; tests change fields afterwards. */
static inline void put_ehdr(uint8_t *file, struct elf_form form, uint16_t machine, uint64_t phoff,
			    uint16_t phnum)
{
	size_t half = form.word == 8 ? 52 : 40;

	memset(file, 0, elf_ehdr_size(form));
	memcpy(file, "\x7f" "ELF", 4);
	file[4] = form.word == 8 ? 2 : 1;
	file[5] = form.order == ORDER_LITTLE ? 1 : 2;
	file[6] = 1;
	put_u16(file + 16, 4, form.order);
	put_u16(file + 18, machine, form.order);
	put_u32(file + 20, 1, form.order);
	put_word(file + 24 + form.word, phoff, form.word, form.order);
	put_u16(file + half, (uint16_t)elf_ehdr_size(form), form.order);
	put_u16(file + half + 2, (uint16_t)elf_phdr_size(form), form.order);
	put_u16(file + half + 4, phnum, form.order);
}

/* Fields of the ELF header, by their offset in each class. */
static inline void put_e_flags(uint8_t *file, struct elf_form form, uint32_t v)
{
	put_u32(file + (form.word == 8 ? 48 : 36), v, form.order);
}

static inline void put_e_phentsize(uint8_t *file, struct elf_form form, uint16_t v)
{
	put_u16(file + (form.word == 8 ? 54 : 42), v, form.order);
}

static inline void put_e_shoff(uint8_t *file, struct elf_form form, uint64_t v, uint16_t entsize)
{
	put_word(file + (form.word == 8 ? 40 : 32), v, form.word, form.order);
	put_u16(file + (form.word == 8 ? 58 : 46), entsize, form.order);
}

static inline void put_shdr_info(uint8_t *shdr, struct elf_form form, uint32_t info)
{
	put_u32(shdr + (form.word == 8 ? 44 : 28), info, form.order);
}

static inline void put_phdr(uint8_t *at, struct elf_form form, const struct elf_segment *seg)
{
	unsigned int w = form.word;
	uint8_t *body = at + (w == 8 ? 8 : 4);

	put_u32(at, seg->type, form.order);
	put_u32(at + (w == 8 ? 4 : 24), seg->flags, form.order);
	put_word(body, seg->offset, w, form.order);
	put_word(body + w, seg->vaddr, w, form.order);
	put_word(body + 2 * w, seg->paddr, w, form.order);
	put_word(body + 3 * w, seg->filesz, w, form.order);
	put_word(body + 4 * w, seg->memsz, w, form.order);
	put_word(at + (w == 8 ? 48 : 28), seg->align, w, form.order);
}

/* Returns the bytes used, a multiple of 4. */
static inline size_t put_note(uint8_t *at, enum byte_order order, const char *name, uint32_t type,
			      const void *desc, size_t len)
{
	size_t name_len = strlen(name) + 1, space = (name_len + 3) / 4 * 4;

	put_u32(at, (uint32_t)name_len, order);
	put_u32(at + 4, (uint32_t)len, order);
	put_u32(at + 8, type, order);
	memset(at + 12, 0, space + (len + 3) / 4 * 4);
	memcpy(at + 12, name, name_len);
	if (len)
		memcpy(at + 12 + space, desc, len);
	return 12 + space + (len + 3) / 4 * 4;
}

#endif
