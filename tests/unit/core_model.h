/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A core file with known contents, and the plain answer to every question
 * about it: by looking at all loads one by one, as the rules are stated.
 */
#ifndef TESTS_UNIT_CORE_MODEL_H
#define TESTS_UNIT_CORE_MODEL_H

#include <stdlib.h>

#include "base/checked.h"
#include "base/file.h"
#include "input/dump.h"
#include "tests/unit/elf_build.h"

struct core_model {
	struct elf_form form;
	struct elf_segment *loads;
	size_t count;
	uint8_t *file;
	size_t len;		/* of the file; less than the loads need when it is cut off */
};

/* File contents that tell any two offsets near each other apart. */
static inline uint8_t core_byte(uint64_t off)
{
	return (uint8_t)(off * 167 + (off >> 8) * 59 + (off >> 16) * 31);
}

/*
 * Lay out headers and the bytes of @count loads, whose offset, type and vaddr
 * are filled in here: data lies in file order, with @gap bytes before each.
 */
static inline void core_build(struct core_model *core, struct elf_form form,
			      struct elf_segment *loads, size_t count, size_t gap)
{
	size_t phdr = elf_phdr_size(form), phoff = elf_ehdr_size(form);
	uint64_t at = phoff + count * phdr;

	*core = (struct core_model){ .form = form, .loads = loads, .count = count };
	for (size_t i = 0; i < count; i++) {
		at += gap;
		loads[i].type = 1;
		loads[i].offset = at;
		at += loads[i].filesz;
	}
	core->len = at + gap;
	core->file = malloc(core->len);
	if (!core->file)
		abort();
	for (uint64_t off = 0; off < core->len; off++)
		core->file[off] = core_byte(off);
	put_ehdr(core->file, form, 62, phoff, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		put_phdr(core->file + phoff + i * phdr, form, &loads[i]);
}

static inline void core_free(struct core_model *core)
{
	free(core->file);
}

/* The load that answers for @paddr, and whether it stores the byte; NULL when none does. */
static inline const struct elf_segment *core_find(const struct core_model *core, uint64_t paddr,
						  bool *stored)
{
	const struct elf_segment *covers = NULL;

	for (size_t i = 0; i < core->count; i++) {
		const struct elf_segment *load = &core->loads[i];

		if (load->paddr == UINT64_MAX || paddr < load->paddr)
			continue;
		if (paddr - load->paddr < load->filesz) {
			*stored = true;
			return load;
		}
		if (!covers && paddr - load->paddr < load->memsz)
			covers = load;
	}
	*stored = false;
	return covers;
}

/* Any byte of the page frame is stored; else *covered says whether one is covered. */
static inline bool core_page_stored(const struct core_model *core, uint64_t paddr, uint64_t page,
				    bool *covered)
{
	uint64_t start = paddr & ~(page - 1), end = start + page;

	*covered = false;
	for (size_t i = 0; i < core->count; i++) {
		const struct elf_segment *load = &core->loads[i];

		if (load->paddr == UINT64_MAX || load->paddr >= end)
			continue;
		if (load->filesz && load->paddr + load->filesz > start)
			return true;
		if (load->paddr + load->memsz > start)
			*covered = true;
	}
	return false;
}

/*
 * What reading one byte gives: 0 and the byte, or a kind of error. @page 0:
 * the page size is not known yet.
 */
static inline int core_read(const struct core_model *core, uint64_t paddr, uint64_t page,
			    uint8_t *ret)
{
	bool stored, covered;
	const struct elf_segment *load = core_find(core, paddr, &stored);

	if (stored) {
		uint64_t off = load->offset + (paddr - load->paddr);

		if (off >= core->len)
			return ERR_LOST;
		*ret = core->file[off];
		return 0;
	}
	*ret = 0;
	if (!page)
		return load ? ERR_EXCLUDED : ERR_NOT_PRESENT;
	if (core_page_stored(core, paddr, page, &covered))
		return 0;
	return covered ? ERR_EXCLUDED : ERR_NOT_PRESENT;
}

/* A small, fast, reproducible generator of numbers. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
