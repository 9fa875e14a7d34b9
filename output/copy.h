/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy pipeline: plan to pages, in order.
 *
 * Workers read a batch of pages through their own view, test for zero,
 * compress; the consumer gets finished batches strictly in pfn order and
 * hands them to a writer. The result does not depend on the number of workers.
 */
#ifndef OUTPUT_COPY_H
#define OUTPUT_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/ranges.h"
#include "codec/codec.h"
#include "erase/set.h"
#include "input/dump.h"
#include "pages/plan.h"

/* One page, ready to be stored. */
struct copy_page {
	uint64_t pfn;
	const void *data;	/* stored bytes; NULL for a zero page that is to be shared */
	uint32_t len;		/* 0 for a zero page */
	uint32_t flags;		/* page_desc flags: the codec's bit, or 0 when raw */
	bool lost;		/* could not be read: data is a page of zeros, or shared zero */
};

struct copy_params {
	struct dump *dump;
	const struct plan *plan;
	const struct codec *codec;	/* NULL: store raw */
	const struct erase_set *erase;	/* overwritten before all else; NULL: nothing. Not with as_stored */
	bool share_zero;		/* level bit 1: zero pages carry no data */
	/*
	 * Pages as the dump stores them, compressed or not, whatever @codec; one that
	 * cannot be read has neither data nor length.
	 */
	bool as_stored;
	unsigned int threads;		/* workers; 0 in this thread */
	const struct progress *progress;
	struct range pfns;		/* only pages in here; all zero: the whole plan */
};

struct copy_stats {
	uint64_t pages;		/* delivered */
	uint64_t zero;		/* of these, zero pages shared; lost ones not counted */
	uint64_t lost;		/* of these, unreadable: stored as zeros */
	uint64_t elf_pages;	/* with data in an ELF file; 0 for other formats */
};

/* What takes the pages, in ascending pfn order. */
struct copy_writer {
	struct err *(*page)(void *ctx, const struct copy_page *page);
	void *ctx;
};

/*
 * Run the pipeline over the plan, or the pfns of it asked for. The first error in pfn order wins:
 * the plan's, the writer's, err_stopped. A page that cannot be read is none.
 * Memory: about 0.6 MiB per thread, and what its view and codec need.
 * *stats is valid in either case.
 */
struct err *copy_pages(const struct copy_params *params, const struct copy_writer *writer,
		       struct copy_stats *stats) __attribute__((warn_unused_result));

#endif
