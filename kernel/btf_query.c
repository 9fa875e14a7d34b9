// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions to parsed BTF. By name each is a pass over the index: a millisecond
 * for a whole kernel, which no other index is worth.
 */
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/btf_internal.h"

/* References are in range but may form a cycle. Real ones: 7 typedefs, 5 anonymous structs deep. */
#define CHAIN_MAX 32
#define ANONYMOUS_MAX 16

/* Members to look at for one name; struct of many anonymous ones of many ... */
#define SEARCH_MEMBERS_MAX 1000000u

/* No type of a kernel is as large. */
#define TYPE_BYTES_MAX (UINT64_C(1) << 31)

#define MEMBER_BYTES 12	/* name, type, offset */
#define INT_SIGNED 1

static const struct btf *as_btf(const struct types *set)
{
	return (const struct btf *)set;
}

/* What @id is behind typedefs and qualifiers. */
static bool resolve(const struct btf *btf, uint64_t id, struct btf_record *ret)
{
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		if (!btf_get(btf, id, ret))
			return false;
		switch (ret->kind) {
		case BTF_TYPEDEF:
		case BTF_VOLATILE:
		case BTF_CONST:
		case BTF_RESTRICT:
		case BTF_TYPE_TAG:
			id = ret->value;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* Size of a type that is no array. */
static uint64_t plain_size(const struct btf *btf, const struct btf_record *record)
{
	switch (record->kind) {
	case BTF_PTR:
		return btf->pointer_size;
	case BTF_INT:
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_ENUM:
	case BTF_ENUM64:
	case BTF_FLOAT:
		return record->value;
	default:
		return 0;
	}
}

/* Size of @record, an array of arrays perhaps. */
static bool size_of(const struct btf *btf, struct btf_record record, uint64_t *ret)
{
	uint64_t times = 1;

	for (unsigned int i = 0; record.kind == BTF_ARRAY; i++) {
		if (i == CHAIN_MAX || !checked_mul(times, btf_u32(&record, 8), &times) ||
		    !resolve(btf, btf_u32(&record, 0), &record))
			return false;
	}
	return checked_mul(times, plain_size(btf, &record), ret) && *ret <= TYPE_BYTES_MAX;
}

static bool kind_of(const struct btf_record *record, enum type_kind *ret)
{
	static const uint8_t kinds[] = {
		[BTF_VOID] = TYPE_VOID,
		[BTF_INT] = TYPE_INT,
		[BTF_PTR] = TYPE_POINTER,
		[BTF_ARRAY] = TYPE_ARRAY,
		[BTF_STRUCT] = TYPE_STRUCT,
		[BTF_UNION] = TYPE_UNION,
		[BTF_ENUM] = TYPE_ENUM,
		[BTF_FUNC] = TYPE_FUNCTION,
		[BTF_FUNC_PROTO] = TYPE_FUNCTION,
		[BTF_FLOAT] = TYPE_INT,
		[BTF_ENUM64] = TYPE_ENUM,
	};

	if (record->kind == BTF_FWD) {
		*ret = record->flag ? TYPE_UNION : TYPE_STRUCT;
		return true;
	}
	if (record->kind >= ARRAY_LEN(kinds) || (record->kind && !kinds[record->kind]))
		return false;
	*ret = kinds[record->kind];
	return true;
}

static bool btf_describe(struct type type, struct type_info *ret)
{
	const struct btf *btf = as_btf(type.set);
	struct btf_record record;

	*ret = (struct type_info){ .target.set = type.set };
	if (!resolve(btf, type.id, &record) || !kind_of(&record, &ret->kind) ||
	    !size_of(btf, record, &ret->size))
		return false;
	ret->name = *record.name ? record.name : NULL;
	if (record.kind == BTF_INT)
		ret->is_signed = btf_u32(&record, 0) >> 24 & INT_SIGNED;
	if (record.kind == BTF_ARRAY) {
		ret->count = btf_u32(&record, 8);
		ret->target.id = btf_u32(&record, 0);
	}
	if (record.kind == BTF_PTR)
		ret->target.id = record.value;
	return record.kind != BTF_PTR || ret->size;
}

struct member_search {
	const struct btf *btf;
	const char *name;
	unsigned int budget;
};

/*
 * Where a member lies: its place and, in a struct with bit-fields, its width
 * share a word. Producers before 2019 have the width in the type instead.
 */
static bool place_member(const struct btf *btf, const struct btf_record *outer, const uint8_t *raw,
			 struct type_member *ret)
{
	uint32_t place = get_u32(raw + 8, outer->btf->order), encoding;
	struct btf_record record;

	*ret = (struct type_member){
		.type = { .set = &btf->types, .id = get_u32(raw + 4, outer->btf->order) },
		.bit_offset = outer->flag ? place & 0xffffff : place,
		.bit_size = outer->flag ? place >> 24 : 0,
	};
	if (!resolve(btf, ret->type.id, &record))
		return false;
	if (!outer->flag && record.kind == BTF_INT) {
		encoding = btf_u32(&record, 0);
		if ((encoding & 0xff) != record.value * 8) {
			ret->bit_offset += encoding >> 16 & 0xff;
			ret->bit_size = encoding & 0xff;
		}
	}
	return ret->bit_size || ret->bit_offset % 8 == 0;
}

static bool is_compound(const struct btf_record *record)
{
	return record->kind == BTF_STRUCT || record->kind == BTF_UNION;
}

/* In @outer, and then in the anonymous members of it. */
static bool search(struct member_search *job, const struct btf_record *outer, unsigned int depth,
		   struct type_member *ret)
{
	for (uint32_t i = 0; i < outer->count; i++) {
		const uint8_t *raw = outer->data + (size_t)i * MEMBER_BYTES;
		const char *name = btf_string(outer->btf, get_u32(raw, outer->btf->order));
		struct type_member member;
		struct btf_record inner;

		if (!job->budget--) {
			job->budget = 0;
			return false;
		}
		if (*name && !strcmp(name, job->name))
			return place_member(job->btf, outer, raw, ret);
		if (*name || depth == ANONYMOUS_MAX || !place_member(job->btf, outer, raw, &member) ||
		    !resolve(job->btf, member.type.id, &inner) || !is_compound(&inner))
			continue;
		if (search(job, &inner, depth + 1, ret)) {
			ret->bit_offset += member.bit_offset;
			return true;
		}
	}
	return false;
}

/* How much of its struct a member takes. */
static bool member_bits(const struct btf *btf, const struct type_member *member, uint64_t *ret)
{
	struct btf_record record;

	*ret = member->bit_size;
	if (member->bit_size)
		return true;
	if (!resolve(btf, member->type.id, &record) || !size_of(btf, record, ret))
		return false;
	*ret *= 8;
	return true;
}

static bool btf_member(struct type type, const char *name, struct type_member *ret)
{
	struct member_search job = {
		.btf = as_btf(type.set),
		.name = name,
		.budget = SEARCH_MEMBERS_MAX,
	};
	struct btf_record outer;
	uint64_t bits;

	/* What is said to reach beyond the struct's end is damage; a flexible array lies at it. */
	return resolve(job.btf, type.id, &outer) && is_compound(&outer) &&
	       search(&job, &outer, 0, ret) && member_bits(job.btf, ret, &bits) &&
	       ret->bit_offset + bits <= (uint64_t)outer.value * 8;
}

static bool group_of_kind(enum type_kind kind, enum btf_group *ret)
{
	static const int8_t groups[] = {
		[TYPE_VOID] = BTF_TYPEDEFS,
		[TYPE_INT] = -1,
		[TYPE_POINTER] = -1,
		[TYPE_ARRAY] = -1,
		[TYPE_STRUCT] = BTF_STRUCTS,
		[TYPE_UNION] = BTF_UNIONS,
		[TYPE_ENUM] = BTF_ENUMS,
		[TYPE_FUNCTION] = -1,
	};

	if (groups[kind] < 0)
		return false;
	*ret = (enum btf_group)groups[kind];
	return true;
}

/* The first of @group that has the name and, where structs and unions may lack one, a size. */
static bool find_named(const struct btf *btf, enum btf_group group, const char *name,
		       uint64_t *ret_id, struct btf_record *ret)
{
	uint32_t i = 0;

	while (btf_get_named(btf, group, name, &i, ret_id, ret)) {
		if (ret->value || (group != BTF_STRUCTS && group != BTF_UNIONS))
			return true;
	}
	return false;
}

/* A type of the kernel itself comes before one of the module. */
static bool btf_find(const struct types *set, enum type_kind kind, const char *name,
		     struct type *ret)
{
	const struct btf *btf = as_btf(set);
	struct btf_record record;
	enum btf_group group;

	ret->set = set;
	return group_of_kind(kind, &group) &&
	       ((btf->base && find_named(btf->base, group, name, &ret->id, &record)) ||
		find_named(btf, group, name, &ret->id, &record));
}

/* Signed where kind_flag says so. */
static int64_t enumerator_value(const struct btf_record *record, size_t at)
{
	uint32_t low = btf_u32(record, at + 4);

	if (record->kind == BTF_ENUM64)
		return (int64_t)((uint64_t)btf_u32(record, at + 8) << 32 | low);
	return record->flag ? (int64_t)(int32_t)low : (int64_t)low;
}

static bool find_in_enum(const struct btf_record *record, const char *name, int64_t *ret)
{
	size_t bytes = record->kind == BTF_ENUM64 ? 12 : 8;

	for (uint32_t i = 0; i < record->count; i++) {
		if (!btf_string_is(record->btf, btf_u32(record, i * bytes), name))
			continue;
		*ret = enumerator_value(record, i * bytes);
		return true;
	}
	return false;
}

static bool btf_enumerator(const struct types *set, const char *name, int64_t *ret)
{
	const struct btf *btf = as_btf(set);
	struct btf_record record;
	uint64_t id;

	if (btf->base && btf_enumerator(&btf->base->types, name, ret))
		return true;
	for (uint32_t i = 0; btf_get_grouped(btf, BTF_ENUMS, i, &id, &record); i++) {
		if (find_in_enum(&record, name, ret))
			return true;
	}
	return false;
}

static bool btf_variable(const struct types *set, const char *name, struct type *ret)
{
	const struct btf *btf = as_btf(set);
	struct btf_record record;
	uint64_t id;

	if (!(btf->base && find_named(btf->base, BTF_VARIABLES, name, &id, &record)) &&
	    !find_named(btf, BTF_VARIABLES, name, &id, &record))
		return false;
	*ret = (struct type){ .set = set, .id = record.value };
	return true;
}

static void btf_destroy(struct types *set)
{
	struct btf *btf = (struct btf *)set;

	free(btf->grouped);
	free(btf->at);
	free(btf->blob);
	free(btf);
}

const struct types_ops btf_ops = {
	.name = "btf",
	.find = btf_find,
	.describe = btf_describe,
	.member = btf_member,
	.enumerator = btf_enumerator,
	.variable = btf_variable,
	.destroy = btf_destroy,
};
