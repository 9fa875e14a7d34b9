/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compound pages in a scan.
 *
 * A head speaks for all its pages, so their struct pages are not judged. That
 * also answers HugeTLB's vmemmap optimisation, where (5.18 to 7.0) every page
 * of struct pages but the first is mapped to the first one, and each 64th
 * struct page looks like a head. What is left to do here is to see whether a
 * head is one, and to find the head of a tail met without it: at the start of
 * a block, behind a hole, behind struct pages that cannot be read.
 */
#include "pages/scanner.h"

static uint64_t struct_va(const struct mem_map_run *run, uint64_t pfn, uint64_t size)
{
	return run->va + (pfn - run->pfn) * size;
}

/* Copy the struct page of @pfn. The view has moved then. */
static bool read_struct(struct scanner *scanner, uint64_t pfn, uint8_t *buf, uint64_t *va)
{
	const struct mem_map_run *run = mem_map_find(scanner->job->map, pfn);
	struct err *e;

	if (!run)
		return false;
	*va = struct_va(run, pfn, scanner->layout->size);
	scanner->window_moved = true;
	e = kread(scanner->reader, *va, buf, scanner->layout->size);
	err_free(e);
	return !e;
}

/* The pages [pfn, pfn + 2^order) all have struct pages, at least at both ends. */
static bool range_mapped(const struct scanner *scanner, uint64_t pfn, unsigned int order)
{
	return mem_map_find(scanner->job->map, pfn + (UINT64_C(1) << order) - 1);
}

/*
 * Find order and hugetlb of the head at @pfn from its first tail. True when
 * the next struct page is a tail of another page: then this is no head but a
 * tail, mapped to a head's struct page, and *real is its head's address.
 */
static bool head_is_fake(struct scanner *scanner, uint64_t pfn, uint64_t va, const void *tail,
			 uint64_t tail_va, struct page_info *page, uint64_t *real)
{
	const struct page_layout *layout = scanner->layout;
	uint64_t compound = tail ? decode_compound(layout, tail) : 0;

	if (compound & 1) {
		*real = decode_head_va(layout, compound, tail_va);
		if (*real != va)
			return true;
	}
	page_decode_head(layout, pfn, tail, page);
	if (page->order && !range_mapped(scanner, pfn, page->order)) {
		page->order = 0;
		page->hugetlb = false;
	}
	return false;
}

static struct scan_span span_of(uint64_t pfn, struct verdict verdict)
{
	return (struct scan_span){ verdict, pfn + (UINT64_C(1) << verdict.order) };
}

/*
 * The verdict that the head at @head_va has on its tail @pfn. False when that
 * is no head, or its verdict does not reach so far.
 */
static bool judge_by_head(struct scanner *scanner, uint64_t pfn, uint64_t head_va,
			  struct scan_span *ret)
{
	uint64_t head_pfn, va, tail_va, real;
	struct scan_span span;
	struct page_info head;

	if (!mem_map_pfn(scanner->job->map, head_va, &head_pfn) || head_pfn >= pfn ||
	    pfn - head_pfn >= UINT64_C(1) << ORDER_MAX ||
	    !read_struct(scanner, head_pfn, scanner->head, &va) ||
	    !read_struct(scanner, head_pfn + 1, scanner->tail, &tail_va))
		return false;
	decode_page(scanner->layout, scanner->head, &head);
	if (!decode_is_head(scanner->layout, &head) ||
	    head_is_fake(scanner, head_pfn, va, scanner->tail, tail_va, &head, &real))
		return false;
	span = span_of(head_pfn, scanner_judge(scanner, head_pfn, &head));
	if (span.end <= pfn)
		return false;
	*ret = span;
	return true;
}

struct scan_span scanner_judge_compound(struct scanner *scanner, const struct mem_map_run *run,
					uint64_t pfn, const void *next_bytes, bool lone,
					struct page_info *page)
{
	const struct page_layout *layout = scanner->layout;
	uint64_t va = struct_va(run, pfn, layout->size);
	uint64_t next_va = va + layout->size, real;
	struct scan_span span;

	if (page->tail) {
		real = decode_head_va(layout, page->compound, va);
		if (lone && judge_by_head(scanner, pfn, real, &span))
			return span;
	} else if (decode_is_head(layout, page)) {
		if (!next_bytes && read_struct(scanner, pfn + 1, scanner->tail, &next_va))
			next_bytes = scanner->tail;
		if (head_is_fake(scanner, pfn, va, next_bytes, next_va, page, &real)) {
			if (judge_by_head(scanner, pfn, real, &span))
				return span;
			page->tail = true;
		}
	}
	return span_of(pfn, scanner_judge(scanner, pfn, page));
}
