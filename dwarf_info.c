/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass over the children of all compilation units: the kernel's C types
 * all stand there. Nothing is looked up twice: a struct is settled by its
 * first good definition, an enum's name by its first.
 */
#include "dwarf_info.h"

#if USE_DW

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "dwarf_die.h"
#include "facts/vmlinux_file.h"
#include "facts/wanted.h"

#define PROVIDER "debug information"

/* Bounds for files that lie; the kernel's structs stay far below. */
#define NESTING_MAX 16
#define CHILDREN_MAX (1u << 24)
#define ENUMS_MAX (1u << 16)

const bool dwarf_info_available = true;

/* All wanted facts about one struct, union or typedef. */
struct wanted_type {
	bool settled;
	size_t first;		/* of the chain through next[] */
};

struct search {
	struct facts *facts;
	struct strmap types;	/* struct name -> struct wanted_type */
	struct strmap numbers;	/* enumerator -> the wanted fact */
	struct strmap variables;	/* array variable -> the wanted fact */
	struct strmap enums;	/* names of enums already read */
	size_t *next;		/* per wanted fact: the next of the same struct; wanted_fact_count ends */
	uint64_t found;		/* types that were taken */
};

static struct err *want_type(struct search *search, size_t i)
{
	const char *name = wanted_facts[i].name;
	size_t len = wanted_struct_len(name);
	struct wanted_type *type = strmap_get(&search->types, name, len);

	if (!type) {
		struct err *e;

		type = calloc(1, sizeof(*type));
		if (!type)
			return err_nomem;
		type->first = wanted_fact_count;
		e = strmap_put(&search->types, name, len, type);
		if (e) {
			free(type);
			return e;
		}
	}
	search->next[i] = type->first;
	type->first = i;
	return NULL;
}

static struct err *want(struct search *search, size_t i)
{
	const struct wanted_fact *fact = &wanted_facts[i];

	switch (fact->kind) {
	case FACT_SIZE:
	case FACT_OFFSET:
		return want_type(search, i);
	case FACT_LENGTH:
		if (fact->name[wanted_struct_len(fact->name)])
			return want_type(search, i);
		return strmap_put(&search->variables, fact->name, strlen(fact->name),
				  (void *)fact);
	case FACT_NUMBER:
		return strmap_put(&search->numbers, fact->name, strlen(fact->name), (void *)fact);
	default:
		return NULL;
	}
}

static struct err *search_init(struct search *search)
{
	search->next = calloc(wanted_fact_count, sizeof(*search->next));
	if (!search->next)
		return err_nomem;
	for (size_t i = 0; i < wanted_fact_count; i++)
		TRY(want(search, i));
	return NULL;
}

static void search_deinit(struct search *search)
{
	for (size_t i = 0; i < search->types.count; i++)
		free(search->types.v[i].value);
	strmap_deinit(&search->types);
	strmap_deinit(&search->numbers);
	strmap_deinit(&search->variables);
	strmap_deinit(&search->enums);
	free(search->next);
}

/* One struct while its members are looked at. */
struct members {
	struct search *search;
	size_t struct_len;	/* length of the struct's name in wanted names */
	size_t first;		/* chain of what is wanted of it */
	unsigned int seen;	/* DIEs looked at */
	unsigned int taken;
	struct facts found;	/* so that a wrong struct leaves no trace */
};

static struct err *take_member(struct members *m, Dwarf_Die *member, const char *name,
			       uint64_t offset)
{
	const size_t *next = m->search->next;

	for (size_t i = m->first; i < wanted_fact_count; i = next[i]) {
		const struct wanted_fact *fact = &wanted_facts[i];
		uint64_t value = offset;
		Dwarf_Die type;

		if (fact->kind == FACT_SIZE || strcmp(fact->name + m->struct_len + 1, name))
			continue;
		if (fact->kind == FACT_LENGTH &&
		    !(die_type_of(member, &type) && die_array_length(&type, &value)))
			continue;
		m->taken++;
		TRY(facts_add(&m->found, fact->kind, fact->name, (int64_t)value, PROVIDER));
	}
	return NULL;
}

