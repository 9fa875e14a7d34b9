// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a dump through a view: from a mapped window where the bytes lie
 * together in the file, else assembled in a buffer.
 *
 * Only requests of a page and more move the window. Page-table walks and reads
 * of single fields jump about, and would map megabytes for eight bytes. But they come
 * back: the bytes around the last ones are kept.
 *
 * Without a window, requests that follow one another are read ahead of. When
 * that read fails, the request is read alone, so a page that cannot be read
 * costs none of its neighbours. Memory of a running system is never read
 * ahead: a page nobody asked for may be one that must not be touched (bad
 * memory, memory that was given back to a hypervisor).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "input/formats.h"
#include "input/index.h"
#include "input/window.h"

/* Before the page size is known, what counts as a request of a page. */
#define SMALLEST_PAGE 4096u

/* What is read for a small request, aligned to its size, and how much of that is kept. */
#define BLOCK_BYTES 512u
#define BLOCKS 64u

#define NO_BLOCK 1u	/* an address that is not aligned */

struct dump_view {
	struct dump *dump;
	struct window window;
	uint64_t block_at[BLOCKS];	/* physical address, or NO_BLOCK; each is for some addresses only */
	uint8_t *blocks;	/* BLOCK_BYTES each */
	void *state;		/* of the format's view ops; NULL when it has none */
	size_t hint;		/* index of the piece of the last lookup */
	uint8_t *bounce;	/* DUMP_VIEW_MAX bytes, for what cannot be mapped */
	uint64_t ahead;		/* physical address of what was read ahead into bounce */
	size_t ahead_len;	/* 0: bounce holds nothing of later use */
	uint64_t follows;	/* end of the last request that was not served by the window */
	uint64_t no_ahead;	/* a read ahead failed before here: read single requests up to it */
};

struct err *dump_view_create(struct dump *dump, size_t window, struct dump_view **ret)
{
	struct dump_view *view;

	if (window && (!is_pow2(window) || window < WINDOW_MIN))
		return err_new(ERR_OTHER, "window of %zu bytes: no power of two from %u on", window,
			       WINDOW_MIN);
	view = calloc(1, sizeof(*view));
	if (!view)
		return err_nomem;
	view->dump = dump;
	window_init(&view->window, dump, window ? window : WINDOW_DEFAULT);
	view->bounce = malloc(DUMP_VIEW_MAX);
	view->blocks = malloc(BLOCKS * BLOCK_BYTES);
	if (!view->bounce || !view->blocks) {
		dump_view_destroy(view);
		return err_nomem;
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		view->block_at[i] = NO_BLOCK;
	if (dump->format->view) {
		struct err *e = dump->format->view->create(dump, &view->state);

		if (e) {
			dump_view_destroy(view);
			return e;
		}
	}
	*ret = view;
	return NULL;
}

void dump_view_destroy(struct dump_view *view)
{
	if (!view)
		return;
	if (view->state)
		view->dump->format->view->destroy(view->state);
	window_deinit(&view->window);
	free(view->blocks);
	free(view->bounce);
	free(view);
}

/* The first piece that ends behind @paddr, or NULL. Most lookups follow the one before. */
static const struct dump_piece *piece_at(struct dump_view *view, uint64_t paddr)
{
	const struct dump_index *index = view->dump->index;
	size_t i = view->hint;

	if (i >= index->count || paddr >= index->v[i].end ||
	    (i > 0 && paddr < index->v[i - 1].end))
		view->hint = i = dump_index_find(index, paddr);
	return i < index->count ? &index->v[i] : NULL;
}

static const struct dump_segment *segment_of(const struct dump_view *view,
					     const struct dump_piece *piece)
{
	return &view->dump->segments[piece->segment];
}

/* The piece in which the file has the byte at @paddr, or NULL. */
static const struct dump_piece *stored_piece(struct dump_view *view, uint64_t paddr)
{
	const struct dump_piece *piece = piece_at(view, paddr);

	return piece && piece->stored && paddr >= piece->start ? piece : NULL;
}

/* Where in the file that byte is. */
static uint64_t file_offset(const struct dump_view *view, const struct dump_piece *piece,
			    uint64_t paddr)
{
	const struct dump_segment *seg = segment_of(view, piece);

	return seg->offset + (paddr - seg->paddr);
}

/* Refusals that concern these bytes and not the whole device. */
static bool is_lost(const struct err *e)
{
	int errnum = err_errnum(e);

	return err_kind(e) == ERR_LOST ||
	       (err_kind(e) == ERR_IO && (errnum == EIO || errnum == EFAULT || errnum == EHWPOISON));
}

/* Stored bytes of @seg through the format. Bytes that cannot be read are err_lost. */
static struct err *read_stored(struct dump_view *view, const struct dump_segment *seg,
			       uint64_t paddr, void *buf, size_t len)
{
	struct dump *dump = view->dump;
	struct err *e;

	if (paddr < seg->paddr || !range_fits(paddr - seg->paddr, len, seg->filesz))
		return err_new(ERR_OTHER, "%s: %zu bytes at %#" PRIx64 " are not stored in the segment "
			       "at %#" PRIx64, dump->src->name, len, paddr, seg->paddr);
	if (dump->format->view)
		e = dump->format->view->read(view->state, seg, paddr, buf, len);
	else
		e = dump->format->read(dump, seg, paddr, buf, len);
	if (!is_lost(e))
		return e;
	if (e != err_lost)
		log_debug(dump->log, "physical %#" PRIx64 ": %s", paddr, err_text(e));
	err_free(e);
	return err_lost;
}

/*
 * A gap of stored data at @paddr: NULL when its page has stored bytes
 * elsewhere, so that the gap reads as zeros. While the page size is unknown
 * every byte stands for itself.
 */
static struct err *check_gap(const struct dump *dump, uint64_t paddr)
{
	const struct dump_index *index = dump->index;
	unsigned int shift = dump->page_shift;
	size_t i = dump_index_find(index, shift ? paddr >> shift << shift : paddr);
	uint64_t last = shift ? paddr | ((UINT64_C(1) << shift) - 1) : paddr;
	struct err *answer = err_not_present;

