/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules: their memory, symbols and types. Member offsets come from @types. */
#ifndef KERNEL_MODULE_H
#define KERNEL_MODULE_H

#include "facts/types.h"
#include "kernel/kernel.h"

#define MODULE_NAME_BYTES 64
#define MODULE_REGIONS_MAX 8
#define MODULES_MAX 16384
#define MODULE_SYMBOL_BYTES 512	/* of a name with its NUL */

struct module_region {
	uint64_t va, size;	/* size in bytes, not 0 */
};

struct kmodule {
	uint64_t address;		/* of struct module */
	char name[MODULE_NAME_BYTES];
	unsigned int state;		/* 0 live, 1 coming, 2 going, 3 unformed (enum module_state) */
	struct module_region regions[MODULE_REGIONS_MAX];	/* core and init memory that is there */
	unsigned int region_count;
	uint64_t symtab, strtab, symbol_count;	/* of mod_kallsyms; symtab 0: none */
	uint64_t btf, btf_bytes;	/* btf 0: none */
};

/*
 * Call @fn with each module, once, newest first. A damaged one is skipped with a
 * warning. Where the list is broken, which is warned about, those behind come from its
 * end, oldest first. ERR_NOT_FOUND: symbol "modules" or the
 * members of struct module are unknown. An error of @fn ends the walk and is returned.
 */
struct err *kmodules_for_each(struct kreader *reader, const struct types *types,
			      struct err *(*fn)(void *ctx, const struct kmodule *module), void *ctx)
	__attribute__((warn_unused_result));

/* The module of that name ('-' is '_'); ERR_NOT_FOUND. */
struct err *kmodule_find(struct kreader *reader, const struct types *types, const char *name,
			 struct kmodule *ret) __attribute__((warn_unused_result));

/* Address of a symbol of a module from its own table; false: it has none of that name. */
bool kmodule_symbol(struct kreader *reader, const struct kmodule *module, const char *name,
		    uint64_t *ret);

/*
 * Each of its symbols, in the order of its table, until @fn returns false. @name
 * is only good during the call. What is damaged or unreadable is passed over.
 */
void kmodule_for_each_symbol(struct kreader *reader, const struct kmodule *module,
			     bool (*fn)(void *ctx, const char *name, uint64_t address), void *ctx);

/*
 * Types of the module, from its BTF. @base, the kernel's types, must outlive them; where
 * those are no BTF (-x), which the module's numbers build on, the kernel's BTF is
 * read for it. ERR_NOT_FOUND: the module, or then the kernel, has no BTF.
 */
struct err *kmodule_types(struct kreader *reader, const struct kmodule *module,
			  const struct types *base, struct types **ret)
	__attribute__((warn_unused_result));

#endif
