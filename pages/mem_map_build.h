/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: what the memory models share while they collect runs. */
#ifndef PAGES_MEM_MAP_BUILD_H
#define PAGES_MEM_MAP_BUILD_H

#include "pages/mem_map.h"

struct mem_map_build {
	struct mem_map *map;
	size_t room;			/* of map->v */
	const struct kernel *kernel;
	struct kreader *reader;
	uint64_t va_max;		/* highest address of the kernel's word size */
};

/*
 * Add the struct pages of [pfn, pfn + count) at @va. Clips to max_mapnr.
 * *ok is false, and nothing added, when the addresses make no sense: not the
 * kernel's, or beyond the end of the address space. Runs may come in any order.
 */
struct err *mem_map_add(struct mem_map_build *build, uint64_t pfn, uint64_t count, uint64_t va,
			bool *ok) __attribute__((warn_unused_result));

/* One struct page can be read at the place @va names for @pfn's neighbourhood. */
bool mem_map_probe(struct mem_map_build *build, uint64_t va);

bool mem_map_kernel_address(const struct mem_map_build *build, uint64_t va);

/*
 * The models. Each fills build->map, or says ERR_NOT_FOUND when its facts are
 * not there, so that the next can try; other errors are final.
 */
struct err *mem_map_discontig(struct mem_map_build *build) __attribute__((warn_unused_result));
struct err *mem_map_sparse(struct mem_map_build *build) __attribute__((warn_unused_result));
struct err *mem_map_flat(struct mem_map_build *build) __attribute__((warn_unused_result));

#endif
