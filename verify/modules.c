/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules: struct module, its memory, and its BTF. */
#include "kernel/module.h"
#include "kernel/symbols.h"
#include "verify/internal.h"

struct module_walk {
	struct verify *v;
	uint64_t list;		/* offset of module.list */
	uint64_t size;		/* of struct module */
	uint64_t listed;	/* elements of the list */
};

static struct err *look_at_struct(void *ctx, uint64_t node)
{
	struct module_walk *walk = ctx;

	walk->listed++;
	verify_object(walk->v, node - walk->list, walk->size);
	return verify_tick(walk->v);
}

static struct err *look_at_module(void *ctx, const struct kmodule *module)
{
	struct verify *v = ctx;

	v->area->counts.objects++;
	for (unsigned int i = 0; i < module->region_count; i++) {
		verify_name(v, "memory of module %s", module->name);
		verify_range(v, module->regions[i].va, module->regions[i].size, CONTENT_ANY);
	}
	verify_name(v, "BTF of module %s", module->name);
	if (module->btf)
		verify_object(v, module->btf, module->btf_bytes);
	return verify_tick(v);
}

/* First the list itself, because whoever reads modules passes over damaged ones. */
struct err *verify_modules(struct verify *v)
{
	struct module_walk walk = { .v = v };
	struct member list;
	uint64_t head;

	if (!ksymbol(v->reader, "modules", &head))
		return err_new(ERR_NOT_FOUND, "symbol modules is not known");
	walk.size = verify_size(v, "module");
	if (!verify_member(v, "module", "list", &list) || !walk.size)
		return err_new(ERR_NOT_FOUND, "struct module is not known");
	walk.list = list.offset;
	verify_name(v, "struct module");
	TRY(verify_settle(v, klist_for_each(v->reader, head, MODULES_MAX, look_at_struct, &walk)));
	TRY(kmodules_for_each(v->reader, v->types, look_at_module, v));
	verify_name(v, "modules");
	if (v->area->counts.objects < walk.listed)
		verify_broken(v, err_new(ERR_BAD_INPUT, "%llu of %llu cannot be read",
					 (unsigned long long)(walk.listed - v->area->counts.objects),
					 (unsigned long long)walk.listed));
	return NULL;
}
