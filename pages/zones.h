/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: the zones of all nodes, and where their free lists are. */
#ifndef PAGES_ZONES_H
#define PAGES_ZONES_H

#include "pages/layout.h"
#include "pages/nodes.h"

/* Offsets and sizes in bytes; checked to fit each other. */
struct zone_facts {
	struct nodes nodes;
	uint64_t node_zones, nr_zones;			/* in pglist_data */
	uint64_t zone_size, spanned_pages, free_area;	/* of and in struct zone */
	uint64_t area_size, free_list;			/* of and in struct free_area */
	uint64_t list_size;				/* of struct list_head */
	uint64_t types;					/* lists per order */
	unsigned int orders;
};

struct zone {
	uint64_t va;
	uint64_t spanned;	/* pages, holes included */
	uint64_t on_lists;	/* free pages found */
};

struct zones {
	struct zone *v;
	size_t count;
	size_t room;
};

/* NULL, or the fact that is missing or makes no sense (static text). */
const char *zone_facts_init(struct zone_facts *facts, const struct facts *from,
			    const struct page_layout *layout);

/* The same with nodes that the facts do not name. */
const char *zone_facts_init_with(struct zone_facts *facts, const struct facts *from,
				 const struct page_layout *layout, const struct nodes *nodes);

/* Address of the list head of free blocks of 2^@order pages and migrate type @type. */
uint64_t zone_free_list(const struct zone_facts *facts, const struct zone *zone,
			unsigned int order, unsigned int type);

/*
 * All zones that span pages, of all online nodes. What cannot be read is left
 * out and said through the kernel's log.
 */
struct err *zones_find(struct kreader *reader, const struct zone_facts *facts, struct zones *ret)
	__attribute__((warn_unused_result));
void zones_deinit(struct zones *zones);

/* Log at debug level how @zones' on_lists compares with their vm_stat[NR_FREE_PAGES]. */
void zones_compare(struct kreader *reader, const struct zones *zones);

#endif
