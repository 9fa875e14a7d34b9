/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of loaded modules. */
#include "kernel/module.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/module_internal.h"
#include "kernel/symbols.h"

#define MODULE_STATE_UNFORMED 3u
/* Bytes of one region, and symbols of a module, that are still believed. */
#define REGION_BYTES_MAX (UINT64_C(1) << 30)
#define SYMBOLS_MAX (1u << 20)

struct module_walk {
	struct kreader *reader;
	const struct kernel *kernel;
	const struct module_layout *layout;
	const struct module_btfs *btfs;
	uint8_t *raw;			/* layout->bytes of the module at hand */
	struct err *(*fn)(void *ctx, const struct kmodule *module);
	void *ctx;
	bool stopped;			/* by an error of fn, or for lack of memory */
	bool back;			/* on the way back from the list's end */
	uint64_t last;			/* module reached last on the way there, 0: none ... */
	uint64_t first;			/* ... and on the way back */
	bool met;			/* that one was reached on the way back */
};

uint64_t field_get(const struct kernel *kernel, const uint8_t *raw, uint64_t len,
		   const struct field *field)
{
	if (!field->size || !range_fits(field->offset, field->size, len))
		return 0;
	raw += field->offset;
	switch (field->size) {
	case 1:
		return *raw;
	case 2:
		return get_u16(raw, kernel->order);
	default:
		return get_word(raw, field->size, kernel->order);
	}
}

static uint64_t get(const struct module_walk *walk, const struct field *field)
{
	return field_get(walk->kernel, walk->raw, walk->layout->bytes, field);
}

static struct err *take_name(const struct module_walk *walk, struct kmodule *module)
{
	const struct module_layout *layout = walk->layout;
	size_t room = (size_t)min_u64(layout->name_bytes, MODULE_NAME_BYTES);
	const char *name = (const char *)walk->raw + layout->name;
	size_t len;

	if (!range_fits(layout->name, room, layout->bytes))
		return err_new(ERR_BAD_INPUT, "its name is outside of struct module");
	len = strnlen(name, room);
	if (len == 0 || len == room)
		return err_new(ERR_BAD_INPUT, "its name is empty or has no end");
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return err_new(ERR_BAD_INPUT, "its name has byte %#x", (unsigned char)name[i]);
	}
	memcpy(module->name, name, len + 1);
	return NULL;
}

static struct err *take_regions(const struct module_walk *walk, struct kmodule *module)
{
	for (unsigned int i = 0; i < walk->layout->region_count; i++) {
		uint64_t va = get(walk, &walk->layout->region[i].base);
		uint64_t size = get(walk, &walk->layout->region[i].size), end;

		if (size == 0 || va == 0)
			continue;
		if (size > REGION_BYTES_MAX || !checked_add(va, size, &end))
			return err_new(ERR_BAD_INPUT, "%llu bytes of memory at %#llx make no sense",
				       (unsigned long long)size, (unsigned long long)va);
		module->regions[module->region_count++] = (struct module_region){ va, size };
	}
	return NULL;
}

static bool in_region(const struct kmodule *module, uint64_t va, uint64_t len)
{
	for (unsigned int i = 0; i < module->region_count; i++) {
		const struct module_region *region = &module->regions[i];

		if (va >= region->va && range_fits(va - region->va, len, region->size))
			return true;
	}
	return false;
}

/* The struct that has symtab, strtab and their number; struct module itself before 4.5. */
static struct err *read_tables(const struct module_walk *walk, struct kmodule *module)
{
	const struct module_layout *layout = walk->layout;
	uint64_t len = layout->kallsyms_bytes, va = get(walk, &layout->kallsyms);
	uint8_t *raw = walk->raw;
	struct err *e = NULL;

	if (layout->kallsyms.size && !va)
		return NULL;
	if (layout->kallsyms.size) {
		raw = malloc((size_t)len);
		if (!raw)
			return err_nomem;
		e = kread(walk->reader, va, raw, (size_t)len);
	}
	if (!e) {
		module->symtab = field_get(walk->kernel, raw, len, &layout->symtab);
		module->strtab = field_get(walk->kernel, raw, len, &layout->strtab);
		module->symbol_count = field_get(walk->kernel, raw, len, &layout->symbol_count);
	}
	if (raw != walk->raw)
		free(raw);
	return e;
}

/* Its symbols, or none with a warning; a module without is still one. */
static struct err *take_symbols(const struct module_walk *walk, struct kmodule *module)
{
	unsigned int each = walk->kernel->word == 8 ? 24 : 16;
	struct err *e;

	if (!walk->layout->symtab.size || module->state == MODULE_STATE_UNFORMED)
		return NULL;
	e = read_tables(walk, module);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (!e && module->symtab &&
	    (module->symbol_count > SYMBOLS_MAX || !in_region(module, module->strtab, 1) ||
	     !in_region(module, module->symtab, module->symbol_count * each)))
		e = err_new(ERR_BAD_INPUT, "%llu symbols at %#llx are not in its memory",
			    (unsigned long long)module->symbol_count, (unsigned long long)module->symtab);
	if (e) {
		log_warn(walk->kernel->log, "module %s: symbols ignored: %s", module->name, err_text(e));
		err_free(e);
		module->symtab = 0;
	}
	if (!module->symtab)
		module->strtab = module->symbol_count = 0;
	return NULL;
}

