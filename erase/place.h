/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions of a configuration file as places in the crashed kernel's memory. */
#ifndef ERASE_PLACE_H
#define ERASE_PLACE_H

#include "erase/config.h"
#include "erase/space.h"
#include "kernel/module.h"

/* A type of the kernel, or one that a cast made of it. */
struct place_type {
	enum { PLACE_TYPED, PLACE_CHAR, PLACE_VOID } base;
	struct type type;	/* PLACE_TYPED */
	unsigned int stars;	/* pointers to it */
};

/* What a type is behind typedefs, as type_describe() tells. */
struct place_info {
	enum type_kind kind;
	uint64_t size;		/* bytes; 0: not known */
	uint64_t count;		/* of an array */
	struct place_type target;	/* of pointers and arrays */
	const char *name;	/* of a struct or union; NULL: none */
	bool is_char;
};

struct place {
	uint64_t address;
	struct place_type type;
	/* The struct around it, where the last step was to a member: address and name of the member. */
	uint64_t parent;
	struct place_type parent_type;
	const char *member;
};

/* What the names of a section mean. */
struct place_scope {
	struct erase_space *space;
	const char *file;		/* for messages */
	const struct kmodule *module;	/* NULL: the kernel itself */
	const struct types *types;	/* of the module or the kernel; NULL: none are known */
	/* Of the loop that the expression is in. */
	const char *variable;		/* NULL: none */
	struct place element;
	bool no_element;		/* only its type is known */
};

/*
 * Find what @expr is. *found false: a pointer on the way is NULL or cannot be read,
 * which is told. ERR_NOT_FOUND, ERR_UNSUPPORTED: a name that nobody knows or that cannot be used
 * like this; names the file and line.
 */
struct err *place_find(const struct place_scope *scope, const struct erase_expr *expr,
		       struct place *ret, bool *found) __attribute__((warn_unused_result));

/* False: the types are damaged, or say nothing of it. */
bool place_describe(const struct place_scope *scope, struct place_type type, struct place_info *ret);

/*
 * What the pointer at @place points to; *found false: NULL, or not to be read (told).
 */
struct err *place_follow(const struct place_scope *scope, const struct place *place,
			 struct place *ret, bool *found) __attribute__((warn_unused_result));

/* Member @name of the struct at @place. ERR_NOT_FOUND without the file's name. */
struct err *place_member(const struct place_scope *scope, const struct place *place,
			 const char *name, struct place *ret) __attribute__((warn_unused_result));

/* An error about @expr. */
struct err *place_error(const struct place_scope *scope, const struct erase_expr *expr,
			const char *fmt, ...)
	__attribute__((format(printf, 3, 4), warn_unused_result));

/*
 * The type of a variable that everybody knows, for kernels whose types do not tell:
 * BTF has none of variables that are not per-CPU. ERR_NOT_FOUND: not one of them, or what lies
 * at @address does not look like it.
 */
struct err *place_known(const struct place_scope *scope, const char *symbol, uint64_t address,
			struct place_type *ret) __attribute__((warn_unused_result));

#endif
