/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a page of a class has beside the mark that it was judged by.
 *
 * A free page: no references, neighbours on its list that point back and are of
 * its order. A page of a file or a process: an owner, an object in a page that is
 * the kernel's. A compound page: a last page that names it as its head.
 */
#include "base/checked.h"
#include "pages/auditor.h"
#include "pages/decode.h"

/* Low bits of mapping that are no part of the pointer: anonymous, movable. */
#define MAPPING_BITS UINT64_C(3)

static enum evidence against(const char **ret_why, const char *why)
{
	*ret_why = why;
	return EVIDENCE_AGAINST;
}

static enum evidence worse(enum evidence a, enum evidence b)
{
	return a == EVIDENCE_AGAINST || b == EVIDENCE_AGAINST ? EVIDENCE_AGAINST :
	       a == EVIDENCE_NONE ? b : a;
}

/* Whatever @mapping points to must be in memory of the kernel: a slab, mostly. */
static enum evidence owner_evidence(struct audit *audit, uint64_t mapping, const char **ret_why)
{
	const struct kernel *kernel = audit->kernel;
	uint64_t owner = mapping & ~MAPPING_BITS;
	struct audit_page page;
	enum page_class class;
	struct mapping map;
	struct err *e;

	if (owner % 4 || !kernel->arch->is_kernel_address(kernel->arch_state, owner))
		return against(ret_why, "mapping is no kernel address");
	e = kread_vtop(audit->reader, owner, &map);
	if (err_kind(e) == ERR_NO_MAPPING)
		return against(ret_why, "mapping points to nothing");
	if (e || !audit_read_head(audit, map.pa >> kernel->page_shift, &page)) {
		err_free(e);
		return EVIDENCE_NONE;
	}
	class = page_judge(audit->layout, audit->job->level, page.pfn, &page.info).class;
	if (class == PAGE_KEEP || class == PAGE_HWPOISON)
		return EVIDENCE_FOR;
	audit->suspects |= CLASS_BIT(class);
	return against(ret_why, "its owner lies in a page that is no kernel data");
}

static enum evidence compound_evidence(struct audit *audit, const struct audit_page *head,
				       const char **ret_why)
{
	const struct page_layout *layout = audit->layout;
	struct audit_page last;

	if (!head->info.order || !layout->has_compound ||
	    !audit_read_page(audit, head->pfn + (UINT64_C(1) << head->info.order) - 1, &last))
		return EVIDENCE_NONE;
	if (!last.info.tail || decode_head_va(layout, last.info.compound, last.va) != head->va)
		return against(ret_why, "its last page is no tail of it");
	return EVIDENCE_NONE;
}

static enum evidence referenced(struct audit *audit, const struct audit_page *page, bool want,
				const char **ret_why)
{
	if (!audit->has_refcount || (audit_refcount(audit, page) != 0) == want)
		return EVIDENCE_NONE;
	return against(ret_why, want ? "nobody has a reference to it" : "it has references");
}

/* A hugetlb page that is not in use is on a list of those, without references. */
static enum evidence hugetlb_evidence(struct audit *audit, const struct audit_page *page,
				      const char **ret_why)
{
	const struct kernel *kernel = audit->kernel;
	uint64_t next;

	if (page->info.mapping)
		return owner_evidence(audit, page->info.mapping, ret_why);
	if (!audit->has_lru)
		return EVIDENCE_NONE;
	next = decode_word(audit->layout, page->bytes, audit->lru);
	if (!kernel->arch->is_kernel_address(kernel->arch_state, next))
		return against(ret_why, "it has no owner and is on no list");
	return referenced(audit, page, false, ret_why);
}

static enum evidence user_evidence(struct audit *audit, uint64_t pfn, const char **ret_why)
{
	struct audit_page page;
	enum evidence evidence;

	if (!audit_read_head(audit, pfn, &page))
		return EVIDENCE_NONE;
	if (page.info.hugetlb)
		evidence = hugetlb_evidence(audit, &page, ret_why);
	else
		evidence = owner_evidence(audit, page.info.mapping, ret_why);
	return worse(evidence, compound_evidence(audit, &page, ret_why));
}

static enum evidence cache_evidence(struct audit *audit, uint64_t pfn, const char **ret_why)
{
	const struct page_layout *layout = audit->layout;
	enum evidence evidence = EVIDENCE_NONE;
	struct audit_page page;

