/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a file for --config asks to erase, as it is written: makedumpfile.conf(5).
 * Knows no kernel; erase/resolve.h finds what the names mean.
 */
#ifndef ERASE_CONFIG_H
#define ERASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* No file that somebody wrote has more. */
#define ERASE_CONFIG_BYTES_MAX (1u << 20)

/* The type that "(struct NAME *)" in front of a symbol gives it. */
struct erase_cast {
	char *name;		/* of a struct, union or typedef, or "char" or "void"; NULL: none was written */
	unsigned int stars;
};

/* SYMBOL.MEMBER... */
struct erase_expr {
	unsigned int line;
	char *text;		/* as written */
	struct erase_cast cast;
	char *split;		/* what names point into */
	char **names;		/* a symbol or the variable of the loop, then members */
	size_t count;		/* at least 1 */
};

enum erase_size_kind {
	ERASE_SIZE_OF_TYPE,	/* none was written */
	ERASE_SIZE_NUMBER,
	ERASE_SIZE_EXPR,	/* an integer of the kernel */
	ERASE_NULLIFY,		/* the pointer itself */
};

struct erase_command {
	struct erase_expr expr;
	enum erase_size_kind size_kind;
	uint64_t number;		/* bytes */
	struct erase_expr size;
};

enum erase_loop_kind {
	ERASE_NO_LOOP,
	ERASE_LOOP_ARRAY,
	ERASE_LOOP_VIA,		/* objects linked by a pointer */
	ERASE_LOOP_WITHIN,	/* a list_head */
};

/* One command, or a loop with all of its commands. */
struct erase_item {
	char *module;		/* whose section it is in; NULL: the kernel itself */
	enum erase_loop_kind loop;
	char *variable;		/* of the loop; NULL without one */
	struct erase_expr list;
	char *type_name;	/* ERASE_LOOP_WITHIN: struct of the elements */
	char *member;		/* that links them */
	struct erase_command *commands;
	size_t count;
};

struct erase_config {
	char *name;		/* of the file */
	struct erase_item *items;
	size_t count;
};

/*
 * Parse @len bytes of @text; @name is for messages. ERR_BAD_INPUT,
 * "NAME:LINE: ...": nothing of a file that is wrong anywhere is used.
 */
struct err *erase_config_parse(const char *name, const char *text, size_t len,
			       struct erase_config **ret) __attribute__((warn_unused_result));

/* The same of the file @path. */
struct err *erase_config_read(const char *path, struct erase_config **ret)
	__attribute__((warn_unused_result));

/* NULL is fine. */
void erase_config_destroy(struct erase_config *config);

/* The parts of a file, for who makes rules without one. @text: one word. */
struct err *erase_expr_parse(const char *name, unsigned int line, const char *text,
			     struct erase_expr *ret) __attribute__((warn_unused_result));
void erase_expr_deinit(struct erase_expr *expr);

#endif
