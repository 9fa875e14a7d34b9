// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every VMCOREINFO has.
 *
 * A whole one must be told from one that was cut off or lost, and from one of a kernel
 * that calls things by new names, without asking anybody else: that would cost
 * each run megabytes. So a line here is a fact that the filter consults and that all
 * kernels export, whatever their configuration; kernels that changed the way a thing
 * is done have alternatives in one line. A fact that depends on the configuration
 * (PG_hwpoison, HUGETLB_PAGE_DTOR) or architecture (node_data) may be missing for good
 * and has no line.
 */
#include "facts/wanted.h"

#include "base/checked.h"

#define ALTERNATIVES_MAX 6

/*
 * Kernels up to 4.5, 0139aa7b7fa1 ("mm: rename _count, field of the struct page, to
 * _refcount"), have no description of their types that could be asked.
 */
#define BEFORE_4_6 "OFFSET(page._count)"

/* The log as records, up to 5.9: those kernels may be too old for what 4.17 and 5.0 added. */
#define BEFORE_5_10 "SYMBOL(log_first_idx)"

/* FLATMEM and DISCONTIGMEM, which have no sections. */
#define NO_SECTIONS "SYMBOL(mem_map)", "OFFSET(pglist_data.node_mem_map)"

static const char *const needs[][ALTERNATIVES_MAX] = {
	{ "SYMBOL(init_uts_ns)" },
	{ "SYMBOL(_stext)" },
	{ "SIZE(page)" },
	{ "OFFSET(page.flags)" },
	{ "OFFSET(page._refcount)", BEFORE_4_6 },
	{ "OFFSET(page.mapping)" },
	{ "OFFSET(page.lru)" },
	{ "OFFSET(page._mapcount)" },
	{ "OFFSET(page.private)" },
	{ "OFFSET(page.compound_head)", "OFFSET(page.compound_info)", BEFORE_4_6 },
	/* Where the order of a compound page is: a member, or where page types tell hugetlb or slab. */
	{ "OFFSET(page.compound_order)", "OFFSET(folio._folio_order)",
	  "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)",
	  "NUMBER(PG_hugetlb)", BEFORE_4_6 },
	{ "NUMBER(PG_lru)" },
	{ "NUMBER(PG_private)" },
	{ "NUMBER(PG_swapcache)" },
	{ "NUMBER(PG_swapbacked)", BEFORE_5_10, BEFORE_4_6 },
	{ "NUMBER(PG_slab)", "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", BEFORE_4_6 },
	{ "NUMBER(PG_head_mask)", BEFORE_4_6 },
	{ "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", "NUMBER(PG_buddy)", BEFORE_4_6 },
	{ "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", BEFORE_5_10, BEFORE_4_6 },
	{ "SYMBOL(mem_section)", NO_SECTIONS },
	{ "SIZE(mem_section)", NO_SECTIONS },
	{ "OFFSET(mem_section.section_mem_map)", NO_SECTIONS },
	{ "OFFSET(pglist_data.node_zones)" },
	{ "OFFSET(pglist_data.nr_zones)" },
	{ "SIZE(zone)" },
	{ "OFFSET(zone.free_area)" },
	{ "OFFSET(zone.vm_stat)" },
	{ "OFFSET(zone.spanned_pages)" },
	{ "LENGTH(zone.free_area)" },
	{ "SIZE(free_area)" },
	{ "OFFSET(free_area.free_list)" },
	{ "LENGTH(free_area.free_list)" },
	{ "SIZE(list_head)" },
	{ "OFFSET(list_head.next)" },
	{ "OFFSET(list_head.prev)" },
	{ "NUMBER(NR_FREE_PAGES)" },
};

static bool has_any(const struct facts *facts, const char *const *alternatives)
{
	for (size_t i = 0; i < ALTERNATIVES_MAX && alternatives[i]; i++) {
		if (fact_has(facts, alternatives[i]))
			return true;
	}
	return false;
}

const char *facts_missing(const struct facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		if (!has_any(facts, needs[i]))
			return needs[i][0];
	}
	return NULL;
}
