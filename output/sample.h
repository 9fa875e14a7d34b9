/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages an estimate looks at: chunks of memory, and in them some pages of each class. */
#ifndef OUTPUT_SAMPLE_H
#define OUTPUT_SAMPLE_H

#include "base/progress.h"
#include "pages/sorter.h"

/* Chunks that are sorted; all of them on machines of up to 16 GiB of 4 KiB pages. */
#define SAMPLE_CHUNKS 4096u

/* What chunks say about how many pages of a class there are. */
struct sample_count {
	uint64_t pages;		/* in the chunks looked at */
	double squares;		/* sum of the squared numbers per chunk */
};

struct sample {
	struct sorter *sorter;			/* borrowed */
	const struct dump *dump;		/* borrowed */
	const struct progress *progress;
	uint64_t chunks;			/* that have present pages */
	uint64_t looked_at;			/* of these */
	struct sample_count counts[PAGE_CLASSES];
	uint64_t sort_ns;			/* time of sorting them once */
};

/* Sort the chunks once and count. */
struct err *sample_count(struct sample *sample) __attribute__((warn_unused_result));

/*
 * After sample_count(): call @look for about @want[class] pages of each class,
 * spread over the pages of that class in all chunks, in ascending order.
 */
struct err *sample_pages(struct sample *sample, const uint64_t want[PAGE_CLASSES],
			 void (*look)(void *ctx, uint64_t pfn, enum page_class class), void *ctx)
	__attribute__((warn_unused_result));

/* Monotonic nanoseconds. */
uint64_t sample_now_ns(void);

#endif
