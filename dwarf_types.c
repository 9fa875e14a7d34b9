// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions to debug information. */
#include "dwarf_types.h"

#if USE_DW

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "dwarf_die.h"
#include "dwarf_index.h"
#include "facts/vmlinux_file.h"

/* Bounds for files that lie; the kernel's types stay far below. */
#define CHAIN_MAX 32
#define NESTING_MAX 16
#define SEARCH_MEMBERS_MAX 1000000u

static struct dwarf_types *as_dwarf(const struct types *set)
{
	return (struct dwarf_types *)set;
}

/* The type that @die refers to; false: it is void. */
static bool type_die(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attr), ret) != NULL;
}

static struct type type_of(const struct dwarf_types *set, Dwarf_Die *die)
{
	Dwarf_Die target;

	return (struct type){
		.set = &set->types,
		.id = type_die(die, &target) ? dwarf_id_of(set, &target) : 0,
	};
}

static bool is_wrapper(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
	       tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
}

/* The definition of a struct that this unit only declares; the declaration where there is none. */
static void complete(const struct dwarf_types *set, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	Dwarf_Die whole;

	if (!dwarf_hasattr(die, DW_AT_declaration) || !name)
		return;
	if ((dwarf_tag(die) == DW_TAG_structure_type &&
	     dwarf_lookup(set, INDEX_STRUCT, name, &whole)) ||
	    (dwarf_tag(die) == DW_TAG_union_type && dwarf_lookup(set, INDEX_UNION, name, &whole)))
		*die = whole;
}

/* What @id is behind typedefs and qualifiers; *is_void where that is nothing. */
static bool resolve(const struct dwarf_types *set, uint64_t id, Dwarf_Die *ret, bool *is_void)
{
	*is_void = !id;
	if (!id)
		return true;
	if (!dwarf_die_of(set, id, ret))
		return false;
	for (unsigned int i = 0; is_wrapper(dwarf_tag(ret)); i++) {
		Dwarf_Die wrapper = *ret;

		if (i == CHAIN_MAX)
			return false;
		if (!type_die(&wrapper, ret)) {
			*is_void = true;
			return true;
		}
	}
	complete(set, ret);
	return true;
}

/* The @nth dimension of an array, from 0; false: it has fewer. A flexible one has no bound: 0. */
static bool dimension(Dwarf_Die *array, unsigned int nth, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die child;
	Dwarf_Word n;
	int more;

	for (more = dwarf_child(array, &child); more == 0; more = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_subrange_type || nth--)
			continue;
		*ret = 0;
		if (!dwarf_formudata(dwarf_attr(&child, DW_AT_count, &attr), &n))
			*ret = n;
		else if (!dwarf_formudata(dwarf_attr(&child, DW_AT_upper_bound, &attr), &n))
			*ret = n + 1;	/* int x[0] has a bound of -1 */
		return true;
	}
	return false;
}

static uint64_t byte_size(Dwarf_Die *die)
{
	int size = dwarf_bytesize(die);

	return size > 0 ? (uint64_t)size : 0;
}

static uint64_t pointer_size(const struct dwarf_types *set, Dwarf_Die *die)
{
	uint64_t size = byte_size(die);

	return size ? size : set->vmlinux->word;
}

/* The array of @die as far as it lies behind @skip dimensions: its count, elements and size. */
static bool describe_array(const struct dwarf_types *set, Dwarf_Die *die, unsigned int skip,
			   unsigned int depth, struct type_info *ret);

static bool size_of(const struct dwarf_types *set, struct type type, unsigned int depth,
		    uint64_t *ret)
{
	struct type_info info = { .size = 0 };
	Dwarf_Die die;
	bool is_void;

	*ret = 0;
	if (!resolve(set, type.id, &die, &is_void))
		return false;
	if (is_void)
		return true;
	switch (dwarf_tag(&die)) {
	case DW_TAG_pointer_type:
		*ret = pointer_size(set, &die);
		return true;
	case DW_TAG_array_type:
		if (!describe_array(set, &die, type.id >> DWARF_ID_DIMENSION_SHIFT & 0xff, depth + 1,
				    &info))
			return false;
		*ret = info.size;
		return true;
	default:
		*ret = byte_size(&die);
		return true;
	}
}

static bool describe_array(const struct dwarf_types *set, Dwarf_Die *die, unsigned int skip,
			   unsigned int depth, struct type_info *ret)
{
	uint64_t unused, size;

	if (depth > CHAIN_MAX || skip > CHAIN_MAX || !dimension(die, skip, &ret->count))
		return false;
	ret->kind = TYPE_ARRAY;
	if (dimension(die, skip + 1, &unused))
		ret->target = (struct type){
			.set = &set->types,
			.id = dwarf_id_of(set, die) | (uint64_t)(skip + 1) << DWARF_ID_DIMENSION_SHIFT,
		};
	else
		ret->target = type_of(set, die);
	return size_of(set, ret->target, depth, &size) && checked_mul(ret->count, size, &ret->size) &&
	       ret->size <= DIE_SIZE_MAX;
}

