// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file front to back: headers and notes, bitmap1, bitmap2, the shared zero
 * page, then descriptors and data growing side by side. Until the end the header says
 * that the dump is incomplete: a run that is killed cannot say so. When anything
 * fails, give_up() makes the best of what is there.
 */
#include "output/kdump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "output/kdump_header.h"
#include "output/kdump_pages.h"
#include "output/region.h"

#define DATA_BUFFER (1u << 20)
#define DESC_BUFFER (64u << 10)
#define BLOCK_BYTES ((size_t)(PLAN_BLOCK / 8))

struct kdump_writer {
	const struct writer_params *params;
	const struct dump *dump;
	struct sink *sink;
	struct kdump_geometry geo;
	struct erase_text erased;
	struct kdump_buffers buffers;	/* the data buffer serves the bitmaps before there is data */
	uint8_t *bits;			/* one plan block of bitmap1 */
	struct kdump_pages pages;
	uint32_t status;
	bool front_written;
	bool marked;		/* incomplete, by the header that is written */
	bool bitmaps_written;
};

/*
 * A piece has descriptors for its own pages only. Its data begins where that of
 * a file with all pages would: makedumpfile --reassemble (1.7.2) knows the
 * shared page of zeros by that offset.
 */
static struct err *count_piece(struct kdump_writer *w)
{
	const struct copy_params *copy = &w->params->copy;
	struct plan_cursor *cursor;
	struct err *e;

	TRY(plan_cursor_create(copy->plan, &cursor));
	e = plan_count(cursor, &copy->pfns, &w->geo.kept);
	plan_cursor_destroy(cursor);
	return e;
}

static struct err *writer_init(struct kdump_writer *w)
{
	const struct copy_params *copy = &w->params->copy;

	/* An input that was cut off makes an output with pages missing. */
	w->status = (copy->as_stored ? w->dump->page_flags :
		     copy->codec ? copy->codec->page_flag : 0) |
		    (w->params->no_vmemmap || w->dump->no_vmemmap ? KDUMP_NO_VMEMMAP : 0) |
		    (w->dump->incomplete ? KDUMP_INCOMPLETE : 0);
	TRY(erase_text_init(&w->erased, copy));
	TRY(kdump_geometry_init(&w->geo, w->params->kernel, plan_kept(copy->plan), w->erased.room));
	if (w->params->is_piece)
		TRY(count_piece(w));
	w->buffers.data_size = DATA_BUFFER;
	w->buffers.data = malloc(DATA_BUFFER);
	w->buffers.descs_size = DESC_BUFFER;
	w->buffers.descs = malloc(DESC_BUFFER);
	w->bits = malloc(BLOCK_BYTES);
	if (!w->buffers.data || !w->buffers.descs || !w->bits)
		return err_nomem;
	kdump_pages_init(&w->pages, &w->geo, w->sink, &w->buffers);
	w->pages.keep_lost = copy->as_stored;
	return NULL;
}

static void writer_deinit(struct kdump_writer *w)
{
	erase_text_deinit(&w->erased);
	free(w->buffers.data);
	free(w->buffers.descs);
	free(w->bits);
}

static struct err *write_front(struct kdump_writer *w)
{
	struct kdump_header_params params = {
		.kernel = w->params->kernel,
		.status = w->status | (w->sink->ops->can_rewrite ? KDUMP_INCOMPLETE : 0),
		.dump_level = w->params->level | w->dump->dump_level,
		.erased = &w->erased,
		.piece = w->params->is_piece ? &w->params->copy.pfns : NULL,
	};
	uint8_t *front;
	struct err *e;

	TRY(kdump_front_build(&w->geo, &params, &front));
	e = sink_write(w->sink, 0, front, w->geo.front_size);
	free(front);
	w->front_written = !e;
	w->marked = !e && params.status & KDUMP_INCOMPLETE;
	return e;
}

/* How many blocks from @block on have no memory at all. */
static struct err *empty_blocks(const struct kdump_writer *w, uint64_t block, uint64_t *ret)
{
	uint64_t max = w->geo.max_mapnr;
	struct range next = { 0, 0 };
	bool found = false;

	TRY(dump_next_present(w->dump, block * PLAN_BLOCK, max, &next, &found));
	*ret = (found ? next.start / PLAN_BLOCK : div_round_up(max, PLAN_BLOCK)) - block;
	return NULL;
}

/*
 * Write one bitmap, block by block of the plan. @cursor NULL: bitmap1. Blocks
 * without any memory are passed over in one step: with high physical
 * addresses nearly all of a bitmap of many GiB may be such.
 */
static struct err *write_bitmap(struct kdump_writer *w, struct plan_cursor *cursor,
				struct region *out)
{
	uint64_t end = region_tell(out) + w->geo.bitmap_size, block, from, to, empty;
	const struct copy_params *copy = &w->params->copy;
	const uint8_t *bits = w->bits;

