// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a dump, and what is said of its pages as a whole. Reading is view.c's. */
#include "input/dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "elf_info.h"
#include "input/formats.h"
#include "input/index.h"

#define PAGE_SIZE_MIN (UINT64_C(4) << 10)
#define PAGE_SIZE_MAX (UINT64_C(256) << 10)

static const struct dump_format *const formats[] = {
	&dump_format_elf,
	&dump_format_sadump,
	&dump_format_foreign,
};

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
	}
}

/* Forget what an earlier format filled in before it found out that the file is not its own. */
static void reset(struct dump *dump)
{
	if (dump->format && dump->format->close)
		dump->format->close(dump);
	dump_index_destroy(dump->index);
	free(dump->segments);
	ranges_deinit(&dump->present);
	ranges_deinit(&dump->missing);
	ranges_deinit(&dump->pmem);
	*dump = (struct dump){ .src = dump->src, .sources = dump->sources,
			       .source_count = dump->source_count, .log = dump->log };
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

/* A format that has all of a dump in one file would read the first and forget the others. */
static struct err *check_set(const struct dump *dump)
{
	if (dump->source_count == 1 || dump->format->takes_sets)
		return NULL;
	return err_new(ERR_BAD_INPUT, "%s: is an %s, which is in one file and no set of several",
		       dump->src->name, dump->format->name);
}

static struct err *probe(struct dump *dump)
{
	struct err *e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats); i++) {
		dump->format = formats[i];
		e = formats[i]->open(dump);
		if (err_kind(e) != ERR_NOT_MINE)
			return e ? e : check_set(dump);
		err_free(e);
		reset(dump);
	}
	return unknown_file(dump->src);
}

static void destroy_sources(struct source *const *sources, size_t count)
{
	while (count)
		source_destroy(sources[--count]);
}

static struct dump *new_dump(struct source *const *sources, size_t count, const struct log *log)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	struct source **own = reallocarray(NULL, count, sizeof(struct source *));

	if (!dump || !own) {
		free(dump);
		free(own);
		return NULL;
	}
	memcpy(own, sources, count * sizeof(struct source *));
	dump->sources = own;
	dump->source_count = count;
	dump->src = own[0];
	dump->log = log;
	return dump;
}

struct err *dump_open_sources(struct source *const *sources, size_t count,
			      const struct dump_options *options, struct dump **ret)
{
	struct dump *dump = new_dump(sources, count, options ? options->log : NULL);
	struct err *e;
	size_t i;

	if (!dump) {
		destroy_sources(sources, count);
		return err_nomem;
	}
	for (i = 0; options && options->no_mmap && i < count; i++)
		sources[i]->no_map = true;
	e = probe(dump);
	if (!e)
		e = dump_index_create(dump->segments, dump->segment_count, &dump->index);
	if (e) {
		dump_close(dump);
		return e;
	}
	log_debug(dump->log, "%s: %s, %zu segments in %zu disjoint pieces", dump->src->name,
		  dump->format->name, dump->segment_count, dump->index->count);
	*ret = dump;
	return NULL;
}

struct err *dump_open_source(struct source *src, const struct dump_options *options,
			     struct dump **ret)
{
	return dump_open_sources(&src, 1, options, ret);
}

struct err *dump_open_set(const char *const *paths, size_t count,
			  const struct dump_options *options, struct dump **ret)
{
	struct source **sources = calloc(count, sizeof(struct source *));
	struct err *e = NULL;
	size_t i;

	if (!sources)
		return err_nomem;
	for (i = 0; !e && i < count; i++)
		e = source_open_file(paths[i], !(options && options->no_mmap), &sources[i]);
	if (e)
		destroy_sources(sources, count);
	else
		e = dump_open_sources(sources, count, options, ret);
	free(sources);
	return e;
}

struct err *dump_open(const char *path, const struct dump_options *options, struct dump **ret)
{
	return dump_open_set(&path, 1, options, ret);
}

void dump_close(struct dump *dump)
{
	if (!dump)
		return;
	reset(dump);
	destroy_sources(dump->sources, dump->source_count);
	free(dump->sources);
	free(dump);
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
	TRY(find_pages(dump, dump->page_shift));
	TRY(find_pmem(dump, dump->page_shift));
	dump->max_mapnr = dump->present.v[dump->present.count - 1].end;
	return NULL;
}
