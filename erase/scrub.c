// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/scrub.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "erase/scrub_internal.h"
#include "kernel/module.h"

/* What a set consists of. Those that are optional are passed over where the kernel has no such thing. */
static const struct part {
	unsigned int set;
	const char *name;
	struct err *(*run)(struct scrub *scrub);
	bool optional;
} parts[] = {
	{ SCRUB_KEYS, "key rings", scrub_keyrings, true },
	{ SCRUB_KEYS, "sockets", scrub_sockets, true },
	{ SCRUB_KEYS, "dm-crypt", scrub_dm_crypt, true },
	{ SCRUB_KEYS, "crypto API", scrub_lost_transforms, true },
	{ SCRUB_CMDLINE, "processes", scrub_cmdline, false },
};

unsigned int scrub_by_name(const char *name, size_t len)
{
	static const struct {
		const char *name;
		unsigned int set;
	} sets[] = { { "keys", SCRUB_KEYS }, { "cmdline", SCRUB_CMDLINE } };

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		if (len == strlen(sets[i].name) && !memcmp(name, sets[i].name, len))
			return sets[i].set;
	}
	return 0;
}

bool scrub_is_loaded(const struct scrub *scrub, const char *name)
{
	struct kmodule module;
	struct err *e = kmodule_find(scrub->space->reader, scrub->space->types, name, &module);

	err_free(e);
	return !e;
}

static struct types *load_module(struct scrub *scrub, const char *name)
{
	struct types *ret = NULL;
	struct kmodule module;
	struct err *e;

	e = kmodule_find(scrub->space->reader, scrub->space->types, name, &module);
	if (!e)
		e = erase_module_types(scrub->space, &module, &ret);
	if (e)
		log_debug(scrub->space->log, "module %s: %s", name, err_text(e));
	err_free(e);
	return ret;
}

static const struct types *module_types(struct scrub *scrub, const char *name)
{
	size_t i = 0;

	while (i < scrub->module_count && strcmp(scrub->modules[i].name, name) != 0)
		i++;
	if (i == SCRUB_MODULES_MAX)
		return NULL;
	if (i == scrub->module_count) {
		scrub->modules[i].name = name;
		scrub->modules[i].types = load_module(scrub, name);
		scrub->module_count++;
	}
	return scrub->modules[i].types;
}

const struct types *scrub_types(struct scrub *scrub, const char *name, const char *module)
{
	const struct types *types;
	struct type type;

	if (types_find(scrub->space->types, TYPE_STRUCT, name, &type))
		return scrub->space->types;
	types = module ? module_types(scrub, module) : NULL;
	return types_find(types, TYPE_STRUCT, name, &type) ? types : NULL;
}

/* Of a module; false: it is not loaded, or has no such symbol. */
static bool module_symbol(struct scrub *scrub, const char *name, const char *module, uint64_t *ret)
{
	struct kmodule found;
	struct err *e;

	if (!module)
		return false;
	e = kmodule_find(scrub->space->reader, scrub->space->types, module, &found);
	err_free(e);
	return !e && kmodule_symbol(scrub->space->reader, &found, name, ret);
}

struct err *scrub_symbol(struct scrub *scrub, const char *name, const char *module, uint64_t *ret)
{
	if (erase_symbol(scrub->space, name, ret) == 1 || module_symbol(scrub, name, module, ret))
		return NULL;
	return err_new(ERR_UNSUPPORTED, "there is no symbol '%s' " ERASE_SYMBOL_HINT, name);
}

struct err *scrub_object(struct scrub *scrub, uint64_t va, uint64_t size, const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!size)
		return NULL;
	TRY(erase_set_rule(scrub->space->set, text));
	return erase_kernel_object(scrub->space, va, size, ERASE_BYTE);
}

bool scrub_is_pointer(const struct scrub *scrub, uint64_t value)
{
	const struct kernel *kernel = kreader_kernel(scrub->space->reader);

	/* The last page has error codes for addresses. */
	return kernel->arch && value < -UINT64_C(4096) &&
	       kernel->arch->is_kernel_address(kernel->arch_state, value);
}

static struct err *run_part(struct scrub *scrub, const struct part *part)
{
	size_t before = scrub->space->set->object_count;
	struct err *e = part->run(scrub);

	if (e && part->optional && err_kind(e) == ERR_NOT_FOUND) {
		log_common(scrub->space->log, "--scrub: no %s: %s", part->name, err_text(e));
		err_free(e);
		return NULL;
	}
	log_debug(scrub->space->log, "--scrub: %s: %zu objects", part->name,
		  scrub->space->set->object_count - before);
	return err_prepend(e, "%s", part->name);
}

struct err *scrub_run(struct erase_space *space, unsigned int which)
{
	struct scrub scrub = { .space = space };
	struct err *e = NULL;

	if (!space->types)
		return err_new(ERR_UNSUPPORTED, "the kernel's types are not known: it has no BTF that can "
			       "be read, give -x VMLINUX");
	for (size_t i = 0; !e && i < ARRAY_LEN(parts); i++) {
		if (parts[i].set & which)
			e = run_part(&scrub, &parts[i]);
	}
	crypto_destroy(scrub.crypto);
	for (size_t i = 0; i < scrub.module_count; i++)
		types_destroy(scrub.modules[i].types);
	return e;
}