	if (!audit_read_head(audit, pfn, &page))
		return EVIDENCE_NONE;
	if (page.info.mapping)
		evidence = owner_evidence(audit, page.info.mapping, ret_why);
	else if (!(page.info.flags & layout->pg_swapcache) || !page.info.private)
		/* In the swap cache a page has the slot's number in private instead. */
		evidence = against(ret_why, "it has no owner");
	evidence = worse(evidence, referenced(audit, &page, true, ret_why));
	return worse(evidence, compound_evidence(audit, &page, ret_why));
}

/* The first page of the free block that @pfn is in. */
static bool read_free_head(struct audit *audit, uint64_t pfn, struct audit_page *ret)
{
	for (unsigned int order = 0; order <= ORDER_MAX; order++) {
		uint64_t head = pfn & ~((UINT64_C(1) << order) - 1);

		if ((order && head == pfn) || !audit_read_page(audit, head, ret))
			continue;
		if ((page_is_buddy(audit->layout, &ret->info) && ret->info.private >= order) ||
		    type_is(&audit->layout->unaccepted, ret->info.mapcount))
			return true;
	}
	return false;
}

/* Free blocks of one order are on a list of their own, and so is memory that was not accepted yet. */
static bool belong_together(const struct audit *audit, const struct page_info *a,
			    const struct page_info *b)
{
	const struct page_layout *layout = audit->layout;

	if (type_is(&layout->unaccepted, a->mapcount))
		return type_is(&layout->unaccepted, b->mapcount);
	return page_is_buddy(layout, b) && a->private == b->private;
}

/* What the block's list element points to by one of its pointers must point back. */
static enum evidence link_evidence(struct audit *audit, const struct audit_page *page,
				   bool next, const char **ret_why)
{
	unsigned int word = audit->layout->word;
	uint64_t link = decode_word(audit->layout, page->bytes, audit->lru + (next ? 0 : word));
	uint64_t back = 0, pfn;
	struct audit_page other;
	struct err *e = kread_word(audit->reader, link + (next ? word : 0), &back);

	if (e) {
		bool nothing = err_kind(e) == ERR_NO_MAPPING;

		err_free(e);
		return nothing ? against(ret_why, "its list points to nothing") : EVIDENCE_NONE;
	}
	if (back != page->va + audit->lru)
		return against(ret_why, "its neighbour on the list does not point back");
	if (mem_map_pfn(audit->job->map, link - audit->lru, &pfn) &&
	    audit_read_page(audit, pfn, &other) &&
	    !belong_together(audit, &page->info, &other.info))
		return against(ret_why, "its neighbour on the list is of another order");
	return EVIDENCE_FOR;
}

/* Nobody has a reference to a page inside the block, either. */
static enum evidence inner_evidence(struct audit *audit, const struct audit_page *head,
				    const char **ret_why)
{
	uint64_t order = head->info.private, pages;
	enum evidence evidence = EVIDENCE_NONE;
	struct audit_page page;

	if (!order || order > ORDER_MAX || type_is(&audit->layout->unaccepted, head->info.mapcount))
		return EVIDENCE_NONE;
	pages = UINT64_C(1) << order;
	if (audit_read_page(audit, head->pfn + 1, &page))
		evidence = worse(evidence, referenced(audit, &page, false, ret_why));
	if (audit_read_page(audit, head->pfn + pages / 2, &page))
		evidence = worse(evidence, referenced(audit, &page, false, ret_why));
	if (audit_read_page(audit, head->pfn + pages - 1, &page))
		evidence = worse(evidence, referenced(audit, &page, false, ret_why));
	return evidence;
}

static enum evidence free_evidence(struct audit *audit, uint64_t pfn, const char **ret_why)
{
	struct audit_page page;
	enum evidence evidence;

	if (!page_layout_tells_free(audit->layout) || !read_free_head(audit, pfn, &page))
		return EVIDENCE_NONE;
	evidence = referenced(audit, &page, false, ret_why);
	evidence = worse(evidence, inner_evidence(audit, &page, ret_why));
	if (audit->has_lru) {
		evidence = worse(evidence, link_evidence(audit, &page, true, ret_why));
		evidence = worse(evidence, link_evidence(audit, &page, false, ret_why));
	}
	return evidence;
}

enum evidence audit_evidence(struct audit *audit, enum page_class class, uint64_t pfn,
			     const char **ret_why)
{
	switch (class) {
	case PAGE_FREE:
		return free_evidence(audit, pfn, ret_why);
	case PAGE_CACHE:
	case PAGE_CACHE_PRIVATE:
		return cache_evidence(audit, pfn, ret_why);
	case PAGE_USER:
		return user_evidence(audit, pfn, ret_why);
	default:
		return EVIDENCE_NONE;
	}
}
