/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing struct pages of any layout, for tests of classes and scans. */
#ifndef TESTS_UNIT_STRUCTPAGE_H
#define TESTS_UNIT_STRUCTPAGE_H

#include <string.h>

#include "base/bytes.h"
#include "pages/class.h"
#include "pages/layout.h"

/* Fields as tests think of them; @compound is written where the layout has it. */
struct structpage {
	uint64_t flags;
	uint64_t mapping;
	uint64_t private;
	uint64_t compound;
	uint32_t mapcount;
};

/* A page in use by the kernel: no flag, no type. */
#define STRUCTPAGE_PLAIN ((struct structpage){ .mapcount = 0xffffffff })

static inline void structpage_put(const struct page_layout *l, const struct structpage *page,
				  uint8_t *ret)
{
	memset(ret, 0, l->size);
	/* Members share words; the ones a page really uses are written last. */
	if (l->has_compound && page->compound)
		put_word(ret + l->compound, page->compound, l->word, l->order);
	put_word(ret + l->flags, page->flags, l->word, l->order);
	put_word(ret + l->mapping, page->mapping, l->word, l->order);
	if (l->has_private)
		put_word(ret + l->private, page->private, l->word, l->order);
	if (l->has_mapcount)
		put_u32(ret + l->mapcount, page->mapcount, l->order);
}

/* Write order and hugetlb mark into the bytes of a first tail. */
static inline void structpage_put_order(const struct page_layout *l, unsigned int order,
					bool hugetlb, uint8_t *tail)
{
	uint64_t flags = get_word(tail + l->flags, l->word, l->order);
	uint64_t dtor = hugetlb ? l->hugetlb_dtor : 1;

	switch (l->order_source) {
	case ORDER_IN_FLAGS:
		flags |= order | (hugetlb ? l->hugetlb_flag : 0);
		put_word(tail + l->flags, flags, l->word, l->order);
		break;
	case ORDER_IN_BYTE:
		tail[l->order_off] = (uint8_t)order;
		tail[l->dtor_off] = (uint8_t)dtor;
		break;
	case ORDER_IN_U16:
		put_u16(tail + l->order_off, (uint16_t)order, l->order);
		put_u16(tail + l->dtor_off, (uint16_t)dtor, l->order);
		break;
	case ORDER_IN_U32:
		put_u32(tail + l->order_off, order, l->order);
		put_u32(tail + l->dtor_off, (uint32_t)dtor, l->order);
		break;
	case ORDER_IN_WORD:
		put_word(tail + l->order_off, order, l->word, l->order);
		put_word(tail + l->dtor_off, dtor, l->word, l->order);
		break;
	case ORDER_UNKNOWN:
		break;
	}
}

#endif
