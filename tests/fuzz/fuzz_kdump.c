// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kdump-compressed file nobody can trust: open it, ask for its pages in every
 * way, read them whole, in parts, forward and backward. The last two bytes of
 * the file choose page size and pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "input/dump.h"
#include "tests/fuzz/fuzz.h"

/* Pages and runs that one input may cost; the rest is like them. */
#define LOOK_AT 150
#define BLOCK (UINT64_C(1) << 16)

/* What get gives, read gives; an error is one of the expected outcomes. */
static enum err_kind read_at(struct dump_view *view, uint64_t paddr, size_t len)
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
	return kind;
}

static void read_page(struct dump_view *view, const struct dump *dump, uint64_t pfn, bool stored)
{
	size_t size = (size_t)1 << dump->page_shift;
	enum err_kind kind = read_at(view, pfn << dump->page_shift, size);
	struct dump_stored as_is;

	require(kind != ERR_NOT_PRESENT && (!stored || kind != ERR_EXCLUDED));
	if (!kind && dump_view_stored(view, pfn, &as_is))
		require(as_is.len && as_is.len <= size);
	read_at(view, (pfn << dump->page_shift) + size / 2 + 5, size);
	read_at(view, (pfn / 2 << dump->page_shift) + 8, 8);
}

/* Runs of pages that exist do not overlap and agree with the bits. */
static void read_runs(struct dump_view *view, const struct dump *dump)
{
	static uint8_t present[BLOCK / 8], stored[BLOCK / 8];
	struct range run = { 0, 0 };
	uint64_t total = 0, end;
	bool found;

	for (int i = 0;; i++) {
		uint64_t from = run.end;

		require(dump_next_present(dump, from, dump->max_mapnr, &run, &found) == NULL);
		if (!found)
			break;
		require(run.start >= from && run.start < run.end && run.end <= dump->max_mapnr);
		total += run.end - run.start;
		if (i > LOOK_AT)
			continue;
		from = round_down(run.start, 64);
		end = min_u64(from + BLOCK, dump->max_mapnr);
		require(dump_present_bits(dump, from, end, present) == NULL);
		require(dump_stored_bits(dump, from, end, stored) == NULL);
		for (size_t k = 0; k < (end - from) / 8; k++)
			require(!(stored[k] & ~present[k]));
		require(bits_test(present, run.start - from));
		read_page(view, dump, run.start, bits_test(stored, run.start - from));
		read_at(view, (run.end - 1) << dump->page_shift, 1);
	}
	require(total == dump->present_count);
}

/* Every byte of the texts can be read. */
static void check_texts(const struct dump *dump)
{
	size_t sum = 0;

	for (size_t i = 0; i < dump->eraseinfo_len; i++)
		sum += (uint8_t)dump->eraseinfo[i];
	for (size_t i = 0; i < dump->vmcoreinfo_len; i++)
		sum += (uint8_t)dump->vmcoreinfo[i];
	for (size_t i = 0; i < dump->notes_len; i++)
		sum += dump->notes[i];
	require(sum != SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct log log = { .mask = 0x1f, .emit = fuzz_discard };
	struct dump_options options = { .log = &log };
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
	check_texts(dump);
	read_at(view, 0, 4096);
	require(dump_set_page_size(dump, UINT64_C(1) << shift) == NULL);
	if (dump->format->pages)
		read_runs(view, dump);
	read_at(view, UINT64_MAX - 7, 8);
	dump_view_destroy(view);
	dump_close(dump);
	return 0;
}
