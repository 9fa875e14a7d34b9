/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mapped window of a dump's file, moved as needed.
 *
 * At most one mapping exists at a time. Where mapping fails the caller reads;
 * such windows are remembered, so they cost one attempt and not one per page.
 */
#ifndef INPUT_WINDOW_H
#define INPUT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/dump.h"

#define WINDOW_MIN (64u << 10)
#define WINDOW_DEFAULT (4u << 20)
#define WINDOW_FAILURES 8

struct window_range {
	uint64_t off;
	uint64_t end;
};

struct window {
	struct dump *dump;
	size_t size;		/* bytes to map at a time, a power of two */
	size_t host_page;
	const uint8_t *addr;	/* NULL: nothing is mapped */
	struct window_range at;	/* what is mapped */
	struct window_range failed[WINDOW_FAILURES];
	unsigned int failures;	/* so far; the oldest one is overwritten */
};

void window_init(struct window *window, struct dump *dump, size_t size);
void window_deinit(struct window *window);

/* False: the file is not mapped, whatever window is asked for; read it. */
bool window_can_map(const struct window *window);

/*
 * Bytes [off, off + len) of the file, which belong to the stored data of
 * @seg, or NULL when they are not mapped. With @move a new window is mapped
 * for them where possible. Valid until the next call with @move.
 */
const void *window_get(struct window *window, const struct dump_segment *seg, uint64_t off,
		       size_t len, bool move);

/*
 * How many bytes from @off on lie in the window that serves @off, which is
 * mapped if it was not; 0 when the first @len bytes must be read.
 */
uint64_t window_reach(struct window *window, const struct dump_segment *seg, uint64_t off,
		      size_t len);

#endif