static void take_btf(const struct module_btfs *btfs, struct kmodule *module)
{
	for (size_t i = 0; i < btfs->count; i++) {
		if (btfs->v[i].module != module->address)
			continue;
		module->btf = btfs->v[i].data;
		module->btf_bytes = btfs->v[i].bytes;
	}
}

static struct err *read_module(const struct module_walk *walk, uint64_t address,
			       struct kmodule *module)
{
	memset(module, 0, sizeof(*module));
	module->address = address;
	TRY(kread(walk->reader, address, walk->raw, (size_t)walk->layout->bytes));
	module->state = (unsigned int)get(walk, &walk->layout->state);
	TRY(take_name(walk, module));
	TRY(take_regions(walk, module));
	TRY(take_symbols(walk, module));
	take_btf(walk->btfs, module);
	return NULL;
}

static struct err *visit(void *ctx, uint64_t node)
{
	struct module_walk *walk = ctx;
	uint64_t address = node - walk->layout->list;
	struct kmodule module;
	struct err *e;

	if (walk->back && address == walk->last) {
		walk->met = true;
		return err_stopped;
	}
	*(walk->back ? &walk->first : &walk->last) = address;
	e = read_module(walk, address, &module);
	if (e && err_kind(e) != ERR_NOMEM) {
		log_warn(walk->kernel->log, "module at %#llx skipped: %s", (unsigned long long)address,
			 err_text(e));
		err_free(e);
		return NULL;
	}
	if (!e)
		e = walk->fn(walk->ctx, &module);
	walk->stopped = e != NULL;
	return e;
}

static bool link_is(struct kreader *reader, uint64_t va, uint64_t want)
{
	uint64_t link = 0;
	struct err *e = kread_word(reader, va, &link);

	err_free(e);
	return !e && link == want;
}

/* One link of the two that hold neighbours together is whole: nothing is between both ways. */
static bool ways_meet(const struct module_walk *walk, uint64_t head)
{
	uint64_t before = walk->last ? walk->last + walk->layout->list : head;
	uint64_t behind = walk->first ? walk->first + walk->layout->list : head;

	return walk->met || link_is(walk->reader, before, behind) ||
	       link_is(walk->reader, behind + walk->kernel->word, before);
}

/* What the list's end leads to, when its start led only so far. */
static struct err *walk_back(struct module_walk *walk, uint64_t head)
{
	struct err *e;

	walk->back = true;
	e = klist_for_each_back(walk->reader, head, MODULES_MAX, visit, walk);
	if (walk->stopped)
		return e;
	if (e && !ways_meet(walk, head))
		log_warn(walk->kernel->log, "modules: backwards: %s; others may be between", err_text(e));
	err_free(e);
	return NULL;
}

static struct err *walk_list(struct module_walk *walk, uint64_t head)
{
	struct err *e;

	walk->raw = malloc((size_t)walk->layout->bytes);
	if (!walk->raw)
		return err_nomem;
	e = klist_for_each(walk->reader, head, MODULES_MAX, visit, walk);
	if (e && !walk->stopped) {
		log_warn(walk->kernel->log, "modules: %s; going on from the end of the list", err_text(e));
		err_free(e);
		e = walk_back(walk, head);
	}
	free(walk->raw);
	return e;
}

struct err *kmodules_for_each(struct kreader *reader, const struct types *types,
			      struct err *(*fn)(void *ctx, const struct kmodule *module), void *ctx)
{
	struct symbol_want heads[] = { { .name = "modules" }, { .name = "btf_modules" } };
	struct module_btfs btfs = { .v = NULL };
	struct module_layout layout;
	struct module_walk walk = {
		.reader = reader, .kernel = kreader_kernel(reader), .layout = &layout, .btfs = &btfs,
		.fn = fn, .ctx = ctx,
	};
	struct err *e = NULL;

	TRY(ksymbols_find(reader, heads, ARRAY_LEN(heads)));
	if (!heads[0].found)
		return err_new(ERR_NOT_FOUND, "modules: symbol modules is not known");
	TRY(module_layout_find(types, &layout));
	if (heads[1].found)
		e = module_btfs_read(reader, types, heads[1].address, &btfs);
	if (!e)
		e = walk_list(&walk, heads[0].address);
	module_btfs_deinit(&btfs);
	return e;
}

/* The kernel takes one for the other. */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	}
	return *a == *b;
}

struct finding {
	const char *name;
	struct kmodule *ret;
	bool found;
};

static struct err *compare(void *ctx, const struct kmodule *module)
{
	struct finding *finding = ctx;

	if (!same_name(finding->name, module->name))
		return NULL;
	*finding->ret = *module;
	finding->found = true;
	return err_stopped;
}

struct err *kmodule_find(struct kreader *reader, const struct types *types, const char *name,
			 struct kmodule *ret)
{
	struct finding finding = { .name = name, .ret = ret };
	struct err *e = kmodules_for_each(reader, types, compare, &finding);

	if (finding.found)
		return NULL;
	return e ? e : err_new(ERR_NOT_FOUND, "no module %s is loaded", name);
}
