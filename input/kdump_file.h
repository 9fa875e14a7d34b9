/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One kdump-compressed file as a container: what its headers say, its bitmaps,
 * its descriptors. Whoever reads the format goes through here; what the pages
 * mean is not known.
 *
 * "Block" is the file's own page frame of block_size bytes, which need not be a
 * page of the kernel.
 */
#ifndef INPUT_KDUMP_FILE_H
#define INPUT_KDUMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "diskdump_mod.h"
#include "input/bitfile.h"
#include "input/dump.h"

/* Bytes somewhere in the file, inside it; size 0: absent. */
struct kdump_part {
	uint64_t off;
	uint64_t size;
};

struct kdump_file {
	struct source *src;	/* borrowed */
	const struct log *log;

	const struct kdump_header_layout *head;
	const struct kdump_sub_layout *sub;
	unsigned int word;	/* 4 or 8 */
	enum byte_order order;
	unsigned int version;	/* 0 to 6 */

	struct dump_uts uts;
	uint64_t tv_sec;
	uint32_t status;	/* KDUMP_* */
	unsigned int block_shift;
	uint32_t nr_cpus;
	uint64_t max_mapnr;	/* blocks are below */
	uint64_t phys_base;
	unsigned int dump_level;
	bool split;		/* a piece of a set: has the data of [first, end) only */
	uint64_t first, end;	/* blocks; 0 and max_mapnr unless split */
	struct kdump_part notes, vmcoreinfo, eraseinfo;

	uint64_t bitmap1, bitmap2;	/* offsets in the file; equal when there is only one */
	uint64_t descs;			/* offset of the first descriptor */
	/* Blocks with a descriptor in this file, and so the number of each descriptor. */
	struct bitfile stored;
	bool cut;		/* descriptors or data are known to lie behind the end of the file */
};

/*
 * Read the headers and go through the second bitmap. ERR_NOT_MINE without the
 * signature; ERR_BAD_INPUT names the field that cannot be right; ERR_UNSUPPORTED
 * when it was made with a codec this program was built without. What can be
 * done without is warned about and left out. @src must outlive @ret.
 */
struct err *kdump_file_open(struct source *src, const struct log *log, struct kdump_file *ret)
	__attribute__((warn_unused_result));
/* A zero-filled one is fine. */
void kdump_file_close(struct kdump_file *file);

/* Fill head, word, order of @file by what fits best; @start: first 512 bytes of the file. */
void kdump_file_guess(struct kdump_file *file, const uint8_t *start);
/* Fill sub; @sub: 128 bytes from the sub header on. Needs version, max_mapnr, uts, block_shift. */
void kdump_file_guess_sub(struct kdump_file *file, const uint8_t *sub);

/* The bytes of @part, allocated; NULL when it is absent. */
struct err *kdump_file_part(const struct kdump_file *file, const struct kdump_part *part,
			    uint8_t **ret) __attribute__((warn_unused_result));

/* The blocks that exist: the first bitmap, joined with the second. To be closed. */
struct err *kdump_file_present(const struct kdump_file *file, struct bitfile *ret)
	__attribute__((warn_unused_result));

static inline uint64_t kdump_block_size(const struct kdump_file *file)
{
	return UINT64_C(1) << file->block_shift;
}

struct kdump_desc {
	uint64_t off;		/* of the stored bytes in the file; 0: never written */
	uint32_t len;
	uint32_t flags;
};

static inline struct kdump_desc kdump_desc_get(const uint8_t *raw, enum byte_order order)
{
	return (struct kdump_desc){
		.off = get_u64(raw + PAGE_DESC_OFFSET, order),
		.len = get_u32(raw + PAGE_DESC_LEN, order),
		.flags = get_u32(raw + PAGE_DESC_FLAGS, order),
	};
}

#endif
