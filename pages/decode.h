/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to pages/: decoding and judging as inline functions, so that the
 * scanner's loop over all of memory makes no calls per page. class.c gives
 * them out as the functions of class.h.
 */
#ifndef PAGES_DECODE_H
#define PAGES_DECODE_H

#include "base/bytes.h"
#include "pages/class.h"

/* Orders above this are corrupt: 2^30 pages of 4 KiB are 4 TiB, above any page or free block. */
#define ORDER_MAX 30u

static inline uint64_t decode_word(const struct page_layout *layout, const void *bytes,
				   uint32_t off)
{
	return get_word((const uint8_t *)bytes + off, layout->word, layout->order);
}

static inline uint64_t decode_flags(const struct page_layout *layout, const void *bytes)
{
	return decode_word(layout, bytes, layout->flags);
}

/* compound_head or compound_info; 0 when the kernel has neither. Bit 0 marks a tail. */
static inline uint64_t decode_compound(const struct page_layout *layout, const void *bytes)
{
	return layout->has_compound ? decode_word(layout, bytes, layout->compound) : 0;
}

static inline void decode_page(const struct page_layout *layout, const void *bytes,
			       struct page_info *ret)
{
	const uint8_t *p = bytes;

	ret->flags = decode_flags(layout, p);
	ret->mapping = decode_word(layout, p, layout->mapping);
	ret->private = layout->has_private ? decode_word(layout, p, layout->private) : 0;
	ret->compound = decode_compound(layout, p);
	ret->mapcount = layout->has_mapcount ? get_u32(p + layout->mapcount, layout->order) :
					       UINT32_MAX;
	ret->tail = ret->compound & 1;
	ret->order = 0;
	ret->hugetlb = false;
}

static inline bool decode_is_head(const struct page_layout *layout, const struct page_info *page)
{
	return (page->flags & layout->pg_head) && !page->tail;
}

/* The address of the head a tail at @va names: mask form (7.1+ with HVO) or pointer form. */
static inline uint64_t decode_head_va(const struct page_layout *layout, uint64_t compound,
				      uint64_t va)
{
	/*
	 * 7.1 with HVO configured stores (mask | 1), the head being the tail's
	 * address and the mask. A mask leaves all but the low 32 bits set, where no
	 * struct page can be.
	 */
	if (layout->word == 8 && compound >= UINT64_MAX << 32)
		return va & compound & ~UINT64_C(1);
	return compound & ~UINT64_C(1);
}

static inline bool type_is(const struct page_type *type, uint32_t mapcount)
{
	return type->known && (mapcount & type->mask) == type->value;
}

static inline bool page_is_slab(const struct page_layout *layout, const struct page_info *page)
{
	return (page->flags & layout->pg_slab) || type_is(&layout->slab, page->mapcount);
}

/* Has a page type (buddy, table, slab ...) in place of a mapcount. */
static inline bool page_is_typed(const struct page_layout *layout, const struct page_info *page)
{
	return layout->typed_below && (int32_t)page->mapcount < layout->typed_below;
}

static inline bool page_is_anon(const struct page_layout *layout, const struct page_info *page)
{
	/*
	 * Bit 0 of mapping marks anonymous and KSM pages. A value below the page
	 * size is no pointer: 6.0 - 6.14 mark shared DAX pages with 1.
	 */
	return (page->mapping & 1) && page->mapping >= layout->page_bytes;
}

/*
 * On the LRU, or in the swap cache. PG_swapcache may share its bit with another
 * flag; then it counts only with PG_swapbacked.
 */
static inline bool page_is_cache(const struct page_layout *layout, const struct page_info *page)
{
	if (page->flags & layout->pg_lru)
		return true;
	return (page->flags & layout->pg_swapcache) &&
	       (!layout->pg_swapbacked || (page->flags & layout->pg_swapbacked));
}

static inline struct verdict verdict_of(enum page_class class, unsigned int order)
{
	return (struct verdict){ .class = class, .reason = KEEP_NONE, .order = order };
}

