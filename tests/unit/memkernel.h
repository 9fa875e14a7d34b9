/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crashed kernel in memory: an ELF core with a VMCOREINFO text and a few
 * stretches of physical memory that a test or a fuzz target fills by address.
 */
#ifndef TESTS_UNIT_MEMKERNEL_H
#define TESTS_UNIT_MEMKERNEL_H

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "input/dump.h"
#include "tests/unit/elf_build.h"

#define MEMKERNEL_SEGMENTS 4

struct memseg {
	uint64_t paddr;
	uint64_t size;
	uint64_t vaddr;		/* all ones: none */
	bool excluded;		/* left out by an earlier filter: no data */
	bool pmem;
};

struct memkernel {
	struct elf_form form;
	uint16_t machine;
	struct memseg seg[MEMKERNEL_SEGMENTS];
	uint8_t *mem[MEMKERNEL_SEGMENTS];	/* NULL for excluded ones */
	unsigned int segs;
	char info[4096];	/* VMCOREINFO text; empty: no note */
	uint64_t cr3, cr4;	/* of a QEMU note; cr3 0: none */
	uint8_t *file;
	struct dump *dump;
};

static inline void memkernel_add(struct memkernel *mk, const struct memseg *seg)
{
	mk->mem[mk->segs] = seg->excluded ? NULL : calloc(1, (size_t)seg->size);
	mk->seg[mk->segs++] = *seg;
}

/* @len bytes of memory at @paddr to read or fill; NULL when not all is there. */
static inline uint8_t *memkernel_at(const struct memkernel *mk, uint64_t paddr, uint64_t len)
{
	for (unsigned int i = 0; i < mk->segs; i++) {
		const struct memseg *seg = &mk->seg[i];

		if (mk->mem[i] && paddr >= seg->paddr &&
		    range_fits(paddr - seg->paddr, len, seg->size))
			return mk->mem[i] + (paddr - seg->paddr);
	}
	return NULL;
}

static inline void memkernel_put(const struct memkernel *mk, uint64_t paddr, const void *from,
				 size_t len)
{
	uint8_t *to = memkernel_at(mk, paddr, len);

	if (!to)
		abort();
	memcpy(to, from, len);
}

static inline void memkernel_put_u64(const struct memkernel *mk, uint64_t paddr, uint64_t value)
{
	uint8_t raw[8];

	put_u64(raw, value, mk->form.order);
	memkernel_put(mk, paddr, raw, 8);
}

static inline void memkernel_put_u32(const struct memkernel *mk, uint64_t paddr, uint32_t value)
{
	uint8_t raw[4];

	put_u32(raw, value, mk->form.order);
	memkernel_put(mk, paddr, raw, 4);
}

static inline void memkernel_put_word(const struct memkernel *mk, uint64_t paddr, uint64_t value)
{
	uint8_t raw[8];

	put_word(raw, value, mk->form.word, mk->form.order);
	memkernel_put(mk, paddr, raw, mk->form.word);
}

/* A CPU's state as QEMU notes it, version 1; only the two registers. Returns the bytes used. */
static inline size_t memkernel_qemu(const struct memkernel *mk, uint8_t *at)
{
	uint8_t state[440] = { 1 };

	put_u64(state + 416, mk->cr3, ORDER_LITTLE);
	put_u64(state + 424, mk->cr4, ORDER_LITTLE);
	return put_note(at, mk->form.order, "QEMU", 0, state, sizeof(state));
}

/* Lay out file and headers; copies memory, so it must be filled before. Returns the file's length. */
static inline size_t memkernel_file(struct memkernel *mk)
{
	size_t notes = 1024, at = 8192, len = at;
	size_t phdr = elf_ehdr_size(mk->form);
	struct elf_segment out = { .type = PT_NOTE, .offset = notes };

	for (unsigned int i = 0; i < mk->segs; i++)
		len += mk->mem[i] ? (size_t)mk->seg[i].size : 0;
	mk->file = calloc(1, len);
	put_ehdr(mk->file, mk->form, mk->machine, phdr, (uint16_t)(mk->segs + 1));
	if (mk->cr3)
		out.filesz += memkernel_qemu(mk, mk->file + notes);
	if (mk->info[0])
		out.filesz += put_note(mk->file + notes + out.filesz, mk->form.order, "VMCOREINFO", 0,
				       mk->info, strlen(mk->info));
	out.memsz = out.filesz;
	put_phdr(mk->file + phdr, mk->form, &out);
	for (unsigned int i = 0; i < mk->segs; i++) {
		const struct memseg *seg = &mk->seg[i];

		out = (struct elf_segment){
			.type = PT_LOAD, .flags = seg->pmem ? 0x17 : 7, .offset = at,
			.vaddr = seg->vaddr, .paddr = seg->paddr,
			.filesz = mk->mem[i] ? seg->size : 0, .memsz = seg->size,
		};
		put_phdr(mk->file + phdr + (i + 1) * elf_phdr_size(mk->form), mk->form, &out);
		if (mk->mem[i])
			memcpy(mk->file + at, mk->mem[i], (size_t)seg->size);
		at += mk->mem[i] ? (size_t)seg->size : 0;
	}
	return len;
}

static inline struct err *memkernel_open(struct memkernel *mk, const struct log *log)
{
	struct dump_options options = { .log = log };
	size_t len = memkernel_file(mk);
	struct source *src;

	TRY(source_open_memory(mk->file, len, &src));
	return dump_open_source(src, &options, &mk->dump);
}

static inline void memkernel_close(struct memkernel *mk)
{
	dump_close(mk->dump);
	free(mk->file);
	for (unsigned int i = 0; i < mk->segs; i++)
		free(mk->mem[i]);
}

/* The utsname as the kernel has it, behind the kref of struct uts_namespace. */
static inline void memkernel_put_uts(const struct memkernel *mk, uint64_t paddr,
				     const char *release)
{
	static const char *const fields[] = { "Linux", "host", NULL, "#1 SMP", "machine", "(none)" };

	for (unsigned int i = 0; i < 6; i++) {
		const char *text = fields[i] ? fields[i] : release;

		memkernel_put(mk, paddr + 4 + i * 65, text, strlen(text) + 1);
	}
}

#endif
