/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The class of each page of a small stretch of memory, for who looks at
 * samples: the scan tells classes apart only as counts.
 *
 * A page is sorted by asking the scan at one bit of the dump level after the
 * other, so that no second opinion about pages exists.
 */
#ifndef PAGES_SORTER_H
#define PAGES_SORTER_H

#include "pages/scan.h"

/* A page that is in no dump at any level: not there, poisoned, offline, user data of pmem. */
#define SORT_NEVER PAGE_CLASSES

struct sorter;

/* @job->level: the bits that are to be told apart; pages of other classes are PAGE_KEEP. */
struct err *sorter_create(const struct scan_job *job, struct sorter **ret)
	__attribute__((warn_unused_result));
void sorter_destroy(struct sorter *sorter);

/*
 * Pages of a chunk: a power of two, at most PLAN_BLOCK. A free block does not
 * reach from one chunk into another, as its first page alone says that it is free.
 */
uint64_t sorter_chunk_pages(const struct sorter *sorter);

/*
 * Sort the pages from @chunk * sorter_chunk_pages() on: an enum page_class or
 * SORT_NEVER each, borrowed until the next call. Pages behind max_mapnr are SORT_NEVER.
 */
struct err *sorter_chunk(struct sorter *sorter, uint64_t chunk, const uint8_t **ret)
	__attribute__((warn_unused_result));

#endif
