/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: the state of one thread's scanner. */
#ifndef PAGES_SCANNER_H
#define PAGES_SCANNER_H

#include "base/bits.h"
#include "base/checked.h"
#include "pages/alike.h"
#include "pages/decode.h"
#include "pages/scan.h"

/* A verdict on [.., end); pages below @end need not be judged again. */
struct scan_span {
	struct verdict verdict;
	uint64_t end;		/* pfn */
};

/* Struct pages at hand: @count of them from that of @pfn on. */
struct scan_window {
	const uint8_t *bytes;
	uint64_t pfn;
	uint64_t count;
};

struct scanner {
	const struct scan_job *job;
	const struct page_layout *layout;
	const struct dump *dump;
	struct kreader *reader;
	struct alike alike;
	struct range image;		/* pfns of the kernel image; empty when unknown */

	/* The block at work: pfns [first, end), their bits, and counters. */
	uint64_t first;
	uint64_t end;
	uint8_t *keep;
	struct scan_counts *counts;

	struct scan_span span;		/* what was decided last, as far as it reaches */
	uint64_t next;			/* pfn behind the one looked at last */
	uint64_t careful_until;		/* below this pfn, read single pages of struct pages */
	struct scan_window window;
	/* Reading struct pages elsewhere moves the view; then the window has to be got again. */
	bool window_moved;
	struct crash_bitmap_piece piece;	/* of the job's bitmap */
	uint8_t one[STRUCT_PAGE_MAX];	/* a struct page that lies on two pages */
	uint8_t head[STRUCT_PAGE_MAX];
	uint8_t tail[STRUCT_PAGE_MAX];
};

/* Apply @verdict to the pages of [from, to) that are still kept. */
void scanner_settle(struct scanner *scanner, uint64_t from, uint64_t to, struct verdict verdict);

/*
 * Get struct pages from that of @pfn on, of pfns below @to, all in @run.
 * False: those of [pfn, pfn + window.count) cannot be read.
 */
bool scanner_load(struct scanner *scanner, const struct mem_map_run *run, uint64_t pfn,
		  uint64_t to);

/*
 * Judge a head or a tail (any other page too), whose bytes are @bytes;
 * @next_bytes are those of the following struct page, NULL when they are not at
 * hand. @lone: nothing before @pfn has been looked at, so a tail's head must
 * be found. May set window_moved.
 */
struct scan_span scanner_judge_compound(struct scanner *scanner, const struct mem_map_run *run,
					uint64_t pfn, const void *next_bytes, bool lone,
					struct page_info *page);

/* Settle what the kernel's bitmap says of pages [from, to), all present. */
void scanner_bitmap(struct scanner *scanner, uint64_t from, uint64_t to);

/* As scan_each(), but what a bitmap leaves out is counted as PAGE_BY_KERNEL. */
struct err *scan_unnamed(const struct scan_job *job, unsigned int threads,
			 const struct scan_taker *taker, struct scan_counts *counts,
			 const struct progress *progress) __attribute__((warn_unused_result));

/*
 * Move PAGE_BY_KERNEL in @counts to the classes that the kernel counted. Its pages that are not in
 * the dump can be of any class: the free ones are thought to be missing first.
 */
void scan_name_classes(const struct crash_bitmap *bitmap, struct scan_counts *counts);

/* Settle what Xen's frame table says of pages [from, to), all present. */
void scanner_xen(struct scanner *scanner, uint64_t from, uint64_t to);

/* The verdict on one decoded page, with what only the scanner knows. */
static inline struct verdict scanner_judge(const struct scanner *scanner, uint64_t pfn,
					   const struct page_info *page)
{
	struct verdict verdict = judge_page(scanner->layout, scanner->job->level, pfn, page);

	/*
	 * Reserved pages of the kernel image stay whatever else their flags say:
	 * stale PG_lru bits on BSS pages have been reported from 6.6.
	 */
	if (pfn - scanner->image.start < scanner->image.end - scanner->image.start &&
	    (page->flags & scanner->layout->pg_reserved) &&
	    (verdict.class == PAGE_CACHE || verdict.class == PAGE_CACHE_PRIVATE ||
	     verdict.class == PAGE_USER))
		return verdict_keep(KEEP_NONE);
	return verdict;
}

#endif
