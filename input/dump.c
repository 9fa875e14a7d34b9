// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a dump, and what is said of its pages as a whole. Reading is view.c's. */
#include "input/dump.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "elf_info.h"
#include "input/flat.h"
#include "input/formats.h"
#include "input/index.h"
#include "input/kcore.h"

#define PAGE_SIZE_MIN (UINT64_C(4) << 10)
#define PAGE_SIZE_MAX (UINT64_C(256) << 10)

static const struct dump_format *const formats[] = {
	&dump_format_elf,
	&dump_format_kdump,
	&dump_format_sadump,
	&dump_format_foreign,
};

/* A dump of a Xen host; both are arrays in the note's data. */
#define NOTE_XEN_CRASH_INFO 0x1000001

static void take_xen_note(struct dump *dump, const struct elf_note *note)
{
	if (!dump->xen_info && elf_note_is(note, "Xen", NOTE_XEN_CRASH_INFO)) {
		dump->xen_info = note->desc;
		dump->xen_info_len = note->desc_len;
	}
	if (!dump->xen_vmcoreinfo && elf_note_is(note, "VMCOREINFO_XEN", 0)) {
		dump->xen_vmcoreinfo = (const char *)note->desc;
		dump->xen_vmcoreinfo_len = note->desc_len;
	}
}

void dump_set_notes(struct dump *dump, const uint8_t *notes, size_t len)
{
	struct elf_note note;
	size_t pos = 0;

	dump->notes = len ? notes : NULL;
	dump->notes_len = len;
	while (elf_note_next(notes, len, dump->order, &pos, &note)) {
		if (elf_note_is(&note, "CORE", 1))
			dump->nr_cpus++;
		if (!dump->vmcoreinfo && elf_note_is(&note, "VMCOREINFO", 0)) {
			dump->vmcoreinfo = (const char *)note.desc;
			dump->vmcoreinfo_len = note.desc_len;
		}
		take_xen_note(dump, &note);
	}
}

/* Forget what an earlier format filled in before it found out that the file is not its own. */
static void reset(struct dump *dump)
{
	if (dump->format && dump->format->close)
		dump->format->close(dump);
	dump_index_destroy(dump->index);
	free(dump->segments);
	free(dump->given_vmcoreinfo);
	free(dump->given_notes);
	ranges_deinit(&dump->present);
	ranges_deinit(&dump->missing);
	ranges_deinit(&dump->pmem);
	*dump = (struct dump){ .src = dump->src, .more = dump->more, .more_count = dump->more_count,
			       .log = dump->log };
}

static struct err *unknown_file(struct source *src)
{
	uint8_t start[8] = { 0 };
	size_t got = 0;

	if (!src->size)
		return err_new(ERR_BAD_INPUT, "%s: is empty", src->name);
	TRY(source_read_some(src, 0, start, sizeof(start), &got));
	return err_new(ERR_UNSUPPORTED, "%s: is no dump of a known format: it starts with bytes "
		       "%02x %02x %02x %02x %02x %02x %02x %02x", src->name, start[0], start[1],
		       start[2], start[3], start[4], start[5], start[6], start[7]);
}

/* Under every format: a flattened dump is read as the file it carries. */
static struct err *unwrap(struct source **src, const struct log *log)
{
	struct err *e = source_open_flat(*src, log, src);

	if (err_kind(e) != ERR_NOT_MINE)
		return e;
	err_free(e);
	return NULL;
}

static struct err *probe(struct dump *dump)
{
	struct err *e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats); i++) {
		dump->format = formats[i];
		e = formats[i]->open(dump);
		if (!e && dump->more_count && !formats[i]->sets)
			return err_new(ERR_UNSUPPORTED, "%s: is one of %zu files, but a dump of this "
				       "format (%s) is a single one", dump->src->name,
				       dump->more_count + 1, formats[i]->name);
		if (err_kind(e) != ERR_NOT_MINE)
			return e;
		err_free(e);
		reset(dump);
	}
	return unknown_file(dump->src);
}

/* The sources of a dump: the first, and those of a set behind it. */
static void destroy_sources(struct dump *dump)
{
	source_destroy(dump->src);
	for (size_t i = 0; i < dump->more_count; i++)
		source_destroy(dump->more[i]);
	free(dump->more);
}

static struct err *open_probed(struct dump *dump)
{
	bool cut_off;

