/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kdump-compressed dumps as input: what this program, its predecessor and QEMU
 * write, also in the pieces of a split set.
 *
 * The whole of it is one segment; which of its pages exist and which are stored
 * is answered from the bitmaps. Blocks of the file are as large as its writer
 * liked (QEMU: 64 KiB for arm64), and here become pages of the kernel's size.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "input/formats.h"
#include "input/kdump_reader.h"

struct kdump {
	struct kdump_set set;
	uint8_t *notes;
	uint8_t *vmcoreinfo;
	uint8_t *eraseinfo;
};

static const struct kdump *kdump_of(const struct dump *dump)
{
	return dump->priv;
}

static const struct kdump_file *first_file(const struct dump *dump)
{
	return kdump_of(dump)->set.files;
}

/* Text inside the notes is pointed to there, so that it is not written twice. */
static struct err *load_vmcoreinfo(struct dump *dump, struct kdump *kdump)
{
	const struct kdump_file *file = kdump->set.files;
	const struct kdump_part *part = &file->vmcoreinfo, *notes = &file->notes;

	if (!part->size)
		return NULL;
	dump->vmcoreinfo_len = (size_t)part->size;
	if (kdump->notes && part->off >= notes->off &&
	    range_fits(part->off - notes->off, part->size, notes->size)) {
		dump->vmcoreinfo = (const char *)kdump->notes + (part->off - notes->off);
		return NULL;
	}
	TRY(kdump_file_part(file, part, &kdump->vmcoreinfo));
	dump->vmcoreinfo = (const char *)kdump->vmcoreinfo;
	return NULL;
}

/*
 * What was erased from the pages of each piece. Pieces made of a dump with such a text
 * inherit all of it: said once.
 */
static struct err *add_eraseinfo(struct dump *dump, struct kdump *kdump, const struct kdump_file *file)
{
	size_t len = (size_t)file->eraseinfo.size, had = dump->eraseinfo_len;
	uint8_t *text, *all;

	TRY(kdump_file_part(file, &file->eraseinfo, &text));
	if (!text)
		return NULL;
	all = had >= len && !memcmp(kdump->eraseinfo, text, len) ? NULL :
	      realloc(kdump->eraseinfo, had + len);
	if (all) {
		memcpy(all + had, text, len);
		kdump->eraseinfo = all;
		dump->eraseinfo = (const char *)all;
		dump->eraseinfo_len = had + len;
	}
	free(text);
	return NULL;
}

static struct err *load_eraseinfo(struct dump *dump, struct kdump *kdump)
{
	for (size_t i = 0; i < kdump->set.count; i++)
		TRY(add_eraseinfo(dump, kdump, &kdump->set.files[i]));
	return NULL;
}

static struct err *load_texts(struct dump *dump, struct kdump *kdump)
{
	const struct kdump_file *file = kdump->set.files;

	TRY(kdump_file_part(file, &file->notes, &kdump->notes));
	dump_set_notes(dump, kdump->notes, (size_t)file->notes.size);
	TRY(load_vmcoreinfo(dump, kdump));
	return load_eraseinfo(dump, kdump);
}

static void take_headers(struct dump *dump, const struct kdump_file *file)
{
	dump->word = file->word;
	dump->order = file->order;
	dump->page_shift = file->block_shift;
	dump->dump_level = file->dump_level;
	dump->crash_time = file->tv_sec;
	dump->phys_base = file->phys_base;
	dump->has_phys_base = true;
	dump->page_flags = file->status & KDUMP_PAGE_CODECS;
	dump->no_vmemmap = file->status & KDUMP_NO_VMEMMAP;
	dump->uts = &file->uts;
	/* Not for notes that are there: the header of QEMU counts CPUs, too. */
	if (!dump->nr_cpus && file->nr_cpus <= INT32_MAX)
		dump->nr_cpus = file->nr_cpus;
}

static struct err *add_segment(struct dump *dump, const struct kdump_file *file)
{
	dump->segments = calloc(1, sizeof(*dump->segments));
	if (!dump->segments)
		return err_nomem;
	dump->segments[0].memsz = file->max_mapnr << file->block_shift;
	dump->segments[0].filesz = dump->segments[0].memsz;
	dump->segment_count = 1;
	return NULL;
}

static struct err *open_files(struct dump *dump, struct kdump_set *set)
{
	size_t count = 1 + dump->more_count;
	struct source **sources = calloc(count, sizeof(*sources));
	struct err *e;

