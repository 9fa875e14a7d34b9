// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of types and variables, from the children of all compilation units:
 * the kernel's C types all stand there. The first complete one of a name counts.
 */
#if USE_DW

#include "dwarf_index.h"

#include <dwarf.h>
#include <string.h>

#include "base/checked.h"

/* Bound for files that lie. */
#define CHILDREN_MAX (1u << 24)

typedef struct err *visit_fn(struct dwarf_types *set, Dwarf_Die *die);

uint64_t dwarf_id_of(const struct dwarf_types *set, Dwarf_Die *die)
{
	uint64_t id = dwarf_dieoffset(die) & DWARF_ID_OFFSET;

	if (set->alternate && dwarf_cu_getdwarf(die->cu) == set->alternate)
		id |= DWARF_ID_ALTERNATE;
	return id;
}

bool dwarf_die_of(const struct dwarf_types *set, uint64_t id, Dwarf_Die *ret)
{
	Dwarf *from = id & DWARF_ID_ALTERNATE ? set->alternate : set->dwarf;

	return from && dwarf_offdie(from, id & DWARF_ID_OFFSET, ret);
}

/*
 * A map holds pointers, and an id is a number: what is pointed at is the entry's place
 * in the map's file, never read through the pointer.
 */
static void *id_value(uint64_t id)
{
	return (void *)(uintptr_t)(id & DWARF_ID_ALTERNATE ? (id & DWARF_ID_OFFSET) << 1 | 1 : id << 1);
}

static uint64_t value_id(const void *value)
{
	uint64_t raw = (uintptr_t)value;

	return raw >> 1 | (raw & 1 ? DWARF_ID_ALTERNATE : 0);
}

bool dwarf_lookup(const struct dwarf_types *set, enum dwarf_index index, const char *name,
		  Dwarf_Die *ret)
{
	const void *value = strmap_get(&set->names[index], name, strlen(name));

	return value && dwarf_die_of(set, value_id(value), ret);
}

static struct err *add_name(struct dwarf_types *set, enum dwarf_index index, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	uint64_t id = dwarf_id_of(set, die);

	if (!name || !id || strmap_get(&set->names[index], name, strlen(name)))
		return NULL;
	return strmap_put(&set->names[index], name, strlen(name), id_value(id));
}

static bool is_complete(Dwarf_Die *die)
{
	return !dwarf_hasattr(die, DW_AT_declaration) && dwarf_bytesize(die) > 0;
}

static struct err *visit_named(struct dwarf_types *set, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
		return is_complete(die) ? add_name(set, INDEX_STRUCT, die) : NULL;
	case DW_TAG_union_type:
		return is_complete(die) ? add_name(set, INDEX_UNION, die) : NULL;
	case DW_TAG_enumeration_type:
		return is_complete(die) ? add_name(set, INDEX_ENUM, die) : NULL;
	case DW_TAG_typedef:
		return add_name(set, INDEX_TYPEDEF, die);
	case DW_TAG_variable:
		return add_name(set, INDEX_VARIABLE, die);
	default:
		return NULL;
	}
}

static struct err *visit_enum(struct dwarf_types *set, Dwarf_Die *die)
{
	unsigned int seen = 0;
	Dwarf_Die child;
	int more;

	if (dwarf_tag(die) != DW_TAG_enumeration_type)
		return NULL;
	for (more = dwarf_child(die, &child); more == 0 && seen++ < CHILDREN_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		/* Each unit repeats the enums of its headers: where the first name is known, all are. */
		if (seen == 1 && dwarf_diename(&child) &&
		    strmap_get(&set->names[INDEX_ENUMERATOR], dwarf_diename(&child),
			       strlen(dwarf_diename(&child))))
			return NULL;
		TRY(add_name(set, INDEX_ENUMERATOR, &child));
	}
	return NULL;
}

static struct err *walk_unit(struct dwarf_types *set, Dwarf_Die *cu, visit_fn *visit)
{
	unsigned int seen = 0;
	Dwarf_Die die;
	int more;

	/* Rust has structs of the same names with other members. */
	if (dwarf_srclang(cu) == DW_LANG_Rust)
		return NULL;
	for (more = dwarf_child(cu, &die); more == 0 && seen++ < CHILDREN_MAX;
	     more = dwarf_siblingof(&die, &die))
		TRY(visit(set, &die));
	return NULL;
}

static struct err *walk_units(struct dwarf_types *set, Dwarf *dwarf, visit_fn *visit)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, sub;
	uint8_t unit_type;
	int more;

	while ((more = dwarf_get_units(dwarf, cu, &cu, NULL, &unit_type, &die, &sub)) == 0) {
		if (unit_type != DW_UT_skeleton)
			TRY(walk_unit(set, &die, visit));
	}
	if (more < 0)
		return err_new(ERR_BAD_INPUT, "%s: debug information: %s", set->vmlinux->main.path,
			       dwarf_errmsg(-1));
	return NULL;
}

static struct err *walk_files(struct dwarf_types *set, visit_fn *visit)
{
	TRY(walk_units(set, set->dwarf, visit));
	return set->alternate ? walk_units(set, set->alternate, visit) : NULL;
}

struct err *dwarf_make_index(struct dwarf_types *set)
{
	return walk_files(set, visit_named);
}

struct err *dwarf_index_enumerators(struct dwarf_types *set)
{
	return walk_files(set, visit_enum);
}

#endif
