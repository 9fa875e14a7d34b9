/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source over memory with a bad stretch, that counts what is asked of it.
 * It lives in the test; destroying it only marks it so.
 */
#ifndef TESTS_UNIT_FAULT_SOURCE_H
#define TESTS_UNIT_FAULT_SOURCE_H

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct fault_source {
	struct source base;
	const uint8_t *data;
	uint64_t bad_start;	/* reads of [bad_start, bad_end) fail with bad_errno, maps are lost */
	uint64_t bad_end;
	int bad_errno;
	bool refuse_map;	/* for good, as a device without mmap does */
	unsigned int reads;
	uint64_t bytes_read;
	unsigned int maps;	/* asked for */
	unsigned int maps_failed;
	uint64_t map_low;	/* lowest and highest byte asked to be mapped */
	uint64_t map_high;
	int mapped;		/* held now */
	int most_mapped;
	bool destroyed;
};

static inline bool fault_hits(const struct fault_source *src, uint64_t off, size_t len)
{
	return off < src->bad_end && src->bad_start < off + len;
}

static inline struct err *fault_read(struct source *base, uint64_t off, void *buf, size_t len,
				     size_t *ret_len)
{
	struct fault_source *src = (struct fault_source *)base;

	src->reads++;
	src->bytes_read += len;
	if (fault_hits(src, off, len))
		return err_sys(src->bad_errno, "reading");
	memcpy(buf, src->data + off, len);
	*ret_len = len;
	return NULL;
}

static inline struct err *fault_map(struct source *base, uint64_t off, size_t len, void **ret)
{
	struct fault_source *src = (struct fault_source *)base;
	uint8_t *copy;

	src->maps++;
	src->map_low = off < src->map_low ? off : src->map_low;
	src->map_high = off + len > src->map_high ? off + len : src->map_high;
	if (src->refuse_map) {
		src->maps_failed++;
		src->base.no_map = true;
		return err_new(ERR_UNSUPPORTED, "no mapping here");
	}
	if (fault_hits(src, off, len)) {
		src->maps_failed++;
		return err_new(ERR_LOST, "bad page");
	}
	/* A copy, so that use after unmap and beyond the window is a sanitizer's find. */
	copy = malloc(len);
	if (!copy)
		return err_nomem;
	memcpy(copy, src->data + off, len);
	if (++src->mapped > src->most_mapped)
		src->most_mapped = src->mapped;
	*ret = copy;
	return NULL;
}

static inline void fault_unmap(struct source *base, void *addr, size_t len)
{
	memset(addr, 0xdb, len);
	free(addr);
	((struct fault_source *)base)->mapped--;
}

static inline void fault_destroy(struct source *base)
{
	((struct fault_source *)base)->destroyed = true;
}

static inline void fault_source_init(struct fault_source *src, const uint8_t *data, size_t len)
{
	static const struct source_ops ops = { .read = fault_read, .map = fault_map,
					       .unmap = fault_unmap, .destroy = fault_destroy };

	*src = (struct fault_source){
		.base = { .ops = &ops, .name = "faulty", .size = len },
		.data = data,
		.bad_errno = 5,
		.map_low = UINT64_MAX,
	};
}

#endif
