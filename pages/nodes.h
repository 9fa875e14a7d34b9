/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: the kernel's memory nodes, each a struct pglist_data. */
#ifndef PAGES_NODES_H
#define PAGES_NODES_H

#include "kernel/kernel.h"

struct nodes {
	uint64_t array;		/* address of pointers to pglist_data; 0 with @only */
	uint64_t count;		/* of them */
	uint64_t only;		/* address of the only node; 0 with @array */
};

/*
 * Where the nodes are: SYMBOL and LENGTH of node_data (x86, powerpc, sh) or of
 * pgdat_list (ia64), or SYMBOL(contig_page_data) of a kernel without NUMA.
 * False when the facts have none of them.
 */
bool nodes_find(const struct facts *facts, struct nodes *ret);

/*
 * The same by the kernel's own symbols, for architectures that export none of
 * these (arm64). The length of node_data is then what SIZE(nodemask_t) allows.
 */
bool nodes_find_by_symbols(struct kreader *reader, struct nodes *ret);

/*
 * Call @fn with the address of each online node until it returns an error. A
 * node whose pointer cannot be read adds one to *@bad.
 */
struct err *nodes_for_each(struct kreader *reader, const struct nodes *nodes,
			   struct err *(*fn)(void *ctx, uint64_t pgdat), void *ctx, uint64_t *bad)
	__attribute__((warn_unused_result));

#endif
