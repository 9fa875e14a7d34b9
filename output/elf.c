// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELF output, in three steps: which pages hold something (a look at all that
 * stay, when pages of zeros are left out), where everything will be, and then
 * the file from its first byte to its last. Until then e_flags says that it is incomplete.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "output/elf_header.h"
#include "output/elf_image.h"
#include "output/elf_layout.h"
#include "output/elf_runs.h"
#include "output/nonzero.h"
#include "output/notes.h"
#include "output/region.h"
#include "output/writer.h"

#define BUFFER (1u << 20)

struct elf_writer {
	const struct writer_params *params;
	const struct dump *dump;
	struct sink *sink;
	struct nonzero *nonzero;	/* NULL: pages of zeros are stored, too */
	struct erase_text erased;
	struct elf_layout layout;
	struct elf_header header;
	struct elf_runs runs;		/* stored pages, as the data comes */
	struct range run;		/* of these, the one that is being written */
	uint64_t next;			/* pfn whose place is the end of what was written */
	struct progress progress;	/* of one half of the work */
	unsigned int half;		/* 0 or 1 */
	uint8_t *buf;
	struct region out;
	uint8_t *again;			/* headers that are written once more: BUFFER bytes at most */
	size_t again_used;
	uint64_t again_at;		/* their place in the file */
};

/* Where pages are looked at twice, each time is one half of the way. */
static void tick_half(const struct progress *progress, enum phase phase, uint64_t done,
		      uint64_t total)
{
	const struct elf_writer *w = progress->ctx;
	const struct progress *whole = w->params->copy.progress;

	/* Laying out is short and counts nothing. */
	if (!total)
		return;
	if (!w->params->copy.share_zero)
		whole->tick(whole, phase, done, total);
	else
		whole->tick(whole, phase, w->half * total + done, 2 * total);
}

static void progress_init(struct elf_writer *w)
{
	const struct progress *whole = w->params->copy.progress;

	if (whole)
		w->progress = (struct progress){ .stop = whole->stop, .ctx = w,
						 .tick = whole->tick ? tick_half : NULL };
}

static const struct plan *plan_of(const struct elf_writer *w)
{
	return w->nonzero ? nonzero_plan(w->nonzero) : w->params->copy.plan;
}

static struct err *find_zeros(struct elf_writer *w)
{
	const struct copy_params *copy = &w->params->copy;
	struct nonzero_params params = {
		.dump = copy->dump,
		.plan = copy->plan,
		.erase = copy->erase,
		.threads = copy->threads,
		.budget = w->params->plan_budget,
		.progress = &w->progress,
	};

	return copy->share_zero ? nonzero_create(&params, &w->nonzero) : NULL;
}

static struct err *lay_out(struct elf_writer *w)
{
	const struct kernel *kernel = w->params->kernel;
	struct elf_layout *layout = &w->layout;
	struct elf_span image;
	bool found;

	TRY(elf_image_find(kernel, &image, &found));
	TRY(elf_layout_init(layout, w->dump, plan_of(w), found ? &image : NULL,
			    round_up(dump_notes_size(w->dump), 4) + dump_erase_note_size(&w->erased),
			    &w->progress));
	w->header = (struct elf_header){
		.word = layout->word,
		.order = w->dump->order,
		.machine = kernel->arch ? kernel->arch->machine : w->dump->machine,
		/* An input that was cut off makes an output with pages missing. */
		.flags = w->dump->incomplete ? ELF_FLAG_INCOMPLETE : 0,
		.phdrs = 1 + layout->loads,
		.section = layout->section,
	};
	return elf_runs_init(&w->runs, w->dump, plan_of(w), layout->gap);
}

static struct err *write_load(void *ctx, const struct elf_segment *load)
{
	struct elf_writer *w = ctx;
	uint8_t bytes[ELF_HEADER_MAX];

	return region_append(&w->out, bytes, elf_segment_put(&w->header, load, bytes));
}

static struct err *write_notes(struct elf_writer *w)
{
	uint8_t *notes = calloc(1, w->layout.notes_size + 1);
	struct err *e;