/* Members of @type, which lies @base bytes inside the struct; those of anonymous ones too. */
static struct err *walk_members(struct members *m, Dwarf_Die *type, uint64_t base,
				unsigned int depth)
{
	Dwarf_Die member, inner;
	int more;

	for (more = dwarf_child(type, &member); more == 0; more = dwarf_siblingof(&member, &member)) {
		const char *name;
		uint64_t offset;

		if (m->seen++ > CHILDREN_MAX)
			return err_new(ERR_BAD_INPUT, "a struct with more than %u members",
				       CHILDREN_MAX);
		if (dwarf_tag(&member) != DW_TAG_member || !die_member_offset(&member, &offset))
			continue;
		name = dwarf_diename(&member);
		if (name)
			TRY(take_member(m, &member, name, base + offset));
		else if (depth < NESTING_MAX && die_type_of(&member, &inner))
			TRY(walk_members(m, &inner, base + offset, depth + 1));
	}
	return NULL;
}

/* Does anything but the size of this struct matter? */
static bool wants_members(const struct search *search, size_t first)
{
	for (size_t i = first; i < wanted_fact_count; i = search->next[i]) {
		if (wanted_facts[i].kind != FACT_SIZE)
			return true;
	}
	return false;
}

static struct err *take_size(struct members *m, uint64_t size)
{
	for (size_t i = m->first; i < wanted_fact_count; i = m->search->next[i]) {
		if (wanted_facts[i].kind == FACT_SIZE)
			TRY(facts_add(&m->found, FACT_SIZE, wanted_facts[i].name, (int64_t)size,
				      PROVIDER));
	}
	return NULL;
}

/* A definition of a wanted type: @body is the struct itself, or what the typedef stands for. */
static struct err *take_type(struct search *search, struct wanted_type *type, const char *name,
			     Dwarf_Die *body)
{
	struct members m = { .search = search, .struct_len = strlen(name), .first = type->first };
	Dwarf_Word size;
	struct err *e;

	if (dwarf_hasattr(body, DW_AT_declaration) || dwarf_aggregate_size(body, &size) || !size ||
	    size > DIE_SIZE_MAX)
		return NULL;
	facts_init(&m.found);
	e = walk_members(&m, body, 0, 0);
	if (!e && (m.taken || !wants_members(search, type->first))) {
		e = take_size(&m, size);
		if (!e)
			e = facts_merge(search->facts, &m.found);
		type->settled = true;
		search->found++;
	}
	facts_deinit(&m.found);
	return e;
}

static struct err *look_at_type(struct search *search, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	struct wanted_type *type = name ? strmap_get(&search->types, name, strlen(name)) : NULL;
	Dwarf_Die body = *die;

	if (!type || type->settled)
		return NULL;
	if (dwarf_tag(die) == DW_TAG_typedef && !die_type_of(die, &body))
		return NULL;
	return take_type(search, type, name, &body);
}

static struct err *look_at_enum(struct search *search, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	unsigned int seen = 0;
	Dwarf_Die child;
	int more;

	if (name && strmap_get(&search->enums, name, strlen(name)))
		return NULL;
	if (name && search->enums.count < ENUMS_MAX && !dwarf_hasattr(die, DW_AT_declaration))
		TRY(strmap_put(&search->enums, name, strlen(name), search));
	for (more = dwarf_child(die, &child); more == 0 && seen++ < CHILDREN_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		const char *constant = dwarf_diename(&child);
		int64_t value;

		if (constant && strmap_get(&search->numbers, constant, strlen(constant)) &&
		    die_constant_value(&child, &value))
			TRY(facts_add(search->facts, FACT_NUMBER, constant, value, PROVIDER));
	}
	return NULL;
}

static struct err *look_at_variable(struct search *search, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	Dwarf_Die type;
	uint64_t length;

	if (!name || !strmap_get(&search->variables, name, strlen(name)) || !die_type_of(die, &type) ||
	    !die_array_length(&type, &length))
		return NULL;
	return facts_add(search->facts, FACT_LENGTH, name, (int64_t)length, PROVIDER);
}

/* Which header defines it tells how many levels x86 page tables had, before v2.6.25. */
static struct err *look_at_typedef(struct search *search, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die), *file;

	if (name && !strcmp(name, "pud_t") && (file = dwarf_decl_file(die)))
		TRY(facts_add_text(search->facts, "SRCFILE(pud_t)", file, PROVIDER));
	return look_at_type(search, die);
}

