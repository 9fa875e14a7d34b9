/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block: present pages, minus pmem, minus what free lists hold, minus what
 * its struct pages say (or the kernel's own bitmap), minus struct pages nobody needs.
 *
 * The way down: scan_block() cuts the block into stretches of present pfns,
 * scan_stretch() cuts those at the borders of the memory map's runs,
 * scan_piece() gets the struct pages through a window on the dump, and
 * scan_window() is the loop over struct pages.
 */
#include <stdlib.h>

#include "pages/scanner.h"

#define LIVE_TRIES 3

/* The kernel image as the dump's program headers show it (/proc/vmcore on x86). */
static struct range find_image(const struct kernel *kernel)
{
	const struct dump *dump = kernel->dump;
	struct range none = { 0, 0 };
	uint64_t stext;

	if (!fact_symbol(&kernel->facts, "_stext", &stext))
		return none;
	for (size_t i = 0; i < dump->segment_count; i++) {
		const struct dump_segment *seg = &dump->segments[i];

		/* A segment larger than any kernel image (1 GiB) is the direct map. */
		if (seg->has_vaddr && stext - seg->vaddr < seg->memsz &&
		    seg->memsz <= UINT64_C(1) << 30)
			return (struct range){
				seg->paddr >> kernel->page_shift,
				((seg->paddr + seg->memsz - 1) >> kernel->page_shift) + 1,
			};
	}
	return none;
}

struct err *scanner_create(const struct scan_job *job, struct scanner **ret)
{
	struct scanner *scanner = calloc(1, sizeof(*scanner));
	struct err *e;

	if (!scanner)
		return err_nomem;
	scanner->job = job;
	scanner->layout = job->layout;
	scanner->dump = job->kernel->dump;
	if (job->map) {
		scanner->image = find_image(job->kernel);
		scanner->alike = alike_init(job->layout);
	}
	scanner->piece.first = UINT64_MAX;
	if (job->map || job->xen || job->bitmap) {
		e = kreader_create_window(job->kernel, job->window, &scanner->reader);
		if (e) {
			scanner_destroy(scanner);
			return e;
		}
	}
	*ret = scanner;
	return NULL;
}

void scanner_destroy(struct scanner *scanner)
{
	if (!scanner)
		return;
	kreader_destroy(scanner->reader);
	free(scanner);
}

void scanner_settle(struct scanner *scanner, uint64_t from, uint64_t to, struct verdict verdict)
{
	struct scan_counts *counts = scanner->counts;
	uint64_t pages;

	if (verdict.class == PAGE_KEEP && verdict.reason == KEEP_NONE)
		return;
	from -= scanner->first;
	to -= scanner->first;
	pages = bits_count(scanner->keep, from, to);
	if (verdict.class == PAGE_KEEP) {
		counts->kept_for[verdict.reason] += pages;
		return;
	}
	counts->dropped[verdict.class] += pages;
	if (counts->samples && pages)
		class_samples_add(&counts->samples->of[verdict.class], scanner->first + from,
				  to - from);
	bits_clear_range(scanner->keep, from, to);
}

/* The same for a single page, by far the most frequent case. */
static inline void settle_one(struct scanner *scanner, uint64_t pfn, struct verdict verdict)
{
	uint64_t i = pfn - scanner->first;

	if ((verdict.class == PAGE_KEEP && verdict.reason == KEEP_NONE) ||
	    !bits_test(scanner->keep, i))
		return;
	if (verdict.class == PAGE_KEEP) {
		scanner->counts->kept_for[verdict.reason]++;
		return;
	}
	scanner->counts->dropped[verdict.class]++;
	if (scanner->counts->samples)
		class_samples_add(&scanner->counts->samples->of[verdict.class], pfn, 1);
	scanner->keep[i >> 3] &= (uint8_t)~(1u << (i & 7));
}

/* A span all of whose pages may be passed over unseen. */
static inline bool span_is_blind(const struct scanner *scanner)
{
	/*
	 * A kept compound page may hold a poisoned one: the flag is on that very
	 * page (a THP's tail). Where struct pages of tails are shared, none can
	 * carry the flag.
	 */
	return scanner->span.verdict.class != PAGE_KEEP || !scanner->layout->pg_hwpoison;
}

/* Drop poisoned pages among @count of a kept span. */
static void scan_kept_span(struct scanner *scanner, uint64_t pfn, const uint8_t *bytes,
			   uint64_t count)
{
	const struct page_layout *layout = scanner->layout;
	uint64_t ones = layout->word == 8 ? UINT64_MAX : UINT32_MAX;

	for (uint64_t i = 0; i < count; i++, bytes += layout->size) {
		uint64_t flags = decode_flags(layout, bytes);

		if (!(flags & layout->pg_hwpoison) || flags == ones)
			continue;
		settle_one(scanner, pfn + i, verdict_of(PAGE_HWPOISON, 0));
		scanner->counts->poisoned++;
	}
}

/* Go on through the span decided last; returns how many struct pages it covers here. */
static uint64_t pass_span(struct scanner *scanner, uint64_t pfn, const uint8_t *bytes,
			  uint64_t count)
{
	uint64_t n = min_u64(count, scanner->span.end - pfn);

	if (span_is_blind(scanner))
		scanner_settle(scanner, pfn, pfn + n, scanner->span.verdict);
	else
		scan_kept_span(scanner, pfn, bytes, n);
	return n;
}

/* How many pages from @pfn on the verdict on that one, of order 0, holds for. */
static uint64_t row_length(const struct scanner *scanner, uint64_t pfn, struct verdict verdict,
			   const struct page_info *page, const uint8_t *bytes, uint64_t count)
{
	/* Where these stand matters, or which page it is. */
	if (!scanner->alike.usable || verdict.class == PAGE_FREE ||
	    verdict.class == PAGE_HWPOISON || verdict.reason != KEEP_NONE)
		return 1;
	if (pfn < scanner->image.end)
		count = pfn < scanner->image.start ? min_u64(count, scanner->image.start - pfn) : 1;
	return alike_count(&scanner->alike, scanner->layout, page, bytes, count);
}

/* What the audit wants to know beside which pages were dropped. */
static inline void note_for_audit(struct scanner *scanner, uint64_t pfn, struct verdict verdict,
				  const struct page_info *page)
{
	struct scan_counts *counts = scanner->counts;

	if (verdict.class == PAGE_FREE && page_is_buddy(scanner->layout, page))
		counts->free_blocks[verdict.order]++;
	else if (verdict.class == PAGE_USER && page->hugetlb && counts->samples)
		class_samples_add(&counts->samples->hugetlb, pfn, 1);
	counts->poisoned += verdict.class == PAGE_HWPOISON;
}

/*
 * Judge the page at @pfn, with those behind it that are like it: @count struct
 * pages are at @bytes. Returns how many were settled; 0 when the verdict
 * became the scanner's span.
 */
static uint64_t judge_next(struct scanner *scanner, const struct mem_map_run *run, uint64_t pfn,
			   const uint8_t *bytes, uint64_t count, bool lone)
{
	const struct page_layout *layout = scanner->layout;
	struct scan_span span;
	struct page_info page;
	uint64_t n = 1;

	decode_page(layout, bytes, &page);
	if (page.tail || (page.flags & layout->pg_head)) {
		span = scanner_judge_compound(scanner, run, pfn,
					      count > 1 ? bytes + layout->size : NULL, lone, &page);
	} else {
		span.verdict = scanner_judge(scanner, pfn, &page);
		span.end = pfn + (UINT64_C(1) << span.verdict.order);
		if (!span.verdict.order)
			n = row_length(scanner, pfn, span.verdict, &page, bytes, count);
	}
	note_for_audit(scanner, pfn, span.verdict, &page);
	if (span.end > pfn + 1) {
		scanner->span = span;
		if (!span_is_blind(scanner))
			scanner->span.verdict.reason = KEEP_NONE;
		return 0;
	}
	if (n == 1)
		settle_one(scanner, pfn, span.verdict);
	else
		scanner_settle(scanner, pfn, pfn + n, span.verdict);
	return n;
}

/*
 * Judge the struct pages of the window. Stops early when the window has moved;
 * returns the pfn to go on with.
 */
static uint64_t scan_window(struct scanner *scanner, const struct mem_map_run *run)
{
	const uint8_t *bytes = scanner->window.bytes;
	uint64_t pfn = scanner->window.pfn, end = pfn + scanner->window.count;
	bool lone = pfn != scanner->next;

	scanner->window_moved = false;
	while (pfn < end && !scanner->window_moved) {
		uint64_t n = pfn < scanner->span.end ?
			pass_span(scanner, pfn, bytes, end - pfn) :
			judge_next(scanner, run, pfn, bytes, end - pfn, lone);

		pfn += n;
		bytes += n * scanner->layout->size;
		lone = false;
	}
	return pfn;
}

/*
 * scanner_load(), a few times for a running system: a page table may be exchanged
 * for another one between two steps of a walk.
 */
static bool load(struct scanner *scanner, const struct mem_map_run *run, uint64_t pfn, uint64_t to)
{
	unsigned int tries = scanner->dump->live ? LIVE_TRIES : 1;
	bool loaded = false;

	while (!loaded && tries--)
		loaded = scanner_load(scanner, run, pfn, to);
	return loaded;
}

/* Pfns [from, to) of one run and one stretch. */
static void scan_piece(struct scanner *scanner, const struct mem_map_run *run, uint64_t from,
		       uint64_t to)
{
	uint64_t pfn = from;

	while (pfn < to) {
		uint64_t end;

		if (pfn < scanner->span.end && span_is_blind(scanner)) {
			end = min_u64(scanner->span.end, to);
			scanner_settle(scanner, pfn, end, scanner->span.verdict);
		} else if (load(scanner, run, pfn, to)) {
			end = scan_window(scanner, run);
		} else {
			end = pfn + scanner->window.count;
			scanner_settle(scanner, pfn, end, verdict_keep(KEEP_UNREADABLE));
		}
		pfn = end;
		scanner->next = pfn;
	}
}

/* Pfns [from, to), all present and none of them decided. */
static void scan_stretch(struct scanner *scanner, uint64_t from, uint64_t to)
{
	const struct mem_map *map = scanner->job->map;
	size_t i = mem_map_index(map, from);

	while (from < to) {
		const struct mem_map_run *run = i < map->count ? &map->v[i++] : NULL;
		uint64_t start = run ? min_u64(max_u64(run->pfn, from), to) : to;
		uint64_t end = run ? min_u64(run->pfn + run->count, to) : to;

		if (from < start)
			scanner_settle(scanner, from, start, verdict_keep(KEEP_NO_STRUCT));
		if (start < end)
			scan_piece(scanner, run, start, end);
		from = max_u64(start, end);
	}
}

/* The next of the pages that the kernel's free lists hold, when they are to go. */
static bool next_free(const struct scanner *scanner, uint64_t from, uint64_t to,
		      struct range *ret)
{
	const struct scan_job *job = scanner->job;

	return (job->level & LEVEL_FREE) && job->free_pages &&
	       ranges_next(job->free_pages, from, to, ret);
}

/* The next pages of [from, to) that were decided without their struct pages; [to, to): none. */
static struct range next_decided(const struct scanner *scanner, uint64_t from, uint64_t to)
{
	struct range pmem, free;

	if (!ranges_next(&scanner->dump->pmem, from, to, &pmem))
		pmem = (struct range){ to, to };
	if (!next_free(scanner, from, to, &free))
		free = (struct range){ to, to };
	return pmem.start <= free.start ? pmem : free;
}

/*
 * All struct pages of the block that still matter, or the bits that stand for them; [from, to)
 * are present. Struct pages inside a free block may hold anything their last life left.
 */
static void scan_undecided(struct scanner *scanner, uint64_t from, uint64_t to)
{
	while (from < to) {
		struct range decided = next_decided(scanner, from, to);

		if (scanner->job->bitmap)
			scanner_bitmap(scanner, from, decided.start);
		else
			scan_stretch(scanner, from, decided.start);
		from = decided.end;
	}
}

static void drop_free(struct scanner *scanner)
{
	struct range range;

	for (uint64_t at = scanner->first; next_free(scanner, at, scanner->end, &range);
	     at = range.end)
		scanner_settle(scanner, range.start, range.end, verdict_of(PAGE_FREE, 0));
}

/*
 * Persistent memory: its user data always goes, ranges of metadata (struct
 * pages on the device) go at their level. Neither needs a struct page, which
 * may not even exist for the latter.
 */
static void drop_pmem(struct scanner *scanner)
{
	const struct ranges *metadata = scanner->job->pmem_metadata;
	bool drop = scanner->job->level & LEVEL_PMEM_METADATA;
	struct range pmem, part;

	for (uint64_t at = scanner->first;
	     ranges_next(&scanner->dump->pmem, at, scanner->end, &pmem); at = pmem.end) {
		for (uint64_t pfn = pmem.start; pfn < pmem.end; pfn = part.end) {
			if (!metadata || !ranges_next(metadata, pfn, pmem.end, &part))
				part = (struct range){ pmem.end, pmem.end };
			scanner_settle(scanner, pfn, part.start,
				       verdict_of(PAGE_PMEM_USERDATA, 0));
			if (drop)
				scanner_settle(scanner, part.start, part.end,
					       verdict_of(PAGE_PMEM_METADATA, 0));
		}
	}
}

/* Struct pages of pages that are dropped. Last: each page is counted as what it is otherwise. */
static void drop_unused_vmemmap(struct scanner *scanner)
{
	const struct ranges *unused = scanner->job->unused_vmemmap;
	struct range range;

	if (!unused)
		return;
	for (uint64_t at = scanner->first; ranges_next(unused, at, scanner->end, &range);
	     at = range.end)
		scanner_settle(scanner, range.start, range.end,
			       verdict_of(PAGE_UNUSED_VMEMMAP, 0));
}

/* What tables say of all page frames of the block that exist. */
static struct err *scan_present(struct scanner *scanner)
{
	struct range range = { .end = scanner->first };
	bool found = true;

	for (;;) {
		TRY(dump_next_present(scanner->dump, range.end, scanner->end, &range, &found));
		if (!found)
			return NULL;
		if (scanner->job->map || scanner->job->bitmap)
			scan_undecided(scanner, range.start, range.end);
		if (scanner->job->xen)
			scanner_xen(scanner, range.start, range.end);
	}
}

struct err *scan_part(struct scanner *scanner, uint64_t from, uint64_t to, uint8_t *keep,
		      struct scan_counts *counts)
{
	struct scan_counts unwanted = { 0 };

	scanner->first = from;
	scanner->end = to;
	scanner->keep = keep;
	scanner->counts = counts ? counts : &unwanted;
	scanner->span.end = 0;
	scanner->next = UINT64_MAX;
	scanner->careful_until = 0;

	TRY(dump_stored_bits(scanner->dump, from, to, keep));
	drop_pmem(scanner);
	drop_free(scanner);
	if (scanner->job->map || scanner->job->xen || scanner->job->bitmap)
		TRY(scan_present(scanner));
	drop_unused_vmemmap(scanner);
	scanner->counts = NULL;
	return NULL;
}

struct err *scan_block(struct scanner *scanner, uint64_t block, uint8_t *keep,
		       struct scan_counts *counts)
{
	uint64_t from = block * PLAN_BLOCK;
	uint64_t to = max_u64(from, min_u64(from + PLAN_BLOCK, scanner->dump->max_mapnr));

	if (to - from < PLAN_BLOCK)
		memset(keep, 0, PLAN_BLOCK / 8);
	return scan_part(scanner, from, to, keep, counts);
}