	TRY(unwrap(&dump->src, dump->log));
	cut_off = dump->src->incomplete;
	for (size_t i = 0; i < dump->more_count; i++) {
		TRY(unwrap(&dump->more[i], dump->log));
		cut_off |= dump->more[i]->incomplete;
	}
	TRY(probe(dump));
	dump->incomplete |= cut_off;
	TRY(dump_index_create(dump->segments, dump->segment_count, &dump->index));
	log_debug(dump->log, "%s: %s, %zu segments in %zu disjoint pieces", dump->src->name,
		  dump->format->name, dump->segment_count, dump->index->count);
	return NULL;
}

struct err *dump_open_sources(struct source *src, struct source **more, size_t more_count,
			      const struct dump_options *options, struct dump **ret)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	struct dump sources = { .src = src, .more = more, .more_count = more_count };
	struct err *e;

	if (!dump) {
		destroy_sources(&sources);
		return err_nomem;
	}
	*dump = sources;
	dump->log = options ? options->log : NULL;
	if (options && options->no_mmap)
		src->no_map = true;
	e = open_probed(dump);
	if (e) {
		dump_close(dump);
		return e;
	}
	*ret = dump;
	return NULL;
}

struct err *dump_open_source(struct source *src, const struct dump_options *options,
			     struct dump **ret)
{
	return dump_open_sources(src, NULL, 0, options, ret);
}

static struct err *open_source(const char *path, const struct dump_options *options,
			       struct source **ret)
{
	return source_open_file(path, !(options && options->no_mmap), ret);
}

struct err *dump_open(const char *path, const struct dump_options *options, struct dump **ret)
{
	struct source *src = NULL;

	TRY(open_source(path, options, &src));
	return dump_open_sources(src, NULL, 0, options, ret);
}

struct err *dump_open_set(const char *const *paths, size_t count,
			  const struct dump_options *options, struct dump **ret)
{
	struct dump sources = { .more = calloc(count, sizeof(*sources.more)) };
	struct err *e = sources.more ? open_source(paths[0], options, &sources.src) : err_nomem;

	while (!e && sources.more_count + 1 < count) {
		e = open_source(paths[sources.more_count + 1], options,
				&sources.more[sources.more_count]);
		sources.more_count += !e;
	}
	if (e) {
		destroy_sources(&sources);
		return e;
	}
	return dump_open_sources(sources.src, sources.more, sources.more_count, options, ret);
}

void dump_close(struct dump *dump)
{
	if (!dump)
		return;
	reset(dump);
	destroy_sources(dump);
	free(dump);
}

struct err *dump_layout_changed(struct dump *dump, bool *ret)
{
	struct elf_info *info = NULL;

	*ret = false;
	if (!dump->live)
		return NULL;
	TRY(elf_info_read(dump->src, NULL, &info));
	*ret = kcore_layout(info) != dump->layout;
	elf_info_destroy(info);
	return NULL;
}

const struct dump_segment *dump_find(const struct dump *dump, uint64_t paddr)
{
	size_t i = dump_index_find(dump->index, paddr);

	if (i == dump->index->count || dump->index->v[i].start > paddr)
		return NULL;
	return &dump->segments[dump->index->v[i].segment];
}

/* Pfns that the bytes [piece->start, piece->end) touch. */
static struct err *add_touched(struct ranges *set, const struct dump_piece *piece,
			       unsigned int shift)
{
	return ranges_add(set, piece->start >> shift, ((piece->end - 1) >> shift) + 1);
}

/*
 * Only whole pages of persistent memory: what shares a page with other memory
 * is never dropped for being pmem. Neighbouring pieces make a page whole
 * together, so bytes are gathered first.
 */
static struct err *find_pmem(struct dump *dump, unsigned int shift)
{
	struct ranges bytes;
	struct err *e = NULL;
	size_t i;

	ranges_init(&bytes);
	for (i = 0; !e && i < dump->index->count; i++) {
		const struct dump_piece *piece = &dump->index->v[i];

		if (dump->segments[piece->segment].is_pmem)
			e = ranges_add(&bytes, piece->start, piece->end);
	}
	for (i = 0; !e && i < bytes.count; i++)
		e = ranges_add(&dump->pmem, (bytes.v[i].start + (UINT64_C(1) << shift) - 1) >> shift,
			       bytes.v[i].end >> shift);
	ranges_deinit(&bytes);
	return e;
}

/* missing = present without @stored; both sorted, so every addition is at the end. */
static struct err *find_missing(struct dump *dump, const struct ranges *stored)
{
	struct range gap, data;
	size_t i;

