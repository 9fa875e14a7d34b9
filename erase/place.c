// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/place.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/symbols.h"

struct err *place_error(const struct place_scope *scope, const struct erase_expr *expr,
			const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_new(ERR_NOT_FOUND, "%s:%u: '%s': %s", scope->file, expr->line, expr->text, text);
}

static const struct kernel *kernel_of(const struct place_scope *scope)
{
	return kreader_kernel(scope->space->reader);
}

/* A struct that is only named where it is used may be described elsewhere. */
static bool complete(const struct place_scope *scope, struct type_info *info)
{
	struct type whole;

	if (info->size || !info->name || (info->kind != TYPE_STRUCT && info->kind != TYPE_UNION))
		return true;
	return !types_find(scope->types, info->kind, info->name, &whole) ||
	       type_describe(whole, info);
}

bool place_describe(const struct place_scope *scope, struct place_type type, struct place_info *ret)
{
	struct type_info info;

	*ret = (struct place_info){ .target = type };
	if (type.stars) {
		ret->kind = TYPE_POINTER;
		ret->size = kernel_of(scope)->word;
		ret->target.stars--;
		return true;
	}
	if (type.base != PLACE_TYPED) {
		ret->is_char = type.base == PLACE_CHAR;
		ret->kind = ret->is_char ? TYPE_INT : TYPE_VOID;
		ret->size = ret->is_char;
		return true;
	}
	if (!type_describe(type.type, &info) || !complete(scope, &info))
		return false;
	ret->kind = info.kind;
	ret->size = info.size;
	ret->count = info.count;
	ret->target.type = info.target;
	ret->name = info.name;
	ret->is_char = info.kind == TYPE_INT && info.size == 1 && info.name &&
		       !strcmp(info.name, "char");
	return true;
}

struct err *place_follow(const struct place_scope *scope, const struct place *place,
			 struct place *ret, bool *found)
{
	struct place_info info;
	uint64_t address = 0;

	*found = false;
	if (!place_describe(scope, place->type, &info))
		return err_new(ERR_BAD_INPUT, "the types of the kernel are damaged");
	TRY(erase_forgive(scope->space, kread_word(scope->space->reader, place->address, &address)));
	*found = address != 0;
	*ret = (struct place){ .address = address, .type = info.target };
	return NULL;
}

struct err *place_member(const struct place_scope *scope, const struct place *place,
			 const char *name, struct place *ret)
{
	struct place_info info;
	struct type_member member;
	struct type type = place->type.type, whole;
	struct place_type inner = { 0 };

	if (!place_describe(scope, place->type, &info) ||
	    (info.kind != TYPE_STRUCT && info.kind != TYPE_UNION))
		return err_new(ERR_NOT_FOUND, "what '%s' is to be a member of is no structure", name);
	if (info.name && types_find(scope->types, info.kind, info.name, &whole) &&
	    !type_member(type, name, &member))
		type = whole;
	if (!type_member(type, name, &member))
		return err_new(ERR_NOT_FOUND, "%s %s has no member '%s'",
			       info.kind == TYPE_UNION ? "union" : "struct",
			       info.name ? info.name : "(anonymous)", name);
	if (member.bit_size)
		return err_new(ERR_NOT_FOUND, "member '%s' is a bit-field", name);
	inner.type = member.type;
	*ret = (struct place){
		.address = place->address + member.bit_offset / 8,
		.type = inner,
		.parent = place->address,
		.parent_type = place->type,
		.member = name,
	};
	return NULL;
}

/* The type that the expression itself names. */
static struct err *cast_type(const struct place_scope *scope, const struct erase_expr *expr,
			     struct place_type *ret)
{
	const struct erase_cast *cast = &expr->cast;

	*ret = (struct place_type){ .stars = cast->stars };
	if (!strcmp(cast->name, "char"))
		ret->base = PLACE_CHAR;
	else if (!strcmp(cast->name, "void"))
		ret->base = PLACE_VOID;
	else if (!types_find_any(scope->types, cast->name, &ret->type))
		return place_error(scope, expr, "the kernel has no type '%s'%s", cast->name,
				   scope->types ? "" : " that is known: it has no BTF, give -x VMLINUX");
	return NULL;
}

