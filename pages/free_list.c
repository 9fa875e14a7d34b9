/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking free lists. Blocks come in the order they were freed, so they are
 * gathered as they come and sorted now and then; the largest first, so that
 * what does not fit is little.
 */
#include "pages/free_list.h"

#include <stdlib.h>

#include "base/checked.h"
#include "pages/zones.h"

/* A dump that lies may have a million broken lists. */
#define LISTS_TOLD 20u

struct free_walk {
	struct kreader *reader;
	const struct kernel *kernel;
	const struct mem_map *map;
	struct zone_facts facts;
	uint64_t lru;		/* offset of the list element in struct page */
	struct ranges set;	/* in no order, until ranges_sort() */
	size_t max;		/* ranges in it */
	bool full;
	uint64_t cut_lists;
	/* The list at work. */
	unsigned int order;
	struct zone *zone;
};

/* Room for one more range; walk->full when there will be none. */
static struct err *set_make_room(struct free_walk *walk)
{
	struct ranges *set = &walk->set;
	struct range *v;
	size_t room;

	if (set->count < set->room)
		return NULL;
	if (set->room == walk->max) {
		ranges_sort(set);
		/* Sorting again for a few more would take ever longer. */
		walk->full = set->count >= walk->max - walk->max / 4;
		return NULL;
	}
	room = (size_t)min_u64(set->room ? 2 * set->room : 64, walk->max);
	v = reallocarray(set->v, room, sizeof(*v));
	if (!v)
		return err_nomem;
	set->v = v;
	set->room = room;
	return NULL;
}

static struct err *set_add(struct free_walk *walk, uint64_t start, uint64_t end)
{
	struct ranges *set = &walk->set;
	struct range *last = set->count ? &set->v[set->count - 1] : NULL;

	/* Memory that was never used lies on the lists in rows, mostly downwards. */
	if (last && last->end == start) {
		last->end = end;
		return NULL;
	}
	if (last && last->start == end) {
		last->start = start;
		return NULL;
	}
	TRY(set_make_room(walk));
	if (walk->full)
		return err_new(ERR_LIMIT, "free lists: more than %zu separate ranges", set->count);
	set->v[set->count++] = (struct range){ start, end };
	return NULL;
}

/* One element: the member lru of a free block's first struct page. */
static struct err *visit(void *ctx, uint64_t node)
{
	struct free_walk *walk = ctx;
	uint64_t pages = UINT64_C(1) << walk->order, pfn;

	if (!mem_map_pfn(walk->map, node - walk->lru, &pfn))
		return err_new(ERR_BAD_INPUT, "element %#llx is in no struct page",
			       (unsigned long long)node);
	if (pfn & (pages - 1))
		return err_new(ERR_BAD_INPUT, "pfn %#llx cannot begin a block of this order",
			       (unsigned long long)pfn);
	if (!mem_map_find(walk->map, pfn + pages - 1))
		return err_new(ERR_BAD_INPUT, "the block at pfn %#llx has pages without struct page",
			       (unsigned long long)pfn);
	TRY(set_add(walk, pfn, pfn + pages));
	walk->zone->on_lists += pages;
	return NULL;
}

/* A list that ends in nonsense keeps the blocks seen before: each was pointed back to. */
static struct err *walk_list(struct free_walk *walk, unsigned int type)
{
	uint64_t head = zone_free_list(&walk->facts, walk->zone, walk->order, type);
	uint64_t pages = min_u64(walk->zone->spanned, walk->kernel->dump->max_mapnr);
	struct err *e = klist_for_each(walk->reader, head, pages >> walk->order, visit, walk);

	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e && !walk->full && walk->cut_lists++ < LISTS_TOLD)
		log_warn(walk->kernel->log, "free list of order %u and type %u in the zone at %#llx: "
			 "%s; the rest of it stays", walk->order, type,
			 (unsigned long long)walk->zone->va, err_text(e));
	err_free(e);
	return NULL;
}

static struct err *walk_zones(struct free_walk *walk, const struct zones *zones)
{
	for (unsigned int order = walk->facts.orders; order-- > 0;) {
		walk->order = order;
		for (size_t i = 0; i < zones->count; i++) {
			walk->zone = &zones->v[i];
			for (unsigned int type = 0; type < walk->facts.types; type++) {
				TRY(walk_list(walk, type));
				if (walk->full)
					return NULL;
			}
		}
	}
	return NULL;
}

static struct err *walk_all(struct free_walk *walk)
{
	const struct log *log = walk->kernel->log;
	struct zones zones = { 0 };
	struct err *e;

	TRY(zones_find(walk->reader, &walk->facts, &zones));
	e = walk_zones(walk, &zones);
	if (!e) {
		if (walk->full)
			log_warn(log, "free lists: more than %zu separate ranges; other blocks of 2^%u "
				 "pages and less stay", walk->set.count, walk->order);
		if (walk->cut_lists > LISTS_TOLD)
			log_warn(log, "free lists: %llu lists could not be walked to their end",
				 (unsigned long long)walk->cut_lists);
		zones_compare(walk->reader, &zones);
	}
	zones_deinit(&zones);
	return e;
}

/* NULL, or the fact without which no list can be walked. */
static const char *find_facts(struct free_walk *walk, const struct page_layout *layout)
{
	const struct facts *facts = &walk->kernel->facts;

	if (!fact_offset(facts, "page.lru", &walk->lru) ||
	    !range_fits(walk->lru, UINT64_C(2) * layout->word, layout->size))
		return "OFFSET(page.lru)";
	return zone_facts_init(&walk->facts, facts, layout);
}

struct err *free_list_collect(struct kreader *reader, const struct mem_map *map,
			      const struct page_layout *layout, size_t budget,
			      struct ranges *ret)
{
	struct free_walk walk = {
		.reader = reader,
		.kernel = kreader_kernel(reader),
		.map = map,
		.max = budget / sizeof(struct range),
	};
	const char *missing;
	struct err *e;

	if (page_layout_tells_free(layout))
		return NULL;
	missing = find_facts(&walk, layout);
	if (missing) {
		log_warn(walk.kernel->log, "free pages cannot be told, they stay: struct page has no "
			 "known mark of them, and their lists cannot be walked: %s is missing or makes "
			 "no sense", missing);
		return NULL;
	}
	e = walk_all(&walk);
	if (e) {
		ranges_deinit(&walk.set);
		return e;
	}
	ranges_sort(&walk.set);
	*ret = walk.set;
	return NULL;
}
