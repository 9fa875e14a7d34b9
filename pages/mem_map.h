/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's memory model: where the struct page of a pfn is.
 *
 * FLATMEM, SPARSEMEM (plain, EXTREME, VMEMMAP) and, where its facts are known,
 * DISCONTIGMEM all become sorted runs. A pfn in no run has no struct page; it
 * is kept.
 */
#ifndef PAGES_MEM_MAP_H
#define PAGES_MEM_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kernel/kernel.h"

/* struct page of pfn p, pfn <= p < pfn + count, is at va + (p - pfn) * page_size. */
struct mem_map_run {
	uint64_t pfn;
	uint64_t count;
	uint64_t va;
};

enum memory_model { MODEL_FLAT, MODEL_SPARSE, MODEL_SPARSE_EXTREME, MODEL_DISCONTIG };

struct mem_map {
	enum memory_model model;
	uint64_t struct_size;		/* SIZE(page) */
	struct mem_map_run *v;		/* sorted by pfn, disjoint, neighbours with contiguous va merged */
	size_t count;
	uint32_t *by_va;		/* indexes into v, ascending va; NULL when v is in that order itself */
	/* Sections (or nodes) given up: tables that cannot be read or make no sense. */
	uint64_t bad_sections;
	uint64_t offline_sections;	/* left out: the kernel says they are not online */
};

/*
 * Build the runs for the pfns the dump has; a run may reach beyond them, but
 * not beyond dump->max_mapnr. ERR_NOT_FOUND names the facts that are
 * missing; ERR_BAD_INPUT when no reading of the tables makes sense.
 */
struct err *mem_map_create(struct kreader *reader, const struct kernel *kernel,
			   struct mem_map **ret) __attribute__((warn_unused_result));
void mem_map_destroy(struct mem_map *map);

/* "SPARSEMEM_EXTREME" etc., static. */
const char *mem_map_model_name(enum memory_model model);

/* The run that holds @pfn, or NULL. */
const struct mem_map_run *mem_map_find(const struct mem_map *map, uint64_t pfn);

/* Index of the first run that ends behind @pfn, or map->count. */
size_t mem_map_index(const struct mem_map *map, uint64_t pfn);

/* The pfn whose struct page is at @va exactly; false when there is none. */
bool mem_map_pfn(const struct mem_map *map, uint64_t va, uint64_t *ret);

#endif
