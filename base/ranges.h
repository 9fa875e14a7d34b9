/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of integers as sorted, disjoint, half-open ranges [start, end).
 * Neighbours and overlaps are merged. Lookup is a binary search.
 */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct range {
	uint64_t start;
	uint64_t end;		/* exclusive, > start */
};

struct ranges {
	struct range *v;	/* sorted by start */
	size_t count;
	size_t room;
};

/* An empty set. A zero-filled struct is one too. */
void ranges_init(struct ranges *set);
void ranges_deinit(struct ranges *set);

/* Add or take away [start, end); an empty range is no change. */
struct err *ranges_add(struct ranges *set, uint64_t start, uint64_t end)
	__attribute__((warn_unused_result));
struct err *ranges_remove(struct ranges *set, uint64_t start, uint64_t end)
	__attribute__((warn_unused_result));

/*
 * Collecting many in no order: append without sorting, merged with the last one
 * where they touch, and sort at the end. Nothing else works on the set in between.
 */
struct err *ranges_append(struct ranges *set, uint64_t start, uint64_t end)
	__attribute__((warn_unused_result));
void ranges_sort(struct ranges *set);

/* Index of the first range with end > @value, or set->count. */
size_t ranges_find(const struct ranges *set, uint64_t value);

bool ranges_contains(const struct ranges *set, uint64_t value);

/* All of [start, end) in one range of the set. */
bool ranges_covers(const struct ranges *set, uint64_t start, uint64_t end);

/* How many integers of [start, end) are in the set. */
uint64_t ranges_count_in(const struct ranges *set, uint64_t start, uint64_t end);

/*
 * Next stretch of the set inside [from, to): @ret gets the stretch clipped to
 * the limits; false when there is none.
 */
bool ranges_next(const struct ranges *set, uint64_t from, uint64_t to, struct range *ret);

/* Integers in the whole set. */
uint64_t ranges_total(const struct ranges *set);

#endif
