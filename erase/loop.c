// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "erase/command.h"

static struct err *no_loop(const struct loop *loop, const char *why)
{
	return place_error(loop->scope, &loop->item->list, "%s", why);
}

/* True when the chain that is at @node goes on for ever or for too long, which is told. */
static bool is_endless(struct loop *loop, uint64_t node)
{
	const struct erase_expr *list = &loop->item->list;

	if (chain_goes_on(&loop->chain, node) && erase_step(loop->scope->space))
		return false;
	erase_doubt(loop->scope->space, "%s:%u: '%s': the list does not end after %" PRIu64
		    " elements", loop->scope->file, list->line, list->text, loop->chain.steps);
	return true;
}

typedef struct err *element_fn(void *ctx, const struct place *element);

static struct err *array_open(struct loop *loop)
{
	struct place_info info, element;

	if (!place_describe(loop->scope, loop->list.type, &info) || info.kind != TYPE_ARRAY ||
	    !info.count || !place_describe(loop->scope, info.target, &element) || !element.size)
		return no_loop(loop, "is no array whose length is known");
	loop->element = element.kind == TYPE_POINTER ? element.target : info.target;
	loop->list.type = info.target;
	loop->stride = element.size;
	loop->count = info.count;
	return NULL;
}

/* Elements of an array; where these are pointers, what they point to. */
static struct err *array_each(struct loop *loop, element_fn *fn, void *ctx)
{
	const struct erase_expr *list = &loop->item->list;
	uint64_t count = erase_at_most(loop->scope->space, loop->count, CHAIN_MAX, "%s:%u: elements of '%s'",
				       loop->scope->file, list->line, list->text);

	for (uint64_t i = 0; i < count && erase_step(loop->scope->space); i++) {
		struct place at = loop->list;
		struct place_info info;
		bool there = true;

		at.address += i * loop->stride;
		if (place_describe(loop->scope, at.type, &info) && info.kind == TYPE_POINTER)
			TRY(place_follow(loop->scope, &at, &at, &there));
		if (there)
			TRY(fn(ctx, &at));
	}
	return NULL;
}

static bool same_struct(const struct place_scope *scope, struct place_type a, struct place_type b)
{
	struct place_info x, y;

	return place_describe(scope, a, &x) && place_describe(scope, b, &y) && x.kind == y.kind &&
	       x.kind == TYPE_STRUCT && x.name && y.name && !strcmp(x.name, y.name);
}

/* Offset of the member that links elements of type loop->element, and its type. */
static struct err *find_link(struct loop *loop, struct place_info *ret)
{
	const struct erase_expr *expr = &loop->item->list;
	struct place outer = { .type = loop->element }, link;

	TRY(err_prepend(place_member(loop->scope, &outer, loop->item->member, &link), "%s:%u: '%s'",
			loop->scope->file, expr->line, expr->text));
	loop->offset = link.address;
	if (!place_describe(loop->scope, link.type, ret))
		return no_loop(loop, "the link of its elements is of no type that is known");
	return NULL;
}

static struct err *via_open(struct loop *loop)
{
	struct place_info info;

	if (place_describe(loop->scope, loop->list.type, &info) && info.kind == TYPE_POINTER) {
		if (loop->found)
			TRY(place_follow(loop->scope, &loop->list, &loop->list, &loop->found));
		loop->list.type = info.target;
	}
	loop->element = loop->list.type;
	TRY(find_link(loop, &info));
	if (info.kind != TYPE_POINTER || !same_struct(loop->scope, info.target, loop->element))
		return no_loop(loop, "its elements are not linked by that member");
	return NULL;
}

/* A structure, and those that its member leads to. */
static struct err *via_each(struct loop *loop, element_fn *fn, void *ctx)
{
	struct kreader *reader = loop->scope->space->reader;
	struct place at = { .address = loop->list.address, .type = loop->element };
	struct err *e = NULL;

	while (!e && at.address && !is_endless(loop, at.address)) {
		TRY(fn(ctx, &at));
		e = kread_word(reader, at.address + loop->offset, &at.address);
		if (at.address == loop->list.address)
			break;
	}
	return erase_forgive(loop->scope->space, e);
}

static bool is_list_head(const struct place_scope *scope, struct place_type type)
{
	struct place_info info;

	return place_describe(scope, type, &info) && info.name && !strcmp(info.name, "list_head");
}

/*
 * The head of the list: a list_head, a pointer to one, or the "next" of one, which
 * is how makedumpfile.conf(5) names a list.
 */
static struct err *find_head(struct loop *loop)
{
	struct place *at = &loop->list;
	struct place_info info;

	if (place_describe(loop->scope, at->type, &info) && info.kind == TYPE_POINTER) {
		if (at->member && !strcmp(at->member, "next") && is_list_head(loop->scope, at->parent_type))
			*at = (struct place){ .address = at->parent, .type = at->parent_type };
		else if (loop->found)
			TRY(place_follow(loop->scope, at, at, &loop->found));
		else
			at->type = info.target;
	}
	return is_list_head(loop->scope, at->type) ? NULL : no_loop(loop, "is no list_head");
}

static struct err *within_open(struct loop *loop)
{
	struct place_info info;

	TRY(find_head(loop));
	if (!types_find_any(loop->scope->types, loop->item->type_name, &loop->element.type))
		return no_loop(loop, "the kernel has no struct of the name behind 'within'");
	TRY(find_link(loop, &info));
	if (!info.name || strcmp(info.name, "list_head") != 0)
		return no_loop(loop, "the member behind 'within' is no list_head");
	return NULL;
}

/* An element of a list_head, with its type. */
struct within {
	struct place element;
	element_fn *fn;
	void *ctx;
};

static struct err *take_element(void *ctx, uint64_t address)
{
	struct within *within = ctx;

	within->element.address = address;
	return within->fn(within->ctx, &within->element);
}

static struct err *within_each(struct loop *loop, element_fn *fn, void *ctx)
{
	struct within within = { .element.type = loop->element, .fn = fn, .ctx = ctx };
	const struct erase_expr *list = &loop->item->list;
	char what[128];

	snprintf(what, sizeof(what), "%s:%u: '%s'", loop->scope->file, list->line, list->text);
	return list_each(loop->scope->space, loop->list.address, loop->offset, what, take_element,
			 &within);
}

struct err *loop_open(const struct place_scope *scope, const struct erase_item *item,
		      struct loop *ret)
{
	static struct err *(*const open[])(struct loop *loop) = {
		[ERASE_LOOP_ARRAY] = array_open,
		[ERASE_LOOP_VIA] = via_open,
		[ERASE_LOOP_WITHIN] = within_open,
	};

	*ret = (struct loop){ .scope = scope, .item = item };
	TRY(place_find(scope, &item->list, &ret->list, &ret->found));
	return open[item->loop](ret);
}

struct err *loop_each(struct loop *loop, element_fn *fn, void *ctx)
{
	static struct err *(*const each[])(struct loop *loop, element_fn *fn, void *ctx) = {
		[ERASE_LOOP_ARRAY] = array_each,
		[ERASE_LOOP_VIA] = via_each,
		[ERASE_LOOP_WITHIN] = within_each,
	};

	return loop->found ? each[loop->item->loop](loop, fn, ctx) : NULL;
}
