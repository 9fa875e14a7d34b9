// SPDX-License-Identifier: GPL-2.0-or-later
#include "input/flat_index.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/checked.h"

#define ROOM_MIN 64

void flat_index_deinit(struct flat_index *index)
{
	free(index->v);
	*index = (struct flat_index){ 0 };
}

static uint64_t run_end(const struct flat_run *run)
{
	return run->start + run->len;
}

static struct err *push(struct flat_index *index, const struct flat_run *run)
{
	struct flat_run *v;

	if (index->count == FLAT_RUNS_MAX)
		return err_new(ERR_UNSUPPORTED, "the records of the flattened dump are in more than %u "
			       "scattered runs; rearrange it with makedumpfile -R first",
			       FLAT_RUNS_MAX);
	v = array_more(index->v, index->count, &index->room, sizeof(*v), ROOM_MIN);
	if (!v)
		return err_nomem;
	index->v = v;
	index->v[index->count++] = *run;
	return NULL;
}

/* Make @record part of the run before it, if it continues that. */
static bool extend(struct flat_index *index, const struct flat_record *record, uint64_t at)
{
	struct flat_run *run = index->count ? &index->v[index->count - 1] : NULL;

	/* One record that was shorter than the others ends a run. */
	if (!run || !run->size || run->len % run->size || record->size > run->size ||
	    record->off != run_end(run))
		return false;
	if (at != run->at + run->len + run->len / run->size * FLAT_RECORD_HEAD)
		return false;
	run->len += record->size;
	return true;
}

struct err *flat_index_add(struct flat_index *index, const struct flat_record *record, uint64_t at)
{
	struct flat_run run = {
		.start = record->off,
		.len = record->size,
		.at = at,
		.size = record->size <= UINT32_MAX ? (uint32_t)record->size : 0,
		.seq = (uint32_t)index->count,
	};

	index->size = max_u64(index->size, record->off + record->size);
	return extend(index, record, at) ? NULL : push(index, &run);
}

static int compare_runs(const void *a, const void *b)
{
	const struct flat_run *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool is_sorted(const struct flat_index *index)
{
	for (size_t i = 1; i < index->count; i++)
		if (compare_runs(&index->v[i - 1], &index->v[i]) > 0)
			return false;
	return true;
}

static bool is_disjoint(const struct flat_index *index)
{
	for (size_t i = 1; i < index->count; i++)
		if (run_end(&index->v[i - 1]) > index->v[i].start)
			return false;
	return true;
}

/* The bytes from @from on of a run: where in the stream, and how many of them together. */
static uint64_t locate(const struct flat_run *run, uint64_t from, uint64_t *ret_len)
{
	uint64_t left = run->len - from;

	if (!run->size) {
		*ret_len = left;
		return run->at + from;
	}
	*ret_len = min_u64(left, run->size - from % run->size);
	return run->at + from + from / run->size * FLAT_RECORD_HEAD;
}

/* Add the bytes [start, end) of @run: the rest of its record, and the records behind that. */
static struct err *push_part(struct flat_index *index, const struct flat_run *run, uint64_t start,
			     uint64_t end)
{
	struct flat_run part = { .start = start, .seq = run->seq };
	uint64_t piece;

	part.at = locate(run, start - run->start, &piece);
	if (run->size && (start - run->start) % run->size == 0)
		part.size = run->size;
	part.len = part.size ? end - start : min_u64(piece, end - start);
	TRY(push(index, &part));
	start += part.len;
	return start < end ? push_part(index, run, start, end) : NULL;
}

/* Runs over the place of the sweep, the last one in the stream on top. Ended ones go when they surface. */
struct heap {
	const struct flat_run **v;
	size_t count;
};

static void heap_push(struct heap *heap, const struct flat_run *run)
{
	size_t i = heap->count++;

	for (; i && heap->v[(i - 1) / 2]->seq < run->seq; i = (i - 1) / 2)
		heap->v[i] = heap->v[(i - 1) / 2];
	heap->v[i] = run;
}

static void heap_pop(struct heap *heap)
{
	const struct flat_run *last = heap->v[--heap->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count && heap->v[child + 1]->seq > heap->v[child]->seq)
			child++;
		if (heap->v[child]->seq < last->seq)
			break;
		heap->v[i] = heap->v[child];
		i = child;
	}
	heap->v[i] = last;
}

/* The winner of the bytes gathered so far. */
struct stretch {
	const struct flat_run *run;
	uint64_t start;
	uint64_t end;
};

/* [from, to) goes to @run as well, or begins a new stretch. */
static struct err *give(struct flat_index *out, struct stretch *stretch, const struct flat_run *run,
			uint64_t from, uint64_t to)
{
	if (stretch->run == run && stretch->end == from) {
		stretch->end = to;
		return NULL;
	}
	if (stretch->run)
		TRY(push_part(out, stretch->run, stretch->start, stretch->end));
	*stretch = (struct stretch){ run, from, to };
	return NULL;
}

static struct err *sweep(const struct flat_index *in, struct heap *heap, struct flat_index *out)
{
	struct stretch stretch = { 0 };
	uint64_t at = 0, next;
	size_t i = 0;

	while (heap->count || i < in->count) {
		if (!heap->count)
			at = in->v[i].start;
		while (i < in->count && in->v[i].start <= at)
			heap_push(heap, &in->v[i++]);
		while (heap->count && run_end(heap->v[0]) <= at)
			heap_pop(heap);
		if (!heap->count)
			continue;
		next = run_end(heap->v[0]);
		if (i < in->count)
			next = min_u64(next, in->v[i].start);
		TRY(give(out, &stretch, heap->v[0], at, next));
		at = next;
	}
	return stretch.run ? push_part(out, stretch.run, stretch.start, stretch.end) : NULL;
}

/* Later records win. */
static struct err *resolve(struct flat_index *index)
{
	struct flat_index out = { .size = index->size };
	struct heap heap = { .v = malloc(index->count * sizeof(struct flat_run *)) };
	struct err *e = heap.v ? sweep(index, &heap, &out) : err_nomem;

	free((void *)heap.v);
	if (e) {
		flat_index_deinit(&out);
		return e;
	}
	flat_index_deinit(index);
	*index = out;
	return NULL;
}

struct err *flat_index_finish(struct flat_index *index)
{
	if (!is_sorted(index))
		qsort(index->v, index->count, sizeof(*index->v), compare_runs);
	return is_disjoint(index) ? NULL : resolve(index);
}

/* Number of the first run that ends behind @off. */
static size_t find_run(const struct flat_index *index, uint64_t off)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (run_end(&index->v[mid]) > off)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool flat_index_find(const struct flat_index *index, uint64_t off, uint64_t *ret_at,
		     uint64_t *ret_len)
{
	size_t i = find_run(index, off);

	if (i == index->count || index->v[i].start > off) {
		*ret_len = (i == index->count ? index->size : index->v[i].start) - off;
		return false;
	}
	*ret_at = locate(&index->v[i], off - index->v[i].start, ret_len);
	return true;
}
