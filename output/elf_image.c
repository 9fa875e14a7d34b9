// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/elf_image.h"

#include "base/checked.h"

/* Images are placed at multiples of it everywhere; symbols in VMCOREINFO are not the very ends. */
#define IMAGE_ALIGN (UINT64_C(64) << 10)

/* No kernel is as large: what is farther away is a symbol of something else. */
#define IMAGE_MAX (UINT64_C(1) << 30)

/* In the text, and in what follows it; VMCOREINFO has them in every kernel, or for years. */
static const char *const symbols[] = {
	"swapper_pg_dir", "init_uts_ns", "node_online_map", "vmap_area_list", "prb", "clear_seq",
	"printk_rb_static", "init_top_pgt", "node_data", "mem_section", "contig_page_data",
	"kallsyms_names",
};

/* How far @va is from its physical address; false when nothing maps it. */
static bool distance(struct kreader *reader, uint64_t va, uint64_t *ret)
{
	struct mapping mapping;
	struct err *e = kread_vtop(reader, va, &mapping);

	err_free(e);
	if (!e)
		*ret = mapping.pa - mapping.va;
	return !e;
}

/* A virtual address that only repeats the physical one is none. */
static bool has_vaddrs(const struct dump *dump)
{
	for (size_t i = 0; i < dump->segment_count; i++) {
		if (dump->segments[i].has_vaddr)
			return true;
	}
	return false;
}

static bool find(const struct kernel *kernel, struct kreader *reader, struct elf_span *ret)
{
	uint64_t text, first, last, va, offset, other;

	if (!fact_symbol(&kernel->facts, "_stext", &text) || !distance(reader, text, &offset))
		return false;
	first = text;
	last = text;
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		if (!fact_symbol(&kernel->facts, symbols[i], &va) || va - text + IMAGE_MAX > 2 * IMAGE_MAX ||
		    !distance(reader, va, &other) || other != offset)
			continue;
		first = min_u64(first, va);
		last = max_u64(last, va);
	}
	first = round_down(first, IMAGE_ALIGN);
	*ret = (struct elf_span){ .start = first + offset, .vaddr = first, .flags = ELF_LOAD_FLAGS,
				  .end = round_up(last + 1, IMAGE_ALIGN) + offset };
	return ret->start < ret->end && ret->end >> kernel->page_shift <= kernel->dump->max_mapnr;
}

struct err *elf_image_find(const struct kernel *kernel, struct elf_span *ret, bool *found)
{
	struct kreader *reader;

	*found = false;
	if (kernel->no_arch || !kernel->arch || has_vaddrs(kernel->dump))
		return NULL;
	TRY(kreader_create(kernel, &reader));
	*found = find(kernel, reader, ret);
	kreader_destroy(reader);
	return NULL;
}