	for (block = 0; block * PLAN_BLOCK < w->geo.max_mapnr; block++) {
		TRY(empty_blocks(w, block, &empty));
		if (empty) {
			TRY(region_append_zeros(out, min_u64(empty * BLOCK_BYTES,
							     end - region_tell(out))));
			block += empty - 1;
			continue;
		}
		TRY(progress_tick(copy->progress, PHASE_COPY, 0, w->geo.kept));
		from = block * PLAN_BLOCK;
		to = min_u64(from + PLAN_BLOCK, w->geo.max_mapnr);
		if (cursor) {
			TRY(plan_block_bits(cursor, block, &bits));
		} else {
			memset(w->bits, 0, BLOCK_BYTES);
			TRY(dump_present_bits(w->dump, from, to, w->bits));
		}
		TRY(region_append(out, bits, min_u64(BLOCK_BYTES, end - region_tell(out))));
	}
	/* The bitmap ends with a block of the file; the plan's last block may end before it. */
	return region_append_zeros(out, end - region_tell(out));
}

static struct err *write_bitmaps(struct kdump_writer *w)
{
	struct plan_cursor *cursor;
	struct region out;
	struct err *e;

	region_init(&out, w->sink, w->geo.front_size, w->buffers.data, w->buffers.data_size);
	TRY(write_bitmap(w, NULL, &out));
	TRY(plan_cursor_create(w->params->copy.plan, &cursor));
	e = write_bitmap(w, cursor, &out);
	plan_cursor_destroy(cursor);
	if (!e)
		e = region_flush(&out);
	w->bitmaps_written = !e;
	return e;
}

static struct err *write_pages(struct kdump_writer *w, struct copy_stats *stats)
{
	struct copy_writer writer = { .page = kdump_pages_add, .ctx = &w->pages };

	/* From here on the file opens whatever happens: descriptors not yet written are zero. */
	TRY(sink_extend(w->sink, w->geo.data));
	/* A device that fills up with data must still take the descriptors of that data. */
	sink_reserve(w->sink, w->geo.descs, w->geo.data - w->geo.descs);
	if (w->params->copy.share_zero)
		TRY(kdump_pages_zero(&w->pages));
	TRY(copy_pages(&w->params->copy, &writer, stats));
	return kdump_pages_end(&w->pages);
}

static struct err *write_status(struct kdump_writer *w, uint32_t status)
{
	uint8_t word[4];

	put_u32(word, status, w->geo.order);
	w->marked = false;
	TRY(sink_rewrite(w->sink, w->geo.head->status, word, sizeof(word)));
	w->marked = status & KDUMP_INCOMPLETE;
	return NULL;
}

/* Nothing is missing any more. */
static struct err *finish(struct kdump_writer *w)
{
	if (w->marked && !(w->status & KDUMP_INCOMPLETE))
		TRY(write_status(w, w->status));
	return sink_finish(w->sink);
}

/* True when the header on disk says that the dump is incomplete. */
static bool mark_incomplete(struct kdump_writer *w)
{
	if (!w->marked)
		err_free(write_status(w, w->status | KDUMP_INCOMPLETE));
	return w->marked;
}

/*
 * Bitmaps that were cut off name no page that can be read, but in a file that
 * reads as zero behind them it still opens: its notes are there.
 */
static struct err *give_up_early(struct kdump_writer *w, struct err *e)
{
	struct err *no_length = NULL;
	bool opens = w->sink->zero_filled;

	if (opens) {
		no_length = sink_extend(w->sink, w->geo.data);
		opens = !no_length;
		err_free(no_length);
	}
	if (mark_incomplete(w) && opens)
		return err_prepend(e, "%s: ends inside its bitmaps, has no pages and is marked "
				   "incomplete", w->sink->name);
	return err_prepend(e, "%s: ends inside its bitmaps and cannot be opened", w->sink->name);
}

/* The run failed with @e: leave something that opens, where possible, and say what is there. */
static struct err *give_up(struct kdump_writer *w, struct err *e)
{
	const char *name = w->sink->name;
	bool marked;

	if (!w->front_written)
		return e;
	if (w->sink->ops->unfinished)
		return err_prepend(e, "%s: has %" PRIu64 " of %" PRIu64 " pages and ends %s", name,
				   w->pages.flushed, w->geo.kept, w->sink->ops->unfinished);
	if (!w->bitmaps_written)
		return give_up_early(w, e);
	kdump_pages_salvage(&w->pages);
	marked = mark_incomplete(w);
	if (!marked)
		return err_prepend(e, "%s: has %" PRIu64 " of %" PRIu64 " pages, but could not be "
				   "marked incomplete", name, w->pages.flushed, w->geo.kept);
	return err_prepend(e, "%s: has %" PRIu64 " of %" PRIu64 " pages and is marked incomplete",
			   name, w->pages.flushed, w->geo.kept);
}

struct err *kdump_write(const struct writer_params *params, struct sink *sink,
			struct copy_stats *stats)
{
	struct kdump_writer w = { .params = params, .dump = params->copy.dump, .sink = sink };
	struct err *e;

	memset(stats, 0, sizeof(*stats));
	e = writer_init(&w);
	if (!e)
		e = write_front(&w);
	if (!e)
		e = write_bitmaps(&w);
	if (!e)
		e = write_pages(&w, stats);
	if (!e)
		e = finish(&w);
	if (e)
		e = give_up(&w, e);
	writer_deinit(&w);
	return e;
}

const struct dump_writer dump_writer_kdump = {
	.name = "kdump",
	.write = kdump_write,
};
