/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where output bytes go: a file, later a flattened stream or split set.
 * Writers place bytes by offset, each byte once, in large pieces.
 */
#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sink;

struct sink_ops {
	/* Required. Writes all of @len or fails; ERR_NO_SPACE and ERR_LIMIT are told apart. */
	struct err *(*write)(struct sink *sink, uint64_t off, const void *buf, size_t len);
	/* Required. Everything was written: flush and close; errors of close count. */
	struct err *(*finish)(struct sink *sink);
	/* Required. Frees; without finish() the output stays as it is. */
	void (*destroy)(struct sink *sink);
	/* The bytes already written may be written again (a header rewritten when the run fails). */
	bool can_rewrite;
};

struct sink {
	const struct sink_ops *ops;
	const char *name;	/* for messages */
	uint64_t written;	/* bytes accepted so far */
};

/*
 * Create @path with mode 0600. An existing file is refused (the error carries
 * EEXIST) unless @force, which truncates it. Block devices and FIFOs are opened as they are with @force.
 */
struct err *sink_open_file(const char *path, bool force, struct sink **ret)
	__attribute__((warn_unused_result));

/* Counts and drops: --dry-run. */
struct err *sink_open_null(struct sink **ret) __attribute__((warn_unused_result));

struct err *sink_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
	__attribute__((warn_unused_result));
struct err *sink_finish(struct sink *sink) __attribute__((warn_unused_result));
void sink_destroy(struct sink *sink);

#endif
