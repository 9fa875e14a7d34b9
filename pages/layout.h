/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct page of the crashed kernel, as far as a filter must understand it.
 *
 * Everything that changed between kernels is decided here once, from the
 * facts that are present; decoding and judging then know no kernel history.
 */
#ifndef PAGES_LAYOUT_H
#define PAGES_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/log.h"
#include "facts/facts.h"

/* A value of page->page_type (which overlays _mapcount): matches when (type & mask) == value. */
struct page_type {
	bool known;
	uint32_t value;
	uint32_t mask;
};

/* Where the first tail page keeps the order of its compound page. */
enum order_source {
	ORDER_UNKNOWN,
	ORDER_IN_FLAGS,		/* low 8 bits of page[1].flags: 6.6+ */
	ORDER_IN_BYTE,		/* u8 at order_off */
	ORDER_IN_U16,
	ORDER_IN_U32,
	ORDER_IN_WORD,		/* page[1].lru.prev: before 4.4 */
};

/* How a head is known to be a hugetlb page. */
enum hugetlb_source {
	HUGETLB_UNKNOWN,
	HUGETLB_BY_TYPE,	/* page_type of the head: 6.9+ */
	HUGETLB_BY_FLAG,	/* PG_hugetlb in page[1].flags: 6.6 - 6.8 */
	HUGETLB_BY_DTOR,	/* destructor number or address in page[1] */
};

/* No struct page is larger; debug builds of 7.2 stay below 200 bytes. */
#define STRUCT_PAGE_MAX 512u

struct page_layout {
	unsigned int word;
	enum byte_order order;
	uint32_t size;			/* SIZE(page) */
	/* Byte offsets in struct page; < size, field fits. */
	uint32_t flags;
	uint32_t mapping;
	uint32_t lru;
	uint32_t mapcount;
	uint32_t private;
	uint32_t compound;		/* compound_head, or compound_info since 7.1 */
	bool has_mapcount;
	bool has_private;
	bool has_compound;
	/* Flag masks (1 << bit); 0 when unknown. */
	uint64_t pg_lru;
	uint64_t pg_private;
	uint64_t pg_swapcache;
	uint64_t pg_swapbacked;
	uint64_t pg_slab;		/* 0 since 6.10, where slab is a page type */
	uint64_t pg_hwpoison;
	uint64_t pg_buddy;		/* before 2.6.38 */
	uint64_t pg_head;		/* PG_head_mask: as it is */
	/*
	 * PG_reserved is in no VMCOREINFO; it is the bit below PG_private in every
	 * kernel from 2.6.32 to 7.2. A guess, so it may only make a page stay.
	 */
	uint64_t pg_reserved;
	struct page_type buddy;
	struct page_type offline;
	struct page_type slab;
	struct page_type hugetlb;
	struct page_type unaccepted;
	/*
	 * How a page with a type differs from one with a mapcount: its page_type, as
	 * a signed number, is below this. 0: types are unknown, no page is typed.
	 */
	int32_t typed_below;

	enum order_source order_source;
	uint32_t order_off;		/* in page[1] */
	enum hugetlb_source hugetlb_source;
	uint32_t dtor_off;		/* in page[1], width as the order's (a word for ORDER_IN_WORD) */
	uint64_t hugetlb_dtor;		/* destructor id or address */
	uint64_t hugetlb_flag;		/* mask in page[1].flags */

	unsigned int buddy_orders;	/* LENGTH(zone.free_area): orders are below this; 0 unknown */
	uint64_t page_bytes;		/* page size: a mapping below it is no pointer */
};

/*
 * A free page's struct page says so. Kernels before 3.9 do not export what is
 * needed to see it; then the lists of free pages have to be walked (free_list.h).
 */
static inline bool page_layout_tells_free(const struct page_layout *layout)
{
	return layout->buddy.known || layout->pg_buddy;
}

/*
 * Work the layout out. ERR_NOT_FOUND when a fact is missing without which no
 * page can be judged (the error lists them). Facts that only cost one class
 * are reported through @log, once each, and leave that class unknown; not so
 * free pages, see page_layout_tells_free().
 */
struct err *page_layout_init(struct page_layout *layout, const struct facts *facts,
			     unsigned int word, enum byte_order order, unsigned int page_shift,
			     const struct log *log) __attribute__((warn_unused_result));

#endif
