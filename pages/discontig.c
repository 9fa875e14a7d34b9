/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One array of struct page per node, named by pglist_data.node_mem_map.
 *
 * That is DISCONTIGMEM (gone in 5.14), and FLATMEM too where the only node,
 * contig_page_data, is known: its span bounds the array, which SYMBOL(mem_map)
 * alone does not.
 */
#include "pages/mem_map_build.h"
#include "pages/nodes.h"

struct node_walk {
	struct mem_map_build *build;
	uint64_t mem_map, start_pfn, spanned;	/* offsets in pglist_data */
};

static bool find_facts(const struct facts *facts, struct node_walk *walk, struct nodes *nodes)
{
	return fact_offset(facts, "pglist_data.node_mem_map", &walk->mem_map) &&
	       fact_offset(facts, "pglist_data.node_start_pfn", &walk->start_pfn) &&
	       fact_offset(facts, "pglist_data.node_spanned_pages", &walk->spanned) &&
	       nodes_find(facts, nodes);
}

/* An unreadable or impossible node costs its own pages, which then stay. */
static struct err *add_node(void *ctx, uint64_t pgdat)
{
	const struct node_walk *walk = ctx;
	struct mem_map_build *build = walk->build;
	uint64_t start, spanned = 0, va;
	bool ok = false;
	struct err *e;

	e = kread_word(build->reader, pgdat + walk->start_pfn, &start);
	if (!e)
		e = kread_word(build->reader, pgdat + walk->spanned, &spanned);
	if (!e)
		e = kread_word(build->reader, pgdat + walk->mem_map, &va);
	if (!e && !spanned)
		return NULL;
	if (!e)
		TRY(mem_map_add(build, start, spanned, va, &ok));
	if (e || !ok) {
		build->map->bad_sections++;
		log_warn(build->kernel->log, "memory node at %#llx: %s; its pages stay",
			 (unsigned long long)pgdat,
			 e ? err_text(e) : "node_mem_map is no address of struct pages");
		err_free(e);
	}
	return NULL;
}

struct err *mem_map_discontig(struct mem_map_build *build)
{
	struct node_walk walk = { .build = build };
	struct nodes nodes;

	if (!find_facts(&build->kernel->facts, &walk, &nodes))
		return err_not_found;
	build->map->model = nodes.array ? MODEL_DISCONTIG : MODEL_FLAT;
	TRY(nodes_for_each(build->reader, &nodes, add_node, &walk, &build->map->bad_sections));
	if (!build->map->count)
		return err_new(ERR_BAD_INPUT, "no memory node has a usable pglist_data.node_mem_map");
	return NULL;
}
