/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones: struct zone, an array in each node's pglist_data. */
#include "pages/zones.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/checked.h"

/* Six types of zones at most, up to 7.2. */
#define NODE_ZONES_MAX 16u

/* 1 << 10 nodes of four zones. */
#define ZONES_MAX 4096u

/* MIGRATE_TYPES is at most 6 up to 7.2. */
#define TYPES_MAX 64u

/* Kernels before 2.6.33 keep lists per CPU inside: 4096 times some cache lines. */
#define ZONE_SIZE_MAX (UINT64_C(16) << 20)

/* All exported since 2.6.32. */
static const char *find_facts(struct zone_facts *ret, const struct facts *from)
{
	const struct {
		bool (*ask)(const struct facts *facts, const char *name, uint64_t *ret);
		const char *name;
		const char *text;
		uint64_t *ret;
	} wanted[] = {
		{ fact_offset, "pglist_data.node_zones", "OFFSET(pglist_data.node_zones)",
		  &ret->node_zones },
		{ fact_offset, "pglist_data.nr_zones", "OFFSET(pglist_data.nr_zones)",
		  &ret->nr_zones },
		{ fact_size, "zone", "SIZE(zone)", &ret->zone_size },
		{ fact_offset, "zone.spanned_pages", "OFFSET(zone.spanned_pages)",
		  &ret->spanned_pages },
		{ fact_offset, "zone.free_area", "OFFSET(zone.free_area)", &ret->free_area },
		{ fact_size, "free_area", "SIZE(free_area)", &ret->area_size },
		{ fact_offset, "free_area.free_list", "OFFSET(free_area.free_list)",
		  &ret->free_list },
		{ fact_size, "list_head", "SIZE(list_head)", &ret->list_size },
	};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!wanted[i].ask(from, wanted[i].name, wanted[i].ret))
			return wanted[i].text;
	return NULL;
}

const char *zone_facts_init(struct zone_facts *ret, const struct facts *from,
			    const struct page_layout *layout)
{
	struct nodes nodes;

	if (!nodes_find(from, &nodes))
		return "SYMBOL and LENGTH of node_data or pgdat_list, or SYMBOL(contig_page_data),";
	return zone_facts_init_with(ret, from, layout, &nodes);
}

const char *zone_facts_init_with(struct zone_facts *ret, const struct facts *from,
				 const struct page_layout *layout, const struct nodes *nodes)
{
	struct zone_facts facts = { .nodes = *nodes, .orders = layout->buddy_orders };
	const char *missing = find_facts(&facts, from);

	if (missing)
		return missing;
	if (!facts.orders)
		return "LENGTH(zone.free_area)";
	/* One list per order before pages were grouped by mobility. */
	if (!fact_length(from, "free_area.free_list", &facts.types))
		facts.types = 1;
	if (!facts.types || facts.types > TYPES_MAX)
		return "LENGTH(free_area.free_list)";
	if (facts.zone_size > ZONE_SIZE_MAX ||
	    !range_fits(facts.spanned_pages, layout->word, facts.zone_size))
		return "SIZE(zone)";
	if (facts.area_size > facts.zone_size ||
	    !range_fits(facts.free_area, facts.orders * facts.area_size, facts.zone_size))
		return "SIZE(free_area)";
	if (facts.list_size < 2 * layout->word || facts.list_size > facts.area_size ||
	    !range_fits(facts.free_list, facts.types * facts.list_size, facts.area_size))
		return "SIZE(list_head)";
	*ret = facts;
	return NULL;
}

uint64_t zone_free_list(const struct zone_facts *facts, const struct zone *zone,
			unsigned int order, unsigned int type)
{
	return zone->va + facts->free_area + order * facts->area_size + facts->free_list +
	       type * facts->list_size;
}

struct zone_walk {
	struct kreader *reader;
	const struct zone_facts *facts;
	const struct log *log;
	struct zones zones;
	uint64_t left_out;
};