	for (; i < index->count && index->v[i].start <= last; i++) {
		if (index->v[i].stored)
			return NULL;
		answer = err_excluded;
	}
	return answer;
}

/*
 * Zeros for the gap [paddr, end). Addresses below *@checked are in a page
 * that was looked at before: each page once, as it can have many gaps.
 */
static struct err *fill_gap(const struct dump *dump, uint64_t paddr, uint64_t end, uint8_t *buf,
			    uint64_t *checked)
{
	uint64_t page = UINT64_C(1) << dump->page_shift;

	while (*checked < end) {
		uint64_t at = max_u64(paddr, *checked);

		TRY(check_gap(dump, at));
		*checked = round_down(at, page) + page;
	}
	memset(buf, 0, end - paddr);
	return NULL;
}

/* Put [paddr, paddr + len) together from whatever pieces there are. The sum does not wrap. */
static struct err *assemble(struct dump_view *view, uint64_t paddr, uint8_t *buf, size_t len)
{
	uint64_t end = paddr + len, checked = 0, at, next;
	const struct dump_piece *piece;

	for (at = paddr; at < end; at = next) {
		piece = piece_at(view, at);
		next = piece ? min_u64(end, at < piece->start ? piece->start : piece->end) : end;
		if (piece && at >= piece->start && piece->stored)
			TRY(read_stored(view, segment_of(view, piece), at, buf + (at - paddr),
					next - at));
		else
			TRY(fill_gap(view->dump, at, next, buf + (at - paddr), &checked));
	}
	return NULL;
}

static size_t page_bytes(const struct dump *dump)
{
	return dump->page_shift ? (size_t)1 << dump->page_shift : SMALLEST_PAGE;
}

/* The bytes in the mapped window, or NULL when they must be read. */
static const void *mapped(struct dump_view *view, uint64_t paddr, size_t len)
{
	const struct dump_piece *piece = stored_piece(view, paddr);

	if (!view->dump->format->mappable || !piece || len > piece->end - paddr)
		return NULL;
	return window_get(&view->window, segment_of(view, piece), file_offset(view, piece, paddr), len,
			  len >= page_bytes(view->dump));
}

/*
 * The bytes in a block, which is read if it is not there; NULL when that is not possible. A
 * block lies in one page and one piece.
 */
static const void *in_block(struct dump_view *view, uint64_t paddr, size_t len)
{
	uint64_t at = round_down(paddr, BLOCK_BYTES);
	/* Entries of tables that lie at the same place of their page must not meet. */
	size_t i = (at / BLOCK_BYTES ^ at / SMALLEST_PAGE) % BLOCKS;
	uint8_t *block = view->blocks + i * BLOCK_BYTES;
	const struct dump_piece *piece;
	struct err *e;

	if (len > BLOCK_BYTES - (paddr - at) || !view->dump->format->mappable || view->dump->live)
		return NULL;
	if (view->block_at[i] != at) {
		piece = stored_piece(view, at);
		if (!piece || piece->end - at < BLOCK_BYTES)
			return NULL;
		view->block_at[i] = NO_BLOCK;
		e = read_stored(view, segment_of(view, piece), at, block, BLOCK_BYTES);
		err_free(e);
		if (e)
			return NULL;
		view->block_at[i] = at;
	}
	return block + (paddr - at);
}

/*
 * The request continues the one before: read as much behind it as fits.
 * Returns false when that is not possible or fails; bounce is then free.
 */
static bool read_ahead(struct dump_view *view, uint64_t paddr, size_t len)
{
	const struct dump_piece *piece = stored_piece(view, paddr);
	struct err *e;
	size_t more;

	view->ahead_len = 0;
	if (paddr != view->follows || paddr < view->no_ahead || !view->dump->format->mappable ||
	    view->dump->live || !piece)
		return false;
	more = (size_t)min_u64(piece->end - paddr, DUMP_VIEW_MAX);
	if (more <= len)
		return false;
	e = read_stored(view, segment_of(view, piece), paddr, view->bounce, more);
	if (e) {
		err_free(e);
		view->no_ahead = paddr + more;
		return false;
	}
	view->ahead = paddr;
	view->ahead_len = more;
	return true;
}

/* The bytes in the bounce buffer, read if they are not there. */
static struct err *buffered(struct dump_view *view, uint64_t paddr, size_t len, const void **ret)
{
	bool ready = paddr >= view->ahead && range_fits(paddr - view->ahead, len, view->ahead_len);

