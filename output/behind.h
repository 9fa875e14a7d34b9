/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write-behind: which part of the output goes to the device when, so that
 * the page cache never holds more than a few chunks of it. A capture kernel has
 * little memory, and what an unbounded cache takes there is taken from the
 * pages of programs, this one included.
 *
 * Only arithmetic; the file does what it is told.
 */
#ifndef OUTPUT_BEHIND_H
#define OUTPUT_BEHIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ranges.h"

/* Large enough for a device to work at full speed on one while the next is filled. */
#define BEHIND_CHUNK (UINT64_C(8) << 20)

/* Places that grow at the same time: descriptors and page data. */
#define BEHIND_STREAMS 2

struct behind {
	struct {
		struct range filling;	/* written, and not on its way */
		struct range going;	/* on its way to the device */
	} streams[BEHIND_STREAMS];
	unsigned int last;		/* index of the stream written to last */
};

/* Begin with all members zero. */

/*
 * [off, off + len) was written; the sum does not wrap. True when a chunk is full: then
 * @ret_start is to be started on its way and @ret_done, which may be empty,
 * waited for and dropped from the cache. What is written out of order or is
 * left over in the end is nobody's chunk: the final sync brings it.
 */
bool behind_add(struct behind *behind, uint64_t off, uint64_t len, struct range *ret_start,
		struct range *ret_done);

#endif
