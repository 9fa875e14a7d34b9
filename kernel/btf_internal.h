/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF as it lies in memory (include/uapi/linux/btf.h), for kernel/btf*.c. */
#ifndef KERNEL_BTF_INTERNAL_H
#define KERNEL_BTF_INTERNAL_H

#include <string.h>

#include "base/bytes.h"
#include "facts/types.h"

#define BTF_MAGIC 0xeb9f
#define BTF_VERSION 1
#define BTF_HEADER_BYTES 24	/* up to where kinds are described; sections are behind hdr_len */
#define BTF_HEADER_LAYOUT_BYTES 32
#define BTF_RECORD_BYTES 12

enum btf_kind {
	BTF_VOID,	/* id 0, which has no record */
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
};

/* Kinds that questions by name are about. */
enum btf_group {
	BTF_STRUCTS,
	BTF_UNIONS,
	BTF_ENUMS,	/* of both sizes */
	BTF_TYPEDEFS,
	BTF_VARIABLES,
	BTF_GROUPS,
};

struct btf_header {
	uint32_t hdr_len;
	uint32_t type_off, type_len;	/* offsets count from hdr_len */
	uint32_t str_off, str_len;
	uint32_t layout_off, layout_len;	/* 0 without */
};

struct btf {
	struct types types;		/* first: what callers hold */
	const struct btf *base;		/* what split BTF builds on, or NULL */
	enum byte_order order;
	uint8_t *blob;
	struct btf_header header;
	const uint8_t *records;		/* header.type_len bytes */
	const char *strings;		/* header.str_len bytes, the last of which is 0 */
	uint32_t first_string;		/* name offsets below are the base's */
	uint32_t first_id;		/* ids below are the base's */
	uint32_t count;			/* of own records */
	uint32_t *at;			/* where in records each of them starts */
	uint32_t *grouped;		/* which of them are in a group: one group behind the other */
	uint32_t group_end[BTF_GROUPS];	/* in grouped, where each group ends */
	unsigned int pointer_size;	/* bytes; 0: nothing tells */
};

/* A record and where it stands; for id 0 kind is BTF_VOID and the rest 0. */
struct btf_record {
	const struct btf *btf;		/* the set it is in, perhaps the base of the one that was asked */
	unsigned int kind;
	bool flag;			/* kind_flag */
	uint32_t count;			/* vlen */
	uint32_t value;			/* size, or the id of a type */
	const char *name;		/* "" for none */
	const uint8_t *data;		/* behind the record's first 12 bytes */
};

extern const struct types_ops btf_ops;

/*
 * The header of the @len bytes at @head; false: not the header of BTF in this byte order.
 * Only what is in these bytes is checked: the sections may be anywhere.
 */
bool btf_read_header(const uint8_t *head, size_t len, enum byte_order order,
		     struct btf_header *ret);

/* One above the highest id and the highest string offset that @btf has, its base's included. */
uint32_t btf_end_id(const struct btf *btf);
uint32_t btf_end_string(const struct btf *btf);

/* The string at @off, which btf_parse() has found in range. */
static inline const char *btf_string(const struct btf *btf, uint32_t off)
{
	while (off < btf->first_string)
		btf = btf->base;
	return btf->strings + (off - btf->first_string);
}

/* That string is @name. Nearly all that are compared differ in the first character. */
static inline bool btf_string_is(const struct btf *btf, uint32_t off, const char *name)
{
	const char *string = btf_string(btf, off);

	return *string == *name && !strcmp(string, name);
}

/* The record of @id; false: there is none. */
bool btf_get(const struct btf *btf, uint64_t id, struct btf_record *ret);

/* The records of @btf's own in @group: @i counts from 0, by id, until false. */
bool btf_get_grouped(const struct btf *btf, enum btf_group group, uint32_t i, uint64_t *ret_id,
		     struct btf_record *ret);

/* The first of them from *i on whose name is @name; *i is then moved behind it. */
bool btf_get_named(const struct btf *btf, enum btf_group group, const char *name, uint32_t *i,
		   uint64_t *ret_id, struct btf_record *ret);

static inline uint32_t btf_u32(const struct btf_record *record, size_t off)
{
	return get_u32(record->data + off, record->btf->order);
}

#endif
