// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/elf_runs.h"

#include "base/checked.h"

struct err *elf_runs_init(struct elf_runs *runs, const struct dump *dump, const struct plan *plan,
			  uint64_t gap)
{
	*runs = (struct elf_runs){ .present = &dump->present, .gap = gap };
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

static bool is_bridged(const struct elf_runs *runs, uint64_t from, uint64_t to)
{
	return from == to || (to - from < runs->gap && ranges_covers(runs->present, from, to));
}

struct err *elf_runs_next(struct elf_runs *runs, struct range *ret, bool *found)
{
	struct range *ahead = &runs->ahead;

	if (!runs->has_ahead)
		TRY(plan_next_run(runs->cursor, ahead->end, ahead, &runs->has_ahead));
	*found = runs->has_ahead;
	if (!*found)
		return NULL;
	*ret = *ahead;
	for (;;) {
		TRY(plan_next_run(runs->cursor, ahead->end, ahead, &runs->has_ahead));
		if (!runs->has_ahead || !is_bridged(runs, ret->end, ahead->start))
			return NULL;
		ret->end = ahead->end;
	}
}

/* Gaps by length: bucket i has those of 2^i .. 2^(i + 1) - 1 pages. */
#define BUCKETS 8
_Static_assert(1 << BUCKETS == ELF_GAP_MAX, "the longest bridged gap is in the last bucket");

/* Runs without bridges, and how many bridges of each length there could be. */
static struct err *count_gaps(struct elf_runs *runs, const struct progress *progress,
			      uint64_t *total, uint64_t bridges[BUCKETS])
{
	struct range run, last = { 0 };
	bool found;

	for (*total = 0; ; last = run) {
		TRY(elf_runs_next(runs, &run, &found));
		if (!found)
			return NULL;
		/* Many short runs of one block: time passes between blocks, not here. */
		if (run.end / PLAN_BLOCK != last.end / PLAN_BLOCK)
			TRY(progress_tick(progress, PHASE_COPY, 0, 0));
		if ((*total)++ && run.start - last.end < ELF_GAP_MAX &&
		    ranges_covers(runs->present, last.end, run.start))
			bridges[63 - __builtin_clzll(run.start - last.end)]++;
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
