// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/elf_layout.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "output/elf_runs.h"

/* What "pmem memmap dump" marks, see input/elf.c. */
#define LOAD_FLAG_PMEM 0x10u

static bool has_vaddrs(const struct dump *dump)
{
	for (size_t i = 0; i < dump->segment_count; i++) {
		if (dump->segments[i].vaddr)
			return true;
	}
	return false;
}

static uint64_t vaddr_of(const struct dump_segment *seg, bool known)
{
	/* An address that repeats p_paddr (QEMU with paging=off) is repeated, too. */
	return known && (seg->has_vaddr || seg->vaddr == seg->paddr) ? seg->vaddr : UINT64_MAX;
}

/* @seg goes on where @span ends: an earlier filter cut them, or a format that knows only ranges. */
static bool continues(const struct elf_span *span, const struct dump_segment *seg, uint64_t vaddr,
		      uint32_t flags)
{
	if (span->end != seg->paddr || span->flags != flags)
		return false;
	if (span->vaddr == UINT64_MAX || vaddr == UINT64_MAX)
		return span->vaddr == vaddr;
	return span->vaddr + (span->end - span->start) == vaddr;
}

static struct err *make_spans(struct elf_layout *layout, const struct elf_span *extra)
{
	const struct dump *dump = layout->dump;
	bool known = has_vaddrs(dump);
	size_t i, count = 0;

	layout->spans = calloc(dump->segment_count + 1, sizeof(*layout->spans));
	if (!layout->spans)
		return err_nomem;
	if (extra) {
		layout->spans[count] = *extra;
		layout->spans[count++].run = UINT64_MAX;
	}
	for (i = 0; i < dump->segment_count; i++) {
		const struct dump_segment *seg = &dump->segments[i];
		uint32_t flags = ELF_LOAD_FLAGS | (seg->is_pmem ? LOAD_FLAG_PMEM : 0);
		uint64_t vaddr = vaddr_of(seg, known);

		if (count && continues(&layout->spans[count - 1], seg, vaddr, flags))
			layout->spans[count - 1].end += seg->memsz;
		else
			layout->spans[count++] = (struct elf_span){
				.start = seg->paddr, .end = seg->paddr + seg->memsz,
				.vaddr = vaddr, .flags = flags, .run = UINT64_MAX };
	}
	layout->span_count = count;
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct elf_span *const *left = a, *const *right = b;

	return ((*left)->start > (*right)->start) - ((*left)->start < (*right)->start);
}

/* One way over all stored runs: number of pages, and where in them each span begins. */
static struct err *rank_spans(struct elf_layout *layout, struct elf_span **sorted,
			      struct elf_runs *runs)
{
	unsigned int shift = layout->dump->page_shift;
	struct range run = { 0 };
	size_t next = 0;
	bool found;

	for (;;) {
		TRY(elf_runs_next(runs, &run, &found));
		if (!found)
			return NULL;
		for (; next < layout->span_count && sorted[next]->start >> shift < run.end; next++) {
			sorted[next]->run = run.start;
			sorted[next]->rank = layout->pages;
		}
		layout->pages += run.end - run.start;
	}
}

static struct err *find_spans(struct elf_layout *layout)
{
	struct elf_span **sorted = calloc(layout->span_count, sizeof(struct elf_span *));
	struct elf_runs runs = { 0 };
	struct err *e;
	size_t i;

	if (!sorted)
		return err_nomem;
	for (i = 0; i < layout->span_count; i++)
		sorted[i] = &layout->spans[i];
	qsort(sorted, layout->span_count, sizeof(struct elf_span *), by_start);
	e = elf_runs_init(&runs, layout->dump, layout->plan, layout->gap);
	if (!e)
		e = rank_spans(layout, sorted, &runs);
	elf_runs_deinit(&runs);
	free(sorted);
	return e;
}

/* Emits the PT_LOADs of one span. */
struct cutter {
	const struct elf_layout *layout;
	const struct elf_load_sink *sink;
	const struct elf_span *span;
	struct elf_runs runs;
	struct range run;	/* stored, not emitted yet, when has_run */
	bool has_run;
	uint64_t rank;		/* stored pages before it */
	uint64_t done;		/* physical: PT_LOADs up to here are out */
};

/*
 * The PT_LOAD from cut->done to @next of which the first @stored bytes are
 * stored. @rank: stored pages before the page of cut->done.
 */
static struct err *cut_load(struct cutter *cut, uint64_t stored, uint64_t next, uint64_t rank)
{
	const struct elf_layout *layout = cut->layout;
	const struct elf_span *span = cut->span;
	uint64_t page = UINT64_C(1) << layout->dump->page_shift;
	struct elf_segment load = {
		.type = PT_LOAD,
		.flags = span->flags,
		/* Never 0: crash 8.0.2 gives up on a first PT_LOAD that is at the start of the file. */
		.offset = layout->data + rank * page + (stored ? cut->done % page : 0),
		.vaddr = span->vaddr,
		.paddr = cut->done,
		.filesz = stored,
		.memsz = next - cut->done,
	};

	if (span->vaddr != UINT64_MAX)
		load.vaddr += cut->done - span->start;
	cut->done = next;
	return cut->sink->load(cut->sink->ctx, &load);
}

/* One stored run and all that was left out up to @next, the begin of the following one. */
static struct err *cut_run(struct cutter *cut, uint64_t next)
{
	unsigned int shift = cut->layout->dump->page_shift;
	uint64_t from = max_u64(cut->run.start << shift, cut->done);
	uint64_t to = min_u64(cut->run.end << shift, next);
	/* The span may begin inside of the run. */
	uint64_t rank = cut->rank + (from >> shift) - cut->run.start;

