/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything is in an ELF file of pages that stay:
 *
 *   ELF header, program headers (PT_NOTE, then PT_LOADs), section header 0
 *   where there are 0xffff or more of them, notes, page data
 *
 * Page data is all stored pages in ascending order, each once and whole. Each
 * span of memory that the input names (its PT_LOADs, overlapping or not) is cut
 * where stored pages end: a PT_LOAD is a run of stored pages, and what was
 * left out behind it as memsz beyond filesz. Spans that share pages share their
 * bytes in the file, so no two PT_LOADs can disagree.
 */
#ifndef OUTPUT_ELF_LAYOUT_H
#define OUTPUT_ELF_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/progress.h"
#include "elf_info.h"
#include "input/dump.h"
#include "pages/plan.h"

/* A stretch of physical memory with consecutive virtual addresses, or none. */
struct elf_span {
	uint64_t start;		/* physical, in bytes, any alignment */
	uint64_t end;
	uint64_t vaddr;		/* of start; all ones: none */
	uint32_t flags;		/* p_flags */
	/* The first stored run that ends behind the first page of the span. */
	uint64_t run;		/* its first pfn; UINT64_MAX: there is none */
	uint64_t rank;		/* stored pages before it */
};

struct elf_layout {
	const struct dump *dump;
	const struct plan *plan;	/* pages that stay, without those of zeros */
	const struct progress *progress;
	struct elf_span *spans;		/* in the order of the input */
	size_t span_count;
	uint64_t gap;			/* see elf_runs.h */
	uint64_t pages;			/* stored */
	uint64_t loads;			/* PT_LOADs */
	unsigned int word;		/* 4: ELFCLASS32, 8: ELFCLASS64 */
	uint64_t phdrs;			/* offsets in the file */
	uint64_t section;		/* 0: no section header */
	uint64_t notes;
	uint64_t notes_size;
	uint64_t data;			/* a multiple of the page size */
	uint64_t end;
};

/* p_flags of /proc/vmcore. */
#define ELF_LOAD_FLAGS 7u

/* Up to so many PT_LOADs no pages are stored beside those that stay: what e_phnum can tell. */
#define ELF_LOADS_WANTED 0xfff0

/*
 * @extra: a span that comes before those of the dump; NULL: none. @notes_size: bytes
 * between the headers and the data. Goes over @plan three times. @dump, @plan and @progress are borrowed; call
 * elf_layout_deinit() in either case. Memory is proportional to the number of
 * segments of the dump.
 */
struct err *elf_layout_init(struct elf_layout *layout, const struct dump *dump,
			    const struct plan *plan, const struct elf_span *extra,
			    uint64_t notes_size, const struct progress *progress) __attribute__((warn_unused_result));
void elf_layout_deinit(struct elf_layout *layout);

/* What takes PT_LOADs in the order of the file. */
struct elf_load_sink {
	struct err *(*load)(void *ctx, const struct elf_segment *load);
	void *ctx;
};

/* All PT_LOADs: layout->loads of them, the same every time. */
struct err *elf_layout_loads(const struct elf_layout *layout, const struct elf_load_sink *sink)
	__attribute__((warn_unused_result));

#endif
