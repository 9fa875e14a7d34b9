/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where modules' BTF lies. module.btf_data is NULL once a module is loaded: only list btf_modules tells. */
#include <stdlib.h>

#include "base/array.h"
#include "kernel/btf.h"
#include "kernel/module_internal.h"

struct btf_walk {
	struct kreader *reader;
	uint64_t list;			/* offsets in struct btf_module */
	struct field module, btf;
	struct field data, bytes;	/* in struct btf; data_size moved in 7.x */
	struct module_btfs *btfs;
};

static struct err *add(struct module_btfs *btfs, const struct module_btf *btf)
{
	struct module_btf *v = array_more(btfs->v, btfs->count, &btfs->room, sizeof(*v), 64);

	if (!v)
		return err_nomem;
	btfs->v = v;
	btfs->v[btfs->count++] = *btf;
	return NULL;
}

static struct err *read_field(struct kreader *reader, uint64_t va, const struct field *field,
			      uint64_t *ret)
{
	struct field here = { .size = field->size };
	uint8_t raw[8];

	TRY(kread(reader, va + field->offset, raw, field->size));
	*ret = field_get(kreader_kernel(reader), raw, sizeof(raw), &here);
	return NULL;
}

static struct err *read_btf(struct btf_walk *walk, uint64_t node, struct module_btf *ret)
{
	uint64_t btf;

	TRY(read_field(walk->reader, node - walk->list, &walk->module, &ret->module));
	TRY(read_field(walk->reader, node - walk->list, &walk->btf, &btf));
	TRY(read_field(walk->reader, btf, &walk->data, &ret->data));
	return read_field(walk->reader, btf, &walk->bytes, &ret->bytes);
}

static struct err *visit(void *ctx, uint64_t node)
{
	struct btf_walk *walk = ctx;
	struct module_btf btf;
	struct err *e = read_btf(walk, node, &btf);

	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e || !btf.data || btf.bytes == 0 || btf.bytes > BTF_BYTES_MAX) {
		log_warn(kreader_kernel(walk->reader)->log, "BTF of a module at %#llx: %s, ignored",
			 (unsigned long long)node, e ? err_text(e) : "its size makes no sense");
		err_free(e);
		return NULL;
	}
	return add(walk->btfs, &btf);
}

static bool find_members(const struct types *types, struct btf_walk *walk)
{
	struct type node, btf;
	uint64_t size;

	return types_find(types, TYPE_STRUCT, "btf_module", &node) &&
	       types_find(types, TYPE_STRUCT, "btf", &btf) &&
	       type_offset(node, "list", &walk->list, &size) &&
	       type_field(node, "module", &walk->module) && type_field(node, "btf", &walk->btf) &&
	       type_field(btf, "data", &walk->data) && type_field(btf, "data_size", &walk->bytes);
}

struct err *module_btfs_read(struct kreader *reader, const struct types *types, uint64_t head,
			     struct module_btfs *ret)
{
	struct btf_walk walk = { .reader = reader, .btfs = ret };
	struct err *e;

	if (!find_members(types, &walk))
		return NULL;
	e = klist_for_each(reader, head, MODULES_MAX, visit, &walk);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e)
		log_warn(kreader_kernel(reader)->log, "BTF of modules: %s; the rest of the list is not known",
			 err_text(e));
	err_free(e);
	return NULL;
}

void module_btfs_deinit(struct module_btfs *btfs)
{
	free(btfs->v);
	*btfs = (struct module_btfs){ .v = NULL };
}
