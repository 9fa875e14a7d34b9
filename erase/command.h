/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command, and the lists that loops walk. */
#ifndef ERASE_COMMAND_H
#define ERASE_COMMAND_H

#include "erase/field.h"
#include "erase/place.h"

/*
 * An object of the rule at hand: what @command says in @scope. Where the scope has no element,
 * its names and types are checked and nothing else.
 */
struct err *command_run(const struct place_scope *scope, const struct erase_command *command)
	__attribute__((warn_unused_result));

struct loop {
	const struct place_scope *scope;
	const struct erase_item *item;
	struct place_type element;	/* the type of the elements */
	struct place list;		/* where the walk begins */
	bool found;			/* there is a list */
	uint64_t offset;		/* of the member that links the elements */
	uint64_t stride;		/* ERASE_LOOP_ARRAY */
	uint64_t count;
	struct chain chain;
};

/* Find the list of @item. ERR_NOT_FOUND, with file and line: its names mean no list. */
struct err *loop_open(const struct place_scope *scope, const struct erase_item *item,
		      struct loop *ret) __attribute__((warn_unused_result));

/*
 * Call @fn with each element. A list whose links are damaged ends there, which is
 * told; one that does not end is left after CHAIN_MAX elements, likewise.
 */
struct err *loop_each(struct loop *loop, struct err *(*fn)(void *ctx, const struct place *element),
		      void *ctx) __attribute__((warn_unused_result));

#endif
