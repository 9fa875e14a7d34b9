/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --split: one dump as several files, each with a part of the pages. What they
 * hold together does not depend on threads.
 */
#ifndef OUTPUT_SPLIT_H
#define OUTPUT_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ranges.h"
#include "output/writer.h"

/* crash counts descriptors in whole words of the bitmap: a piece begins at a multiple of this. */
#define SPLIT_ALIGN UINT64_C(64)

/*
 * Cut [0, max_mapnr) into @count (1 or more) pieces that have about as many
 * pages of @plan each, at multiples of @unit pfns (itself one of SPLIT_ALIGN).
 * Pieces at the end may be empty; the first never is, unless there is no memory.
 */
struct err *split_choose(const struct plan *plan, uint64_t max_mapnr, uint64_t unit, size_t count,
			 struct range *pieces) __attribute__((warn_unused_result));

struct split_params {
	const struct dump_writer *writer;
	/* Of the whole dump. copy.threads are shared by pieces that are written at the same time. */
	struct writer_params whole;
	const struct range *pieces;
	struct sink *const *sinks;
	size_t count;
};

/*
 * Write all pieces; one that fails does not keep the others from being written.
 * Returns the error of the first that did. *stats: of all together.
 */
struct err *split_write(const struct split_params *params, struct copy_stats *stats)
	__attribute__((warn_unused_result));

#endif
