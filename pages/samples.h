/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few pages of each class, spread evenly over all that were dropped: taken
 * while scanning, in the order of pfns, so that they depend on nothing else.
 */
#ifndef PAGES_SAMPLES_H
#define PAGES_SAMPLES_H

#include <stdint.h>

#include "pages/class.h"

#define SAMPLES_MAX 256u

/* Every @stride-th page dropped; the stride doubles when there is no room. */
struct class_samples {
	uint64_t stride;	/* a power of two; 0 counts as 1 */
	uint64_t until;		/* pages to pass over before the next sample */
	unsigned int count;
	uint64_t pfn[SAMPLES_MAX];	/* ascending */
};

/* Zeroed: empty. */
struct scan_samples {
	struct class_samples of[PAGE_CLASSES];
	/* Heads judged by the hugetlb mark: few among the user pages, but all by one fact. */
	struct class_samples hugetlb;
};

/* @n pages from @pfn on were dropped. A few of a long row speak for it. */
void class_samples_take(struct class_samples *samples, uint64_t pfn, uint64_t n);

static inline void class_samples_add(struct class_samples *samples, uint64_t pfn, uint64_t n)
{
	if (samples->until >= n)
		samples->until -= n;
	else
		class_samples_take(samples, pfn, n);
}

/* Add samples of pages that come behind those of @sum. */
void scan_samples_merge(struct scan_samples *sum, const struct scan_samples *samples);

#endif
