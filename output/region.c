// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/region.h"

#include <string.h>

#include "base/checked.h"

void region_init(struct region *region, struct sink *sink, uint64_t start, uint8_t *buf,
		 size_t room)
{
	*region = (struct region){ .sink = sink, .buf = buf, .room = room, .flushed = start };
}

/* The buffer is full where the file offset is a multiple of its size. */
static size_t fill_limit(const struct region *region)
{
	return region->room - (size_t)(region->flushed % region->room);
}

size_t region_free(const struct region *region)
{
	return fill_limit(region) - region->used;
}

struct err *region_flush(struct region *region)
{
	struct err *e;

	if (region->broken)
		return err_new(ERR_IO, "%s: an earlier write failed", region->sink->name);
	e = sink_write(region->sink, region->flushed, region->buf, region->used);
	if (e) {
		region->broken = true;
		return e;
	}
	region->flushed += region->used;
	region->used = 0;
	return NULL;
}

struct err *region_append(struct region *region, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		size_t n = (size_t)min_u64(len, region_free(region));

		memcpy(region->buf + region->used, p, n);
		region->used += n;
		p += n;
		len -= n;
		if (!region_free(region))
			TRY(region_flush(region));
	}
	return NULL;
}

struct err *region_append_zeros(struct region *region, uint64_t len)
{
	if (region->sink->zero_filled && len >= REGION_HOLE_MIN) {
		TRY(region_flush(region));
		region->flushed += len;
		return NULL;
	}
	while (len) {
		size_t n = (size_t)min_u64(len, region_free(region));

		memset(region->buf + region->used, 0, n);
		region->used += n;
		len -= n;
		if (!region_free(region))
			TRY(region_flush(region));
	}
	return NULL;
}
