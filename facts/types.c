// SPDX-License-Identifier: GPL-2.0-or-later
/* What is the same whoever knows the types. */
#include "facts/types.h"

#include <stddef.h>
#include <string.h>

/* The longest name of a member in a path; kernels have none beyond 60. */
#define COMPONENT_MAX 255

/* Members of members to follow in one path. */
#define PATH_DEPTH_MAX 32

bool types_find(const struct types *set, enum type_kind kind, const char *name, struct type *ret)
{
	return set && *name && set->ops->find(set, kind, name, ret);
}

bool types_find_any(const struct types *set, const char *name, struct type *ret)
{
	return types_find(set, TYPE_STRUCT, name, ret) || types_find(set, TYPE_UNION, name, ret) ||
	       types_find(set, TYPE_VOID, name, ret);
}

bool type_describe(struct type type, struct type_info *ret)
{
	return type.set && type.set->ops->describe(type, ret);
}

bool type_member(struct type type, const char *name, struct type_member *ret)
{
	return type.set && *name && type.set->ops->member(type, name, ret);
}

/* The member that @path names up to its first dot; *path is moved behind that. */
static bool next_member(struct type type, const char **path, struct type_member *ret)
{
	char name[COMPONENT_MAX + 1];
	size_t len = strcspn(*path, ".");

	if (len > COMPONENT_MAX)
		return false;
	memcpy(name, *path, len);
	name[len] = '\0';
	*path += len;
	return type_member(type, name, ret) && !ret->bit_size;
}

bool type_offset(struct type type, const char *path, uint64_t *ret_offset, uint64_t *ret_size)
{
	struct type_member member;
	struct type_info info;
	uint64_t offset = 0;

	for (unsigned int depth = 0; depth < PATH_DEPTH_MAX; depth++) {
		if (!next_member(type, &path, &member))
			return false;
		offset += member.bit_offset / 8;
		type = member.type;
		if (*path == '.') {
			path++;
			continue;
		}
		if (!type_describe(type, &info))
			return false;
		*ret_offset = offset;
		*ret_size = info.size;
		return true;
	}
	return false;
}

bool types_enumerator(const struct types *set, const char *name, int64_t *ret)
{
	return set && *name && set->ops->enumerator(set, name, ret);
}

bool types_variable(const struct types *set, const char *name, struct type *ret)
{
	return set && *name && set->ops->variable(set, name, ret);
}

void types_destroy(struct types *set)
{
	if (set)
		set->ops->destroy(set);
}
