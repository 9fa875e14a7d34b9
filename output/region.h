/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stretch of the output that is written front to back through a buffer, in
 * large pieces that end at multiples of the buffer's size.
 */
#ifndef OUTPUT_REGION_H
#define OUTPUT_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "output/sink.h"

struct region {
	struct sink *sink;	/* borrowed */
	uint8_t *buf;		/* borrowed, @room bytes */
	size_t room;
	size_t used;		/* bytes waiting in buf */
	uint64_t flushed;	/* everything of the region below this offset is in the sink */
	bool broken;		/* a write failed: no further ones are tried */
};

/* A region that starts at offset @start of @sink; no allocation, nothing to free. */
void region_init(struct region *region, struct sink *sink, uint64_t start, uint8_t *buf,
		 size_t room);

/* Offset of the next byte to be appended. */
static inline uint64_t region_tell(const struct region *region)
{
	return region->flushed + region->used;
}

/* Bytes that can be appended without a write. */
size_t region_free(const struct region *region);

struct err *region_append(struct region *region, const void *data, size_t len)
	__attribute__((warn_unused_result));

/*
 * Where a sink is zero-filled anyway, so many zeros are left out. Fewer are
 * written: tmpfs gives SIGBUS to readers that map a hole once it is full.
 */
#define REGION_HOLE_MIN (UINT64_C(16) << 20)

/* Append zeros. */
struct err *region_append_zeros(struct region *region, uint64_t len)
	__attribute__((warn_unused_result));

/* Write what waits. */
struct err *region_flush(struct region *region) __attribute__((warn_unused_result));

#endif
