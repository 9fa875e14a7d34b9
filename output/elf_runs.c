// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/elf_runs.h"

#include "base/checked.h"

struct err *elf_runs_init(struct elf_runs *runs, const struct dump *dump, const struct plan *plan,
			  uint64_t gap)
{
	*runs = (struct elf_runs){ .dump = dump, .gap = gap };
	TRY(plan_cursor_create(plan, &runs->cursor));
	elf_runs_seek(runs, 0);
	return NULL;
}

void elf_runs_deinit(struct elf_runs *runs)
{
	plan_cursor_destroy(runs->cursor);
	runs->cursor = NULL;
}

void elf_runs_seek(struct elf_runs *runs, uint64_t pfn)
{
	runs->ahead = (struct range){ pfn, pfn };
	runs->has_ahead = false;
}

/* All pages of [from, to) exist, and are no more than a gap that is to be bridged. */
static struct err *is_bridge(const struct dump *dump, uint64_t from, uint64_t to, uint64_t gap,
			     bool *ret)
{
	struct range run = { 0 };

	*ret = true;
	if (from == to)
		return NULL;
	*ret = to - from < gap;
	while (*ret && from < to) {
		TRY(dump_next_present(dump, from, to, &run, ret));
		*ret = *ret && run.start == from;
		from = run.end;
	}
	return NULL;
}

struct err *elf_runs_next(struct elf_runs *runs, struct range *ret, bool *found)
{
	struct range *ahead = &runs->ahead;
	bool more = true;

	if (!runs->has_ahead)
		TRY(plan_next_run(runs->cursor, ahead->end, ahead, &runs->has_ahead));
	*found = runs->has_ahead;
	if (!*found)
		return NULL;
	for (*ret = *ahead; more; ret->end = more ? ahead->end : ret->end) {
		TRY(plan_next_run(runs->cursor, ahead->end, ahead, &runs->has_ahead));
		more = runs->has_ahead;
		if (more)
			TRY(is_bridge(runs->dump, ret->end, ahead->start, runs->gap, &more));
	}
	return NULL;
}

/* Gaps by length: bucket i has those of 2^i .. 2^(i + 1) - 1 pages. */
#define BUCKETS 8
_Static_assert(1 << BUCKETS == ELF_GAP_MAX, "the longest bridged gap is in the last bucket");

/* Runs without bridges, and how many bridges of each length there could be. */
static struct err *count_gaps(struct elf_runs *runs, const struct progress *progress,
			      uint64_t *total, uint64_t bridges[BUCKETS])
{
	struct range run, last = { 0 };
	bool found, short_gap;

	for (*total = 0; ; last = run) {
		TRY(elf_runs_next(runs, &run, &found));
		if (!found)
			return NULL;
		/* Many short runs of one block: time passes between blocks, not here. */
		if (run.end / PLAN_BLOCK != last.end / PLAN_BLOCK)
			TRY(progress_tick(progress, PHASE_COPY, 0, 0));
		TRY(is_bridge(runs->dump, last.end, run.start, ELF_GAP_MAX, &short_gap));
		if ((*total)++ && short_gap)
			bridges[log2_floor(run.start - last.end)]++;
	}
}

struct err *elf_runs_choose_gap(const struct dump *dump, const struct plan *plan, uint64_t max,
				const struct progress *progress, uint64_t *ret)
{
	uint64_t total, bridges[BUCKETS] = { 0 };
	struct elf_runs runs;
	unsigned int i;
	struct err *e;

	TRY(elf_runs_init(&runs, dump, plan, 1));
	e = count_gaps(&runs, progress, &total, bridges);
	elf_runs_deinit(&runs);
	if (e)
		return e;
	for (i = 0; i < BUCKETS && total > max; i++)
		total -= bridges[i];
	*ret = UINT64_C(1) << i;
	return NULL;
}
