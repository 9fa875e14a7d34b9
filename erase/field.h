/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of the kernel's structs for built-in rules: found by name once, then read by offset. */
#ifndef ERASE_FIELD_H
#define ERASE_FIELD_H

#include "erase/space.h"

struct field {
	uint64_t offset;
	uint64_t size;		/* bytes; 0 for a flexible array */
	bool there;
};

/* A row of a table of those wanted; rows have the index of their field. */
struct field_name {
	const char *type;	/* a struct */
	const char *path;	/* "member.member" */
	bool optional;		/* its absence is no error */
};

/*
 * Names the first that @types do not have: ERR_NOT_FOUND, the whole struct, so that the kernel
 * is without what it is for; ERR_UNSUPPORTED, a member of it.
 */
struct err *fields_find(const struct types *types, const struct field_name *names, size_t count,
			struct field *ret) __attribute__((warn_unused_result));

/* The unsigned number or pointer of 1, 2, 4 or 8 bytes at @field of the struct at @base. */
struct err *field_read(struct kreader *reader, const struct field *field, uint64_t base,
		       uint64_t *ret) __attribute__((warn_unused_result));

/* The string at @address into @buf, what is not printable as '?', at most @size - 1 bytes. */
struct err *string_read(struct kreader *reader, uint64_t address, char *buf, size_t size)
	__attribute__((warn_unused_result));

/* Bytes of a struct, 0 when it is not known. */
uint64_t struct_size(const struct types *types, const char *name);

/*
 * What keeps a chain of pointers finite: Brent's mark, which a chain that goes round without
 * its head comes back to, and a limit.
 */
#define CHAIN_MAX (1u << 20)
struct chain {
	uint64_t mark, steps, next_mark;
};

/* At @node: false once the chain does not end. */
bool chain_goes_on(struct chain *chain, uint64_t node);

/*
 * Call @fn with each element of the circular list at @head; @offset: of the list_head in the
 * element. A list that breaks off or does not end is told as @what and read from its
 * other end, too: then an element may come twice.
 */
struct err *list_each(struct erase_space *space, uint64_t head, uint64_t offset, const char *what,
		      struct err *(*fn)(void *ctx, uint64_t element), void *ctx)
	__attribute__((warn_unused_result));

/* The same for the nodes of a red-black tree; @root is of its struct rb_root. */
struct err *tree_each(struct erase_space *space, uint64_t root, uint64_t offset, const char *what,
		      struct err *(*fn)(void *ctx, uint64_t element), void *ctx)
	__attribute__((warn_unused_result));

#endif
