// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

/* How far from _stext the image can reach: x86_64 has room for 512 MiB of it. */
#define IMAGE_BYTES_MAX (UINT64_C(512) << 20)

/* A hole of this size ends the image: nothing else is mapped behind it that belongs to it. */
#define IMAGE_HOLE_MAX (UINT64_C(16) << 20)

/* As kread(), but what is not there costs no text: most of what is tried may not be. */
static struct err *read_page(struct kreader *reader, uint64_t va, uint8_t *buf, size_t page)
{
	struct mapping map;

	TRY(kread_vtop(reader, va, &map));
	if (map.len < page)
		return err_no_mapping;
	return dump_view_read(kreader_view(reader), map.pa, buf, page);
}

struct err *image_for_each(struct kreader *reader, size_t overlap,
			   struct err *(*fn)(void *ctx, uint64_t va, const uint8_t *bytes,
					     size_t len, size_t seen),
			   void *ctx)
{
	const struct kernel *kernel = kreader_kernel(reader);
	size_t page = (size_t)1 << kernel->page_shift, seen = 0;
	uint64_t start, hole = 0;
	struct err *e = NULL;
	uint8_t *buf;

	if (!fact_symbol(&kernel->facts, "_stext", &start))
		return err_new(ERR_NOT_FOUND, "SYMBOL(_stext) is not known");
	start = round_down(start, page);
	buf = malloc(overlap + page);
	if (!buf)
		return err_nomem;
	/* The address space may end before the image could. */
	for (uint64_t at = 0; !e && at < IMAGE_BYTES_MAX && hole < IMAGE_HOLE_MAX &&
	     start + at >= start; at += page) {
		struct err *unreadable = read_page(reader, start + at, buf + overlap, page);

		hole = unreadable ? hole + page : 0;
		if (!unreadable) {
			e = fn(ctx, start + at - seen, buf + overlap - seen, seen + page, seen);
			memcpy(buf, buf + page, overlap);
		}
		seen = unreadable ? 0 : overlap;
		err_free(unreadable);
	}
	free(buf);
	return e;
}
