/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/xen_syms.h"

#include <elf.h>

#include "arch/arch.h"
#include "base/checked.h"
#include "dwarf_types.h"
#include "facts/vmlinux.h"

#define PROVIDER "--xen-syms"

/* What they are called in VMCOREINFO_XEN, and in the file: the first that is there. */
struct alias {
	const char *name;
	const char *in_file[3];
};

static const struct alias symbols[] = {
	{ "dom_xen", { "dom_xen" } },
	{ "dom_io", { "dom_io" } },
	{ "domain_list", { "domain_list" } },
	{ "xen_heap_start", { "xen_heap_start" } },
	{ "frame_table", { "frame_table" } },
	{ "alloc_bitmap", { "alloc_bitmap" } },
	{ "max_page", { "max_page" } },
	{ "pgd_l2", { "idle_pg_table_l2" } },
	{ "pgd_l3", { "idle_pg_table_l3" } },
	/* VMCOREINFO_SYMBOL_ALIAS(pgd_l4, idle_pg_table) in Xen's machine_kexec.c. */
	{ "pgd_l4", { "idle_pg_table", "idle_pg_table_4" } },
	{ "xenheap_phys_end", { "xenheap_phys_end" } },
	{ "xen_pstart", { "xen_pstart" } },
	{ "frametable_pg_dir", { "frametable_pg_dir" } },
};

static const char *const sizes[] = { "page_info", "domain" };

/* _domain is in a union of struct page_info that was called u up to Xen 3.3, and v later. */
static const struct {
	const char *type, *name;
	const char *in_file[3];
} offsets[] = {
	{ "page_info", "page_info.count_info", { "count_info" } },
	{ "page_info", "page_info._domain", { "v.inuse._domain", "u.inuse._domain", "_domain" } },
	{ "domain", "domain.domain_id", { "domain_id" } },
	{ "domain", "domain.next_in_list", { "next_in_list" } },
};

static struct err *add_symbol(const struct vmlinux *vmlinux, const struct alias *alias,
			      struct facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(alias->in_file) && alias->in_file[i]; i++) {
		uint64_t value = 0;
		/* Two of one name: nobody knows which is meant. */
		bool found = vmlinux_symbol(vmlinux, alias->in_file[i], &value) == 1;

		if (found && value)
			return facts_add(facts, FACT_SYMBOL, alias->name, (int64_t)value, PROVIDER);
	}
	return NULL;
}

static struct err *add_offset(const struct types *types, size_t row, struct facts *facts)
{
	uint64_t offset, size;
	struct type type;

	if (!types_find(types, TYPE_STRUCT, offsets[row].type, &type))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(offsets[row].in_file) && offsets[row].in_file[i]; i++) {
		if (type_offset(type, offsets[row].in_file[i], &offset, &size) && offset <= INT64_MAX)
			return facts_add(facts, FACT_OFFSET, offsets[row].name, (int64_t)offset,
					 PROVIDER);
	}
	return NULL;
}

static struct err *add_types(const struct types *types, struct facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct type_info info;
		struct type type;

		if (types_find(types, TYPE_STRUCT, sizes[i], &type) && type_describe(type, &info) &&
		    info.size && info.size <= INT64_MAX)
			TRY(facts_add(facts, FACT_SIZE, sizes[i], (int64_t)info.size, PROVIDER));
	}
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
		TRY(add_offset(types, i, facts));
	return NULL;
}

static struct err *read_types(const char *path, const struct log *log, struct facts *facts)
{
	struct types *types = NULL;
	struct err *e = dwarf_types_open(path, log, &types);

	if (err_kind(e) == ERR_NOT_FOUND || err_kind(e) == ERR_UNSUPPORTED) {
		log_warn(log, "%s", err_text(e));
		err_free(e);
		return NULL;
	}
	if (!e)
		e = add_types(types, facts);
	types_destroy(types);
	return e;
}

static struct err *read_symbols(const struct vmlinux *vmlinux, const char *path,
				struct facts *facts)
{
	char name[64];

	if (vmlinux->machine != EM_X86_64)
		return err_new(ERR_UNSUPPORTED, "%s is for %s; what is kept of Xen's memory is known on "
			       "x86_64 only", path,
			       arch_machine_name(vmlinux->machine, name, sizeof(name)));
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		TRY(add_symbol(vmlinux, &symbols[i], facts));
	/* Every hypervisor has this, and no kernel. */
	if (!fact_has(facts, "SYMBOL(domain_list)"))
		return err_new(ERR_BAD_INPUT, "%s: no symbol domain_list: not a file of Xen's with its symbols",
			       path);
	return NULL;
}

struct err *xen_syms_read(const char *path, const struct log *log, struct facts *facts)
{
	struct vmlinux *vmlinux = NULL;
	struct err *e;

	TRY(vmlinux_open(path, log, &vmlinux));
	e = read_symbols(vmlinux, path, facts);
	vmlinux_close(vmlinux);
	if (e)
		return e;
	return read_types(path, log, facts);
}
