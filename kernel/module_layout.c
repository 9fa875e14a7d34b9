/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The eras of struct module: module_core and core_size (to 4.4), core_layout and
 * init_layout of struct module_layout (to 6.3), mem[] of struct module_memory
 * (ac3b43283923, 6.4). Which it is, the members that there are tell.
 */
#include "kernel/module_layout.h"

#include <string.h>

#include "base/checked.h"

bool type_field(struct type type, const char *path, struct field *ret)
{
	uint64_t size = 0;

	ret->size = 0;
	if (!type_offset(type, path, &ret->offset, &size))
		return false;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	ret->size = (unsigned int)size;
	return true;
}

static void add_region(struct module_layout *layout, const struct field *base,
		       const struct field *size)
{
	if (layout->region_count == MODULE_REGIONS_MAX)
		return;
	layout->region[layout->region_count].base = *base;
	layout->region[layout->region_count++].size = *size;
}

/* mem[], one element per kind of memory. */
static bool regions_by_kind(struct type module, struct module_layout *layout)
{
	struct type_info array, element;
	struct type_member mem;
	struct field base, size;

	if (!type_member(module, "mem", &mem) || mem.bit_size || !type_describe(mem.type, &array) ||
	    array.kind != TYPE_ARRAY || !type_describe(array.target, &element) ||
	    !type_field(array.target, "base", &base) || !type_field(array.target, "size", &size))
		return false;
	base.offset += mem.bit_offset / 8;
	size.offset += mem.bit_offset / 8;
	for (uint64_t i = 0; i < array.count && i < MODULE_REGIONS_MAX; i++) {
		add_region(layout, &base, &size);
		base.offset += element.size;
		size.offset += element.size;
	}
	return layout->region_count > 0;
}

static bool regions_core_and_init(struct type module, struct module_layout *layout)
{
	static const struct {
		const char *base, *size;
	} names[] = {
		{ "core_layout.base", "core_layout.size" },
		{ "init_layout.base", "init_layout.size" },
		{ "module_core", "core_size" },
		{ "module_init", "init_size" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct field base, size;

		if (type_field(module, names[i].base, &base) && type_field(module, names[i].size, &size))
			add_region(layout, &base, &size);
	}
	return layout->region_count > 0;
}

/* Without it modules have no symbols: no error. */
static void find_kallsyms(const struct types *types, struct type module, struct module_layout *layout)
{
	struct type table = module;
	struct type_info info;

	if (type_field(module, "kallsyms", &layout->kallsyms) &&
	    !types_find(types, TYPE_STRUCT, "mod_kallsyms", &table)) {
		layout->kallsyms.size = 0;
		return;
	}
	if (!type_describe(table, &info) || info.size > MODULE_STRUCT_MAX)
		return;
	layout->kallsyms_bytes = info.size;
	if (!type_field(table, "symtab", &layout->symtab) ||
	    !type_field(table, "num_symtab", &layout->symbol_count) ||
	    !type_field(table, "strtab", &layout->strtab))
		layout->symtab.size = 0;
}

struct err *module_layout_find(const struct types *types, struct module_layout *ret)
{
	struct type_info info;
	struct type module;
	uint64_t size;

	memset(ret, 0, sizeof(*ret));
	if (!types_find(types, TYPE_STRUCT, "module", &module) || !type_describe(module, &info))
		return err_new(ERR_NOT_FOUND, "modules: the type struct module is not known");
	if (info.size == 0 || info.size > MODULE_STRUCT_MAX)
		return err_new(ERR_NOT_FOUND, "modules: struct module of %llu bytes is not believed",
			       (unsigned long long)info.size);
	ret->bytes = info.size;
	if (!type_offset(module, "list", &ret->list, &size))
		return err_new(ERR_NOT_FOUND, "modules: member list of struct module is not known");
	if (!type_offset(module, "name", &ret->name, &ret->name_bytes) || ret->name_bytes == 0)
		return err_new(ERR_NOT_FOUND, "modules: member name of struct module is not known");
	if (!regions_by_kind(module, ret) && !regions_core_and_init(module, ret))
		return err_new(ERR_NOT_FOUND,
			       "modules: struct module has neither mem nor core_layout nor module_core");
	(void)type_field(module, "state", &ret->state);
	find_kallsyms(types, module, ret);
	return NULL;
}
