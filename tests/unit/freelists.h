/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine of 2.6.32 with nodes, zones and free lists as that kernel has
 * them: each list a circle of struct list_head through the zone's head and
 * page.lru of its blocks.
 */
#ifndef TESTS_UNIT_FREELISTS_H
#define TESTS_UNIT_FREELISTS_H

#include "pages/free_list.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/world.h"

/* Physical places of the kernel's own data, in pages that stay. */
#define NODE_DATA_PA UINT64_C(0x10000)
#define ONLINE_PA UINT64_C(0x11000)
#define NODE_PA UINT64_C(0x20000)	/* of node 0; others follow */
#define NODE_BYTES UINT64_C(0x4000)
#define NR_ZONES_OFFSET UINT64_C(0x3000)
#define ZONE_BYTES UINT64_C(0x800)
#define SPANNED_OFFSET UINT64_C(0x700)
#define VM_STAT_OFFSET UINT64_C(0x600)
#define AREA_OFFSET UINT64_C(0x40)
#define AREA_BYTES UINT64_C(88)
#define LRU_OFFSET UINT64_C(40)
#define TYPES 5u
#define ORDERS 11u
#define FREE_BUDGET (1u << 20)

#define ZONE_FACTS \
	"OFFSET(pglist_data.node_zones)=0\nOFFSET(pglist_data.nr_zones)=12288\nSIZE(zone)=2048\n" \
	"OFFSET(zone.spanned_pages)=1792\nOFFSET(zone.vm_stat)=1536\n" \
	"OFFSET(zone.free_area)=64\nSIZE(free_area)=88\nOFFSET(free_area.free_list)=0\n" \
	"SIZE(list_head)=16\nOFFSET(list_head.next)=0\nOFFSET(list_head.prev)=8\n" \
	"LENGTH(free_area.free_list)=5\nNUMBER(NR_FREE_PAGES)=2\n"
#define NUMA_FACTS \
	"SYMBOL(node_data)=ffff888000010000\nLENGTH(node_data)=8\n" \
	"SYMBOL(node_online_map)=ffff888000011000\nSIZE(nodemask_t)=8\n"
#define FREE_INFO ERA_2_6_32 ZONE_FACTS NUMA_FACTS

/* What a test breaks and asks. */
struct freelists {
	struct world w;
	struct log_catch caught;
	struct ranges found;
};

static inline uint64_t zone_pa(unsigned int node, unsigned int zone)
{
	return NODE_PA + node * NODE_BYTES + zone * ZONE_BYTES;
}

static inline uint64_t list_va(unsigned int node, unsigned int zone, unsigned int order,
			       unsigned int type)
{
	return MACHINE_LINEAR + zone_pa(node, zone) + AREA_OFFSET + order * AREA_BYTES + type * 16;
}

static inline uint64_t lru_va(const struct freelists *f, uint64_t pfn)
{
	return world_va(&f->w, pfn) + LRU_OFFSET;
}

static inline uint64_t pa_of(const struct freelists *f, uint64_t va)
{
	return va >= MACHINE_VMEMMAP ? f->w.m.memmap + (va - MACHINE_VMEMMAP) : va - MACHINE_LINEAR;
}

static inline uint64_t peek(const struct freelists *f, uint64_t va)
{
	return get_u64(machine_mem(&f->w.m, pa_of(f, va)), ORDER_LITTLE);
}

static inline void poke(const struct freelists *f, uint64_t va, uint64_t value)
{
	machine_word(&f->w.m, pa_of(f, va), value);
}

/* list_add_tail() of the list_head at @node. */
static inline void list_append(const struct freelists *f, uint64_t head, uint64_t node)
{
	uint64_t last = peek(f, head + 8);

	poke(f, node, head);
	poke(f, node + 8, last);
	poke(f, last, node);
	poke(f, head + 8, node);
}

/* Zone @zone of node @node with empty lists; zones come in order. */
static inline void put_zone(const struct freelists *f, unsigned int node, unsigned int zone,
			    uint64_t spanned)
{
	uint64_t node_va = MACHINE_LINEAR + NODE_PA + node * NODE_BYTES;

	poke(f, MACHINE_LINEAR + NODE_DATA_PA + node * 8, node_va);
	poke(f, MACHINE_LINEAR + ONLINE_PA, peek(f, MACHINE_LINEAR + ONLINE_PA) | 1u << node);
	poke(f, node_va + NR_ZONES_OFFSET, zone + 1);
	poke(f, MACHINE_LINEAR + zone_pa(node, zone) + SPANNED_OFFSET, spanned);
	for (unsigned int order = 0; order < ORDERS; order++)
		for (unsigned int type = 0; type < TYPES; type++) {
			uint64_t head = list_va(node, zone, order, type);

			poke(f, head, head);
			poke(f, head + 8, head);
		}
}

/* A free block on the list at @head; what lies inside looks like page cache, but is not. */
static inline void put_free(struct freelists *f, uint64_t head, uint64_t pfn, unsigned int order)
{
	uint64_t pages = UINT64_C(1) << order;

	for (uint64_t i = 1; i < pages; i++)
		world_put(&f->w, pfn + i, (struct structpage){ .flags = f->w.l.pg_lru,
							       .mapping = 0xffff888000001000 });
	list_append(f, head, lru_va(f, pfn));
	world_class(&f->w, pfn, pages, PAGE_FREE);
}

/* One segment of @pages of kernel pages; lists are put before freelists_open(). */
static inline void freelists_init(struct freelists *f, uint64_t pages)
{
	ranges_init(&f->found);
	log_catch_init(&f->caught);
	world_init(&f->w, ERA_2_6_32, pages);
	machine_segment(&f->w.m, 0, pages);
}

static inline void freelists_open(struct freelists *f, const char *info)
{
	struct world *w = &f->w;

	/* What opening the dump says is of no interest. */
	machine_open(&w->m, info, NULL);
	w->m.kernel.log = &f->caught.log;
	w->job = (struct scan_job){ .kernel = &w->m.kernel, .map = &w->map, .layout = &w->l,
				    .level = 31, .pmem_metadata = &w->metadata,
				    .free_pages = &f->found };
}

static inline void freelists_collect(struct freelists *f, size_t budget)
{
	CHECK_OK(free_list_collect(f->w.m.reader, &f->w.map, &f->w.l, budget, &f->found));
}

/* Exactly the pages of class PAGE_FREE were found, in ranges as struct ranges promises. */
static inline void freelists_check_found(const struct freelists *f)
{
	uint64_t want = 0, wrong = 0;

	for (uint64_t pfn = 0; pfn < f->w.pages; pfn++) {
		bool free = f->w.class[pfn] == PAGE_FREE;

		want += free;
		wrong += ranges_contains(&f->found, pfn) != free;
	}
	CHECK_EQ(wrong, 0);
	CHECK_EQ(ranges_total(&f->found), want);
	for (size_t i = 1; i < f->found.count; i++)
		CHECK(f->found.v[i - 1].end < f->found.v[i].start);
}

static inline void freelists_deinit(struct freelists *f)
{
	ranges_deinit(&f->found);
	world_deinit(&f->w);
}

#endif