static struct err *append(struct zone_walk *walk, const struct zone *zone)
{
	struct zones *zones = &walk->zones;
	struct zone *v;

	if (zones->count == ZONES_MAX) {
		walk->left_out++;
		return NULL;
	}
	v = array_more(zones->v, zones->count, &zones->room, sizeof(*v), 16);
	if (!v)
		return err_nomem;
	zones->v = v;
	zones->v[zones->count++] = *zone;
	return NULL;
}

static struct err *add_zone(struct zone_walk *walk, uint64_t va)
{
	struct zone zone = { .va = va };
	struct err *e = kread_word(walk->reader, va + walk->facts->spanned_pages, &zone.spanned);

	if (e) {
		log_warn(walk->log, "zone at %#llx: %s; its free pages stay",
			 (unsigned long long)va, err_text(e));
		err_free(e);
		return NULL;
	}
	/* A zone without memory; its lists may never have been set up. */
	if (!zone.spanned)
		return NULL;
	return append(walk, &zone);
}

static struct err *add_node(void *ctx, uint64_t pgdat)
{
	struct zone_walk *walk = ctx;
	const struct zone_facts *facts = walk->facts;
	uint32_t zones = 0;
	struct err *e = kread_u32(walk->reader, pgdat + facts->nr_zones, &zones);

	if (e || zones > NODE_ZONES_MAX) {
		if (e)
			log_warn(walk->log, "memory node at %#llx: %s; its free pages stay",
				 (unsigned long long)pgdat, err_text(e));
		else
			log_warn(walk->log, "memory node at %#llx: nr_zones=%u cannot be; its free "
				 "pages stay", (unsigned long long)pgdat, zones);
		err_free(e);
		return NULL;
	}
	for (uint32_t i = 0; i < zones; i++)
		TRY(add_zone(walk, pgdat + facts->node_zones + i * facts->zone_size));
	return NULL;
}

struct err *zones_find(struct kreader *reader, const struct zone_facts *facts, struct zones *ret)
{
	struct zone_walk walk = {
		.reader = reader,
		.facts = facts,
		.log = kreader_kernel(reader)->log,
	};
	uint64_t bad = 0;
	struct err *e = nodes_for_each(reader, &facts->nodes, add_node, &walk, &bad);

	if (e) {
		zones_deinit(&walk.zones);
		return e;
	}
	if (bad)
		log_warn(walk.log, "addresses of %llu memory nodes cannot be read; their free pages "
			 "stay", (unsigned long long)bad);
	if (walk.left_out)
		log_warn(walk.log, "more than %u zones; free pages of %llu of them stay", ZONES_MAX,
			 (unsigned long long)walk.left_out);
	*ret = walk.zones;
	return NULL;
}

void zones_deinit(struct zones *zones)
{
	free(zones->v);
	*zones = (struct zones){ 0 };
}

void zones_compare(struct kreader *reader, const struct zones *zones)
{
	const struct kernel *kernel = kreader_kernel(reader);
	uint64_t on_lists = 0, counted = 0, offset, value;
	int64_t item;

	if (!log_wants(kernel->log, LOG_DEBUG) || !fact_number(&kernel->facts, "NR_FREE_PAGES", &item) ||
	    item < 0 || !fact_offset(&kernel->facts, "zone.vm_stat", &offset))
		return;
	for (size_t i = 0; i < zones->count; i++) {
		const struct zone *zone = &zones->v[i];
		struct err *e = kread_word(reader, zone->va + offset + (uint64_t)item * kernel->word,
					   &value);

		on_lists += zone->on_lists;
		counted += e ? 0 : value;
		err_free(e);
	}
	log_debug(kernel->log, "free lists: %llu pages on the lists of %zu zones, %llu by their "
		  "vm_stat[NR_FREE_PAGES]", (unsigned long long)on_lists, zones->count,
		  (unsigned long long)counted);
}
