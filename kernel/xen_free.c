/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What frames themselves tell: that owners are understood, and how a free one is marked.
 *
 * Without an alloc_bitmap the state of a frame is two bits of count_info, 3 for
 * free, and all else of a free frame's count_info is zero (but for "needs
 * scrubbing", since 4.10, which shares a bit with "allocated"). Where these bits are
 * has changed; which place it is, the frame table tells: free frames are in any of
 * some size.
 */
#include "base/checked.h"
#include "kernel/xen_internal.h"

/* Frames looked at, evenly over all memory. */
#define SAMPLES 32768

static const struct {
	uint64_t free;		/* count_info of a free frame */
	uint64_t extra;		/* frames of a domain that Xen uses for itself (PGC_extra) */
} layouts[] = {
	{ UINT64_C(3) << 55, 0 },			/* below cacheattr bits 58 to 60: Xen 4.0 to 4.13 */
	{ UINT64_C(3) << 58, UINT64_C(1) << 61 },	/* without these: later */
};

struct sampling {
	const struct xen *xen;
	struct dump_view *view;
	uint64_t seen[ARRAY_LEN(layouts)];
	uint64_t owned;		/* allocated frames whose owner is a domain of the list */
};

static void count(struct sampling *sampling, uint64_t frame, const uint8_t *bytes)
{
	const struct xen *xen = sampling->xen;
	uint64_t info = xen_count_info(xen, bytes);
	uint64_t owner = get_u32(bytes + xen->owner, xen->dump->order);

	for (size_t i = 0; i < ARRAY_LEN(layouts); i++)
		sampling->seen[i] += (info & ~xen->allocated) == layouts[i].free;
	if ((info & xen->allocated) && !xen_is_heap(xen, frame, info))
		sampling->owned += xen_is_dom0(xen, owner) || xen_is_guest(xen, owner);
}

static struct err *look_at(struct sampling *sampling, uint64_t frame)
{
	const struct xen *xen = sampling->xen;
	uint8_t bytes[XEN_PAGE_INFO_MAX];
	struct err *e;

	e = xen_read(xen, sampling->view, xen->frame_table + frame * xen->page_info_size, bytes,
		     (size_t)xen->page_info_size);
	if (!e)
		count(sampling, frame, bytes);
	if (e && !err_is_unreadable(e))
		return e;
	err_free(e);
	return NULL;
}

/* Free frames in two places: no place is believed. */
static void take_layout(struct xen *xen, const struct sampling *sampling)
{
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		if (!sampling->seen[i])
			continue;
		if (xen->free_info) {
			xen->free_info = xen->extra = 0;
			break;
		}
		xen->free_info = layouts[i].free;
		xen->extra = layouts[i].extra;
	}
	if (!xen->free_info)
		log_warn(xen->log, "how Xen marks free pages is not to be seen: they are kept");
}

struct err *xen_sample_frames(struct xen *xen, struct dump_view *view)
{
	struct sampling sampling = { .xen = xen, .view = view };
	const struct dump *dump = xen->dump;
	uint64_t step = dump->present_count / SAMPLES + 1;
	struct range run = { 0, 0 };
	bool found = true;
	size_t samples = 0;

	for (uint64_t frame = 0; samples < SAMPLES; frame = run.start + step, samples++) {
		TRY(dump_next_present(dump, frame, dump->max_mapnr, &run, &found));
		if (!found)
			break;
		TRY(look_at(&sampling, run.start));
	}
	if (!sampling.owned)
		return err_new(ERR_UNSUPPORTED, "of %zu frames that were looked at Xen has none for a domain "
			       "of its list: how it notes owners is not the known way", samples);
	if (!xen->alloc_bitmap)
		take_layout(xen, &sampling);
	return NULL;
}
