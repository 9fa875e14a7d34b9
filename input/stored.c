// SPDX-License-Identifier: GPL-2.0-or-later
#include "input/stored.h"

#include "base/bits.h"
#include "base/checked.h"

/* Page frames whose bits are asked for at a time. */
#define BLOCK_PAGES 32768u

struct walk {
	struct dump *dump;
	struct dump_view *view;
	struct stored_pass *pass;
	bool done;
};

/* @len bytes at once. *read is false where they cannot be had together. */
static struct err *look_at(struct walk *walk, uint64_t pa, size_t len, bool *read)
{
	const void *bytes;
	struct err *e = dump_view_get(walk->view, pa, len, &bytes);

	*read = !e;
	if (err_is_unreadable(e)) {
		err_free(e);
		return NULL;
	}
	if (e)
		return e;
	walk->pass->bytes += len;
	return walk->pass->look(walk->pass->ctx, pa, bytes, len, &walk->done);
}

/* [pa, end) is stored, as far as it can be read. */
static struct err *walk_run(struct walk *walk, uint64_t pa, uint64_t end)
{
	size_t page = (size_t)1 << walk->dump->page_shift, len;
	bool read;

	for (; pa < end && !walk->done; pa += len) {
		/* What begins in a page that the piece ends in may be there. */
		pa += round_down(min_u64(dump_view_cut_off(walk->view, pa), end - pa), page);
		if (pa == end)
			break;
		len = dump_view_contiguous(walk->view, pa, (size_t)min_u64(end - pa, DUMP_VIEW_MAX));
		len = len < page ? page : len;
		TRY(look_at(walk, pa, len, &read));
		/* The piece up to here is gone through again, page by page. */
		if (!read && len > page)
			TRY(look_at(walk, pa, len = page, &read));
	}
	return NULL;
}

static struct err *walk_block(struct walk *walk, uint64_t from, uint64_t to)
{
	uint64_t bits[BLOCK_PAGES / 64];
	unsigned int shift = walk->dump->page_shift;
	uint64_t i = 0, n = to - from;

	TRY(dump_stored_bits(walk->dump, from, to, (uint8_t *)bits));
	while (!walk->done && (i = bits_next_set(bits, i, n)) < n) {
		uint64_t end = bits_next_clear(bits, i, n);

		TRY(walk_run(walk, (from + i) << shift, (from + end) << shift));
		i = end;
	}
	return NULL;
}

struct err *dump_pass_stored(struct dump *dump, struct dump_view *view, struct stored_pass *pass)
{
	struct walk walk = { .dump = dump, .view = view, .pass = pass };
	struct range run = { .end = 0 };
	bool found = true;

	while (!walk.done) {
		TRY(dump_next_present(dump, run.end, dump->max_mapnr, &run, &found));
		if (!found)
			break;
		for (uint64_t at = run.start; at < run.end && !walk.done; at += BLOCK_PAGES)
			TRY(walk_block(&walk, at, min_u64(at + BLOCK_PAGES, run.end)));
	}
	return NULL;
}
