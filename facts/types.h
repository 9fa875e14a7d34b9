/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of the crashed kernel by name, whoever knows them: BTF in the dump's own
 * memory (kernel/btf.h) or DWARF in a given vmlinux (dwarf_types.h). Whoever asks
 * does not see which.
 *
 * Typedefs and qualifiers are looked through everywhere; members of anonymous
 * structs and unions belong to the struct around them.
 */
#ifndef FACTS_TYPES_H
#define FACTS_TYPES_H

#include <stdbool.h>
#include <stdint.h>

enum type_kind {
	TYPE_VOID,
	TYPE_INT,	/* bool, char and floating point too */
	TYPE_POINTER,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_FUNCTION,
};

struct types;	/* a set of types; what is behind it embeds struct types as its first member */

/* A type of a set; a value, valid as long as the set. */
struct type {
	const struct types *set;
	uint64_t id;		/* what the provider wants */
};

struct type_info {
	enum type_kind kind;
	const char *name;	/* of a struct, union, enum or int; NULL: anonymous. As long-lived as the set */
	uint64_t size;		/* bytes; 0 for void, functions and incomplete types */
	uint64_t count;		/* TYPE_ARRAY: elements of the first dimension, 0 for a flexible array */
	struct type target;	/* of pointers and arrays; an array's other dimensions are arrays again */
	bool is_signed;		/* TYPE_INT */
};

struct type_member {
	struct type type;
	uint64_t bit_offset;	/* from the start of the outermost struct asked about */
	uint64_t bit_size;	/* 0: no bit-field; bit_offset is then a multiple of 8 */
};

struct types_ops {
	const char *name;	/* of the provider, as in facts: "btf", "dwarf" */
	/* @kind TYPE_STRUCT, TYPE_UNION or TYPE_ENUM; TYPE_VOID finds typedefs. */
	bool (*find)(const struct types *set, enum type_kind kind, const char *name, struct type *ret);
	bool (*describe)(struct type type, struct type_info *ret);
	bool (*member)(struct type type, const char *name, struct type_member *ret);
	bool (*enumerator)(const struct types *set, const char *name, int64_t *ret);
	bool (*variable)(const struct types *set, const char *name, struct type *ret);
	void (*destroy)(struct types *set);
};

struct types {
	const struct types_ops *ops;
};

/*
 * The first complete type of that kind and name, or false. Of several of one
 * name (BTF keeps each when they differ) the first that is complete.
 */
bool types_find(const struct types *set, enum type_kind kind, const char *name, struct type *ret);

/* struct, union or typedef @name, tried in this order, as SIZE(name) of VMCOREINFO means it. */
bool types_find_any(const struct types *set, const char *name, struct type *ret);

/* What @type is behind its typedefs and qualifiers; false: the set is damaged there. */
bool type_describe(struct type type, struct type_info *ret);

/* Member @name of a struct or union, or of an anonymous one within it. */
bool type_member(struct type type, const char *name, struct type_member *ret);

/*
 * Where "a.b.c" lies in @type, through structs, unions and nothing else.
 * *ret_size is what the last member takes; bit-fields are not found.
 */
bool type_offset(struct type type, const char *path, uint64_t *ret_offset, uint64_t *ret_size);

/* The value of an enumerator of any enum. */
bool types_enumerator(const struct types *set, const char *name, int64_t *ret);

/* The type of a global variable; BTF has those of per-CPU variables only. */
bool types_variable(const struct types *set, const char *name, struct type *ret);

/* Releases the set; NULL is allowed. */
void types_destroy(struct types *set);

#endif
