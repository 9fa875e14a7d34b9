// SPDX-License-Identifier: GPL-2.0-or-later
/* Types of one module: BTF that goes on where that of the kernel ends. */
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/module.h"

/*
 * What a module knows when its kernel's types come from elsewhere (-x): its own BTF
 * with the kernel's BTF under it. Types that are found belong to the sets inside.
 */
struct module_types {
	struct types types;	/* first */
	struct types *kernel;
	struct types *own;
};

static const struct types *own_types(const struct types *set)
{
	return ((const struct module_types *)set)->own;
}

static bool find(const struct types *set, enum type_kind kind, const char *name, struct type *ret)
{
	return types_find(own_types(set), kind, name, ret);
}

static bool enumerator(const struct types *set, const char *name, int64_t *ret)
{
	return types_enumerator(own_types(set), name, ret);
}

static bool variable(const struct types *set, const char *name, struct type *ret)
{
	return types_variable(own_types(set), name, ret);
}

static void destroy(struct types *set)
{
	struct module_types *both = (struct module_types *)set;

	types_destroy(both->own);
	types_destroy(both->kernel);
	free(both);
}

/* describe and member are asked of the set that a type is of, which is never this one. */
static const struct types_ops module_ops = {
	.name = "btf",
	.find = find,
	.enumerator = enumerator,
	.variable = variable,
	.destroy = destroy,
};

static struct err *parse(struct kreader *reader, const struct kmodule *module,
			 const struct types *base, struct types **ret)
{
	uint8_t *blob = malloc((size_t)module->btf_bytes);
	struct err *e;

	if (!blob)
		return err_nomem;
	e = kread(reader, module->btf, blob, (size_t)module->btf_bytes);
	if (e) {
		free(blob);
		return e;
	}
	return btf_parse(blob, (size_t)module->btf_bytes, kreader_kernel(reader)->order, base, ret);
}

static struct err *parse_on_own_base(struct kreader *reader, const struct kmodule *module,
				     struct types **ret)
{
	struct module_types *both = calloc(1, sizeof(*both));
	struct err *e;

	if (!both)
		return err_nomem;
	both->types.ops = &module_ops;
	e = btf_load(reader, &both->kernel);
	if (!e)
		e = parse(reader, module, both->kernel, &both->own);
	if (e) {
		types_destroy(&both->types);
		return e;
	}
	*ret = &both->types;
	return NULL;
}

struct err *kmodule_types(struct kreader *reader, const struct kmodule *module,
			  const struct types *base, struct types **ret)
{
	struct err *e;

	if (!module->btf)
		return err_new(ERR_NOT_FOUND, "module %s has no BTF", module->name);
	if (!base || strcmp(base->ops->name, "btf") == 0)
		e = parse(reader, module, base, ret);
	else
		e = parse_on_own_base(reader, module, ret);
	return err_prepend(e, "BTF of module %s", module->name);
}
