/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct page from facts: fields, flags and page types.
 *
 * No default may make a page look droppable that is not: where a fact is
 * missing, the class that needs it is given up unless the value is certain
 * for every kernel that can lack the fact.
 */
#include "pages/layout.h"

#include <stdio.h>

#include "base/checked.h"
#include "pages/layout_compound.h"

#define TYPE_BYTE 0xff000000u

/* A fact that costs a whole class of pages when it is missing. */
static void say_unknown(const struct log *log, const char *class, const char *why)
{
	log_warn(log, "struct page: %s cannot be told: %s; they stay", class, why);
}

bool layout_offset(const struct page_layout *layout, const struct facts *facts, const char *name,
		   unsigned int width, const struct log *log, uint32_t *ret)
{
	uint64_t off;

	if (!fact_offset(facts, name, &off))
		return false;
	if (!range_fits(off, width, layout->size)) {
		log_warn(log, "OFFSET(%s)=%llu lies outside SIZE(page)=%u and is not used", name,
			 (unsigned long long)off, layout->size);
		return false;
	}
	*ret = (uint32_t)off;
	return true;
}

/* The mask of a flag given by bit number; 0 when unknown. */
static uint64_t flag_mask(const struct page_layout *layout, const struct facts *facts,
			  const char *name, const struct log *log)
{
	int64_t bit;

	if (!fact_number(facts, name, &bit))
		return 0;
	if (bit < 0 || bit >= (int64_t)layout->word * 8) {
		log_warn(log, "NUMBER(%s)=%lld is no bit of a %u-byte word and is not used", name,
			 (long long)bit, layout->word);
		return 0;
	}
	return UINT64_C(1) << bit;
}

static struct err *init_size(struct page_layout *layout, const struct facts *facts)
{
	uint64_t size;

	if (!fact_size(facts, "page", &size))
		return err_new(ERR_NOT_FOUND, "pages cannot be judged: SIZE(page) is missing");
	if (size < 4 * layout->word || size > STRUCT_PAGE_MAX || size % layout->word)
		return err_new(ERR_BAD_INPUT, "SIZE(page)=%llu is not a size struct page can have",
			       (unsigned long long)size);
	layout->size = (uint32_t)size;
	return NULL;
}

static struct err *init_fields(struct page_layout *layout, const struct facts *facts,
			       const struct log *log)
{
	unsigned int word = layout->word;
	bool flags = layout_offset(layout, facts, "page.flags", word, log, &layout->flags);
	bool mapping = layout_offset(layout, facts, "page.mapping", word, log, &layout->mapping);

	if (!flags || !mapping)
		return err_new(ERR_NOT_FOUND, "pages cannot be judged: %s%s%s missing or unusable",
			       flags ? "" : "OFFSET(page.flags)", flags || mapping ? "" : ", ",
			       mapping ? "" : "OFFSET(page.mapping)");
	layout->has_mapcount = layout_offset(layout, facts, "page._mapcount", 4, log,
					     &layout->mapcount);
	layout->has_private = layout_offset(layout, facts, "page.private", word, log,
					    &layout->private);
	/* d50569612c29 (in v7.1) renamed the member; the place and bit 0 kept their meaning. */
	layout->has_compound = layout_offset(layout, facts, "page.compound_head", word, log,
					     &layout->compound) ||
			       layout_offset(layout, facts, "page.compound_info", word, log,
					     &layout->compound);
	return NULL;
}

static void init_cache_flags(struct page_layout *layout, const struct facts *facts,
			     const struct log *log)
{
	/*
	 * Every kernel since 2.6.32 exports these three. Without PG_lru nothing on
	 * the LRU is cache; without PG_private every cache page counts as private
	 * (class.c), since a guess might drop private data at level 2.
	 */
	layout->pg_lru = flag_mask(layout, facts, "PG_lru", log);
	layout->pg_private = flag_mask(layout, facts, "PG_private", log);
	layout->pg_swapcache = flag_mask(layout, facts, "PG_swapcache", log);
	if (!layout->pg_lru)
		say_unknown(log, "page cache pages", "NUMBER(PG_lru) is missing");
	if (!layout->pg_private)
		log_warn(log, "NUMBER(PG_private) is missing: all page cache counts as private");
	layout->pg_reserved = layout->pg_private >> 1;

	/*
	 * From 4.10 PG_swapcache is another name of PG_owner_priv_1, below
	 * PG_private, and means swap cache only with PG_swapbacked (6326fec1122c "mm:
	 * Use owner_priv bit for PageSwapCache, valid when PageSwapBacked"), which
	 * 4.17 exports; in between its bit is PG_private + 6. A bit of its own
	 * above PG_private needs no second one.
	 */
	layout->pg_swapbacked = flag_mask(layout, facts, "PG_swapbacked", log);
	if (!layout->pg_swapbacked && layout->pg_swapcache < layout->pg_private) {
		layout->pg_swapbacked = layout->pg_private << 6;
		if (!layout->pg_swapbacked)
			layout->pg_swapcache = 0;
	}
}

