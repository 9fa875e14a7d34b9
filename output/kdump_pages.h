/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two growing parts of a kdump-compressed file: descriptors and page data.
 *
 * Data reaches the sink before the descriptors that name it, so a descriptor
 * that is not zero can be trusted in whatever is left of a failed run.
 */
#ifndef OUTPUT_KDUMP_PAGES_H
#define OUTPUT_KDUMP_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "output/copy.h"
#include "output/kdump_header.h"
#include "output/region.h"
#include "output/sink.h"

struct kdump_pages {
	const struct kdump_geometry *geo;
	struct sink *sink;
	struct region data;
	uint8_t *descs;		/* borrowed; descriptors that wait */
	size_t desc_room;	/* of them */
	size_t waiting;		/* of them */
	uint64_t flushed;	/* descriptors in the sink */
	bool keep_lost;		/* lost pages have no data, instead of zeros */
	bool desc_broken;	/* writing descriptors failed: not tried again */
};

struct kdump_buffers {
	uint8_t *data;
	size_t data_size;
	uint8_t *descs;
	size_t descs_size;
};

/* @geo, @sink and the buffers are borrowed. */
void kdump_pages_init(struct kdump_pages *pages, const struct kdump_geometry *geo,
		      struct sink *sink, const struct kdump_buffers *buffers);

/* Store the page of zeros that all zero pages share: first of all, right behind the descriptors. */
struct err *kdump_pages_zero(struct kdump_pages *pages) __attribute__((warn_unused_result));

/* A struct copy_writer's page(); @ctx is the kdump_pages. */
struct err *kdump_pages_add(void *ctx, const struct copy_page *page)
	__attribute__((warn_unused_result));

/* Write what waits; an error when other than geo->kept pages came. */
struct err *kdump_pages_end(struct kdump_pages *pages) __attribute__((warn_unused_result));

/*
 * After a failure: write what waits as far as possible, no descriptor without
 * its data, and make all others zero. What fails here is left as it is.
 */
void kdump_pages_salvage(struct kdump_pages *pages);

#endif
