/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from types and enumerators where the kernel's own name is a macro. */
#include <stdio.h>

#include "base/checked.h"
#include "facts/wanted.h"

/* Page flags are numbered below this; what a PG_ enumerator above it names is a page type. */
#define FLAG_BITS 64

/* 1 << 10 nodes in every configuration up to 7.2; room to grow. */
#define NODEMASK_BYTES_MAX 8192

struct page_type_name {
	const char *pgty;	/* since v6.12: the number in the top byte */
	const char *flag;	/* before: a bit that is cleared */
	const char *number;	/* what VMCOREINFO calls the value */
};

static const struct page_type_name page_types[] = {
	{ "PGTY_buddy", "PG_buddy", "PAGE_BUDDY_MAPCOUNT_VALUE" },
	{ "PGTY_offline", "PG_offline", "PAGE_OFFLINE_MAPCOUNT_VALUE" },
	{ "PGTY_hugetlb", "PG_hugetlb", "PAGE_HUGETLB_MAPCOUNT_VALUE" },
	{ "PGTY_slab", "PG_slab", "PAGE_SLAB_MAPCOUNT_VALUE" },
	{ "PGTY_unaccepted", NULL, "PAGE_UNACCEPTED_MAPCOUNT_VALUE" },
};

static struct err *derive_page_type(struct facts *facts, const struct page_type_name *type,
				    const char *provider)
{
	int64_t number;

	/* 4ffca5a96678 ("mm: support only one page_type per page"), v6.12. */
	if (fact_number(facts, type->pgty, &number) && number >= 0 && number <= UINT8_MAX)
		return facts_add(facts, FACT_NUMBER, type->number,
				 (int32_t)((uint32_t)number << 24), provider);
	if (type->flag && fact_number(facts, type->flag, &number) && number >= FLAG_BITS &&
	    number <= INT32_MAX)
		return facts_add(facts, FACT_NUMBER, type->number, ~number, provider);
	return NULL;
}

/*
 * Between the flag of a free page (up to v2.6.37) and enum pagetype (v6.11) the
 * value in _mapcount is a macro: -128 since v2.6.38, and ~0x80 since struct page has
 * a page_type (6e292b9be7f4 "mm: split page_type out from _mapcount", v4.18).
 */
static struct err *derive_buddy(struct facts *facts, const char *provider)
{
	if (fact_has(facts, "NUMBER(PG_buddy)") || !fact_has(facts, "OFFSET(page._mapcount)") ||
	    !fact_has(facts, "NUMBER(PG_lru)"))
		return NULL;
	return facts_add(facts, FACT_NUMBER, "PAGE_BUDDY_MAPCOUNT_VALUE",
			 fact_has(facts, "OFFSET(page.page_type)") ? ~INT64_C(0x80) : -128,
			 provider);
}

/*
 * The value of pages that are logically offline: ~0x100 from the days of page types that
 * are bits (v4.18, where only balloons had it) to enum pagetype.
 */
static struct err *derive_offline(struct facts *facts, const char *provider)
{
	int64_t buddy;

	if (!fact_has(facts, "OFFSET(page.page_type)") ||
	    !fact_number(facts, "PAGE_BUDDY_MAPCOUNT_VALUE", &buddy) || buddy != ~INT64_C(0x80))
		return NULL;
	return facts_add(facts, FACT_NUMBER, "PAGE_OFFLINE_MAPCOUNT_VALUE", ~INT64_C(0x100),
			 provider);
}

static struct err *derive_head_mask(struct facts *facts, const char *provider)
{
	int64_t bit;

	if (!fact_number(facts, "PG_head", &bit) && !fact_number(facts, "PG_compound", &bit))
		return NULL;
	if (bit < 0 || bit >= FLAG_BITS - 1)
		return NULL;
	return facts_add(facts, FACT_NUMBER, "PG_head_mask", INT64_C(1) << bit, provider);
}

/* node_online_map is a macro for node_states[N_ONLINE] since v2.6.24. */
static struct err *derive_online_map(struct facts *facts, const char *provider)
{
	uint64_t states, size, offset;
	int64_t index;

	if (!fact_symbol(facts, "node_states", &states) ||
	    !fact_number(facts, "N_ONLINE", &index) || !fact_size(facts, "nodemask_t", &size) ||
	    index < 0 || !checked_mul((uint64_t)index, size, &offset))
		return NULL;
	return facts_add(facts, FACT_SYMBOL, "node_online_map", (int64_t)(states + offset),
			 provider);
}

/*
 * MAX_NUMNODES as far as it shows: a set of nodes has a bit for each, in whole words.
 * Bits beyond are never set, so it takes node_online_map to make use of it.
 */
static struct err *derive_node_count(struct facts *facts, const char *provider)
{
	uint64_t size;

	if (!fact_has(facts, "SYMBOL(node_data)") || !fact_has(facts, "SYMBOL(node_online_map)") ||
	    !fact_size(facts, "nodemask_t", &size) || size > NODEMASK_BYTES_MAX)
		return NULL;
	return facts_add(facts, FACT_LENGTH, "node_data", (int64_t)size * 8, provider);
}

struct err *facts_derive(struct facts *facts, const char *provider)
{
	for (size_t i = 0; i < ARRAY_LEN(page_types); i++)
		TRY(derive_page_type(facts, &page_types[i], provider));
	TRY(derive_buddy(facts, provider));
	TRY(derive_offline(facts, provider));
	TRY(derive_head_mask(facts, provider));
	TRY(derive_online_map(facts, provider));
	return derive_node_count(facts, provider);
}