	if (!notes)
		return err_nomem;
	dump_notes_put(w->dump, w->header.order, notes);
	dump_erase_note_put(&w->erased, w->header.order,
			    notes + round_up(dump_notes_size(w->dump), 4));
	e = region_append(&w->out, notes, w->layout.notes_size);
	free(notes);
	if (!e)
		e = region_append_zeros(&w->out, w->layout.data - region_tell(&w->out));
	/* From here on the file opens, whatever happens. */
	return e ? e : region_flush(&w->out);
}

static struct err *write_front(struct elf_writer *w)
{
	const struct elf_layout *layout = &w->layout;
	struct elf_load_sink loads = { .load = write_load, .ctx = w };
	struct elf_segment notes = { .type = PT_NOTE, .offset = layout->notes, .align = 4,
				     .filesz = layout->notes_size, .memsz = layout->notes_size };
	uint8_t bytes[ELF_HEADER_MAX];

	region_init(&w->out, w->sink, 0, w->buf, BUFFER);
	w->header.flags |= w->sink->ops->can_rewrite ? ELF_FLAG_INCOMPLETE : 0;
	TRY(region_append(&w->out, bytes, elf_header_put(&w->header, bytes)));
	TRY(write_load(w, &notes));
	TRY(elf_layout_loads(layout, &loads));
	if (layout->section)
		TRY(region_append(&w->out, bytes, elf_section_put(&w->header, bytes)));
	if (region_tell(&w->out) != layout->notes)
		return err_new(ERR_OTHER, "program headers end at %" PRIu64 ", not at %" PRIu64
			       " as counted", region_tell(&w->out), layout->notes);
	return write_notes(w);
}

/* Bridge the gap before @pfn, where it is one that is stored. */
static struct err *write_gap(struct elf_writer *w, uint64_t pfn)
{
	bool found = true;

	while (found && w->run.end <= pfn) {
		TRY(elf_runs_next(&w->runs, &w->run, &found));
		w->next = w->run.start;
	}
	if (!found || pfn < w->next)
		return err_new(ERR_OTHER, "page frame %#" PRIx64 " has no place in the file", pfn);
	return region_append_zeros(&w->out, (pfn - w->next) << w->dump->page_shift);
}

static struct err *write_page(void *ctx, const struct copy_page *page)
{
	struct elf_writer *w = ctx;

	if (page->pfn != w->next || w->next == w->run.end)
		TRY(write_gap(w, page->pfn));
	w->next = page->pfn + 1;
	return region_append(&w->out, page->data, page->len);
}

static struct err *write_pages(struct elf_writer *w, struct copy_stats *stats)
{
	struct copy_writer writer = { .page = write_page, .ctx = w };
	struct copy_params copy = w->params->copy;

	copy.plan = plan_of(w);
	copy.codec = NULL;
	copy.share_zero = false;
	copy.progress = &w->progress;
	w->half = 1;
	TRY(copy_pages(&copy, &writer, stats));
	TRY(region_flush(&w->out));
	if (region_tell(&w->out) == w->layout.end)
		return NULL;
	return err_new(ERR_OTHER, "page data ends at %" PRIu64 ", not at %" PRIu64 " as counted",
		       region_tell(&w->out), w->layout.end);
}

static struct err *write_again(struct elf_writer *w)
{
	TRY(sink_rewrite(w->sink, w->again_at, w->again, w->again_used));
	w->again_at += w->again_used;
	w->again_used = 0;
	return NULL;
}

/* The program header once more, with no more data than the file has. */
static struct err *clip_load(void *ctx, const struct elf_segment *whole)
{
	struct elf_writer *w = ctx;
	struct elf_segment load = *whole;
	uint64_t there = w->out.flushed;

	load.filesz = load.offset < there ? min_u64(load.filesz, there - load.offset) : 0;
	/* What is lost does not exist: as memory that was left out it would read as zeros. */
	if (load.filesz < whole->filesz)
		load.memsz = load.filesz;
	w->again_used += elf_segment_put(&w->header, &load, w->again + w->again_used);
	return w->again_used > BUFFER - ELF_HEADER_MAX ? write_again(w) : NULL;
}

