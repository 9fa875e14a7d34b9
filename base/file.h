/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input bytes by offset.
 *
 * A struct source is anything that serves bytes by offset: a regular file, a
 * block device, /proc/vmcore, and (in input/) the flattened stream seen as
 * the file it carries. Readers see only this, so a transport twist is a layer
 * and not another reader. Safe for use by several threads at once.
 *
 * Call the source_* functions, never the ops: they check the contract.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct source;
struct turns;

struct source_ops {
	/* Required. Reads @len bytes at @off; short only at the end of the source. */
	struct err *(*read)(struct source *src, uint64_t off, void *buf, size_t len, size_t *ret_len);
	/*
	 * NULL: no mapping, callers read. Maps [off, off + len) read-only; @off is
	 * a multiple of the host page size and the range lies inside the source.
	 */
	struct err *(*map)(struct source *src, uint64_t off, size_t len, void **ret);
	/* Required when map is there. */
	void (*unmap)(struct source *src, void *addr, size_t len);
	/*
	 * NULL: there is no way. Opens the same once more: a source of its own, whose read()
	 * shares nothing with that of @src that a read changes.
	 */
	struct err *(*reopen)(struct source *src, struct source **ret);
	/* Required. */
	void (*destroy)(struct source *src);
};

struct source {
	const struct source_ops *ops;
	const char *name;	/* for messages; owned by the source */
	uint64_t size;		/* bytes; the capacity for a block device */
	bool no_map;		/* mapping was refused or switched off: read instead */
	bool incomplete;	/* what carries it was cut off: bytes are missing, some in the middle read as 0 */
	bool is_proc;		/* a file of the proc file system, made up by the kernel that runs here */
	struct turns *turns;	/* NULL: threads read at once; else see source_take_turns() */
};

/*
 * Open @path read-only: regular file, block device or /proc file. Size comes
 * from stat, or from seeking to the end where stat says 0.
 * @allow_map false: never map (--non-mmap).
 */
struct err *source_open_file(const char *path, bool allow_map, struct source **ret)
	__attribute__((warn_unused_result));

/* Bytes in memory, borrowed: for tests and fuzzing. */
struct err *source_open_memory(const void *data, size_t len, struct source **ret)
	__attribute__((warn_unused_result));

void source_destroy(struct source *src);

/*
 * From now on one thread at a time reads, for files where the system mixes up the
 * bytes of several. Before any other thread has @src.
 */
struct err *source_take_turns(struct source *src) __attribute__((warn_unused_result));

/*
 * The same for files where that is so for each opening: threads that read at once do so
 * through openings of their own, at most 64 in all. Where the file cannot be opened
 * again, threads take turns.
 */
struct err *source_read_apart(struct source *src) __attribute__((warn_unused_result));

/* Up to @len bytes at @off; *ret_len < @len only at the end. EINTR and short reads are retried. */
struct err *source_read_some(struct source *src, uint64_t off, void *buf, size_t len,
			     size_t *ret_len) __attribute__((warn_unused_result));

/* Exactly @len bytes, or an error naming source and offset: ERR_LOST when the source ends before. */
struct err *source_read(struct source *src, uint64_t off, void *buf, size_t len)
	__attribute__((warn_unused_result));

/* False: no part of it is mapped, whatever is asked for; asking first costs no error. */
bool source_can_map(const struct source *src);

/*
 * Map [off, off + len); @off is a multiple of the host page size and the range
 * lies inside the source, else ERR_BAD_INPUT. ERR_UNSUPPORTED: the caller reads
 * this window instead; where the system refuses mapping for good that is
 * remembered in no_map. ERR_LOST: some page of the window cannot be read; the
 * caller reads page by page to find out which.
 */
struct err *source_map(struct source *src, uint64_t off, size_t len, void **ret)
	__attribute__((warn_unused_result));
void source_unmap(struct source *src, void *addr, size_t len);

#endif
