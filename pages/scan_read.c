/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting struct pages: large pieces straight from the mapped dump where
 * virtual memory, dump file and mapping allow, single pages of them where not,
 * so that one that cannot be read costs only its own.
 */
#include "pages/scanner.h"

/* A struct page that lies on two pages: copied together. */
static bool load_one(struct scanner *scanner, uint64_t va)
{
	struct err *e = kread(scanner->reader, va, scanner->one, scanner->layout->size);

	err_free(e);
	scanner->window.bytes = scanner->one;
	scanner->window.count = 1;
	return !e;
}

/* @len bytes of whole struct pages at @pa become the window. */
static bool load_bytes(struct scanner *scanner, uint64_t pa, uint64_t len)
{
	struct dump_view *view = kreader_view(scanner->reader);
	const void *bytes;
	struct err *e = dump_view_get(view, pa, len, &bytes);

	err_free(e);
	scanner->window.count = len / scanner->layout->size;
	if (!e)
		scanner->window.bytes = bytes;
	return !e;
}

bool scanner_load(struct scanner *scanner, const struct mem_map_run *run, uint64_t pfn,
		  uint64_t to)
{
	uint64_t size = scanner->layout->size, page_size = scanner->layout->page_bytes;
	uint64_t va = run->va + (pfn - run->pfn) * size;
	uint64_t in_page = page_size - (va & (page_size - 1));
	uint64_t want = min_u64((to - pfn) * size, DUMP_VIEW_MAX);
	struct mapping mapping;
	struct err *e;

	scanner->window.pfn = pfn;
	/* What is left of this page of struct pages is decided together. */
	in_page = min_u64(in_page, want) / size * size;
	if (!in_page)
		return load_one(scanner, va);
	e = kread_vtop(scanner->reader, va, &mapping);
	if (e) {
		err_free(e);
		scanner->window.count = in_page / size;
		return false;
	}
	if (mapping.len < in_page)
		return load_one(scanner, va);
	want = min_u64(want, mapping.len);
	if (pfn >= scanner->careful_until && want > in_page) {
		want = dump_view_contiguous(kreader_view(scanner->reader), mapping.pa, want);
		want = want / size * size;
		if (want > in_page && load_bytes(scanner, mapping.pa, want))
			return true;
		scanner->careful_until = pfn + want / size;
	}
	return load_bytes(scanner, mapping.pa, in_page);
}