static struct err *look_at(struct search *search, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return look_at_type(search, die);
	case DW_TAG_typedef:
		return look_at_typedef(search, die);
	case DW_TAG_enumeration_type:
		return look_at_enum(search, die);
	case DW_TAG_variable:
		return look_at_variable(search, die);
	default:
		return NULL;
	}
}

/* C and assembler; Rust has structs of the same names with other members. */
static bool is_c(Dwarf_Die *cu)
{
	int language = dwarf_srclang(cu);

	return language != DW_LANG_Rust;
}

static struct err *walk_unit(struct search *search, Dwarf_Die *cu)
{
	unsigned int seen = 0;
	Dwarf_Die die;
	int more;

	for (more = dwarf_child(cu, &die); more == 0; more = dwarf_siblingof(&die, &die)) {
		if (seen++ > CHILDREN_MAX)
			return err_new(ERR_BAD_INPUT, "a unit with more than %u entries",
				       CHILDREN_MAX);
		TRY(look_at(search, &die));
	}
	return NULL;
}

static struct err *walk_units(struct search *search, Dwarf *dwarf, const char *path)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, sub;
	uint8_t unit_type;
	int more;

	while ((more = dwarf_get_units(dwarf, cu, &cu, NULL, &unit_type, &die, &sub)) == 0) {
		if (unit_type != DW_UT_skeleton && is_c(&die))
			TRY(walk_unit(search, &die));
	}
	if (more < 0)
		return err_new(ERR_BAD_INPUT, "%s: debug information: %s", path, dwarf_errmsg(-1));
	return NULL;
}

/* The file and the one that dwz moved its common parts to; libdw finds that by .gnu_debugaltlink. */
static struct err *walk_files(struct search *search, Dwarf *dwarf, const char *path)
{
	Dwarf *alternate;

	TRY(walk_units(search, dwarf, path));
	alternate = dwarf_getalt(dwarf);
	if (alternate)
		TRY(walk_units(search, alternate, path));
	if (!search->found)
		return err_new(ERR_BAD_INPUT, "%s: debug information: no struct of a kernel in it",
			       path);
	return NULL;
}

/* Facts asked for by the name a member had before it was renamed. */
static struct err *add_old_names(struct facts *facts)
{
	for (size_t i = 0; i < wanted_fact_count; i++) {
		const struct wanted_fact *fact = &wanted_facts[i];
		uint64_t offset;

		if (fact->instead && fact_offset(facts, fact->name, &offset))
			TRY(facts_add(facts, FACT_OFFSET, fact->instead, (int64_t)offset, PROVIDER));
	}
	return NULL;
}

static struct err *add_from(const struct vmlinux_file *file, struct facts *facts)
{
	struct search search = { .facts = facts };
	Dwarf *dwarf;
	struct err *e;

	TRY(vmlinux_unpack_debug(file));
	dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	if (!dwarf)
		return err_new(ERR_BAD_INPUT, "%s: debug information: %s", file->path,
			       dwarf_errmsg(-1));
	e = search_init(&search);
	if (!e)
		e = walk_files(&search, dwarf, file->path);
	if (!e)
		e = add_old_names(facts);
	if (!e)
		e = facts_derive(facts, PROVIDER);
	search_deinit(&search);
	dwarf_end(dwarf);
	return e;
}

struct err *dwarf_info_add(const struct vmlinux *vmlinux, struct facts *facts)
{
	if (vmlinux_has_debug(&vmlinux->main))
		return add_from(&vmlinux->main, facts);
	if (vmlinux->debug.elf && vmlinux_has_debug(&vmlinux->debug))
		return add_from(&vmlinux->debug, facts);
	return err_new(ERR_NOT_FOUND, "%s: no debug information, in it or in a separate file",
		       vmlinux->main.path);
}

#else

const bool dwarf_info_available = false;

struct err *dwarf_info_add(const struct vmlinux *vmlinux, struct facts *facts)
{
	(void)facts;
	return err_new(ERR_UNSUPPORTED, "%s: this program was built without libdw: sizes and "
		       "offsets cannot be read from debug information", vmlinux->main.path);
}

#endif
