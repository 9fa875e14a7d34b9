// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/checked.h"

void ranges_init(struct ranges *set)
{
	*set = (struct ranges){ 0 };
}

void ranges_deinit(struct ranges *set)
{
	free(set->v);
	ranges_init(set);
}

static struct err *make_room(struct ranges *set)
{
	struct range *v = array_more(set->v, set->count, &set->room, sizeof(*v), 8);

	if (!v)
		return err_nomem;
	set->v = v;
	return NULL;
}

static void drop_entries(struct ranges *set, size_t first, size_t end)
{
	if (first == end)
		return;
	memmove(&set->v[first], &set->v[end], (set->count - end) * sizeof(*set->v));
	set->count -= end - first;
}

static struct err *insert_entry(struct ranges *set, size_t at, uint64_t start, uint64_t end)
{
	TRY(make_room(set));
	memmove(&set->v[at + 1], &set->v[at], (set->count - at) * sizeof(*set->v));
	set->v[at] = (struct range){ .start = start, .end = end };
	set->count++;
	return NULL;
}

size_t ranges_find(const struct ranges *set, uint64_t value)
{
	size_t lo = 0, hi = set->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->v[mid].end > value)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

struct err *ranges_add(struct ranges *set, uint64_t start, uint64_t end)
{
	size_t first, past;

	if (start >= end)
		return NULL;
	/* first .. past - 1 overlap or touch [start, end) and become one entry. */
	first = ranges_find(set, start);
	if (first > 0 && set->v[first - 1].end == start)
		first--;
	past = first;
	while (past < set->count && set->v[past].start <= end)
		past++;
	if (first == past)
		return insert_entry(set, first, start, end);
	set->v[first].start = min_u64(set->v[first].start, start);
	set->v[first].end = max_u64(set->v[past - 1].end, end);
	drop_entries(set, first + 1, past);
	return NULL;
}

struct err *ranges_remove(struct ranges *set, uint64_t start, uint64_t end)
{
	size_t first, past;

	if (start >= end)
		return NULL;
	first = ranges_find(set, start);
	if (first < set->count && set->v[first].start < start) {
		uint64_t old_end = set->v[first].end;

		if (old_end > end) {
			TRY(insert_entry(set, first + 1, end, old_end));
			set->v[first].end = start;
			return NULL;
		}
		set->v[first++].end = start;
	}
	past = first;
	while (past < set->count && set->v[past].end <= end)
		past++;
	drop_entries(set, first, past);
	if (first < set->count && set->v[first].start < end)
		set->v[first].start = end;
	return NULL;
}

struct err *ranges_append(struct ranges *set, uint64_t start, uint64_t end)
{
	struct range *last = set->count ? &set->v[set->count - 1] : NULL;

	if (start >= end)
		return NULL;
	if (last && last->start <= start && start <= last->end) {
		last->end = max_u64(last->end, end);
		return NULL;
	}
	TRY(make_room(set));
	set->v[set->count++] = (struct range){ .start = start, .end = end };
	return NULL;
}

static int compare_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void ranges_sort(struct ranges *set)
{
	size_t n = 0;

	if (!set->count)
		return;
	qsort(set->v, set->count, sizeof(*set->v), compare_start);
	for (size_t i = 1; i < set->count; i++) {
		if (set->v[i].start <= set->v[n].end)
			set->v[n].end = max_u64(set->v[n].end, set->v[i].end);
		else
			set->v[++n] = set->v[i];
	}
	set->count = n + 1;
}

bool ranges_contains(const struct ranges *set, uint64_t value)
{
	size_t i = ranges_find(set, value);

	return i < set->count && set->v[i].start <= value;
}

bool ranges_covers(const struct ranges *set, uint64_t start, uint64_t end)
{
	size_t i = ranges_find(set, start);

	if (start >= end)
		return true;
	return i < set->count && set->v[i].start <= start && set->v[i].end >= end;
}

uint64_t ranges_count_in(const struct ranges *set, uint64_t start, uint64_t end)
{
	uint64_t count = 0;

	for (size_t i = ranges_find(set, start); i < set->count && set->v[i].start < end; i++)
		count += min_u64(set->v[i].end, end) - max_u64(set->v[i].start, start);
	return count;
}

bool ranges_next(const struct ranges *set, uint64_t from, uint64_t to, struct range *ret)
{
	size_t i = ranges_find(set, from);

	if (from >= to || i >= set->count || set->v[i].start >= to)
		return false;
	*ret = (struct range){
		.start = max_u64(set->v[i].start, from),
		.end = min_u64(set->v[i].end, to),
	};
	return true;
}

uint64_t ranges_total(const struct ranges *set)
{
	uint64_t total = 0;

	for (size_t i = 0; i < set->count; i++)
		total += set->v[i].end - set->v[i].start;
	return total;
}
