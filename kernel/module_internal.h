/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside kernel/module*.c. */
#ifndef KERNEL_MODULE_INTERNAL_H
#define KERNEL_MODULE_INTERNAL_H

#include "kernel/module_layout.h"

/* Where the kernel keeps the BTF of its modules. */
struct module_btf {
	uint64_t module;	/* address of struct module */
	uint64_t data, bytes;
};

struct module_btfs {
	struct module_btf *v;
	size_t count, room;
};

/*
 * All of list btf_modules. No such list (before 5.11, or not configured) is an
 * empty one; a broken one ends with a warning. Errors are those of memory.
 */
struct err *module_btfs_read(struct kreader *reader, const struct types *types, uint64_t head,
			     struct module_btfs *ret) __attribute__((warn_unused_result));
void module_btfs_deinit(struct module_btfs *btfs);

/* A number out of a struct in memory; 0 where it has no such member or @len bytes do not reach it. */
uint64_t field_get(const struct kernel *kernel, const uint8_t *raw, uint64_t len,
		   const struct field *field);

#endif