	if (!ready && !read_ahead(view, paddr, len))
		TRY(assemble(view, paddr, view->bounce, len));
	*ret = view->bounce + (view->ahead_len ? paddr - view->ahead : 0);
	return NULL;
}

struct err *dump_view_get(struct dump_view *view, uint64_t paddr, size_t len, const void **ret)
{
	const void *bytes;

	if (!len || len > DUMP_VIEW_MAX)
		return err_new(ERR_OTHER, "%zu bytes asked of a view that gives 1 to %u", len,
			       DUMP_VIEW_MAX);
	if (paddr > UINT64_MAX - len)
		return err_not_present;
	bytes = mapped(view, paddr, len);
	if (!bytes && paddr != view->follows)
		bytes = in_block(view, paddr, len);
	if (!bytes) {
		struct err *e = buffered(view, paddr, len, &bytes);

		view->follows = paddr + len;
		if (e)
			return e;
	}
	*ret = bytes;
	return NULL;
}

size_t dump_view_contiguous(struct dump_view *view, uint64_t paddr, size_t want)
{
	const struct dump_piece *piece = stored_piece(view, paddr);
	size_t page = page_bytes(view->dump);
	uint64_t stored, len;

	if (!piece || !view->dump->format->mappable)
		return 0;
	stored = piece->end - paddr;
	if (window_can_map(&view->window))
		stored = min_u64(stored, window_reach(&view->window, segment_of(view, piece),
						      file_offset(view, piece, paddr), page));
	len = min_u64(stored, min_u64(want, DUMP_VIEW_MAX));
	/* A page that ends in another piece or window must be assembled as a whole. */
	if (len == stored)
		len = max_u64(round_down(paddr + len, page), paddr) - paddr;
	return (size_t)len;
}

uint64_t dump_view_cut_off(struct dump_view *view, uint64_t paddr)
{
	const struct dump_piece *piece = stored_piece(view, paddr);

	if (!piece || !view->dump->format->mappable)
		return 0;
	return file_offset(view, piece, paddr) < view->dump->src->size ? 0 : piece->end - paddr;
}

bool dump_view_stored(struct dump_view *view, uint64_t pfn, struct dump_stored *ret)
{
	const struct dump_view_ops *ops = view->dump->format->view;

	return ops && ops->stored && ops->stored(view->state, pfn, ret);
}

struct err *dump_view_read(struct dump_view *view, uint64_t paddr, void *buf, size_t len)
{
	const void *bytes;
	size_t part;

	for (; len; len -= part, paddr += part, buf = (uint8_t *)buf + part) {
		part = (size_t)min_u64(len, DUMP_VIEW_MAX);
		if (paddr > UINT64_MAX - part)
			return err_not_present;
		bytes = mapped(view, paddr, part);
		if (!bytes)
			bytes = in_block(view, paddr, part);
		if (bytes)
			memcpy(buf, bytes, part);
		else
			TRY(assemble(view, paddr, buf, part));
	}
	return NULL;
}