	if (!sources)
		return err_nomem;
	sources[0] = dump->src;
	for (size_t i = 1; i < count; i++)
		sources[i] = dump->more[i - 1];
	e = kdump_set_open(sources, count, dump->log, set);
	free(sources);
	dump->incomplete = !e && set->incomplete;
	dump->lacking = e ? 0 : set->lacking;
	return e;
}

static struct err *kdump_open(struct dump *dump)
{
	struct kdump *kdump = calloc(1, sizeof(*kdump));

	if (!kdump)
		return err_nomem;
	dump->priv = kdump;
	TRY(open_files(dump, &kdump->set));
	TRY(load_texts(dump, kdump));
	take_headers(dump, first_file(dump));
	return add_segment(dump, first_file(dump));
}

static void kdump_close(struct dump *dump)
{
	struct kdump *kdump = dump->priv;

	if (!kdump)
		return;
	kdump_set_close(&kdump->set);
	free(kdump->notes);
	free(kdump->vmcoreinfo);
	free(kdump->eraseinfo);
	free(kdump);
}

/* A number of page frames as one of blocks, and the other way round, rounded down or up. */
static uint64_t shift_down(uint64_t n, unsigned int from, unsigned int to)
{
	return from >= to ? n << (from - to) : n >> (to - from);
}

static uint64_t shift_up(uint64_t n, unsigned int from, unsigned int to)
{
	return from >= to ? n << (from - to) : ((n - 1) >> (to - from)) + 1;
}

/* Pages of blocks: a page exists when one of its blocks does. */
static struct err *next_pages(const struct dump *dump, const struct bitfile *bits, uint64_t from,
			      uint64_t to, struct range *ret, bool *found)
{
	unsigned int page = dump->page_shift, block = first_file(dump)->block_shift;
	struct range run = { 0, 0 };

	*found = false;
	if (from >= to)
		return NULL;
	TRY(bitfile_next(bits, shift_down(from, page, block), shift_up(to, page, block), &run,
			 found));
	if (!*found)
		return NULL;
	ret->start = max_u64(shift_down(run.start, block, page), from);
	ret->end = min_u64(shift_up(run.end, block, page), to);
	return NULL;
}

/* Pages in all of @bits, added to *sum. */
static struct err *count_pages(const struct dump *dump, const struct bitfile *bits, uint64_t *sum)
{
	unsigned int page = dump->page_shift, block = first_file(dump)->block_shift;
	struct range run = { 0, 0 };
	bool found = true;

	if (page <= block) {
		*sum += bitfile_total(bits) << (block - page);
		return NULL;
	}
	for (;;) {
		TRY(next_pages(dump, bits, run.end, dump->max_mapnr, &run, &found));
		if (!found)
			return NULL;
		*sum += run.end - run.start;
	}
}

static struct err *kdump_start(struct dump *dump)
{
	const struct kdump_file *file = first_file(dump);
	const struct kdump_set *set = &kdump_of(dump)->set;

	dump->max_mapnr = shift_up(file->max_mapnr, file->block_shift, dump->page_shift);
	dump->present_count = 0;
	TRY(count_pages(dump, &set->present, &dump->present_count));
	dump->stored_count = 0;
	for (size_t i = 0; i < set->count; i++)
		TRY(count_pages(dump, &set->files[i].stored, &dump->stored_count));
	/* Two files may have parts of one page. */
	dump->stored_count = min_u64(dump->stored_count, dump->present_count);
	return NULL;
}

static struct err *kdump_next_present(const struct dump *dump, uint64_t from, uint64_t to,
				      struct range *ret, bool *found)
{
	return next_pages(dump, &kdump_of(dump)->set.present, from, to, ret, found);
}

/* Blocks of one bitmap, as pages, into the bits of [from, to). */
static struct err *add_runs(const struct dump *dump, const struct bitfile *blocks, uint64_t from,
			    uint64_t to, uint8_t *bits)
{
	struct range run = { .end = from };
	bool found = true;

	for (;;) {
		TRY(next_pages(dump, blocks, run.end, to, &run, &found));
		if (!found)
			return NULL;
		bits_set_range(bits, run.start - from, run.end - from);
	}
}

/* Bits from @from on are those of a bitmap of blocks as they lie there. */
static bool are_blocks(const struct dump *dump, uint64_t from)
{
	return dump->page_shift == first_file(dump)->block_shift && from % 8 == 0;
}

