// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sweep over the segments' boundaries. Each segment is up to two spans: its
 * stored bytes, and the rest it only covers. Spans have distinct ranks (all
 * stored ones before all others, file order within), and at any address the
 * open span of lowest rank wins. Boundaries are at most three per segment
 * (start, end of what is stored, end), and so are the pieces.
 */
#include "input/index.h"

#include <stdlib.h>

#include "base/checked.h"

struct span {
	uint64_t start;
	uint64_t end;
	uint32_t segment;
	bool stored;
};

/* Open spans, lowest rank on top. Spans that have ended are dropped when they surface. */
struct heap {
	const struct span **v;
	size_t count;
};

struct sweep {
	struct span *spans;	/* sorted by start */
	size_t count;
	struct heap heap;
	struct dump_index *index;
};

static bool ranks_before(const struct span *a, const struct span *b)
{
	return a->stored != b->stored ? a->stored : a->segment < b->segment;
}

static void heap_push(struct heap *heap, const struct span *span)
{
	size_t i = heap->count++;

	while (i && ranks_before(span, heap->v[(i - 1) / 2])) {
		heap->v[i] = heap->v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->v[i] = span;
}

static void heap_pop(struct heap *heap)
{
	const struct span *last = heap->v[--heap->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count && ranks_before(heap->v[child + 1], heap->v[child]))
			child++;
		if (!ranks_before(heap->v[child], last))
			break;
		heap->v[i] = heap->v[child];
		i = child;
	}
	heap->v[i] = last;
}

static int compare_starts(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void fill_spans(struct sweep *sweep, const struct dump_segment *segments, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct dump_segment *s = &segments[i];

		if (s->filesz)
			sweep->spans[sweep->count++] = (struct span){
				s->paddr, s->paddr + s->filesz, (uint32_t)i, true };
		if (s->filesz < s->memsz)
			sweep->spans[sweep->count++] = (struct span){
				s->paddr + s->filesz, s->paddr + s->memsz, (uint32_t)i, false };
	}
	qsort(sweep->spans, sweep->count, sizeof(*sweep->spans), compare_starts);
}

static void emit(struct dump_index *index, uint64_t start, uint64_t end, const struct span *winner)
{
	struct dump_piece *last = index->count ? &index->v[index->count - 1] : NULL;

	if (last && last->end == start && last->segment == winner->segment &&
	    last->stored == winner->stored)
		last->end = end;
	else
		index->v[index->count++] = (struct dump_piece){ start, end, winner->segment,
								winner->stored };
}

static void run_sweep(struct sweep *sweep)
{
	struct heap *heap = &sweep->heap;
	uint64_t at = 0, next;
	size_t i = 0;

	while (i < sweep->count || heap->count) {
		if (!heap->count)
			at = sweep->spans[i].start;
		while (i < sweep->count && sweep->spans[i].start == at)
			heap_push(heap, &sweep->spans[i++]);
		while (heap->count && heap->v[0]->end <= at)
			heap_pop(heap);
		if (!heap->count)
			continue;
		next = heap->v[0]->end;
		if (i < sweep->count)
			next = min_u64(next, sweep->spans[i].start);
		emit(sweep->index, at, next, heap->v[0]);
		at = next;
	}
}

/* Give back what the bound on the number of pieces reserved in vain. */
static void shrink(struct dump_index *index)
{
	struct dump_piece *less = realloc(index->v, (index->count + 1) * sizeof(*less));

	if (less)
		index->v = less;
}

struct err *dump_index_create(const struct dump_segment *segments, size_t count,
			      struct dump_index **ret)
{
	struct sweep sweep = { .index = calloc(1, sizeof(*sweep.index)) };
	struct err *e = NULL;

	sweep.spans = calloc(2 * count + 1, sizeof(*sweep.spans));
	sweep.heap.v = calloc(2 * count + 1, sizeof(struct span *));
	if (sweep.index)
		sweep.index->v = calloc(3 * count + 1, sizeof(*sweep.index->v));
	if (!sweep.index || !sweep.index->v || !sweep.spans || !sweep.heap.v) {
		e = err_nomem;
	} else {
		fill_spans(&sweep, segments, count);
		run_sweep(&sweep);
		shrink(sweep.index);
	}
	free(sweep.spans);
	free(sweep.heap.v);
	if (e) {
		dump_index_destroy(sweep.index);
		return e;
	}
	*ret = sweep.index;
	return NULL;
}

void dump_index_destroy(struct dump_index *index)
{
	if (!index)
		return;
	free(index->v);
	free(index);
}

size_t dump_index_find(const struct dump_index *index, uint64_t paddr)
{
	size_t low = 0, high = index->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (index->v[middle].end <= paddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
