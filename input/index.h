/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which segment answers for a physical address.
 *
 * Segments may overlap (kernel text over the direct map; QEMU with paging=on
 * writes thousands that do), and dumps name thousands of them. So the question
 * is answered once for all addresses: the index is a sorted array of disjoint
 * pieces, each with its one winner.
 */
#ifndef INPUT_INDEX_H
#define INPUT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "input/dump.h"

/*
 * All bytes of [start, end) are answered by one segment: the first in file
 * order that stores them, else (@stored false) the first that covers them.
 */
struct dump_piece {
	uint64_t start;
	uint64_t end;
	uint32_t segment;	/* index into dump->segments */
	bool stored;
};

struct dump_index {
	struct dump_piece *v;	/* sorted, disjoint; neighbours with one answer are merged */
	size_t count;		/* less than three times the number of segments */
};

/* O(n log n). Each segment has 0 < memsz, filesz <= memsz and an end below 2^64; n < 2^31. */
struct err *dump_index_create(const struct dump_segment *segments, size_t count,
			      struct dump_index **ret) __attribute__((warn_unused_result));
void dump_index_destroy(struct dump_index *index);

/* Number of the first piece that ends behind @paddr, or index->count. O(log n). */
size_t dump_index_find(const struct dump_index *index, uint64_t paddr);

#endif