static inline struct verdict verdict_keep(enum keep_reason reason)
{
	return (struct verdict){ .class = PAGE_KEEP, .reason = reason, .order = 0 };
}

/* A free block of 2^@order pages, if such a block can begin at @pfn. */
static inline struct verdict judge_free(const struct page_layout *layout, uint64_t pfn,
					uint64_t order)
{
	if (!layout->buddy_orders)
		return verdict_of(PAGE_FREE, 0);
	/* Blocks are aligned to their size; s390 dumps have been seen with order 52. */
	if (order >= layout->buddy_orders || order > ORDER_MAX ||
	    (pfn & ((UINT64_C(1) << order) - 1)))
		return verdict_keep(KEEP_BAD_ORDER);
	return verdict_of(PAGE_FREE, (unsigned int)order);
}

static inline bool page_is_buddy(const struct page_layout *layout, const struct page_info *page)
{
	if (layout->buddy.known)
		return type_is(&layout->buddy, page->mapcount);
	return page->flags & layout->pg_buddy;
}

/* Pages of no type, and hugetlb pages: cache, user data, or the kernel's own. */
static inline struct verdict judge_untyped(const struct page_layout *layout, unsigned int level,
					   const struct page_info *page)
{
	bool anon = page_is_anon(layout, page);

	if (page_is_cache(layout, page) && !anon) {
		/* Without PG_private known, all cache may be private. */
		bool private = !layout->pg_private || (page->flags & layout->pg_private);

		if (level & LEVEL_CACHE_PRIVATE)
			return verdict_of(private ? PAGE_CACHE_PRIVATE : PAGE_CACHE, page->order);
		if (!private && (level & LEVEL_CACHE))
			return verdict_of(PAGE_CACHE, page->order);
	}
	if ((anon || page->hugetlb) && (level & LEVEL_USER))
		return verdict_of(PAGE_USER, page->order);
	return verdict_of(PAGE_KEEP, page->order);
}

static inline struct verdict judge_page(const struct page_layout *layout, unsigned int level,
					uint64_t pfn, const struct page_info *page)
{
	uint64_t ones = layout->word == 8 ? UINT64_MAX : UINT32_MAX;

	/* PAGE_POISON_PATTERN: never initialised, or hot-removed. Would pass for any flag. */
	if (page->flags == ones)
		return verdict_keep(KEEP_POISONED_STRUCT);
	/*
	 * Before anything else, tails included: the flag is on the very page that is
	 * bad, and reading it may raise a machine check. Of a hugetlb page the head
	 * carries it for all, and which of its pages is bad is only on a list.
	 */
	if (page->flags & layout->pg_hwpoison)
		return verdict_of(PAGE_HWPOISON, page->hugetlb ? page->order : 0);
	if (page->tail)
		return verdict_keep(KEEP_NONE);
	/*
	 * Slab pages use mapcount, private and mapping their own way: SLUB kept
	 * counters in mapcount until 4.17, and list pointers that may be odd are
	 * where mapping is since 6.2.
	 */
	if (page_is_slab(layout, page))
		return verdict_of(PAGE_KEEP, page->order);
	if (page_is_buddy(layout, page) && (level & LEVEL_FREE))
		return judge_free(layout, pfn, page->private);
	if (type_is(&layout->unaccepted, page->mapcount) && (level & LEVEL_FREE))
		/* Memory is accepted in blocks of the largest order. */
		return judge_free(layout, pfn, layout->buddy_orders - UINT64_C(1));
	if (type_is(&layout->offline, page->mapcount))
		return verdict_of(PAGE_OFFLINE, page->order);
	/* Whatever else has a type (page tables, guards, zsmalloc ...) is the kernel's. */
	if (page_is_typed(layout, page) && !page->hugetlb)
		return verdict_of(PAGE_KEEP, page->order);
	return judge_untyped(layout, level, page);
}

#endif