	for (i = 0; i < dump->present.count; i++) {
		gap = dump->present.v[i];
		while (ranges_next(stored, gap.start, gap.end, &data)) {
			TRY(ranges_add(&dump->missing, gap.start, data.start));
			gap.start = data.end;
		}
		TRY(ranges_add(&dump->missing, gap.start, gap.end));
	}
	return NULL;
}

static struct err *find_pages(struct dump *dump, unsigned int shift)
{
	struct ranges stored;
	struct err *e = NULL;
	size_t i;

	ranges_init(&stored);
	for (i = 0; !e && i < dump->index->count; i++) {
		const struct dump_piece *piece = &dump->index->v[i];

		e = add_touched(&dump->present, piece, shift);
		if (!e && piece->stored)
			e = add_touched(&stored, piece, shift);
	}
	if (!e)
		e = find_missing(dump, &stored);
	ranges_deinit(&stored);
	return e;
}

struct err *dump_set_page_size(struct dump *dump, uint64_t page_size)
{
	if (!is_pow2(page_size) || page_size < PAGE_SIZE_MIN || page_size > PAGE_SIZE_MAX)
		return err_new(ERR_BAD_INPUT, "%s: page size %" PRIu64 " is no power of two from 4096 to "
			       "262144", dump->src->name, page_size);
	ranges_deinit(&dump->present);
	ranges_deinit(&dump->missing);
	ranges_deinit(&dump->pmem);
	dump->page_shift = (unsigned int)__builtin_ctzll(page_size);
	if (dump->format->pages)
		return dump->format->pages->start(dump);
	TRY(find_pages(dump, dump->page_shift));
	TRY(find_pmem(dump, dump->page_shift));
	dump->max_mapnr = dump->present.v[dump->present.count - 1].end;
	dump->present_count = ranges_total(&dump->present);
	dump->stored_count = dump->present_count - ranges_total(&dump->missing);
	return NULL;
}

struct err *dump_mark_pmem(struct dump *dump, uint64_t start, uint64_t end)
{
	uint64_t first = div_round_up(start, UINT64_C(1) << dump->page_shift);
	uint64_t last = min_u64(end >> dump->page_shift, dump->max_mapnr);
	struct range range;
	bool found = false;

	if (first < last)
		TRY(dump_next_present(dump, first, last, &range, &found));
	return found ? ranges_add(&dump->pmem, first, last) : NULL;
}

struct err *dump_unmark_pmem(struct dump *dump, uint64_t start, uint64_t end)
{
	return ranges_remove(&dump->pmem, start >> dump->page_shift,
			     div_round_up(end, UINT64_C(1) << dump->page_shift));
}

void dump_give_vmcoreinfo(struct dump *dump, char *text, size_t len)
{
	free(dump->given_vmcoreinfo);
	dump->given_vmcoreinfo = text;
	dump->vmcoreinfo = text;
	dump->vmcoreinfo_len = len;
}

void dump_give_notes(struct dump *dump, uint8_t *notes, size_t len)
{
	free(dump->given_notes);
	dump->given_notes = notes;
	dump->nr_cpus = 0;
	dump->cpus = NULL;
	dump->cpu_count = 0;
	dump_set_notes(dump, notes, len);
}

struct err *dump_next_present(const struct dump *dump, uint64_t from, uint64_t to,
			      struct range *ret, bool *found)
{
	if (dump->format->pages)
		return dump->format->pages->next_present(dump, from, to, ret, found);
	*found = ranges_next(&dump->present, from, to, ret);
	return NULL;
}

static size_t bits_bytes(uint64_t from, uint64_t to)
{
	return (size_t)round_up(div_round_up(to - from, 8), 8);
}

struct err *dump_present_bits(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
{
	struct range run = { .end = from };
	bool found = true;

	memset(bits, 0, bits_bytes(from, to));
	if (dump->format->pages && dump->format->pages->present)
		return dump->format->pages->present(dump, from, to, bits);
	for (;;) {
		TRY(dump_next_present(dump, run.end, to, &run, &found));
		if (!found)
			return NULL;
		bits_set_range(bits, run.start - from, run.end - from);
	}
}

struct err *dump_stored_bits(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
{
	struct range run = { .end = from };

	if (dump->format->pages) {
		memset(bits, 0, bits_bytes(from, to));
		return dump->format->pages->stored(dump, from, to, bits);
	}
	TRY(dump_present_bits(dump, from, to, bits));
	while (ranges_next(&dump->missing, run.end, to, &run))
		bits_clear_range(bits, run.start - from, run.end - from);
	return NULL;
}
