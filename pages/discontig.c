/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One array of struct page per node, named by pglist_data.node_mem_map.
 *
 * That is DISCONTIGMEM (gone in 5.14), and FLATMEM too where the only node,
 * contig_page_data, is known: its span bounds the array, which SYMBOL(mem_map)
 * alone does not.
 */
#include "base/bits.h"
#include "base/checked.h"
#include "pages/mem_map_build.h"

/* MAX_NUMNODES is at most 1 << 10 in every configuration up to 7.2; room to grow. */
#define NODES_MAX 65536u

struct node_facts {
	uint64_t array;		/* of pointers to pglist_data; 0 with @only */
	uint64_t nodes;		/* its length */
	uint64_t only;		/* address of the only node; 0 with @array */
	uint64_t mem_map, start_pfn, spanned;	/* offsets in pglist_data */
};

static bool find_facts(const struct facts *facts, struct node_facts *ret)
{
	struct node_facts node = { 0 };

	if (!fact_offset(facts, "pglist_data.node_mem_map", &node.mem_map) ||
	    !fact_offset(facts, "pglist_data.node_start_pfn", &node.start_pfn) ||
	    !fact_offset(facts, "pglist_data.node_spanned_pages", &node.spanned))
		return false;
	if ((!fact_symbol(facts, "node_data", &node.array) ||
	     !fact_length(facts, "node_data", &node.nodes)) &&
	    (!fact_symbol(facts, "pgdat_list", &node.array) ||
	     !fact_length(facts, "pgdat_list", &node.nodes))) {
		node.array = 0;
		if (!fact_symbol(facts, "contig_page_data", &node.only))
			return false;
	}
	*ret = node;
	return true;
}

/* An unreadable or impossible node costs its own pages, which then stay. */
static struct err *add_node(struct mem_map_build *build, const struct node_facts *facts,
			    uint64_t pgdat)
{
	uint64_t start, spanned = 0, va;
	bool ok = false;
	struct err *e;

	e = kread_word(build->reader, pgdat + facts->start_pfn, &start);
	if (!e)
		e = kread_word(build->reader, pgdat + facts->spanned, &spanned);
	if (!e)
		e = kread_word(build->reader, pgdat + facts->mem_map, &va);
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

/* Nodes that are online, as node_online_map says; all of the array when it is not known. */
static bool node_online(struct mem_map_build *build, uint64_t node)
{
	const struct kernel *kernel = build->kernel;
	unsigned int bits = kernel->word * 8;
	uint64_t map, size, word;
	struct err *e;

	if (!fact_symbol(&kernel->facts, "node_online_map", &map) ||
	    !fact_size(&kernel->facts, "nodemask_t", &size))
		return true;
	if (node / 8 >= size)
		return false;
	e = kread_word(build->reader, map + node / bits * kernel->word, &word);
	err_free(e);
	return !e && (word >> node % bits & 1);
}

static struct err *add_nodes(struct mem_map_build *build, const struct node_facts *facts)
{
	const struct kernel *kernel = build->kernel;

	for (uint64_t i = 0; i < min_u64(facts->nodes, NODES_MAX); i++) {
		uint64_t pgdat;
		struct err *e;

		if (!node_online(build, i))
			continue;
		e = kread_word(build->reader, facts->array + i * kernel->word, &pgdat);
		if (!e && pgdat)
			TRY(add_node(build, facts, pgdat));
		if (e)
			build->map->bad_sections++;
		err_free(e);
	}
	return NULL;
}

struct err *mem_map_discontig(struct mem_map_build *build)
{
	struct node_facts facts;

	if (!find_facts(&build->kernel->facts, &facts))
		return err_not_found;
	if (facts.array) {
		build->map->model = MODEL_DISCONTIG;
		TRY(add_nodes(build, &facts));
	} else {
		build->map->model = MODEL_FLAT;
		TRY(add_node(build, &facts, facts.only));
	}
	if (!build->map->count)
		return err_new(ERR_BAD_INPUT, "no memory node has a usable pglist_data.node_mem_map");
	return NULL;
}
