// SPDX-License-Identifier: GPL-2.0-or-later
/* What is wanted, from a set of types. */
#include <string.h>

#include "base/checked.h"
#include "facts/number.h"
#include "facts/wanted.h"

/* The wanted facts about one struct are asked one after the other. */
struct lookup {
	const struct types *types;
	struct facts *facts;
	char name[FACT_KEY_MAX + 1];	/* of the type last looked for */
	bool found;			/* it is there, and is the one that is meant */
	struct type type;
};

static bool same_struct(const char *name, const char *other, size_t len)
{
	return wanted_struct_len(other) == len && !strncmp(name, other, len);
}

/* What @fact, of a member, is in the lookup's type. */
static bool member_value(const struct lookup *lookup, const struct wanted_fact *fact,
			 uint64_t *ret)
{
	const char *path = fact->name + wanted_struct_len(fact->name) + 1;
	struct type_member member;
	struct type_info info;
	uint64_t size;

	if (fact->kind == FACT_OFFSET)
		return type_offset(lookup->type, path, ret, &size);
	if (!type_member(lookup->type, path, &member) || !type_describe(member.type, &info) ||
	    info.kind != TYPE_ARRAY)
		return false;
	*ret = info.count;
	return true;
}

static bool has_member(const struct wanted_fact *fact)
{
	return fact->name[wanted_struct_len(fact->name)] != '\0';
}

/* One of the members that are wanted of it, if any are, is there. */
static bool is_meant(const struct lookup *lookup)
{
	size_t len = strlen(lookup->name);
	bool any = false;
	uint64_t value;

	for (size_t i = 0; i < wanted_fact_count; i++) {
		const struct wanted_fact *fact = &wanted_facts[i];

		if ((fact->kind != FACT_OFFSET && fact->kind != FACT_LENGTH) || !has_member(fact) ||
		    !same_struct(lookup->name, fact->name, len))
			continue;
		if (member_value(lookup, fact, &value))
			return true;
		any = true;
	}
	return !any;
}

static bool find_type(struct lookup *lookup, const char *name)
{
	size_t len = wanted_struct_len(name);

	if (len > FACT_KEY_MAX)
		return false;
	if (!same_struct(name, lookup->name, len)) {
		memcpy(lookup->name, name, len);
		lookup->name[len] = '\0';
		lookup->found = types_find_any(lookup->types, lookup->name, &lookup->type) &&
				is_meant(lookup);
	}
	return lookup->found;
}

static bool type_size(struct lookup *lookup, const char *name, uint64_t *ret)
{
	struct type_info info;

	if (!find_type(lookup, name) || !type_describe(lookup->type, &info) || !info.size)
		return false;
	*ret = info.size;
	return true;
}

static bool variable_length(const struct types *types, const char *name, uint64_t *ret)
{
	struct type_info info;
	struct type type;

	if (!types_variable(types, name, &type) || !type_describe(type, &info) ||
	    info.kind != TYPE_ARRAY)
		return false;
	*ret = info.count;
	return true;
}

static bool value_of(struct lookup *lookup, const struct wanted_fact *fact, uint64_t *ret)
{
	int64_t number;

	switch (fact->kind) {
	case FACT_SIZE:
		return type_size(lookup, fact->name, ret);
	case FACT_LENGTH:
		if (!has_member(fact))
			return variable_length(lookup->types, fact->name, ret);
		return find_type(lookup, fact->name) && member_value(lookup, fact, ret);
	case FACT_OFFSET:
		return find_type(lookup, fact->name) && member_value(lookup, fact, ret);
	case FACT_NUMBER:
		if (!types_enumerator(lookup->types, fact->name, &number))
			return false;
		*ret = (uint64_t)number;
		return true;
	default:
		return false;
	}
}

struct err *facts_add_types(struct facts *facts, const struct types *types)
{
	struct lookup lookup = { .types = types, .facts = facts };
	const char *provider = types->ops->name;

	for (size_t i = 0; i < wanted_fact_count; i++) {
		const struct wanted_fact *fact = &wanted_facts[i];
		uint64_t value;

		if (wanted_known(facts, fact) || !value_of(&lookup, fact, &value) || value > INT64_MAX)
			continue;
		TRY(facts_add(facts, fact->kind, fact->name, (int64_t)value, provider));
		if (fact->instead)
			TRY(facts_add(facts, fact->kind, fact->instead, (int64_t)value, provider));
	}
	return NULL;
}
