/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flattened stream (input/flat_format.h) back to the file it carries, as it
 * arrives: memory is one buffer, whatever the stream says.
 */
#ifndef OUTPUT_REARRANGE_H
#define OUTPUT_REARRANGE_H

#include <stddef.h>

#include "base/err.h"
#include "output/sink.h"

/* Where the stream comes from. */
struct flat_stream {
	const char *name;	/* for messages */
	/* Up to @len bytes, at least one; *ret 0 at the end. Waits as long as it takes. */
	struct err *(*read)(void *ctx, void *buf, size_t len, size_t *ret);
	void *ctx;
};

/*
 * Read the header. ERR_BAD_INPUT as soon as it is clear that this is no
 * flattened stream; nothing is waited for behind that.
 */
struct err *rearrange_header(const struct flat_stream *in) __attribute__((warn_unused_result));

/*
 * Read the records behind the header and put each in its place in @out, up to
 * the end record; what follows that is not read. Calls sink_finish() then.
 * When the stream ends early, makes no sense or cannot be written, what
 * arrived stays, and the dump in it is marked incomplete where its format has
 * a mark; the error tells which.
 */
struct err *rearrange(const struct flat_stream *in, struct sink *out)
	__attribute__((warn_unused_result));

#endif