	if (from > cut->done)
		TRY(cut_load(cut, 0, from, rank));
	return cut_load(cut, to - from, next, rank);
}

/* Where the run behind cut->run begins, or @end. */
static uint64_t next_begin(const struct cutter *cut, uint64_t end)
{
	const struct elf_runs *runs = &cut->runs;

	return runs->has_ahead ? min_u64(end, runs->ahead.start << cut->layout->dump->page_shift)
			       : end;
}

/* Memory of the span that exists without a hole: [start, end), physical. */
static struct err *cut_part(struct cutter *cut, uint64_t start, uint64_t end)
{
	unsigned int shift = cut->layout->dump->page_shift;

	cut->done = start;
	while (cut->has_run && cut->run.start << shift < end) {
		TRY(cut_run(cut, next_begin(cut, end)));
		if (cut->run.end << shift > end)
			return NULL;
		cut->rank += cut->run.end - cut->run.start;
		TRY(elf_runs_next(&cut->runs, &cut->run, &cut->has_run));
	}
	return cut->done < end ? cut_load(cut, 0, end, cut->rank) : NULL;
}

/* The next stretch of @span from *@from on where memory is; one for most formats. */
static struct err *next_part(const struct elf_layout *layout, const struct elf_span *span,
			     uint64_t from, struct range *ret, bool *found)
{
	const struct dump *dump = layout->dump;
	uint64_t end = ((span->end - 1) >> dump->page_shift) + 1;
	struct range more;
	bool joins = true;

	TRY(dump_next_present(dump, from, end, ret, found));
	while (*found && joins && ret->end < end) {
		TRY(dump_next_present(dump, ret->end, end, &more, &joins));
		joins = joins && more.start == ret->end;
		if (joins)
			ret->end = more.end;
	}
	return NULL;
}

static struct err *cut_span(struct cutter *cut)
{
	unsigned int shift = cut->layout->dump->page_shift;
	const struct elf_span *span = cut->span;
	struct range part = { .end = span->start >> shift };
	bool found;

	cut->rank = span->rank;
	cut->has_run = span->run != UINT64_MAX;
	if (cut->has_run) {
		elf_runs_seek(&cut->runs, span->run);
		TRY(elf_runs_next(&cut->runs, &cut->run, &cut->has_run));
	}
	for (;;) {
		TRY(next_part(cut->layout, span, part.end, &part, &found));
		if (!found)
			return NULL;
		TRY(cut_part(cut, max_u64(part.start << shift, span->start),
			     min_u64(part.end << shift, span->end)));
		TRY(progress_tick(cut->layout->progress, PHASE_COPY, 0, 0));
	}
}

struct err *elf_layout_loads(const struct elf_layout *layout, const struct elf_load_sink *sink)
{
	struct cutter cut = { .layout = layout, .sink = sink };
	struct err *e;
	size_t i;

	e = elf_runs_init(&cut.runs, layout->dump, layout->plan, layout->gap);
	for (i = 0; !e && i < layout->span_count; i++) {
		cut.span = &layout->spans[i];
		e = cut_span(&cut);
	}
	elf_runs_deinit(&cut.runs);
	return e;
}

static struct err *count_load(void *ctx, const struct elf_segment *load)
{
	struct elf_layout *layout = ctx;

	layout->loads++;
	/* Does not fit ELFCLASS32; 32-bit machines with much memory are dumped as ELFCLASS64. */
	if (load->memsz > UINT32_MAX || load->paddr > UINT32_MAX)
		layout->word = 8;
	return NULL;
}

/* Offsets for ELF files of layout->word. */
static void place(struct elf_layout *layout)
{
	bool wide = layout->word == 8;
	uint64_t page = UINT64_C(1) << layout->dump->page_shift;

	layout->phdrs = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	layout->notes = layout->phdrs +
			(1 + layout->loads) * (wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
	layout->section = 0;
	if (1 + layout->loads >= PN_XNUM) {
		layout->section = layout->notes;
		layout->notes += wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	}
	layout->data = round_up(layout->notes + layout->notes_size, page);
	layout->end = layout->data + layout->pages * page;
}

static struct err *choose_class(struct elf_layout *layout)
{
	place(layout);
	if (layout->word == 4 && layout->end > UINT32_MAX) {
		layout->word = 8;
		place(layout);
	}
	if (layout->loads >= UINT32_MAX)
		return err_new(ERR_UNSUPPORTED, "%s: %" PRIu64 " PT_LOADs are more than an ELF file "
			       "can count", layout->dump->src->name, layout->loads);
	return NULL;
}

struct err *elf_layout_init(struct elf_layout *layout, const struct dump *dump,
			    const struct plan *plan, const struct elf_span *extra,
			    uint64_t notes_size, const struct progress *progress)
{
	struct elf_load_sink counter = { .load = count_load, .ctx = layout };
	uint64_t max;

	*layout = (struct elf_layout){ .dump = dump, .plan = plan, .notes_size = notes_size,
				       .progress = progress, .word = dump->word };
	TRY(make_spans(layout, extra));
	max = ELF_LOADS_WANTED - min_u64(ELF_LOADS_WANTED, layout->span_count);
	TRY(elf_runs_choose_gap(dump, plan, max, progress, &layout->gap));
	TRY(find_spans(layout));
	TRY(elf_layout_loads(layout, &counter));
	return choose_class(layout);
}

void elf_layout_deinit(struct elf_layout *layout)
{
	free(layout->spans);
	layout->spans = NULL;
}
