/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where output bytes go: a file or a flattened stream.
 * Writers place bytes by offset, each byte once, in large pieces.
 *
 * To add a sink: write output/sink_NAME.c with a `static const struct sink_ops`
 * and an opening function declared below.
 *
 * Call the sink_* functions, never the ops: they check the contract. A sink is
 * used by one thread at a time.
 */
#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sink;

struct sink_ops {
	/* Required. Writes all of @len or fails; ERR_NO_SPACE and ERR_LIMIT are told apart. */
	struct err *(*write)(struct sink *sink, uint64_t off, const void *buf, size_t len);
	/*
	 * NULL: nothing to do. Make the output at least @size bytes long without
	 * writing data; what is added reads as zero.
	 */
	struct err *(*extend)(struct sink *sink, uint64_t size);
	/*
	 * NULL: nothing to do. Ask the device for the space of [off, off + len), so
	 * that writing there later cannot run out of it. A wish: it may fail in
	 * part or do nothing, and that is no error.
	 */
	void (*reserve)(struct sink *sink, uint64_t off, uint64_t len);
	/*
	 * Required. Everything was written: bring it to the device and close. Errors
	 * that the system tells only now count. After a failure write() may be
	 * tried once more (to mark the output), and may fail.
	 */
	struct err *(*finish)(struct sink *sink);
	/* Required. Frees and closes; without finish() the output stays as it is. */
	void (*destroy)(struct sink *sink);
	/*
	 * NULL: cannot be done. Forget everything that was written: the output is as it was
	 * when it was opened.
	 */
	struct err *(*restart)(struct sink *sink);
	/*
	 * The bytes already written may be written again: the word of the header that says that
	 * the output is incomplete, until it is not.
	 */
	bool can_rewrite;
	/*
	 * For one that cannot rewrite: how an output ends that was not finished, as
	 * in "it ends UNFINISHED". NULL: nobody can tell.
	 */
	const char *unfinished;
};

struct sink {
	const struct sink_ops *ops;
	const char *name;	/* for messages; owned by the sink */
	bool zero_filled;	/* bytes between written ones read as zero, they need not be written */
	bool finished;		/* finish() succeeded; kept by sink_finish() */
	uint64_t limit;		/* no byte at this offset or behind it: ERR_LIMIT; 0: SINK_SIZE_MAX */
	uint64_t written;	/* bytes accepted so far, kept by sink_write() */
};

/* Files end below this everywhere; offsets are signed in the formats and in the system. */
#define SINK_SIZE_MAX ((uint64_t)INT64_MAX)

/*
 * Create @path with mode 0600. An existing file is refused (the error carries
 * EEXIST) unless @force, which truncates it; a block device is then written in
 * place. ERR_UNSUPPORTED for what has no positions: FIFO, socket, terminal.
 *
 * A write beyond RLIMIT_FSIZE raises SIGXFSZ before it fails: main must ignore
 * that signal for ERR_LIMIT to arrive.
 */
struct err *sink_open_file(const char *path, bool force, struct sink **ret)
	__attribute__((warn_unused_result));

/*
 * A flattened stream (input/flat_format.h) to @fd, which stays open. Every write
 * is a record; bytes that are out cannot be rewritten. The end record, without
 * which a stream is incomplete, goes out in sink_finish(). Once *@stop is not 0 (NULL:
 * never), no more is written: a receiver that stalls must not hold up the end.
 * ERR_UNSUPPORTED for a terminal. @name is borrowed.
 */
struct err *sink_open_flat(int fd, const char *name, const volatile sig_atomic_t *stop,
			   struct sink **ret) __attribute__((warn_unused_result));

/* Plain bytes to @fd, which must be written front to back: a text. As above, terminals included. */
struct err *sink_open_stream(int fd, const char *name, const volatile sig_atomic_t *stop,
			     struct sink **ret) __attribute__((warn_unused_result));

/* Counts and drops: --dry-run. */
struct err *sink_open_null(struct sink **ret) __attribute__((warn_unused_result));

/* Write @len bytes (0 is fine) that were not written before. Errors name the sink and the offset. */
struct err *sink_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
	__attribute__((warn_unused_result));

/* Write bytes again; not counted. ERR_UNSUPPORTED when the sink cannot. */
struct err *sink_rewrite(struct sink *sink, uint64_t off, const void *buf, size_t len)
	__attribute__((warn_unused_result));

struct err *sink_extend(struct sink *sink, uint64_t size) __attribute__((warn_unused_result));
void sink_reserve(struct sink *sink, uint64_t off, uint64_t len);

/* Begin anew, with nothing written. ERR_UNSUPPORTED when what is out cannot be taken back. */
struct err *sink_restart(struct sink *sink) __attribute__((warn_unused_result));

/* At most once with success; no writes after that. */
struct err *sink_finish(struct sink *sink) __attribute__((warn_unused_result));

/* NULL is fine. */
void sink_destroy(struct sink *sink);

#endif
