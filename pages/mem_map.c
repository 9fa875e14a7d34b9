/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of struct page: choosing the memory model, collecting, looking up. */
#include "pages/mem_map.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/checked.h"
#include "pages/layout.h"
#include "pages/mem_map_build.h"

/*
 * A bound for dumps that lie: without VMEMMAP each section is a run, and this
 * many of the smallest sections (16 MiB, ppc64) are 16 TiB.
 */
#define RUNS_MAX (UINT64_C(1) << 20)

bool mem_map_kernel_address(const struct mem_map_build *build, uint64_t va)
{
	const struct kernel *kernel = build->kernel;

	return va <= build->va_max && kernel->arch->is_kernel_address(kernel->arch_state, va);
}

bool mem_map_probe(struct mem_map_build *build, uint64_t va)
{
	uint8_t page[STRUCT_PAGE_MAX];
	struct err *e = kread(build->reader, va, page, build->map->struct_size);

	err_free(e);
	return !e;
}

static struct err *map_append(struct mem_map_build *build, const struct mem_map_run *run)
{
	struct mem_map *map = build->map;
	struct mem_map_run *v = array_more(map->v, map->count, &build->room, sizeof(*v), 16);

	if (!v)
		return err_nomem;
	map->v = v;
	map->v[map->count++] = *run;
	return NULL;
}

struct err *mem_map_add(struct mem_map_build *build, uint64_t pfn, uint64_t count, uint64_t va,
			bool *ok)
{
	struct mem_map *map = build->map;
	struct mem_map_run *last = map->count ? &map->v[map->count - 1] : NULL;
	uint64_t max_mapnr = build->kernel->dump->max_mapnr;
	struct mem_map_run run = { .pfn = pfn, .count = count, .va = va };
	uint64_t bytes;

	*ok = true;
	if (pfn >= max_mapnr || !count)
		return NULL;
	run.count = min_u64(count, max_mapnr - pfn);
	*ok = checked_mul(run.count, map->struct_size, &bytes) && va <= build->va_max &&
	      bytes - 1 <= build->va_max - va && mem_map_kernel_address(build, va) &&
	      mem_map_kernel_address(build, va + bytes - 1) && map->count < RUNS_MAX;
	if (!*ok)
		return NULL;
	if (last && last->pfn + last->count == pfn &&
	    last->va + last->count * map->struct_size == va) {
		last->count += run.count;
		return NULL;
	}
	return map_append(build, &run);
}

static int compare_pfn(const void *a, const void *b)
{
	const struct mem_map_run *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int compare_va(const void *a, const void *b, void *v)
{
	const struct mem_map_run *x = (const struct mem_map_run *)v + *(const uint32_t *)a;
	const struct mem_map_run *y = (const struct mem_map_run *)v + *(const uint32_t *)b;

	return x->va < y->va ? -1 : x->va > y->va;
}

/* Sort; overlapping runs are refused, since one of them must be wrong and nobody knows which. */
static struct err *map_sort(struct mem_map *map)
{
	bool ascending_va = true;

	qsort(map->v, map->count, sizeof(*map->v), compare_pfn);
	for (size_t i = 1; i < map->count; i++) {
		const struct mem_map_run *run = &map->v[i], *prev = run - 1;

		if (prev->pfn + prev->count > run->pfn)
			return err_new(ERR_BAD_INPUT, "memory map: pfns %#llx to %#llx and those from "
				       "%#llx on have struct pages in two places",
				       (unsigned long long)prev->pfn,
				       (unsigned long long)(prev->pfn + prev->count - 1),
				       (unsigned long long)run->pfn);
		ascending_va &= prev->va < run->va;
	}
	if (ascending_va)
		return NULL;
	map->by_va = malloc(map->count * sizeof(*map->by_va));
	if (!map->by_va)
		return err_nomem;
	for (size_t i = 0; i < map->count; i++)
		map->by_va[i] = (uint32_t)i;
	qsort_r(map->by_va, map->count, sizeof(*map->by_va), compare_va, map->v);
	return NULL;
}

/*
 * FLATMEM and DISCONTIGMEM keep their map in pglist_data, SPARSEMEM does not
 * have that member, and SYMBOL(mem_map) alone says least: every kernel without
 * NUMA exports it, unused where there are sections.
 */
static struct err *map_fill(struct mem_map_build *build)
{
	static struct err *(*const models[])(struct mem_map_build *) = {
		mem_map_discontig, mem_map_sparse, mem_map_flat,
	};

	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		struct err *e = models[i](build);

		if (err_kind(e) != ERR_NOT_FOUND)
			return e;
		err_free(e);
	}
	return err_new(ERR_NOT_FOUND, "memory model unknown: none of SYMBOL(mem_section) with its "
		       "SIZE and OFFSET, SYMBOL(mem_map), or OFFSET(pglist_data.node_mem_map) "
		       "with a node's symbol is known");
}

