// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that lies elsewhere than where it belongs: segments before all others,
 * with the file offsets of the copy. The first segment that has a byte answers for it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "input/formats.h"
#include "input/index.h"

/* Segments a copy may be made of: runs of memory, which are long. */
#define PIECES_MAX 64u

struct move {
	uint64_t paddr;
	uint64_t copy;
	uint64_t len;
	struct dump_segment pieces[PIECES_MAX];
	size_t count;
};

/* The stored bytes from @at on, as a segment at the address where they belong. Returns their number. */
static uint64_t add_piece(const struct dump *dump, struct move *move, uint64_t at)
{
	size_t i = dump_index_find(dump->index, at);
	const struct dump_piece *piece = &dump->index->v[i];
	const struct dump_segment *seg;
	uint64_t len;

	if (i == dump->index->count || piece->start > at || !piece->stored ||
	    move->count == PIECES_MAX)
		return 0;
	seg = &dump->segments[piece->segment];
	len = min_u64(piece->end, move->copy + move->len) - at;
	move->pieces[move->count++] = (struct dump_segment){
		.paddr = move->paddr + (at - move->copy),
		.memsz = len,
		.filesz = len,
		.offset = seg->offset + (at - seg->paddr),
	};
	return len;
}

static struct err *gather(const struct dump *dump, struct move *move)
{
	uint64_t done = 0, len;

	for (; done < move->len; done += len) {
		len = add_piece(dump, move, move->copy + done);
		if (!len)
			return err_lost;
	}
	return NULL;
}

static struct err *put_in_front(struct dump *dump, const struct move *move)
{
	size_t count = dump->segment_count + move->count;
	struct dump_segment *segments = calloc(count, sizeof(*segments));
	struct dump_index *index = NULL;
	struct err *e;

	if (!segments)
		return err_nomem;
	memcpy(segments, move->pieces, move->count * sizeof(*segments));
	memcpy(segments + move->count, dump->segments, dump->segment_count * sizeof(*segments));
	e = dump_index_create(segments, count, &index);
	if (e) {
		free(segments);
		return e;
	}
	dump_index_destroy(dump->index);
	free(dump->segments);
	dump->index = index;
	dump->segments = segments;
	dump->segment_count = count;
	return NULL;
}

struct err *dump_move(struct dump *dump, uint64_t paddr, uint64_t copy, uint64_t len)
{
	struct move *move;
	struct err *e;

	if (dump->format->pages)
		return err_new(ERR_UNSUPPORTED, "%s: pages of this format (%s) cannot be moved",
			       dump->src->name, dump->format->name);
	if (!len || !range_fits(paddr, len, DUMP_PADDR_LIMIT) || !range_fits(copy, len, DUMP_PADDR_LIMIT))
		return err_new(ERR_BAD_INPUT, "%s: %#" PRIx64 " bytes from physical %#" PRIx64 " to %#" PRIx64
			       " are no memory", dump->src->name, len, copy, paddr);
	move = calloc(1, sizeof(*move));
	if (!move)
		return err_nomem;
	*move = (struct move){ .paddr = paddr, .copy = copy, .len = len };
	e = gather(dump, move);
	if (!e)
		e = put_in_front(dump, move);
	free(move);
	return e;
}
