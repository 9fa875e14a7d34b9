/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verify room only, verify/task*.c: what of struct task_struct is looked at. */
#ifndef VERIFY_TASK_H
#define VERIFY_TASK_H

#include <stdio.h>

#include "verify/internal.h"

#define TASK_BYTES_MAX (64u << 10)	/* of struct task_struct; 7.2 has 11 KiB */

/* Two of the pointers lead further; they stand at these places of the table. */
enum { TASK_MM = 0, TASK_FILES = 9, TASK_POINTERS = 12 };

struct task_pointer {
	const char *name;
	struct member at;
	uint64_t bytes;		/* of the struct behind it; 0: not looked at */
};

struct task_layout {
	uint64_t size;
	struct member tasks, pid, comm, stack;
	struct member signal, thread_node, thread_head, thread_group;	/* size 0: this kernel has none */
	struct member pgd;		/* of mm_struct */
	bool has_thread_info;		/* thread_info is in the task, so that a stack ends at its lowest word */
	uint64_t stack_size;		/* THREAD_SIZE; 0: unknown */
	struct member stack_area;	/* of task_struct: the vm_struct of its stack, where that is mapped */
	struct member area_pages;	/* of vm_struct: how many pages it has */
	struct task_pointer pointer[TASK_POINTERS];
	uint8_t raw[TASK_BYTES_MAX];	/* the task that is being looked at */
	char name[128];			/* of it, for lines */
};

/* Address of init_task, which looks as @layout says. ERR_NOT_FOUND. */
struct err *find_init_task(struct verify *v, struct task_layout *layout, uint64_t *ret)
	__attribute__((warn_unused_result));

#endif
