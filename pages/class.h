/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The class of a page. Pure functions: struct-page bytes to a decoded page,
 * decoded page and policy to a verdict. They touch nothing else.
 */
#ifndef PAGES_CLASS_H
#define PAGES_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#include "pages/layout.h"

enum page_class {
	PAGE_KEEP,
	PAGE_FREE,		/* buddy or not yet accepted: level 16 */
	PAGE_CACHE,		/* page cache without private data: level 2 or 4 */
	PAGE_CACHE_PRIVATE,	/* page cache with private data: level 4 */
	PAGE_USER,		/* anonymous, THP, hugetlb: level 8 */
	PAGE_HWPOISON,		/* always */
	PAGE_OFFLINE,		/* always */
	PAGE_PMEM_METADATA,	/* level 32 */
	PAGE_PMEM_USERDATA,	/* always */
	PAGE_XEN_GUEST,		/* of a Xen domain other than 0: -X */
	PAGE_BY_KERNEL,		/* by the crashed kernel's own bitmap, which does not say why: -q */
	PAGE_UNUSED_VMEMMAP,	/* struct pages of pages that are dropped: only when asked for */
	PAGE_ZERO,		/* found while copying: level 1 */
	PAGE_CLASSES,
};

/* Bits of the dump level. */
#define LEVEL_ZERO 1u
#define LEVEL_CACHE 2u
#define LEVEL_CACHE_PRIVATE 4u
#define LEVEL_USER 8u
#define LEVEL_FREE 16u
#define LEVEL_PMEM_METADATA 32u
#define LEVEL_MAX 63u

struct page_info {
	uint64_t flags;
	uint64_t mapping;
	uint64_t private;
	uint64_t compound;	/* compound_head or compound_info; 0 when unknown */
	uint32_t mapcount;	/* page_type where it is one; 0xffffffff when unknown */
	bool tail;
	/* Compound heads whose first tail was read and found sane. */
	unsigned int order;
	bool hugetlb;
};

/* Why a page that might have gone was kept; counted for the report. */
enum keep_reason {
	KEEP_NONE,		/* kernel data, or its class is not in the level */
	KEEP_BAD_ORDER,		/* corrupt order: not aligned, too large */
	KEEP_UNREADABLE,	/* its struct page could not be read */
	KEEP_NO_STRUCT,		/* present in the dump, but in no mem_map */
	KEEP_POISONED_STRUCT,	/* struct page never initialised: all ones */
	KEEP_UNKNOWN_OWNER,	/* allocated, but to no domain in Xen's list */
	KEEP_REASONS,
};

struct verdict {
	enum page_class class;
	enum keep_reason reason;
	unsigned int order;	/* the verdict holds for 2^order pages from this one on */
};

/* Decode one struct page; order and hugetlb stay 0. */
void page_decode(const struct page_layout *layout, const void *bytes, struct page_info *ret);

/* The page has the head flag: page_decode_head() should follow. */
bool page_is_head(const struct page_layout *layout, const struct page_info *page);

/*
 * Add order and hugetlb of a head from its first tail. @tail NULL: it could
 * not be read. An order that is not sane (pfn not aligned to it, above 30, or
 * page[1] not a tail where tails can be told) leaves order 0 and no hugetlb,
 * and so does order 0, which no compound page has.
 */
void page_decode_head(const struct page_layout *layout, uint64_t pfn, const void *tail,
		      struct page_info *page);

/*
 * Judge a page at dump level @level. Always safe: what is not known to be
 * droppable is kept. The caller clips the range to what is present.
 */
struct verdict page_judge(const struct page_layout *layout, unsigned int level, uint64_t pfn,
			  const struct page_info *page);

/*
 * Pages of @class stay in a dump of @level. page_judge() names the class that
 * the level drops, and PAGE_KEEP otherwise; this is the same rule for classes
 * that were told apart at a higher level.
 */
bool page_class_stays(unsigned int level, enum page_class class);

#endif