static struct err *kdump_present(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
{
	const struct bitfile *present = &kdump_of(dump)->set.present;

	return are_blocks(dump, from) ? bitfile_read(present, from, to, bits) :
					add_runs(dump, present, from, to, bits);
}

static struct err *kdump_stored(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
{
	const struct kdump_set *set = &kdump_of(dump)->set;

	if (set->count == 1 && are_blocks(dump, from))
		return bitfile_read(&set->files[0].stored, from, to, bits);
	for (size_t i = 0; i < set->count; i++)
		TRY(add_runs(dump, &set->files[i].stored, from, to, bits));
	return NULL;
}

static const struct dump_page_ops kdump_pages = {
	.start = kdump_start,
	.next_present = kdump_next_present,
	.present = kdump_present,
	.stored = kdump_stored,
};

/* What a view of a kdump-compressed dump keeps. */
struct kdump_view {
	const struct dump *dump;
	struct kdump_reader *reader;
};

static struct err *view_create(struct dump *dump, void **ret)
{
	struct kdump_view *view = calloc(1, sizeof(*view));
	struct err *e;

	if (!view)
		return err_nomem;
	view->dump = dump;
	e = kdump_reader_create(&kdump_of(dump)->set, &view->reader);
	if (e) {
		free(view);
		return e;
	}
	*ret = view;
	return NULL;
}

static void view_destroy(void *state)
{
	struct kdump_view *view = state;

	kdump_reader_destroy(view->reader);
	free(view);
}

/* Whether one of the blocks of the page around @block is stored, or at least exists. */
static struct err *look_around(const struct kdump_view *view, uint64_t block, bool *stored,
			       bool *present)
{
	const struct kdump_set *set = &kdump_of(view->dump)->set;
	unsigned int more = view->dump->page_shift - set->files[0].block_shift;
	uint64_t first = block >> more << more, end = first + (UINT64_C(1) << more);
	struct range run;

	*stored = false;
	for (size_t i = 0; !*stored && i < set->count; i++)
		TRY(bitfile_next(&set->files[i].stored, first, end, &run, stored));
	return bitfile_next(&set->present, first, end, &run, present);
}

/*
 * What a block that is left out (@e) reads as: zeros in files so old that pages
 * left out were those, and where it is a part of a page that is there.
 */
static struct err *missing_block(const struct kdump_view *view, uint64_t block, struct err *e)
{
	const struct kdump_file *file = first_file(view->dump);
	bool stored = false, present = e == err_excluded;

	if (e != err_excluded && e != err_not_present)
		return e;
	if (view->dump->page_shift > file->block_shift)
		TRY(look_around(view, block, &stored, &present));
	if (stored || (present && file->version == 0))
		return NULL;
	return present ? err_excluded : err_not_present;
}

static struct err *view_read(void *state, const struct dump_segment *seg, uint64_t paddr, void *buf,
			     size_t len)
{
	struct kdump_view *view = state;
	unsigned int shift = first_file(view->dump)->block_shift;
	uint64_t mask = (UINT64_C(1) << shift) - 1;
	size_t n;

	(void)seg;
	for (; len; len -= n, paddr += n, buf = (uint8_t *)buf + n) {
		struct err *e;

		n = (size_t)min_u64(len, mask + 1 - (paddr & mask));
		e = kdump_reader_copy(view->reader, paddr >> shift, paddr & mask, buf, n);
		if (!e)
			continue;
		TRY(missing_block(view, paddr >> shift, e));
		memset(buf, 0, n);
	}
	return NULL;
}

static bool view_stored(void *state, uint64_t pfn, struct dump_stored *ret)
{
	struct kdump_view *view = state;
	struct kdump_block block = { 0 };
	struct err *e;

	if (view->dump->page_shift != first_file(view->dump)->block_shift)
		return false;
	e = kdump_reader_stored(view->reader, pfn, &block);
	err_free(e);
	*ret = (struct dump_stored){ .data = block.data, .len = block.len, .flags = block.flags };
	return !e;
}

static const struct dump_view_ops kdump_view = {
	.create = view_create,
	.destroy = view_destroy,
	.read = view_read,
	.stored = view_stored,
};

const struct dump_format dump_format_kdump = {
	.name = "kdump-compressed",
	.open = kdump_open,
	.pages = &kdump_pages,
	.view = &kdump_view,
	.sets = true,
	.close = kdump_close,
};
