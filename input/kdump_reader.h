/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the blocks of a kdump-compressed dump, one file or the pieces of a
 * split set. One reader per thread; the set is shared and read-only.
 */
#ifndef INPUT_KDUMP_READER_H
#define INPUT_KDUMP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "input/kdump_file.h"

struct kdump_set {
	struct kdump_file *files;	/* by first block, disjoint */
	size_t count;
	struct bitfile present;		/* blocks that exist, of all files */
	bool incomplete;		/* marked so, cut off, or not all pieces of a split dump */
};

/*
 * Open the @count files, at least one, of a dump; several are the pieces of a
 * split dump in any order. ERR_NOT_MINE when the first is something else;
 * ERR_BAD_INPUT as kdump_file_open(), and when they do not belong together or
 * have page frames twice. Page frames that none has are warned about. @sources
 * are borrowed and must outlive @set, which is to be closed also on failure.
 */
struct err *kdump_set_open(struct source *const *sources, size_t count, const struct log *log,
			   struct kdump_set *set) __attribute__((warn_unused_result));
/* A zero-filled one is fine. */
void kdump_set_close(struct kdump_set *set);

struct kdump_reader;

struct err *kdump_reader_create(const struct kdump_set *set, struct kdump_reader **ret)
	__attribute__((warn_unused_result));
void kdump_reader_destroy(struct kdump_reader *reader);

/* A block as it is in the file. */
struct kdump_block {
	const uint8_t *data;	/* @len bytes, borrowed until the next call on the reader */
	uint32_t len;		/* 1 .. block size */
	uint32_t flags;		/* one bit of KDUMP_PAGE_CODECS, or 0: the bytes themselves */
};

/*
 * The stored form of @block. ERR_NOT_PRESENT, ERR_EXCLUDED; ERR_LOST where its
 * descriptor was never written, makes no sense, or its data is cut off.
 */
struct err *kdump_reader_stored(struct kdump_reader *reader, uint64_t block,
				struct kdump_block *ret) __attribute__((warn_unused_result));

/*
 * Copy @len bytes from byte @off on of @block, inside it. A whole block is
 * unpacked straight into @buf; of others the last ones are kept unpacked.
 * Errors as above; ERR_LOST when it does not unpack to a block.
 */
struct err *kdump_reader_copy(struct kdump_reader *reader, uint64_t block, size_t off,
			      void *buf, size_t len) __attribute__((warn_unused_result));

#endif
