// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/kdump_pages.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"

void kdump_pages_init(struct kdump_pages *pages, const struct kdump_geometry *geo,
		      struct sink *sink, const struct kdump_buffers *buffers)
{
	*pages = (struct kdump_pages){ .geo = geo, .sink = sink, .descs = buffers->descs,
				       .desc_room = buffers->descs_size / PAGE_DESC_SIZE };
	region_init(&pages->data, sink, geo->data, buffers->data, buffers->data_size);
}

struct err *kdump_pages_zero(struct kdump_pages *pages)
{
	static const uint8_t zeros[4096];
	uint32_t left = pages->geo->block_size, n;

	/* Real bytes even where the sink is zero-filled: nothing may follow to give the file its length. */
	for (; left; left -= n) {
		n = (uint32_t)min_u64(left, sizeof(zeros));
		TRY(region_append(&pages->data, zeros, n));
	}
	return NULL;
}

/* Write the first @count waiting descriptors; their data is in the sink. */
static struct err *descs_write(struct kdump_pages *pages, size_t count)
{
	uint64_t off = pages->geo->descs + pages->flushed * PAGE_DESC_SIZE;
	struct err *e;

	e = sink_write(pages->sink, off, pages->descs, count * PAGE_DESC_SIZE);
	if (e) {
		pages->desc_broken = true;
		return e;
	}
	pages->flushed += count;
	pages->waiting = 0;
	return NULL;
}

static struct err *pages_flush(struct kdump_pages *pages)
{
	TRY(region_flush(&pages->data));
	return descs_write(pages, pages->waiting);
}

struct err *kdump_pages_add(void *ctx, const struct copy_page *page)
{
	struct kdump_pages *pages = ctx;
	const struct kdump_geometry *geo = pages->geo;
	uint64_t off = geo->data;
	uint32_t len = geo->block_size;
	uint8_t *desc;

	if (pages->flushed + pages->waiting == geo->kept)
		return err_new(ERR_OTHER, "page frame %#" PRIx64 " comes after all %" PRIu64
			       " pages of the plan", page->pfn, geo->kept);
	if (pages->waiting == pages->desc_room)
		TRY(pages_flush(pages));
	if (page->data) {
		off = region_tell(&pages->data);
		len = page->len;
		TRY(region_append(&pages->data, page->data, page->len));
	} else if (page->lost && pages->keep_lost) {
		/* The descriptor of a page whose data never arrived. */
		off = 0;
		len = 0;
	}
	desc = pages->descs + pages->waiting++ * PAGE_DESC_SIZE;
	put_u64(desc + PAGE_DESC_OFFSET, off, geo->order);
	put_u32(desc + PAGE_DESC_LEN, len, geo->order);
	put_u32(desc + PAGE_DESC_FLAGS, page->flags, geo->order);
	put_u64(desc + PAGE_DESC_PAGE_FLAGS, 0, geo->order);
	return NULL;
}

struct err *kdump_pages_end(struct kdump_pages *pages)
{
	TRY(pages_flush(pages));
	if (pages->flushed != pages->geo->kept)
		return err_new(ERR_OTHER, "the plan gave %" PRIu64 " pages, not the %" PRIu64
			       " it counted", pages->flushed, pages->geo->kept);
	return NULL;
}

/* How many of the waiting descriptors, from the first on, have their data in the sink. */
static size_t descs_with_data(const struct kdump_pages *pages)
{
	enum byte_order order = pages->geo->order;
	size_t i;

	for (i = 0; i < pages->waiting; i++) {
		const uint8_t *desc = pages->descs + i * PAGE_DESC_SIZE;

		if (get_u64(desc + PAGE_DESC_OFFSET, order) + get_u32(desc + PAGE_DESC_LEN, order) >
		    pages->data.flushed)
			break;
	}
	return i;
}

/*
 * Make the descriptors zero that are not known to be in the sink: those of a
 * failed write, which may be there in part, with one cut in the middle; and on
 * a device, which holds whatever was there before, all that were never written.
 */
static struct err *descs_clear(struct kdump_pages *pages)
{
	const struct kdump_geometry *geo = pages->geo;
	uint64_t off = geo->descs + pages->flushed * PAGE_DESC_SIZE;
	uint64_t left = geo->data - off, n;
	/* The data buffer is free by now: what is in it cannot be written any more. */
	uint8_t *zeros = pages->data.buf;

	if (pages->sink->zero_filled)
		left = pages->desc_broken ? pages->waiting * PAGE_DESC_SIZE : 0;
	memset(zeros, 0, pages->data.room);
	for (; left; off += n, left -= n) {
		n = min_u64(left, pages->data.room);
		TRY(sink_rewrite(pages->sink, off, zeros, (size_t)n));
	}
	return NULL;
}

void kdump_pages_salvage(struct kdump_pages *pages)
{
	if (!pages->data.broken)
		err_free(region_flush(&pages->data));
	if (!pages->desc_broken)
		err_free(descs_write(pages, descs_with_data(pages)));
	err_free(descs_clear(pages));
}
