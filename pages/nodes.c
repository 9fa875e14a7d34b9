/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding memory nodes. */
#include "pages/nodes.h"

#include "base/checked.h"
#include "kernel/symbols.h"

/* MAX_NUMNODES is at most 1 << 10 in every configuration up to 7.2; room to grow. */
#define NODES_MAX 65536u

bool nodes_find(const struct facts *facts, struct nodes *ret)
{
	struct nodes nodes = { 0 };

	if ((!fact_symbol(facts, "node_data", &nodes.array) ||
	     !fact_length(facts, "node_data", &nodes.count)) &&
	    (!fact_symbol(facts, "pgdat_list", &nodes.array) ||
	     !fact_length(facts, "pgdat_list", &nodes.count))) {
		nodes.array = 0;
		if (!fact_symbol(facts, "contig_page_data", &nodes.only))
			return false;
	}
	*ret = nodes;
	return true;
}

bool nodes_find_by_symbols(struct kreader *reader, struct nodes *ret)
{
	struct symbol_want wants[] = { { .name = "node_data" }, { .name = "contig_page_data" } };
	const struct facts *facts = &kreader_kernel(reader)->facts;
	struct nodes nodes = { 0 };
	struct err *e = ksymbols_find(reader, wants, ARRAY_LEN(wants));
	uint64_t size, map;

	err_free(e);
	/* Without the map of nodes, what is behind the end of the array would be taken for one. */
	if (!e && wants[0].found && fact_size(facts, "nodemask_t", &size) &&
	    fact_symbol(facts, "node_online_map", &map)) {
		nodes.array = wants[0].address;
		nodes.count = size * 8;
	} else if (!e && wants[1].found) {
		nodes.only = wants[1].address;
	} else {
		return false;
	}
	*ret = nodes;
	return true;
}

/*
 * As node_online_map says; where it is not known, every node may be online,
 * and one that never was has no pglist_data.
 */
static bool node_online(struct kreader *reader, uint64_t node)
{
	const struct kernel *kernel = kreader_kernel(reader);
	unsigned int bits = kernel->word * 8;
	uint64_t map, size, word;
	struct err *e;

	if (!fact_symbol(&kernel->facts, "node_online_map", &map) ||
	    !fact_size(&kernel->facts, "nodemask_t", &size))
		return true;
	if (node / 8 >= size)
		return false;
	e = kread_word(reader, map + node / bits * kernel->word, &word);
	if (e) {
		err_free(e);
		return true;
	}
	return word >> node % bits & 1;
}

struct err *nodes_for_each(struct kreader *reader, const struct nodes *nodes,
			   struct err *(*fn)(void *ctx, uint64_t pgdat), void *ctx, uint64_t *bad)
{
	unsigned int word = kreader_kernel(reader)->word;

	if (!nodes->array)
		return fn(ctx, nodes->only);
	for (uint64_t i = 0; i < min_u64(nodes->count, NODES_MAX); i++) {
		uint64_t pgdat;
		struct err *e;

		if (!node_online(reader, i))
			continue;
		e = kread_word(reader, nodes->array + i * word, &pgdat);
		*bad += e != NULL;
		if (!e && pgdat)
			TRY(fn(ctx, pgdat));
		err_free(e);
	}
	return NULL;
}
