/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compound pages: where the head is marked, where its order is, and how it is
 * known to be a hugetlb page. The order decides how many pages share a
 * verdict, so every source here is one the facts name; a source that is only
 * likely is left unknown, and then tails stay.
 */
#include "pages/layout_compound.h"

#include "base/checked.h"

static void init_head_flag(struct page_layout *layout, const struct facts *facts)
{
	int64_t mask;

	if (fact_number(facts, "PG_head_mask", &mask) && mask) {
		layout->pg_head = layout->word == 4 ? (uint32_t)mask : (uint64_t)mask;
		return;
	}
	/*
	 * Exported since 3.17 (b3acc56bfe12). Kernels without it are those without
	 * compound_head, and there it is bit 14, PG_head or PG_compound, since
	 * 2.6.32. Were it not, the next page's lru.prev, a pointer, would be read
	 * as an order and fail its test.
	 */
	if (!layout->has_compound)
		layout->pg_head = 1u << 14;
}

/* 6.6+: the order is the low byte of page[1].flags (9c5ccf2db04b). */
static bool init_order_in_flags(struct page_layout *layout, const struct facts *facts)
{
	int64_t bit;

	if (layout->hugetlb.known) {
		layout->hugetlb_source = HUGETLB_BY_TYPE;
	} else if (fact_number(facts, "PG_hugetlb", &bit) && bit >= 0 &&
		   bit < (int64_t)layout->word * 8) {
		layout->hugetlb_source = HUGETLB_BY_FLAG;
		layout->hugetlb_flag = UINT64_C(1) << bit;
	} else if (!layout->slab.known) {
		/* Neither says 6.6 or later; slab as a type says 6.10, without hugetlb. */
		return false;
	}
	layout->order_source = ORDER_IN_FLAGS;
	return true;
}

/* Offset in page[1] of a member that OFFSET() counts from the head. */
static bool folio_offset(const struct page_layout *layout, const struct facts *facts,
			 const char *name, uint32_t *ret)
{
	uint64_t off;

	if (!fact_offset(facts, name, &off) || off < layout->size || off >= 2 * layout->size)
		return false;
	*ret = (uint32_t)(off - layout->size);
	return true;
}

static void init_dtor_id(struct page_layout *layout, const struct facts *facts, bool has_dtor)
{
	int64_t id;

	if (!has_dtor || !fact_number(facts, "HUGETLB_PAGE_DTOR", &id) || id < 0)
		return;
	layout->hugetlb_source = HUGETLB_BY_DTOR;
	layout->hugetlb_dtor = (uint64_t)id;
}

/* 4.4 to 6.5: order and destructor number are neighbours of the same width in page[1]. */
static bool init_order_field(struct page_layout *layout, const struct facts *facts,
			     const struct log *log)
{
	uint32_t order, dtor;

	/* 6.3 to 6.5 (1c5509be58f6): a byte each, seen through struct folio. */
	if (folio_offset(layout, facts, "folio._folio_order", &order)) {
		layout->order_source = ORDER_IN_BYTE;
		layout->order_off = order;
		init_dtor_id(layout, facts,
			     folio_offset(layout, facts, "folio._folio_dtor", &layout->dtor_off));
		return true;
	}
	if (!layout_offset(layout, facts, "page.compound_order", 1, log, &order) ||
	    !layout_offset(layout, facts, "page.compound_dtor", 1, log, &dtor))
		return false;
	/*
	 * Their distance is their width: one byte since 4.16, before that an unsigned int
	 * on 64-bit and an unsigned short on 32-bit kernels.
	 */
	switch (order - dtor) {
	case 1:
		layout->order_source = ORDER_IN_BYTE;
		break;
	case 2:
		layout->order_source = ORDER_IN_U16;
		break;
	case 4:
		layout->order_source = ORDER_IN_U32;
		break;
	default:
		log_warn(log, "OFFSET(page.compound_order)=%u and OFFSET(page.compound_dtor)=%u do "
			 "not fit together: only heads of compound pages go", order, dtor);
		return true;
	}
	if (!range_fits(order, order - dtor, layout->size)) {
		layout->order_source = ORDER_UNKNOWN;
		return true;
	}
	layout->order_off = order;
	layout->dtor_off = dtor;
	init_dtor_id(layout, facts, true);
	return true;
}

/*
 * Before 4.4: page[1].lru.prev is the order and lru.next the destructor's
 * address. Kernels that have compound_head, in facts that lack the keys
 * above, do not qualify: there the words hold counters that could pass for an order.
 */
static void init_order_in_lru(struct page_layout *layout, const struct facts *facts,
			      const struct log *log)
{
	uint64_t dtor;

	if (layout->has_compound ||
	    !layout_offset(layout, facts, "page.lru", 2 * layout->word, log, &layout->lru))
		return;
	layout->order_source = ORDER_IN_WORD;
	layout->order_off = layout->lru + layout->word;
	layout->dtor_off = layout->lru;
	if (fact_symbol(facts, "free_huge_page", &dtor)) {
		layout->hugetlb_source = HUGETLB_BY_DTOR;
		layout->hugetlb_dtor = dtor;
	}
}

void layout_init_compound(struct page_layout *layout, const struct facts *facts,
			  const struct log *log)
{
	init_head_flag(layout, facts);
	if (!init_order_in_flags(layout, facts) && !init_order_field(layout, facts, log))
		init_order_in_lru(layout, facts, log);
	if (layout->order_source == ORDER_UNKNOWN)
		log_warn(log, "struct page: the order of compound pages is not known: "
			 "only their heads go");
	if (layout->hugetlb_source == HUGETLB_UNKNOWN)
		log_debug(log, "struct page: hugetlb pages cannot be told");
}