/*
 * On a device what follows is old and no memory of this machine: no PT_LOAD may
 * point there. A file ends; its readers say so of each page that is lost.
 */
static struct err *clip_loads(struct elf_writer *w)
{
	struct elf_load_sink loads = { .load = clip_load, .ctx = w };

	if (w->sink->zero_filled)
		return NULL;
	w->layout.progress = NULL;
	w->again = w->buf;
	w->again_at = w->layout.phdrs + (w->header.word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
	TRY(elf_layout_loads(&w->layout, &loads));
	return write_again(w);
}

static struct err *write_flags(struct elf_writer *w, uint32_t value)
{
	uint8_t flags[4];

	put_u32(flags, value, w->header.order);
	TRY(sink_rewrite(w->sink, elf_flags_offset(w->header.word), flags, sizeof(flags)));
	w->header.flags = value;
	return NULL;
}

static struct err *mark_incomplete(struct elf_writer *w)
{
	TRY(clip_loads(w));
	return w->header.flags & ELF_FLAG_INCOMPLETE ? NULL : write_flags(w, ELF_FLAG_INCOMPLETE);
}

/* Nothing is missing any more, unless it was in the input. */
static struct err *finish(struct elf_writer *w)
{
	if (w->header.flags && !w->dump->incomplete)
		TRY(write_flags(w, 0));
	return sink_finish(w->sink);
}

/* The run failed with @e: say what is there. */
static struct err *give_up(struct elf_writer *w, struct err *e)
{
	const char *name = w->sink->name;
	struct err *unmarked;
	uint64_t pages;

	if (w->buf && !w->out.broken && w->layout.end)
		err_free(region_flush(&w->out));
	if (w->sink->ops->unfinished)
		return err_prepend(e, "%s: ends %s", name, w->sink->ops->unfinished);
	if (!w->layout.end || w->out.flushed < w->layout.data)
		return w->out.flushed ? err_prepend(e, "%s: ends inside its headers and cannot be "
						    "opened", name) : e;
	pages = (w->out.flushed - w->layout.data) >> w->dump->page_shift;
	unmarked = mark_incomplete(w);
	e = err_prepend(e, "%s: has %" PRIu64 " of %" PRIu64 " pages %s", name, pages,
			w->layout.pages, unmarked ? "but could not be marked incomplete" :
			"and is marked incomplete");
	err_free(unmarked);
	return e;
}

/* Pages of zeros count as delivered, as they do in the other formats. */
static void complete_stats(const struct elf_writer *w, struct copy_stats *stats)
{
	uint64_t zero = plan_kept(w->params->copy.plan) - plan_kept(plan_of(w));

	stats->elf_pages = w->layout.pages;
	if (!w->nonzero)
		return;
	stats->pages += zero;
	stats->zero = zero;
}

static struct err *elf_write(const struct writer_params *params, struct sink *sink,
			     struct copy_stats *stats)
{
	struct elf_writer w = { .params = params, .dump = params->copy.dump, .sink = sink };
	struct err *e;

	memset(stats, 0, sizeof(*stats));
	progress_init(&w);
	w.buf = malloc(BUFFER);
	e = w.buf ? find_zeros(&w) : err_nomem;
	if (!e)
		e = erase_text_init(&w.erased, &params->copy);
	if (!e)
		e = lay_out(&w);
	if (!e)
		e = write_front(&w);
	if (!e)
		e = write_pages(&w, stats);
	if (!e)
		e = finish(&w);
	if (e)
		e = give_up(&w, e);
	complete_stats(&w, stats);
	erase_text_deinit(&w.erased);
	elf_runs_deinit(&w.runs);
	elf_layout_deinit(&w.layout);
	nonzero_destroy(w.nonzero);
	free(w.buf);
	return e;
}

const struct dump_writer dump_writer_elf = {
	.name = "elf",
	.write = elf_write,
};
