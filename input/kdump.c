/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kdump-compressed dumps as input: what this program, its predecessor and QEMU
 * write, also in the pieces of a split set.
 *
 * The whole of it is one segment; which of its pages exist and which are stored
 * is answered from the bitmaps. Blocks of the file are as large as its writer
 * liked (QEMU: 64 KiB for arm64), and here become pages of the kernel's size.
 */
#include <inttypes.h>
#include <stdlib.h>

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

static struct err *load_texts(struct dump *dump, struct kdump *kdump)
{
	const struct kdump_file *file = kdump->set.files;

	TRY(kdump_file_part(file, &file->notes, &kdump->notes));
	dump_set_notes(dump, kdump->notes, (size_t)file->notes.size);
	TRY(load_vmcoreinfo(dump, kdump));
	TRY(kdump_file_part(file, &file->eraseinfo, &kdump->eraseinfo));
	dump->eraseinfo = (const char *)kdump->eraseinfo;
	dump->eraseinfo_len = (size_t)file->eraseinfo.size;
	return NULL;
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

static int compare_files(const void *a, const void *b)
{
	const struct kdump_file *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* A piece that has nothing to do with the first one. */
static struct err *check_kin(const struct kdump_file *first, const struct kdump_file *file)
{
	if (file->max_mapnr != first->max_mapnr || file->block_shift != first->block_shift ||
	    file->word != first->word || file->order != first->order)
		return err_new(ERR_BAD_INPUT, "%s: is no piece of the dump that %s is a piece of: "
			       "max_mapnr %#" PRIx64 " and block_size %" PRIu64 ", not %#" PRIx64
			       " and %" PRIu64, file->src->name, first->src->name, file->max_mapnr,
			       kdump_block_size(file), first->max_mapnr, kdump_block_size(first));
	if (!file->split)
		return err_new(ERR_BAD_INPUT, "%s: is no piece of a split dump, but a whole one",
			       file->src->name);
	return NULL;
}

static struct err *check_order(const struct kdump_set *set)
{
	for (size_t i = 1; i < set->count; i++) {
		const struct kdump_file *before = &set->files[i - 1], *file = &set->files[i];

		if (file->first < before->end)
			return err_new(ERR_BAD_INPUT, "%s and %s both have the page frames from %#"
				       PRIx64 " on", before->src->name, file->src->name, file->first);
	}
	return NULL;
}

/* Page frames that no piece has. */
static void check_gaps(struct dump *dump, const struct kdump_set *set)
{
	uint64_t at = 0, end = set->files[0].max_mapnr;

	for (size_t i = 0; i <= set->count; i++) {
		uint64_t next = i < set->count ? set->files[i].first : end;

		if (at < next) {
			log_warn(dump->log, "%s: the pieces at hand do not have page frames %#" PRIx64
				 " to %#" PRIx64, set->files[0].src->name, at, next - 1);
			dump->incomplete = true;
		}
		at = i < set->count ? set->files[i].end : end;
	}
}

static struct err *open_files(struct dump *dump, struct kdump_set *set)
{
	size_t count = 1 + dump->more_count;

	set->files = calloc(count, sizeof(*set->files));
	if (!set->files)
		return err_nomem;
	for (size_t i = 0; i < count; i++) {
		struct source *src = i ? dump->more[i - 1] : dump->src;
		struct err *e = kdump_file_open(src, dump->log, &set->files[i]);

		if (i && err_kind(e) == ERR_NOT_MINE)
			return err_new(ERR_BAD_INPUT, "%s: is no kdump-compressed file like %s",
				       src->name, dump->src->name);
		TRY(e);
		set->count = i + 1;
		if (count > 1)
			TRY(check_kin(&set->files[0], &set->files[i]));
		if (set->files[i].cut || (set->files[i].status & KDUMP_INCOMPLETE))
			dump->incomplete = true;
	}
	qsort(set->files, count, sizeof(*set->files), compare_files);
	TRY(check_order(set));
	check_gaps(dump, set);
	return kdump_file_present(&set->files[0], &set->present);
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
	bitfile_close(&kdump->set.present);
	for (size_t i = 0; i < kdump->set.count; i++)
		kdump_file_close(&kdump->set.files[i]);
	free(kdump->set.files);
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

static struct err *kdump_start(struct dump *dump)
{
	const struct kdump_file *file = first_file(dump);
	struct range run = { 0, 0 };
	bool found = true;

	dump->max_mapnr = shift_up(file->max_mapnr, file->block_shift, dump->page_shift);
	if (dump->page_shift <= file->block_shift) {
		dump->present_count = bitfile_total(&kdump_of(dump)->set.present)
				      << (file->block_shift - dump->page_shift);
		return NULL;
	}
	for (dump->present_count = 0; found; dump->present_count += run.end - run.start) {
		run.start = run.end;
		TRY(next_pages(dump, &kdump_of(dump)->set.present, run.end, dump->max_mapnr, &run,
			       &found));
	}
	return NULL;
}

static struct err *kdump_next_present(const struct dump *dump, uint64_t from, uint64_t to,
				      struct range *ret, bool *found)
{
	return next_pages(dump, &kdump_of(dump)->set.present, from, to, ret, found);
}

/* Blocks of one file that are stored, as pages, into the bits of [from, to). */
static struct err *add_stored(const struct dump *dump, const struct bitfile *stored, uint64_t from,
			      uint64_t to, uint8_t *bits)
{
	struct range run = { .end = from };
	bool found = true;

	for (;;) {
		TRY(next_pages(dump, stored, run.end, to, &run, &found));
		if (!found)
			return NULL;
		bits_set_range(bits, run.start - from, run.end - from);
	}
}

static struct err *kdump_stored(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
{
	const struct kdump_set *set = &kdump_of(dump)->set;

	if (set->count == 1 && dump->page_shift == set->files[0].block_shift && from % 8 == 0)
		return bitfile_read(&set->files[0].stored, from, to, bits);
	for (size_t i = 0; i < set->count; i++)
		TRY(add_stored(dump, &set->files[i].stored, from, to, bits));
	return NULL;
}

static const struct dump_page_ops kdump_pages = {
	.start = kdump_start,
	.next_present = kdump_next_present,
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

/*
 * What a block that is left out reads as: zeros in files so old that only pages
 * of zeros were left out, and where it is a part of a page that is there.
 */
static struct err *missing_block(const struct kdump_view *view, uint64_t block, struct err *e)
{
	const struct kdump_file *file = first_file(view->dump);
	unsigned int blocks_shift = view->dump->page_shift - file->block_shift;
	struct range run;
	bool found = false;

	if (e == err_excluded && file->version == 0)
		return NULL;
	if ((e != err_excluded && e != err_not_present) ||
	    view->dump->page_shift <= file->block_shift)
		return e;
	block = block >> blocks_shift << blocks_shift;
	for (size_t i = 0; !found && i < kdump_of(view->dump)->set.count; i++)
		TRY(bitfile_next(&kdump_of(view->dump)->set.files[i].stored, block,
				 block + (UINT64_C(1) << blocks_shift), &run, &found));
	return found ? NULL : e;
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
