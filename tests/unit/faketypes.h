/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A provider of types from two tables, for tests of what is built on types. */
#ifndef TESTS_UNIT_FAKETYPES_H
#define TESTS_UNIT_FAKETYPES_H

#include <stddef.h>
#include <string.h>

#include "facts/types.h"

/* A struct, or an array of another type of the set; other types are numbers of @size bytes. */
struct fake_type {
	const char *name;	/* NULL: not found by name */
	enum type_kind kind;
	uint64_t size;
	uint64_t count;		/* of an array */
	unsigned int target;	/* of an array: index of its elements' type */
};

struct fake_member {
	unsigned int owner;	/* index of the struct */
	const char *name;
	uint64_t offset;	/* bytes */
	unsigned int type;	/* index */
};

struct faketypes {
	struct types types;	/* first */
	const struct fake_type *v;
	size_t count;
	const struct fake_member *members;
	size_t member_count;
};

static inline const struct faketypes *fake_set(const struct types *set)
{
	return (const struct faketypes *)set;
}

static inline bool fake_find(const struct types *set, enum type_kind kind, const char *name,
			     struct type *ret)
{
	const struct faketypes *fake = fake_set(set);

	for (size_t i = 0; i < fake->count; i++) {
		if (fake->v[i].name && fake->v[i].kind == kind && !strcmp(fake->v[i].name, name)) {
			*ret = (struct type){ set, i };
			return true;
		}
	}
	return false;
}

static inline bool fake_describe(struct type type, struct type_info *ret)
{
	const struct fake_type *fake = &fake_set(type.set)->v[type.id];

	*ret = (struct type_info){
		.kind = fake->kind, .name = fake->name, .size = fake->size, .count = fake->count,
		.target = { type.set, fake->target },
	};
	return true;
}

static inline bool fake_member(struct type type, const char *name, struct type_member *ret)
{
	const struct faketypes *fake = fake_set(type.set);

	for (size_t i = 0; i < fake->member_count; i++) {
		const struct fake_member *member = &fake->members[i];

		if (member->owner == type.id && !strcmp(member->name, name)) {
			*ret = (struct type_member){ .type = { type.set, member->type },
						     .bit_offset = member->offset * 8 };
			return true;
		}
	}
	return false;
}

static inline void fake_destroy(struct types *set)
{
	(void)set;
}

/* enumerator and variable are not asked for. */
static const struct types_ops fake_ops = {
	.name = "fake", .find = fake_find, .describe = fake_describe, .member = fake_member,
	.destroy = fake_destroy,
};

#endif
