/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a flattened stream each byte of the carried file is.
 *
 * A terabyte of dump can be ten million records, so what is regular is kept as
 * one run: records that follow one another in the stream and in the file, all
 * of one size but the last. makedumpfile and QEMU write such runs, broken only
 * where page data and page descriptors take turns.
 */
#ifndef INPUT_FLAT_INDEX_H
#define INPUT_FLAT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "input/flat_format.h"

struct flat_run {
	uint64_t start;		/* in the file */
	uint64_t len;		/* bytes, > 0 */
	uint64_t at;		/* of the first byte in the stream */
	uint32_t size;		/* of each record, the last may be shorter; 0: one record, or a part of one */
	uint32_t seq;		/* order in the stream */
};

/* Runs an index may have: 32 MiB, and as much again while it is sorted. */
#define FLAT_RUNS_MAX (1u << 20)

struct flat_index {
	struct flat_run *v;	/* after flat_index_finish(): sorted, disjoint */
	size_t count;
	size_t room;
	uint64_t size;		/* of the file: end of the highest record */
};

/* Begin with all members zero. */
void flat_index_deinit(struct flat_index *index);

/*
 * Add the next record of the stream, whose bytes are at @at of it.
 * ERR_UNSUPPORTED when there are more than FLAT_RUNS_MAX runs.
 */
struct err *flat_index_add(struct flat_index *index, const struct flat_record *record, uint64_t at)
	__attribute__((warn_unused_result));

/* All records are there: sort them, and give each byte to the last record that has it. O(n log n). */
struct err *flat_index_finish(struct flat_index *index) __attribute__((warn_unused_result));

/*
 * Where byte @off of the file is: *ret_at in the stream, with *ret_len bytes from
 * there on in one piece. False in a gap, of which *ret_len bytes are left; @off
 * is below index->size. O(log n).
 */
bool flat_index_find(const struct flat_index *index, uint64_t off, uint64_t *ret_at,
		     uint64_t *ret_len);

#endif