static struct page_type type_of(const struct page_layout *layout, const struct facts *facts,
				const char *name)
{
	struct page_type type = { .known = false };
	int64_t number;

	if (!layout->has_mapcount || !fact_number(facts, name, &number))
		return type;
	type.known = true;
	type.value = (uint32_t)number;
	type.mask = UINT32_MAX;
	/*
	 * Since 6.12 the type is the top byte and the rest belongs to the owner
	 * (4ffca5a96678 "mm: support only one page_type per page").
	 */
	if (!(type.value & ~TYPE_BYTE) && type.value >= 0xf0000000u)
		type.mask = TYPE_BYTE;
	return type;
}

/*
 * 6.12 has the type "unaccepted" 0xf7, but only 6.16 exports it. The number is
 * taken for granted only in kernels whose other types are as in 6.12 and that
 * still export kallsyms_relative_base, which 7.0 dropped: no kernel in between
 * uses 0xf7 for anything else.
 */
static bool unaccepted_as_in_6_12(const struct page_layout *layout, const struct facts *facts)
{
	return layout->buddy.known && layout->buddy.value == 0xf0000000u &&
	       layout->slab.known && layout->slab.value == 0xf5000000u &&
	       fact_has(facts, "SYMBOL(kallsyms_relative_base)");
}

static void init_types(struct page_layout *layout, const struct facts *facts,
		       const struct log *log)
{
	layout->buddy = type_of(layout, facts, "PAGE_BUDDY_MAPCOUNT_VALUE");
	layout->offline = type_of(layout, facts, "PAGE_OFFLINE_MAPCOUNT_VALUE");
	layout->slab = type_of(layout, facts, "PAGE_SLAB_MAPCOUNT_VALUE");
	layout->hugetlb = type_of(layout, facts, "PAGE_HUGETLB_MAPCOUNT_VALUE");
	layout->unaccepted = type_of(layout, facts, "PAGE_UNACCEPTED_MAPCOUNT_VALUE");
	if (!layout->unaccepted.known && unaccepted_as_in_6_12(layout, facts))
		layout->unaccepted = (struct page_type){ true, 0xf7000000u, TYPE_BYTE };

	/*
	 * Types are negative. 6.12+: 0xff in the top byte is a mapcount that went
	 * below zero. Before, page_type counts down from -1 and the first 128
	 * values are left to mapcounts (PAGE_MAPCOUNT_RESERVE, 4.18); the magic
	 * numbers before 4.18 begin with -128 too.
	 */
	if (layout->buddy.known)
		layout->typed_below = layout->buddy.mask == TYPE_BYTE ? -0x1000000 : -127;

	if (!layout->offline.known)
		log_debug(log, "offline pages are unknown: no PAGE_OFFLINE_MAPCOUNT_VALUE");
}

static void init_slab_flag(struct page_layout *layout, const struct facts *facts,
			   const struct log *log)
{
	/*
	 * Slab became a page type in 6.10 (46df8e73a4a3 "mm: free up PG_slab"), and bit 7, where PG_slab
	 * was in old kernels, is PG_waiters: with the type there is no flag.
	 */
	if (layout->slab.known)
		return;
	layout->pg_slab = flag_mask(layout, facts, "PG_slab", log);
	/*
	 * 3.9 exports PG_slab; it is bit 7 in all kernels before. The flag only
	 * makes pages stay, so the guess is safe.
	 */
	if (!layout->pg_slab)
		layout->pg_slab = 1u << 7;
}

static void init_free(struct page_layout *layout, const struct facts *facts,
		      const struct log *log)
{
	uint64_t orders;

	/* Free pages carried a flag before 2.6.38; its number comes from debug data only. */
	if (!layout->buddy.known)
		layout->pg_buddy = flag_mask(layout, facts, "PG_buddy", log);
	if (!layout->has_private) {
		layout->buddy.known = false;
		layout->pg_buddy = 0;
	}
	/* The number of orders in every kernel, whatever MAX_ORDER meant in it. */
	if (fact_length(facts, "zone.free_area", &orders) && orders >= 1 && orders <= 31)
		layout->buddy_orders = (unsigned int)orders;
	else if (page_layout_tells_free(layout))
		log_warn(log, "LENGTH(zone.free_area) is missing or not 1 to 31: "
			 "of free blocks only the first page goes");
}

struct err *page_layout_init(struct page_layout *ret, const struct facts *facts, unsigned int word,
			     enum byte_order order, unsigned int page_shift, const struct log *log)
{
	struct page_layout layout = {
		.word = word,
		.order = order,
		.page_bytes = UINT64_C(1) << page_shift,
	};

	TRY(init_size(&layout, facts));
	TRY(init_fields(&layout, facts, log));
	init_cache_flags(&layout, facts, log);
	init_types(&layout, facts, log);
	init_slab_flag(&layout, facts, log);
	init_free(&layout, facts, log);
	/* Exists only in kernels built with MEMORY_FAILURE; exported since 3.8. */
	layout.pg_hwpoison = flag_mask(&layout, facts, "PG_hwpoison", log);
	layout_init_compound(&layout, facts, log);
	*ret = layout;
	return NULL;
}
