// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ELF vmcore nobody can trust: open it, look at all its pages, read some,
 * walk its notes. The last two bytes of the file choose page size and reading.
 */
#include <stdlib.h>
#include <string.h>

#include "elf_info.h"
#include "facts/facts.h"
#include "input/dump.h"
#include "input/index.h"
#include "tests/fuzz/fuzz.h"

/* Pages and pieces that one input may cost; the rest is like them. */
#define LOOK_AT 200

static void check_notes(const struct dump *dump)
{
	struct elf_note note;
	struct facts facts;
	size_t pos = 0, before = 0, sum = 0;

	while (elf_note_next(dump->notes, dump->notes_len, dump->order, &pos, &note)) {
		require(pos > before && pos <= dump->notes_len);
		before = pos;
		for (size_t i = 0; i < note.desc_len; i += 97)
			sum += note.desc[i];
		if (note.name_len)
			sum += (uint8_t)note.name[note.name_len - 1];
		elf_note_is(&note, "CORE", 1);
	}
	require(sum != SIZE_MAX);
	facts_init(&facts);
	err_free(facts_add_vmcoreinfo(&facts, dump->vmcoreinfo, dump->vmcoreinfo_len, "fuzz", NULL));
	facts_deinit(&facts);
}

static void check_index(const struct dump *dump)
{
	const struct dump_index *index = dump->index;

	require(index->count && index->count < 3 * dump->segment_count + 1);
	for (size_t i = 0; i < index->count; i++) {
		const struct dump_piece *piece = &index->v[i];
		const struct dump_segment *seg = &dump->segments[piece->segment];
		uint64_t held = piece->stored ? seg->filesz : seg->memsz;

		require(piece->start < piece->end && (!i || piece[-1].end <= piece->start));
		require(piece->start >= seg->paddr && piece->end <= seg->paddr + held);
		require(dump_find(dump, piece->start) == seg && dump_find(dump, piece->end - 1) == seg);
	}
}

/* What get gives, read gives; an error is one of the expected outcomes. */
static void read_at(struct dump_view *view, uint64_t paddr, size_t len)
{
	static uint8_t copy[DUMP_VIEW_MAX];
	const void *got = NULL;
	struct err *e = dump_view_read(view, paddr, copy, len);
	enum err_kind kind = err_kind(e);

	require(!e || err_is_unreadable(e));
	err_free(e);
	e = dump_view_get(view, paddr, len, &got);
	require(err_kind(e) == kind);
	require(e ? got == NULL : memcmp(got, copy, len) == 0);
	err_free(e);
}

static void read_pieces(struct dump_view *view, const struct dump *dump)
{
	for (size_t i = 0; i < dump->index->count && i < LOOK_AT; i++) {
		const struct dump_piece *piece = &dump->index->v[i];
		size_t run = dump_view_contiguous(view, piece->start, DUMP_VIEW_MAX);

		require(run <= DUMP_VIEW_MAX);
		if (run)
			read_at(view, piece->start, run);
		read_at(view, piece->start, 8);
		read_at(view, piece->end - 1, 1);
		read_at(view, piece->start - 3, 4096);
	}
	read_at(view, 0, 1);
	read_at(view, UINT64_MAX - 7, 8);
}

static void read_pages(struct dump_view *view, struct dump *dump, unsigned int shift)
{
	uint64_t end = dump->max_mapnr, pfn = 0;
	struct range run;

	for (int i = 0; i < LOOK_AT && ranges_next(&dump->present, pfn, end, &run); i++) {
		read_at(view, run.start << shift, (size_t)1 << shift);
		if (run.end > run.start + 1)
			read_at(view, (run.start << shift) + 100, (size_t)1 << shift);
		pfn = run.start + 1 + (i & 1 ? (run.end - run.start) / 2 : 0);
	}
	require(ranges_total(&dump->missing) <= ranges_total(&dump->present));
	for (size_t i = 0; i < dump->missing.count && i < LOOK_AT; i++) {
		const void *got = NULL;
		struct err *e = dump_view_get(view, dump->missing.v[i].start << shift,
					      (size_t)1 << shift, &got);

		require(err_kind(e) == ERR_EXCLUDED);
		err_free(e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct log log = { .mask = 0x1f, .emit = fuzz_discard };
	struct dump_options options = { .log = &log, .no_mmap = len && data[len - 1] & 1 };
	unsigned int shift = len > 1 ? 12 + data[len - 2] % 7 : 12;
	struct dump_view *view = NULL;
	struct source *src = NULL;
	struct dump *dump = NULL;
	struct err *e = source_open_memory(data, len, &src);

	if (!e)
		e = dump_open_source(src, &options, &dump);
	if (e) {
		require(strlen(err_text(e)) > 0);
		err_free(e);
		return 0;
	}
	require(dump_view_create(dump, 64 << 10, &view) == NULL);
	check_notes(dump);
	check_index(dump);
	read_pieces(view, dump);
	require(dump_set_page_size(dump, UINT64_C(1) << shift) == NULL);
	read_pages(view, dump, shift);
	read_pieces(view, dump);
	dump_view_destroy(view);
	dump_close(dump);
	return 0;
}
