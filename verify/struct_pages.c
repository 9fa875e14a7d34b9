/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory map: struct pages of all page frames, or of those in the dump where
 * whoever wrote it left out others on purpose (-e, and -d 32 for persistent memory).
 */
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "pages/class.h"
#include "pages/mem_map.h"
#include "verify/internal.h"

struct map_walk {
	struct verify *v;
	const struct mem_map *map;
	uint8_t *bits;		/* VERIFY_CHUNK bits: page frames that are described */
	uint64_t done;		/* virtual addresses of this run below were looked at */
	const struct mem_map_run *run;
};

/* Struct pages of [from, to), all in @run. A page that holds several stretches is looked at once. */
static void look_at_stretch(struct map_walk *walk, const struct mem_map_run *run, uint64_t from,
			    uint64_t to)
{
	struct verify *v = walk->v;
	uint64_t start = run->va + (from - run->pfn) * walk->map->struct_size;
	uint64_t end = run->va + (to - run->pfn) * walk->map->struct_size;

	if (run != walk->run) {
		walk->run = run;
		walk->done = 0;
	}
	start = max_u64(round_down(start, v->page_size), walk->done);
	v->area->counts.objects += to - from;
	if (start >= end)
		return;
	verify_range(v, start, end - start, CONTENT_ANY);
	walk->done = round_up(end, v->page_size);
}

static struct err *look_at_chunk(void *ctx, uint64_t base, uint64_t end)
{
	struct map_walk *walk = ctx;
	const struct dump *dump = walk->v->kernel->dump;
	const struct mem_map *map = walk->map;

	TRY(verify_tick(walk->v));
	if (dump->no_vmemmap || dump->dump_level & LEVEL_PMEM_METADATA)
		TRY(dump_stored_bits(dump, base, end, walk->bits));
	else
		TRY(dump_present_bits(dump, base, end, walk->bits));
	for (size_t i = mem_map_index(map, base); i < map->count && map->v[i].pfn < end; i++) {
		const struct mem_map_run *run = &map->v[i];
		uint64_t to = min_u64(run->pfn + run->count, end) - base;
		uint64_t at = max_u64(run->pfn, base) - base;

		while ((at = bits_next_set(walk->bits, at, to)) < to) {
			uint64_t stop = bits_next_clear(walk->bits, at, to);

			look_at_stretch(walk, run, base + at, base + stop);
			at = stop;
		}
	}
	return NULL;
}

struct err *verify_struct_pages(struct verify *v)
{
	struct map_walk walk = { .v = v, .bits = malloc(VERIFY_CHUNK / 8) };
	struct mem_map *map = NULL;
	struct err *e;

	if (!walk.bits)
		return err_nomem;
	verify_name(v, "struct pages");
	e = mem_map_create(v->reader, v->kernel, &map);
	walk.map = map;
	if (!e && map->bad_sections)
		verify_broken(v, err_new(ERR_BAD_INPUT, "%llu sections of the memory map make no sense",
					 (unsigned long long)map->bad_sections));
	if (!e)
		e = verify_each_chunk(v, look_at_chunk, &walk);
	mem_map_destroy(map);
	free(walk.bits);
	return e;
}