static struct err *map_build(struct mem_map_build *build)
{
	const struct kernel *kernel = build->kernel;
	struct mem_map *map = build->map;

	if (!kernel->arch)
		return err_new(ERR_UNSUPPORTED, "memory map: %s", kernel->no_arch ?
			       err_text(kernel->no_arch) : "kernel memory cannot be translated");
	if (!fact_size(&kernel->facts, "page", &map->struct_size))
		return err_new(ERR_NOT_FOUND, "memory map: SIZE(page) is missing");
	if (map->struct_size < 16 || map->struct_size > STRUCT_PAGE_MAX)
		return err_new(ERR_BAD_INPUT, "SIZE(page)=%llu is not a size struct page can have",
			       (unsigned long long)map->struct_size);
	TRY(map_fill(build));
	TRY(map_sort(map));
	log_debug(kernel->log, "memory model %s: %zu runs of struct page, %llu sections unusable, "
		  "%llu offline", mem_map_model_name(map->model), map->count,
		  (unsigned long long)map->bad_sections,
		  (unsigned long long)map->offline_sections);
	return NULL;
}

struct err *mem_map_create(struct kreader *reader, const struct kernel *kernel,
			   struct mem_map **ret)
{
	struct mem_map_build build = {
		.map = calloc(1, sizeof(struct mem_map)),
		.kernel = kernel,
		.reader = reader,
		.va_max = kernel->word == 8 ? UINT64_MAX : UINT32_MAX,
	};
	struct err *e;

	if (!build.map)
		return err_nomem;
	e = map_build(&build);
	if (e) {
		mem_map_destroy(build.map);
		return e;
	}
	*ret = build.map;
	return NULL;
}

void mem_map_destroy(struct mem_map *map)
{
	if (!map)
		return;
	free(map->v);
	free(map->by_va);
	free(map);
}

const char *mem_map_model_name(enum memory_model model)
{
	switch (model) {
	case MODEL_FLAT:
		return "FLATMEM";
	case MODEL_SPARSE:
		return "SPARSEMEM";
	case MODEL_SPARSE_EXTREME:
		return "SPARSEMEM_EXTREME";
	case MODEL_DISCONTIG:
		return "DISCONTIGMEM";
	}
	return "unknown";
}

size_t mem_map_index(const struct mem_map *map, uint64_t pfn)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (map->v[mid].pfn + map->v[mid].count <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct mem_map_run *mem_map_find(const struct mem_map *map, uint64_t pfn)
{
	size_t i = mem_map_index(map, pfn);

	return i < map->count && map->v[i].pfn <= pfn ? &map->v[i] : NULL;
}

static const struct mem_map_run *run_by_va(const struct mem_map *map, size_t i)
{
	return &map->v[map->by_va ? map->by_va[i] : i];
}

bool mem_map_pfn(const struct mem_map *map, uint64_t va, uint64_t *ret)
{
	size_t low = 0, high = map->count;
	const struct mem_map_run *run;
	uint64_t off;

	/* The last run that begins at or below @va. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (run_by_va(map, mid)->va <= va)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return false;
	run = run_by_va(map, low - 1);
	off = va - run->va;
	if (off % map->struct_size || off / map->struct_size >= run->count)
		return false;
	*ret = run->pfn + off / map->struct_size;
	return true;
}