static bool is_signed(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Word encoding;

	return !dwarf_formudata(dwarf_attr(die, DW_AT_encoding, &attr), &encoding) &&
	       (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
}

static bool describe_die(const struct dwarf_types *set, uint64_t id, Dwarf_Die *die,
			 struct type_info *ret)
{
	ret->size = byte_size(die);
	ret->name = dwarf_diename(die);
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		ret->kind = TYPE_INT;
		ret->is_signed = is_signed(die);
		return true;
	case DW_TAG_structure_type:
		ret->kind = TYPE_STRUCT;
		return true;
	case DW_TAG_union_type:
		ret->kind = TYPE_UNION;
		return true;
	case DW_TAG_enumeration_type:
		ret->kind = TYPE_ENUM;
		return true;
	case DW_TAG_pointer_type:
		ret->kind = TYPE_POINTER;
		ret->size = pointer_size(set, die);
		ret->target = type_of(set, die);
		return true;
	case DW_TAG_array_type:
		return describe_array(set, die, id >> DWARF_ID_DIMENSION_SHIFT & 0xff, 0, ret);
	case DW_TAG_subroutine_type:
		ret->kind = TYPE_FUNCTION;
		ret->size = 0;
		return true;
	case DW_TAG_unspecified_type:
		return true;
	default:
		return false;
	}
}

static bool dwarf_describe(struct type type, struct type_info *ret)
{
	const struct dwarf_types *set = as_dwarf(type.set);
	Dwarf_Die die;
	bool is_void;

	*ret = (struct type_info){ .kind = TYPE_VOID, .target.set = type.set };
	if (!resolve(set, type.id, &die, &is_void))
		return false;
	return is_void || describe_die(set, type.id, &die, ret);
}

/* Bits from the start of the struct; false: this member has no place. */
static bool member_place(const struct dwarf_types *set, Dwarf_Die *member,
			 struct type_member *ret)
{
	int bits = dwarf_bitsize(member), high = dwarf_bitoffset(member);
	Dwarf_Attribute attr;
	uint64_t bytes, unit;
	Dwarf_Word place;

	ret->bit_size = bits > 0 ? (uint64_t)bits : 0;
	if (!dwarf_formudata(dwarf_attr(member, DW_AT_data_bit_offset, &attr), &place)) {
		ret->bit_offset = place;
		return ret->bit_size || place % 8 == 0;
	}
	if (!die_member_offset(member, &bytes))
		return false;
	ret->bit_offset = bytes * 8;
	if (!ret->bit_size || high < 0)
		return true;
	/* DWARF 2 and 3: bits left over at the most significant end of a unit that lies there. */
	unit = byte_size(member);
	if (!unit && !size_of(set, ret->type, 0, &unit))
		return false;
	unit *= 8;
	if (set->vmlinux->order == ORDER_BIG) {
		ret->bit_offset += (uint64_t)high;
		return true;
	}
	if ((uint64_t)high + ret->bit_size > unit)
		return false;
	ret->bit_offset += unit - (uint64_t)high - ret->bit_size;
	return true;
}

struct member_search {
	const struct dwarf_types *set;
	const char *name;
	unsigned int budget;
};

static bool is_compound(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_structure_type || dwarf_tag(die) == DW_TAG_union_type;
}

/* In @outer, and then in the anonymous members of it. */
static bool search(struct member_search *job, Dwarf_Die *outer, unsigned int depth,
		   struct type_member *ret)
{
	Dwarf_Die member, inner;
	int more;

	for (more = dwarf_child(outer, &member); more == 0;
	     more = dwarf_siblingof(&member, &member)) {
		const char *name = dwarf_diename(&member);
		struct type_member place = { .type = type_of(job->set, &member) };
		bool is_void;

		if (!job->budget)
			return false;
		job->budget--;
		if (dwarf_tag(&member) != DW_TAG_member ||
		    (name && strcmp(name, job->name)) || !member_place(job->set, &member, &place))
			continue;
		if (name) {
			*ret = place;
			return true;
		}
		if (depth == NESTING_MAX || !resolve(job->set, place.type.id, &inner, &is_void) ||
		    is_void || !is_compound(&inner) || !search(job, &inner, depth + 1, ret))
			continue;
		ret->bit_offset += place.bit_offset;
		return true;
	}
	return false;
}

