// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/command.h"

#include <string.h>

#include "base/checked.h"

/* Of a string without a size, at most. */
#define STRING_MAX 1024u

/* A size that the kernel's memory tells is believed up to here: more is damage. */
#define TOLD_SIZE_MAX (UINT64_C(64) << 20)

/* Bytes of the string at @address. A page that cannot be read ends it. */
static struct err *string_length(const struct place_scope *scope, uint64_t address, uint64_t *ret)
{
	char c = 1;

	for (*ret = 0; *ret < STRING_MAX; (*ret)++) {
		struct err *e = kread(scope->space->reader, address + *ret, &c, 1);

		if (e)
			return erase_forgive(scope->space, e);
		if (!c)
			return NULL;
	}
	return NULL;
}

/* An integer of the kernel, of whatever sign: sizes are none below 0. */
static struct err *read_integer(const struct place_scope *scope, const struct erase_expr *expr,
				const struct place *place, bool found, uint64_t *ret)
{
	const struct kernel *kernel = kreader_kernel(scope->space->reader);
	struct place_info info;
	uint8_t raw[8] = { 0 };

	if (!place_describe(scope, place->type, &info) ||
	    (info.kind != TYPE_INT && info.kind != TYPE_ENUM) || info.size > sizeof(raw) ||
	    !is_pow2(info.size))
		return place_error(scope, expr, "is no integer of 1, 2, 4 or 8 bytes");
	if (found)
		TRY(erase_forgive(scope->space, kread(scope->space->reader, place->address, raw,
						      (size_t)info.size)));
	if (info.size == 1)
		*ret = raw[0];
	else if (info.size == 2)
		*ret = get_u16(raw, kernel->order);
	else
		*ret = get_word(raw, (unsigned int)info.size, kernel->order);
	return NULL;
}

static struct err *told_size(const struct place_scope *scope, const struct erase_expr *expr,
			     uint64_t *ret)
{
	struct place place;
	bool found;

	TRY(place_find(scope, expr, &place, &found));
	TRY(read_integer(scope, expr, &place, found, ret));
	*ret = erase_at_most(scope->space, *ret, TOLD_SIZE_MAX, "%s:%u: bytes by '%s'", scope->file,
			     expr->line, expr->text);
	return NULL;
}

/* What a type is large, when no size was written. */
static struct err *own_size(const struct place_scope *scope, const struct erase_command *command,
			    const struct place_info *info, uint64_t *ret)
{
	*ret = info->size;
	if (info->size)
		return NULL;
	return place_error(scope, &command->expr, "is of no known size: it needs 'size'");
}

/* The last element is a pointer: what it points to is meant. */
static struct err *pointed_to(const struct place_scope *scope, const struct erase_command *command,
			      struct place *place, uint64_t *size, bool *found)
{
	bool sized = command->size_kind != ERASE_SIZE_OF_TYPE;
	struct place_info pointer, info;

	if (!place_describe(scope, place->type, &pointer) ||
	    !place_describe(scope, pointer.target, &info))
		return place_error(scope, &command->expr, "is of no type that is known");
	if (*found)
		TRY(place_follow(scope, place, place, found));
	/* A string is as long as it is, and no other pointer to bytes tells how many there are. */
	if (info.is_char)
		return *found && !sized ? string_length(scope, place->address, size) : NULL;
	if (!sized && info.kind == TYPE_INT && info.size == 1)
		return place_error(scope, &command->expr, "points to bytes, of which nothing tells how "
				   "many there are: it needs 'size'");
	return sized ? NULL : own_size(scope, command, &info, size);
}

static struct err *nullify(const struct place_scope *scope, const struct erase_command *command,
			   const struct place *place, const struct place_info *info, bool found)
{
	if (info->kind != TYPE_POINTER)
		return place_error(scope, &command->expr, "is no pointer that could be nullified");
	return found ? erase_kernel_object(scope->space, place->address, info->size, ERASE_NULL) :
		       NULL;
}

/* The size that was written, if one was. */
static struct err *written_size(const struct place_scope *scope, const struct erase_command *command,
				uint64_t *size)
{
	if (command->size_kind == ERASE_SIZE_EXPR)
		return told_size(scope, &command->size, size);
	if (command->size_kind == ERASE_SIZE_NUMBER)
		*size = command->number;
	return NULL;
}

struct err *command_run(const struct place_scope *scope, const struct erase_command *command)
{
	struct place_info info;
	struct place place;
	uint64_t size = 0;
	bool found;

	TRY(place_find(scope, &command->expr, &place, &found));
	if (!place_describe(scope, place.type, &info))
		return place_error(scope, &command->expr, "is of no type that is known");
	if (command->size_kind == ERASE_NULLIFY)
		return nullify(scope, command, &place, &info, found);
	if (info.kind == TYPE_POINTER)
		TRY(pointed_to(scope, command, &place, &size, &found));
	else if (command->size_kind == ERASE_SIZE_OF_TYPE)
		TRY(own_size(scope, command, &info, &size));
	TRY(written_size(scope, command, &size));
	return found && size ? erase_kernel_object(scope->space, place.address, size, ERASE_BYTE) :
			       NULL;
}
