/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel room only: where struct module has what, by the members it has. */
#ifndef KERNEL_MODULE_LAYOUT_H
#define KERNEL_MODULE_LAYOUT_H

#include "facts/types.h"
#include "kernel/module.h"

/* What struct module takes at most; 1.3 KiB in 7.2. */
#define MODULE_STRUCT_MAX (64u << 10)

/* A number within a struct. */
struct field {
	uint64_t offset;
	unsigned int size;	/* 1, 2, 4 or 8 bytes; 0: there is none */
};

struct module_layout {
	uint64_t bytes;			/* of struct module */
	uint64_t list;			/* offset of its list_head */
	uint64_t name, name_bytes;
	struct field state;
	struct {
		struct field base, size;
	} region[MODULE_REGIONS_MAX];
	unsigned int region_count;
	/* Since 4.5 a pointer to struct mod_kallsyms, before members of struct module itself. */
	struct field kallsyms;
	uint64_t kallsyms_bytes;
	struct field symtab, symbol_count, strtab;
};

/* ERR_NOT_FOUND names the member without which nothing can be done. */
struct err *module_layout_find(const struct types *types, struct module_layout *ret)
	__attribute__((warn_unused_result));

/* Member @path of @type when it is a number of 1, 2, 4 or 8 bytes; else @ret->size is 0 and false returned. */
bool type_field(struct type type, const char *path, struct field *ret);

#endif
