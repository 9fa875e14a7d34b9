/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flattened streams put into a byte array, record by record; nothing is checked. */
#ifndef TESTS_UNIT_FLATBUILD_H
#define TESTS_UNIT_FLATBUILD_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define FLATBUILD_ROOM ((size_t)1 << 20)

struct flatbuild {
	uint8_t *bytes;		/* FLATBUILD_ROOM of them */
	size_t len;
};

/* With the header; written here by hand, to be independent of the code under test. */
static inline void flatbuild_init(struct flatbuild *b)
{
	b->bytes = calloc(1, FLATBUILD_ROOM);
	memcpy(b->bytes, "makedumpfile", 12);
	b->bytes[23] = 1;
	b->bytes[31] = 1;
	b->len = 4096;
}

static inline void flatbuild_free(struct flatbuild *b)
{
	free(b->bytes);
}

/* A head of any two numbers. */
static inline void flatbuild_head(struct flatbuild *b, uint64_t off, uint64_t size)
{
	put_u64(b->bytes + b->len, off, ORDER_BIG);
	put_u64(b->bytes + b->len + 8, size, ORDER_BIG);
	b->len += 16;
}

static inline void flatbuild_record(struct flatbuild *b, uint64_t off, const void *data, size_t len)
{
	flatbuild_head(b, off, len);
	memcpy(b->bytes + b->len, data, len);
	b->len += len;
}

static inline void flatbuild_end(struct flatbuild *b)
{
	flatbuild_head(b, UINT64_MAX, UINT64_MAX);
}

#endif
