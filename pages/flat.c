/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FLATMEM: one array of struct page for all memory, named by the pointer mem_map. */
#include <elf.h>

#include "base/checked.h"
#include "pages/mem_map_build.h"

/*
 * ARCH_PFN_OFFSET: the pfn of mem_map[0]. 0 except where RAM does not begin at
 * address 0 by definition; there it is the first page of RAM.
 */
static struct err *first_pfn(const struct kernel *kernel, uint64_t *ret)
{
	struct range first = { 0, 0 };
	int64_t base;
	bool found;

	*ret = 0;

	switch (kernel->arch->machine) {
	case EM_ARM:
	case EM_AARCH64:
	case EM_RISCV:
		break;
	default:
		return NULL;
	}
	if (fact_number(&kernel->facts, "PHYS_OFFSET", &base) ||
	    fact_number(&kernel->facts, "phys_ram_base", &base))
		first.start = (uint64_t)base >> kernel->page_shift;
	else
		TRY(dump_next_present(kernel->dump, 0, kernel->dump->max_mapnr, &first, &found));
	*ret = first.start;
	return NULL;
}

struct err *mem_map_flat(struct mem_map_build *build)
{
	const struct kernel *kernel = build->kernel;
	uint64_t symbol, va, pfn, probe_pfn = 0;
	struct range first;
	bool ok, found;

	if (!fact_symbol(&kernel->facts, "mem_map", &symbol))
		return err_not_found;
	TRY(first_pfn(kernel, &pfn));
	TRY(err_prepend(kread_word(build->reader, symbol, &va), "mem_map"));
	if (pfn >= kernel->dump->max_mapnr)
		return err_new(ERR_BAD_INPUT, "mem_map begins with pfn %#llx, which is above all "
			       "memory in the dump", (unsigned long long)pfn);
	TRY(mem_map_add(build, pfn, kernel->dump->max_mapnr - pfn, va, &ok));
	TRY(dump_next_present(kernel->dump, pfn, kernel->dump->max_mapnr, &first, &found));
	if (found)
		probe_pfn = first.start - pfn;
	if (!ok || !mem_map_probe(build, va + probe_pfn * build->map->struct_size))
		return err_new(ERR_BAD_INPUT, "mem_map=%#llx is not the address of struct pages",
			       (unsigned long long)va);
	build->map->model = MODEL_FLAT;
	return NULL;
}
