/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to pages/: runs of struct pages that are alike.
 *
 * Most pages stand in long rows of their kind. Judging is done on the first
 * of a row, by judge_page() as for any page; here is the loop that finds how
 * far the row goes. It looks at nothing but what a verdict can depend on, and
 * only at layouts it can load words of without thinking: those of the host's
 * byte order with 64-bit words. Elsewhere every row has one page.
 */
#ifndef PAGES_ALIKE_H
#define PAGES_ALIKE_H

#include <string.h>

#include "pages/decode.h"

#define ALIKE_AHEAD 2048	/* bytes */

struct alike {
	bool usable;
	uint64_t flags;		/* page flags that take part in a verdict */
	uint64_t tail;		/* bit of the compound word that marks a tail; 0 without that word */
};

/* A type that mapcounts proper never look like: page_is_typed() holds for all its values. */
static inline bool type_is_apart(const struct page_layout *layout, const struct page_type *type)
{
	return !type->known || (int32_t)(type->value | ~type->mask) < layout->typed_below;
}

static inline struct alike alike_init(const struct page_layout *layout)
{
	struct alike alike = {
		.flags = layout->pg_lru | layout->pg_private | layout->pg_swapcache |
			 layout->pg_swapbacked | layout->pg_slab | layout->pg_hwpoison |
			 layout->pg_buddy | layout->pg_head | layout->pg_reserved,
		.tail = layout->has_compound,
	};

	alike.usable = layout->word == 8 && layout->order == ORDER_HOST && layout->has_mapcount &&
		       layout->pg_head && layout->typed_below &&
		       type_is_apart(layout, &layout->slab) &&
		       type_is_apart(layout, &layout->buddy) &&
		       type_is_apart(layout, &layout->offline) &&
		       type_is_apart(layout, &layout->unaccepted);
	return alike;
}

static inline uint64_t alike_word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * Struct pages come from memory faster than processors fetch them of their own accord, which
 * they do not across the border of a page. Half a page ahead is enough; nothing need be there.
 */
static inline void alike_fetch_ahead(const uint8_t *bytes)
{
	__builtin_prefetch(bytes + ALIKE_AHEAD);
}

/* The part of a mapcount that takes part in a verdict: a type, or that there is none. */
static inline uint32_t alike_type(const struct page_layout *layout, uint32_t mapcount)
{
	return (int32_t)mapcount < layout->typed_below ? mapcount : 0;
}

/*
 * How many of the @max struct pages at @bytes the verdict on the first one,
 * @page, holds for; at least 1. That verdict is on a single page. Where it
 * stands in memory must not matter, and what the private word says neither,
 * so no free page may be asked for; nor may a head, a tail or a bad page.
 */
static inline uint64_t alike_count(const struct alike *alike, const struct page_layout *layout,
				   const struct page_info *page, const uint8_t *bytes, uint64_t max)
{
	const uint64_t flags = page->flags & alike->flags, mask = alike->flags;
	const uint32_t type = alike_type(layout, page->mapcount), size = layout->size;
	const uint8_t *flags_at = bytes + layout->flags, *mapping_at = bytes + layout->mapping;
	const uint8_t *compound_at = bytes + layout->compound;
	const uint8_t *mapcount_at = bytes + layout->mapcount;
	const bool anon = page_is_anon(layout, page);
	uint64_t n, at;

	for (n = 1, at = size; n < max; n++, at += size) {
		uint64_t mapping = alike_word(mapping_at + at);
		uint32_t mapcount;

		alike_fetch_ahead(bytes + at);
		memcpy(&mapcount, mapcount_at + at, sizeof(mapcount));
		if (((alike_word(flags_at + at) & mask) ^ flags) |
		    (alike_word(compound_at + at) & alike->tail) |
		    (alike_type(layout, mapcount) ^ type) |
		    (((mapping & 1) & (mapping >= layout->page_bytes)) ^ anon))
			break;
	}
	return n;
}

#endif