static struct err *find_symbol(const struct place_scope *scope, const struct erase_expr *expr,
			       uint64_t *ret)
{
	struct kreader *reader = scope->space->reader;
	const char *name = expr->names[0];
	unsigned int found;

	if (scope->module && kmodule_symbol(reader, scope->module, name, ret))
		return NULL;
	found = erase_symbol(scope->space, name, ret);
	if (found == 1)
		return NULL;
	if (found)
		return place_error(scope, expr, "%u variables or functions are called '%s': nothing tells "
				   "which is meant", found, name);
	return place_error(scope, expr, "there is no symbol '%s' in %s%s " ERASE_SYMBOL_HINT, name,
			   scope->module ? scope->module->name : "the kernel",
			   scope->module ? " or the kernel" : "");
}

/* Each CPU has its own; the symbol is none of them. */
static bool is_percpu(const struct place_scope *scope, uint64_t address)
{
	struct symbol_want ends[] = { { .name = "__per_cpu_start" }, { .name = "__per_cpu_end" } };
	struct err *e = ksymbols_find(scope->space->reader, ends, ARRAY_LEN(ends));

	err_free(e);
	return !e && ends[0].found && ends[1].found && address >= ends[0].address &&
	       address < ends[1].address;
}

static struct err *variable_type(const struct place_scope *scope, const struct erase_expr *expr,
				 uint64_t address, struct place_type *ret)
{
	const char *name = expr->names[0];
	struct err *e;

	*ret = (struct place_type){ 0 };
	if (expr->cast.name)
		return cast_type(scope, expr, ret);
	if (types_variable(scope->types, name, &ret->type))
		return NULL;
	e = place_known(scope, name, address, ret);
	if (!e || err_kind(e) == ERR_NOMEM)
		return e;
	e = err_prepend(e, "%s:%u: '%s': the type of '%s' is not known (give -x VMLINUX, or write "
			"(struct NAME)%s)", scope->file, expr->line, expr->text, name, name);
	return e;
}

static struct err *find_first(const struct place_scope *scope, const struct erase_expr *expr,
			      struct place *ret, bool *found)
{
	*found = true;
	if (scope->variable && !strcmp(expr->names[0], scope->variable)) {
		*ret = scope->element;
		*found = !scope->no_element;
		return expr->cast.name ? cast_type(scope, expr, &ret->type) : NULL;
	}
	*ret = (struct place){ 0 };
	TRY(find_symbol(scope, expr, &ret->address));
	if (is_percpu(scope, ret->address))
		return place_error(scope, expr, "'%s' is a per-CPU variable: these cannot be named",
				   expr->names[0]);
	return variable_type(scope, expr, ret->address, &ret->type);
}

/* Pointers to pointers to follow for one dot; types that are damaged may be such for ever. */
#define POINTERS_MAX 16

/* Where the dot stands for a pointer, it is followed; behind one that is NULL, by its type only. */
static struct err *follow_all(const struct place_scope *scope, struct place *place, bool *found)
{
	struct place_info info;
	unsigned int count = 0;

	while (place_describe(scope, place->type, &info) && info.kind == TYPE_POINTER) {
		if (count++ == POINTERS_MAX)
			return err_new(ERR_NOT_FOUND, "more than %d pointers on the way to a member",
				       POINTERS_MAX);
		if (*found)
			TRY(place_follow(scope, place, place, found));
		place->type = info.target;
	}
	return NULL;
}

/* One dot and the name behind it. A wrong name is an error whatever the pointers before it are. */
static struct err *step(const struct place_scope *scope, const struct erase_expr *expr, size_t i,
			struct place *at, bool *found)
{
	struct place next;
	struct err *e;

	e = follow_all(scope, at, found);
	if (!e)
		e = place_member(scope, at, expr->names[i], &next);
	if (e)
		return err_kind(e) == ERR_NOMEM ? e :
		       err_prepend(e, "%s:%u: '%s'", scope->file, expr->line, expr->text);
	*at = next;
	return NULL;
}

struct err *place_find(const struct place_scope *scope, const struct erase_expr *expr,
		       struct place *ret, bool *found)
{
	struct place at;

	TRY(find_first(scope, expr, &at, found));
	for (size_t i = 1; i < expr->count; i++)
		TRY(step(scope, expr, i, &at, found));
	*ret = at;
	return NULL;
}
