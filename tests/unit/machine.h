/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A synthetic machine: physical memory that costs nothing until written, an
 * ELF dump of it, and a kernel whose addresses are translated by a test
 * architecture: a linear map at MACHINE_LINEAR, and an array of struct page
 * at MACHINE_VMEMMAP backed by physical memory from `memmap` on, single pages
 * of which can be taken away or backed by another page.
 */
#ifndef TESTS_UNIT_MACHINE_H
#define TESTS_UNIT_MACHINE_H

#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "kernel/kernel.h"
#include "tests/unit/elf_build.h"
#include "tests/unit/structpage.h"
#include "tests/unit/unit.h"

#define MACHINE_LINEAR UINT64_C(0xffff888000000000)
#define MACHINE_VMEMMAP UINT64_C(0xffffea0000000000)
#define MACHINE_PAGE UINT64_C(4096)
#define MACHINE_HEADER 65536
#define MACHINE_SEGMENTS 16
#define MACHINE_REMAPS 4096
#define MACHINE_UNMAPPED UINT64_MAX

struct machine_segment {
	uint64_t pfn;
	uint64_t pages;
	uint64_t missing;	/* pages at the end without stored data */
	uint64_t vaddr;		/* 0: none */
	bool pmem;
};

/* A page of the struct page array with a place of its own. */
struct machine_remap {
	uint64_t va;
	uint64_t pa;		/* or MACHINE_UNMAPPED */
};

struct machine {
	uint8_t *file;
	uint64_t size;		/* of physical memory, bytes */
	uint64_t memmap;	/* physical address of struct page 0 */
	struct machine_segment seg[MACHINE_SEGMENTS];
	unsigned int segs;
	struct machine_remap remap[MACHINE_REMAPS];
	unsigned int remaps;
	struct dump *dump;
	struct kernel kernel;
	struct kreader *reader;
	struct arch arch;
};

static struct err *machine_vtop(const void *state, struct dump_view *view, uint64_t va,
				struct mapping *ret)
{
	const struct machine *m = state;
	uint64_t page = va & ~(MACHINE_PAGE - 1), leaf = UINT64_C(2) << 20;
	uint64_t pa;

	(void)view;
	if (va - MACHINE_LINEAR < m->size) {
		*ret = (struct mapping){ MACHINE_LINEAR, 0, m->size };
		return NULL;
	}
	if (va < MACHINE_VMEMMAP || va - MACHINE_VMEMMAP >= UINT64_C(1) << 40)
		return err_no_mapping;
	pa = m->memmap + (page - MACHINE_VMEMMAP);
	for (unsigned int i = 0; i < m->remaps; i++) {
		/* A leaf with an exception is split into pages, as the kernel does. */
		if ((m->remap[i].va & ~(leaf - 1)) == (va & ~(leaf - 1)))
			leaf = MACHINE_PAGE;
		if (m->remap[i].va == page)
			pa = m->remap[i].pa;
		if (m->remap[i].va == page && pa == MACHINE_UNMAPPED)
			return err_no_mapping;
	}
	if (leaf != MACHINE_PAGE) {
		page = va & ~(leaf - 1);
		pa = m->memmap + (page - MACHINE_VMEMMAP);
	}
	*ret = (struct mapping){ page, pa, leaf };
	return NULL;
}

static bool machine_is_kernel_address(const void *state, uint64_t va)
{
	(void)state;
	return va >= UINT64_C(0xffff800000000000);
}

static inline uint8_t *machine_mem(const struct machine *m, uint64_t pa)
{
	return m->file + MACHINE_HEADER + pa;
}

/* @size bytes of memory; segments are added before machine_open(). */
static inline void machine_init(struct machine *m, uint64_t size, uint64_t memmap)
{
	memset(m, 0, sizeof(*m));
	m->size = size;
	m->memmap = memmap;
	m->file = mmap(NULL, size + MACHINE_HEADER, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->file == MAP_FAILED)
		abort();
}

static inline void machine_segment(struct machine *m, uint64_t pfn, uint64_t pages)
{
	m->seg[m->segs++] = (struct machine_segment){ .pfn = pfn, .pages = pages };
}

static inline void machine_write_headers(struct machine *m)
{
	struct elf_form form = { 8, ORDER_LITTLE };

	put_ehdr(m->file, form, EM_X86_64, 64, (uint16_t)m->segs);
	for (unsigned int i = 0; i < m->segs; i++) {
		const struct machine_segment *seg = &m->seg[i];
		struct elf_segment out = {
			.type = PT_LOAD, .flags = seg->pmem ? 0x17 : 7,
			.offset = MACHINE_HEADER + seg->pfn * MACHINE_PAGE,
			.vaddr = seg->vaddr ? seg->vaddr : UINT64_MAX,
			.paddr = seg->pfn * MACHINE_PAGE,
			.filesz = (seg->pages - seg->missing) * MACHINE_PAGE,
			.memsz = seg->pages * MACHINE_PAGE,
		};

		put_phdr(m->file + 64 + i * 56, form, &out);
	}
}

/* Dump, kernel with the facts of @info, reader. Memory may still be written afterwards. */
static inline void machine_open(struct machine *m, const char *info, const struct log *log)
{
	struct dump_options options = { .log = log };
	struct source *src = NULL;

	machine_write_headers(m);
	CHECK_OK(source_open_memory(m->file, m->size + MACHINE_HEADER, &src));
	CHECK_OK(dump_open_source(src, &options, &m->dump));
	CHECK_OK(dump_set_page_size(m->dump, MACHINE_PAGE));
	m->arch = (struct arch){ .name = "test", .machine = EM_X86_64, .vtop = machine_vtop,
				 .is_kernel_address = machine_is_kernel_address };
	m->kernel = (struct kernel){ .dump = m->dump, .log = log, .page_shift = 12, .word = 8,
				     .order = ORDER_LITTLE, .arch = &m->arch, .arch_state = m };
	facts_init(&m->kernel.facts);
	CHECK_OK(facts_add_vmcoreinfo(&m->kernel.facts, info, strlen(info), "test", NULL));
	CHECK_OK(kreader_create(&m->kernel, &m->reader));
}

static inline void machine_deinit(struct machine *m)
{
	kreader_destroy(m->reader);
	facts_deinit(&m->kernel.facts);
	dump_close(m->dump);
	munmap(m->file, m->size + MACHINE_HEADER);
}

/* Where the struct page of @pfn is written, if the whole array is one. */
static inline uint8_t *machine_page(const struct machine *m, const struct page_layout *l,
				    uint64_t pfn)
{
	return machine_mem(m, m->memmap + pfn * l->size);
}

static inline void machine_remap(struct machine *m, uint64_t va, uint64_t pa)
{
	if (m->remaps == MACHINE_REMAPS)
		abort();
	m->remap[m->remaps++] = (struct machine_remap){ va & ~(MACHINE_PAGE - 1), pa };
}

static inline void machine_word(const struct machine *m, uint64_t pa, uint64_t v)
{
	put_u64(machine_mem(m, pa), v, ORDER_LITTLE);
}

#endif