/* How much of its struct a member takes. */
static bool member_bits(const struct dwarf_types *set, const struct type_member *member, uint64_t *ret)
{
	*ret = member->bit_size;
	return member->bit_size ||
	       (size_of(set, member->type, 0, ret) && checked_mul(*ret, 8, ret));
}

static bool dwarf_member(struct type type, const char *name, struct type_member *ret)
{
	struct member_search job = {
		.set = as_dwarf(type.set),
		.name = name,
		.budget = SEARCH_MEMBERS_MAX,
	};
	uint64_t bits, end;
	Dwarf_Die outer;
	bool is_void;

	/* What is said to reach beyond the struct's end is damage; a flexible array lies at it. */
	return resolve(job.set, type.id, &outer, &is_void) && !is_void && is_compound(&outer) &&
	       search(&job, &outer, 0, ret) && member_bits(job.set, ret, &bits) &&
	       checked_add(ret->bit_offset, bits, &end) && end <= byte_size(&outer) * 8;
}

static bool dwarf_find(const struct types *types, enum type_kind kind, const char *name,
		       struct type *ret)
{
	const struct dwarf_types *set = as_dwarf(types);
	Dwarf_Die die;
	bool found;

	switch (kind) {
	case TYPE_STRUCT:
		found = dwarf_lookup(set, INDEX_STRUCT, name, &die);
		break;
	case TYPE_UNION:
		found = dwarf_lookup(set, INDEX_UNION, name, &die);
		break;
	case TYPE_ENUM:
		found = dwarf_lookup(set, INDEX_ENUM, name, &die);
		break;
	case TYPE_VOID:
		found = dwarf_lookup(set, INDEX_TYPEDEF, name, &die);
		break;
	default:
		return false;
	}
	if (found)
		*ret = (struct type){ .set = types, .id = dwarf_id_of(set, &die) };
	return found;
}

static bool dwarf_enumerator(const struct types *types, const char *name, int64_t *ret)
{
	struct dwarf_types *set = as_dwarf(types);
	Dwarf_Die die;

	if (!set->has_enumerators) {
		/* What could be read of a damaged file is as good as its other facts. */
		err_free(dwarf_index_enumerators(set));
		set->has_enumerators = true;
	}
	return dwarf_lookup(set, INDEX_ENUMERATOR, name, &die) && die_constant_value(&die, ret);
}

static bool dwarf_variable(const struct types *types, const char *name, struct type *ret)
{
	const struct dwarf_types *set = as_dwarf(types);
	Dwarf_Die die;

	if (!dwarf_lookup(set, INDEX_VARIABLE, name, &die))
		return false;
	*ret = type_of(set, &die);
	return ret->id != 0;
}

static void dwarf_destroy(struct types *types)
{
	struct dwarf_types *set = as_dwarf(types);

	for (size_t i = 0; i < INDEX_COUNT; i++)
		strmap_deinit(&set->names[i]);
	if (set->dwarf)
		dwarf_end(set->dwarf);
	vmlinux_close(set->vmlinux);
	free(set);
}

const struct types_ops dwarf_types_ops = {
	.name = "dwarf",
	.find = dwarf_find,
	.describe = dwarf_describe,
	.member = dwarf_member,
	.enumerator = dwarf_enumerator,
	.variable = dwarf_variable,
	.destroy = dwarf_destroy,
};

static struct err *open_set(struct dwarf_types *set, const char *path, const struct log *log)
{
	const struct vmlinux_file *file;

	TRY(vmlinux_open(path, log, &set->vmlinux));
	file = vmlinux_has_debug(&set->vmlinux->main) ? &set->vmlinux->main : &set->vmlinux->debug;
	if (!file->elf || !vmlinux_has_debug(file))
		return err_new(ERR_NOT_FOUND, "%s: no debug information, in it or in a separate file",
			       path);
	TRY(vmlinux_unpack_debug(file));
	set->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	if (!set->dwarf)
		return err_new(ERR_BAD_INPUT, "%s: debug information: %s", file->path,
			       dwarf_errmsg(-1));
	set->alternate = dwarf_getalt(set->dwarf);
	return dwarf_make_index(set);
}

struct err *dwarf_types_open(const char *path, const struct log *log, struct types **ret)
{
	struct dwarf_types *set = calloc(1, sizeof(*set));
	struct err *e;

	if (!set)
		return err_nomem;
	set->types.ops = &dwarf_types_ops;
	e = open_set(set, path, log);
	if (e) {
		dwarf_destroy(&set->types);
		return e;
	}
	*ret = &set->types;
	return NULL;
}

#else

struct err *dwarf_types_open(const char *path, const struct log *log, struct types **ret)
{
	(void)log;
	(void)ret;
	return err_new(ERR_UNSUPPORTED, "%s: this program was built without libdw: types cannot be "
		       "read from debug information", path);
}

#endif
