/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF by hand, either byte order, split or not. Types get ids in the order in which they are added. */
#ifndef TESTS_UNIT_BTFBUILD_H
#define TESTS_UNIT_BTFBUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define BTFBUILD_ROOM 8192

struct btfbuild {
	enum byte_order order;
	uint32_t next_id;		/* of the next type */
	uint32_t first_string;		/* of a split set: bytes of strings in its base */
	uint8_t types[BTFBUILD_ROOM];
	uint32_t types_len;
	char strings[BTFBUILD_ROOM];
	uint32_t strings_len;
};

static inline void btfbuild_init(struct btfbuild *b, enum byte_order order)
{
	memset(b, 0, sizeof(*b));
	b->order = order;
	b->next_id = 1;
	b->strings_len = 1;
}

/* A set that goes on where @base ends. */
static inline void btfbuild_split(struct btfbuild *b, const struct btfbuild *base)
{
	memset(b, 0, sizeof(*b));
	b->order = base->order;
	b->next_id = base->next_id;
	b->first_string = base->first_string + base->strings_len;
}

static inline uint32_t btfbuild_string(struct btfbuild *b, const char *text)
{
	uint32_t at = b->strings_len;

	if (!*text)
		return 0;
	memcpy(b->strings + at, text, strlen(text) + 1);
	b->strings_len += (uint32_t)strlen(text) + 1;
	return b->first_string + at;
}

static inline void btfbuild_u32(struct btfbuild *b, uint32_t value)
{
	put_u32(b->types + b->types_len, value, b->order);
	b->types_len += 4;
}

/* The first 12 bytes of a record; the caller adds the rest. Returns its id. */
static inline uint32_t btfbuild_record(struct btfbuild *b, const char *name, unsigned int kind,
				       bool flag, uint32_t count, uint32_t value)
{
	btfbuild_u32(b, btfbuild_string(b, name));
	btfbuild_u32(b, (uint32_t)flag << 31 | kind << 24 | count);
	btfbuild_u32(b, value);
	return b->next_id++;
}

static inline uint32_t btfbuild_int(struct btfbuild *b, const char *name, uint32_t size,
				    uint32_t encoding, uint32_t bits)
{
	uint32_t id = btfbuild_record(b, name, 1, false, 0, size);

	btfbuild_u32(b, encoding << 24 | bits);
	return id;
}

static inline uint32_t btfbuild_array(struct btfbuild *b, uint32_t element, uint32_t index,
				      uint32_t count)
{
	uint32_t id = btfbuild_record(b, "", 3, false, 0, 0);

	btfbuild_u32(b, element);
	btfbuild_u32(b, index);
	btfbuild_u32(b, count);
	return id;
}

/* Of a struct or union: @place is in bits, with a width in the top byte where its flag is set. */
static inline void btfbuild_member(struct btfbuild *b, const char *name, uint32_t type,
				   uint32_t place)
{
	btfbuild_u32(b, btfbuild_string(b, name));
	btfbuild_u32(b, type);
	btfbuild_u32(b, place);
}

static inline void btfbuild_value(struct btfbuild *b, const char *name, uint32_t value)
{
	btfbuild_u32(b, btfbuild_string(b, name));
	btfbuild_u32(b, value);
}

/* The blob, malloc'd, with a header of @hdr_len bytes. */
static inline uint8_t *btfbuild_blob(const struct btfbuild *b, uint32_t hdr_len, size_t *len)
{
	uint8_t *blob;

	*len = (size_t)hdr_len + b->types_len + b->strings_len;
	blob = calloc(1, *len);
	put_u16(blob, 0xeb9f, b->order);
	blob[2] = 1;
	put_u32(blob + 4, hdr_len, b->order);
	put_u32(blob + 12, b->types_len, b->order);
	put_u32(blob + 16, b->types_len, b->order);
	put_u32(blob + 20, b->strings_len, b->order);
	memcpy(blob + hdr_len, b->types, b->types_len);
	memcpy(blob + hdr_len + b->types_len, b->strings, b->strings_len);
	return blob;
}

#endif
