/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machine frames of a Xen host by its frame table: -X. */
#include "pages/scanner.h"

#define READ_MAX (64u << 10)
#define PAGE_BYTES 4096u

/* Of this many frames, 2 MiB, all are kept when the first is not mapped: holes are larger. */
#define FRAMES_DOUBTED 512

/* struct page_info of @count frames at hand, XEN_BITS_FRAMES at most. */
struct infos {
	const uint8_t *bytes;	/* NULL: they cannot be read */
	uint64_t count;
	uint8_t in_use[XEN_BITS_FRAMES / 8 + 2];	/* as xen_read_bitmap() */
	uint8_t one[XEN_PAGE_INFO_MAX];	/* of a struct that lies on two pages */
};

/*
 * By the bitmap where there is one. A frame it has as free that is its owner's all the
 * same is not: the two are changed one after the other.
 */
static bool is_free(const struct xen *xen, uint64_t info, bool in_use)
{
	if (xen->alloc_bitmap)
		return !in_use && !(info & xen->allocated);
	return xen->free_info && (info & ~xen->allocated) == xen->free_info;
}

static struct verdict judge(const struct xen *xen, uint64_t frame, const uint8_t *bytes, bool in_use)
{
	uint64_t info = xen_count_info(xen, bytes);
	/* A frame, or half an address: 32 bits hold it for what may be a struct domain. */
	uint64_t owner = get_u32(bytes + xen->owner, xen->dump->order);
	struct verdict verdict = { .class = PAGE_KEEP };

	if (xen_is_heap(xen, frame, info))
		return verdict;
	if (is_free(xen, info, in_use))
		verdict.class = PAGE_FREE;
	else if (!(info & xen->allocated) || !owner || xen_is_dom0(xen, owner))
		verdict.reason = KEEP_NONE;
	else if (xen_is_guest(xen, owner))
		verdict.class = PAGE_XEN_GUEST;
	else
		verdict.reason = KEEP_UNKNOWN_OWNER;
	return verdict;
}

/*
 * How many bytes of the table to read from physical @pa on, inside a mapping
 * that goes on for @len: much, or what a page has where that failed.
 */
static struct err *read_infos(struct scanner *scanner, uint64_t pa, uint64_t len, uint64_t want,
			      struct infos *infos)
{
	const struct xen *xen = scanner->job->xen;
	struct dump_view *view = kreader_view(scanner->reader);
	uint64_t n = min_u64(min_u64(len, want), READ_MAX) / xen->page_info_size;
	const void *bytes = NULL;
	struct err *e = dump_view_get(view, pa, n * xen->page_info_size, &bytes);

	if (e && n * xen->page_info_size > PAGE_BYTES - pa % PAGE_BYTES) {
		err_free(e);
		n = max_u64((PAGE_BYTES - pa % PAGE_BYTES) / xen->page_info_size, 1);
		e = dump_view_get(view, pa, n * xen->page_info_size, &bytes);
	}
	infos->bytes = e ? NULL : bytes;
	infos->count = n;
	return e;
}

/* struct page_info from that of @frame on, of frames below @to. */
static void load(struct scanner *scanner, uint64_t frame, uint64_t to, struct infos *infos)
{
	const struct xen *xen = scanner->job->xen;
	struct dump_view *view = kreader_view(scanner->reader);
	uint64_t size = xen->page_info_size, va = xen->frame_table + frame * size;
	uint64_t plain = xen_plain_frames(xen, view, frame), in;
	struct mapping map = { 0 };
	struct err *e;

	infos->bytes = NULL;
	infos->count = min_u64(to, round_down(frame, FRAMES_DOUBTED) + FRAMES_DOUBTED) - frame;
	if (!plain)
		return;
	to = min_u64(to, frame + min_u64(plain, XEN_BITS_FRAMES));
	/* First: a look elsewhere ends what the view gave before. */
	if (xen->alloc_bitmap)
		xen_read_bitmap(xen, view, frame, to - frame, infos->in_use);
	e = xen_vtop(xen, view, va, &map);
	in = va - map.va;
	if (!e && map.len - in >= size) {
		e = read_infos(scanner, map.pa + in, map.len - in, (to - frame) * size, infos);
	} else if (!e) {
		infos->count = 1;
		e = xen_read(xen, view, va, infos->one, (size_t)size);
		infos->bytes = e ? NULL : infos->one;
	}
	err_free(e);
}

static bool same(struct verdict a, struct verdict b)
{
	return a.class == b.class && a.reason == b.reason;
}

/* Settle frames [frame, frame + infos->count), those that are alike together. */
static void settle(struct scanner *scanner, uint64_t frame, const struct infos *infos)
{
	const struct xen *xen = scanner->job->xen;
	struct verdict verdict = { .class = PAGE_KEEP }, next;
	uint64_t start = 0, i;

	for (i = 0; i < infos->count; i++) {
		uint64_t bit = frame % 8 + i;

		next = judge(xen, frame + i, infos->bytes + i * xen->page_info_size,
			     infos->in_use[bit / 8] >> bit % 8 & 1);
		if (i > start && !same(verdict, next)) {
			scanner_settle(scanner, frame + start, frame + i, verdict);
			start = i;
		}
		verdict = next;
	}
	scanner_settle(scanner, frame + start, frame + i, verdict);
}

void scanner_xen(struct scanner *scanner, uint64_t from, uint64_t to)
{
	const struct verdict unreadable = { .class = PAGE_KEEP, .reason = KEEP_UNREADABLE };
	struct infos infos = { .bytes = NULL };

	for (; from < to; from += infos.count) {
		load(scanner, from, to, &infos);
		if (infos.bytes)
			settle(scanner, from, &infos);
		else
			scanner_settle(scanner, from, from + infos.count, unreadable);
	}
}
