/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Geometry and headers of a kdump-compressed file. */
#ifndef OUTPUT_KDUMP_HEADER_H
#define OUTPUT_KDUMP_HEADER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ranges.h"
#include "diskdump_mod.h"
#include "kernel/kernel.h"
#include "output/erase_text.h"

/* Where everything is in the file; offsets and sizes in bytes. */
struct kdump_geometry {
	const struct kdump_header_layout *head;
	const struct kdump_sub_layout *sub;
	enum byte_order order;
	unsigned int word;
	uint32_t block_size;
	uint64_t max_mapnr;
	uint64_t kept;		/* pages with a descriptor */
	uint64_t front_size;	/* both headers and notes; bitmap1 starts here */
	uint32_t sub_hdr_size;	/* blocks */
	uint32_t bitmap_blocks;	/* both bitmaps */
	uint64_t bitmap_size;	/* of one */
	uint64_t descs;		/* offset of the first descriptor */
	uint64_t data;		/* offset behind the last */
};

/*
 * Lay out a file of @kept pages, with room for @erase_room bytes of text of what was
 * erased. ERR_BAD_INPUT when the dump has no memory,
 * ERR_UNSUPPORTED when a count does not fit its field.
 */
struct err *kdump_geometry_init(struct kdump_geometry *geo, const struct kernel *kernel,
				uint64_t kept, size_t erase_room)
	__attribute__((warn_unused_result));

struct kdump_header_params {
	const struct kernel *kernel;
	uint32_t status;	/* KDUMP_* */
	unsigned int dump_level;
	const struct erase_text *erased;
	const struct range *piece;	/* the pfns of a piece of a split set; NULL: a whole file */
};

/* Both headers and the notes: geo->front_size bytes; the caller frees them. */
struct err *kdump_front_build(const struct kdump_geometry *geo,
			      const struct kdump_header_params *params, uint8_t **ret)
	__attribute__((warn_unused_result));

#endif
