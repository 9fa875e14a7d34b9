/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The class of a page: the functions of class.h, and the reading of compound heads. */
#include "pages/class.h"

#include "pages/decode.h"

void page_decode(const struct page_layout *layout, const void *bytes, struct page_info *ret)
{
	decode_page(layout, bytes, ret);
}

bool page_is_head(const struct page_layout *layout, const struct page_info *page)
{
	return decode_is_head(layout, page);
}

/* A field of page[1] as wide as the order is there. */
static uint64_t tail_field(const struct page_layout *layout, const void *tail, uint32_t off)
{
	const uint8_t *p = (const uint8_t *)tail + off;

	switch (layout->order_source) {
	case ORDER_IN_BYTE:
		return *p;
	case ORDER_IN_U16:
		return get_u16(p, layout->order);
	case ORDER_IN_U32:
		return get_u32(p, layout->order);
	case ORDER_IN_WORD:
		return get_word(p, layout->word, layout->order);
	case ORDER_IN_FLAGS:
	case ORDER_UNKNOWN:
		break;
	}
	return 0;
}

static uint64_t tail_order(const struct page_layout *layout, const void *tail)
{
	/* Above the low byte, page[1].flags holds flags of the compound page (6.6+). */
	if (layout->order_source == ORDER_IN_FLAGS)
		return decode_flags(layout, tail) & 0xff;
	return tail_field(layout, tail, layout->order_off);
}

static bool tail_says_hugetlb(const struct page_layout *layout, const struct page_info *head,
			      const void *tail)
{
	switch (layout->hugetlb_source) {
	case HUGETLB_BY_TYPE:
		return type_is(&layout->hugetlb, head->mapcount);
	case HUGETLB_BY_FLAG:
		return decode_flags(layout, tail) & layout->hugetlb_flag;
	case HUGETLB_BY_DTOR:
		return tail_field(layout, tail, layout->dtor_off) == layout->hugetlb_dtor;
	case HUGETLB_UNKNOWN:
		break;
	}
	return false;
}

void page_decode_head(const struct page_layout *layout, uint64_t pfn, const void *tail,
		      struct page_info *page)
{
	uint64_t order;

	page->order = 0;
	page->hugetlb = false;
	if (!tail || layout->order_source == ORDER_UNKNOWN)
		return;
	if (layout->has_compound && !(decode_compound(layout, tail) & 1))
		return;
	order = tail_order(layout, tail);
	if (order == 0 || order > ORDER_MAX || (pfn & ((UINT64_C(1) << order) - 1)))
		return;
	page->order = (unsigned int)order;
	page->hugetlb = tail_says_hugetlb(layout, page, tail);
}

struct verdict page_judge(const struct page_layout *layout, unsigned int level, uint64_t pfn,
			  const struct page_info *page)
{
	return judge_page(layout, level, pfn, page);
}

bool page_class_stays(unsigned int level, enum page_class class)
{
	switch (class) {
	case PAGE_KEEP:
		return true;
	case PAGE_FREE:
		return !(level & LEVEL_FREE);
	case PAGE_CACHE:
		return !(level & (LEVEL_CACHE | LEVEL_CACHE_PRIVATE));
	case PAGE_CACHE_PRIVATE:
		return !(level & LEVEL_CACHE_PRIVATE);
	case PAGE_USER:
		return !(level & LEVEL_USER);
	case PAGE_PMEM_METADATA:
		return !(level & LEVEL_PMEM_METADATA);
	default:
		return false;
	}
}
