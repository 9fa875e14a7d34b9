/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sink in memory that counts writes of every byte and can fail like a disk. */
#ifndef TESTS_UNIT_MEMSINK_H
#define TESTS_UNIT_MEMSINK_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "output/sink.h"

#define MEMSINK_ROOM ((size_t)24 << 20)
#define MEMSINK_NEVER UINT64_MAX

struct memsink {
	struct sink sink;
	struct sink_ops ops;
	uint8_t *data;		/* what a device held before is 0xaa */
	uint8_t *count;		/* writes of each byte, up to 255 */
	uint8_t *owned;		/* space taken: written or reserved */
	uint64_t len;		/* length of the file */
	uint64_t calls;		/* writes so far */
	uint64_t fail_at;	/* the write with this number fails ... */
	bool fail_on;		/* ... and all later ones */
	int fail_errno;
	bool fail_partly;	/* half of the bytes arrive */
	uint64_t space;		/* bytes the device has left; ENOSPC beyond */
	uint64_t limit;		/* longest file; EFBIG beyond */
	bool finished;
};

static inline struct memsink *to_memsink(struct sink *sink)
{
	return (struct memsink *)sink;
}

/* Bytes of [off, off + len) that the device can take; takes their space. */
static inline size_t memsink_take(struct memsink *m, uint64_t off, size_t len)
{
	size_t i;

	for (i = 0; i < len && off + i < MEMSINK_ROOM; i++) {
		if (!m->owned[off + i] && !m->space)
			break;
		m->space -= !m->owned[off + i];
		m->owned[off + i] = 1;
	}
	return i;
}

static inline struct err *memsink_write(struct sink *sink, uint64_t off, const void *buf,
					size_t len)
{
	struct memsink *m = to_memsink(sink);
	uint64_t call = m->calls++;
	bool too_long = off + len > m->limit;
	bool fails = too_long || call == m->fail_at || (m->fail_on && call > m->fail_at);
	size_t i, n = memsink_take(m, off, fails ? (m->fail_partly ? len / 2 : 0) : len);

	if (n)
		memcpy(m->data + off, buf, n);
	for (i = 0; i < n; i++)
		m->count[off + i] += m->count[off + i] != 255;
	if (n)
		m->len = max_u64(m->len, off + n);
	if (fails)
		return err_sys(too_long ? EFBIG : m->fail_errno, "injected");
	return n == len ? NULL : err_sys(ENOSPC, "full");
}

static inline struct err *memsink_extend(struct sink *sink, uint64_t size)
{
	struct memsink *m = to_memsink(sink);

	if (size > m->limit)
		return err_sys(EFBIG, "too long");
	m->len = max_u64(m->len, size);
	return NULL;
}

static inline void memsink_reserve(struct sink *sink, uint64_t off, uint64_t len)
{
	memsink_take(to_memsink(sink), off, (size_t)len);
}

static inline struct err *memsink_finish(struct sink *sink)
{
	to_memsink(sink)->finished = true;
	return NULL;
}

static inline void memsink_destroy(struct sink *sink)
{
	struct memsink *m = to_memsink(sink);

	free(m->data);
	free(m->count);
	free(m->owned);
	free(m);
}

/* @file: sparse, can be extended and reserve; else as a block device with old content. */
static inline struct memsink *memsink_create(bool file)
{
	struct memsink *m = calloc(1, sizeof(*m));

	m->ops = (struct sink_ops){ .write = memsink_write, .finish = memsink_finish,
				    .destroy = memsink_destroy, .can_rewrite = true };
	m->data = calloc(1, MEMSINK_ROOM);
	m->count = calloc(1, MEMSINK_ROOM);
	m->owned = calloc(1, MEMSINK_ROOM);
	if (file) {
		m->ops.extend = memsink_extend;
		m->ops.reserve = memsink_reserve;
	} else {
		memset(m->data, 0xaa, MEMSINK_ROOM);
		m->len = MEMSINK_ROOM;
	}
	m->sink = (struct sink){ .ops = &m->ops, .name = "memory", .zero_filled = file };
	m->fail_at = MEMSINK_NEVER;
	m->fail_errno = EIO;
	m->space = MEMSINK_ROOM;
	m->limit = MEMSINK_ROOM;
	return m;
}

#endif
