/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All tasks of the crashed kernel. */
#ifndef ERASE_TASKS_H
#define ERASE_TASKS_H

#include "erase/space.h"

/* What is told of a task. */
struct task {
	uint64_t address;	/* of its task_struct */
	uint64_t pid;
	uint64_t mm;		/* 0: a kernel thread, or it has ended */
	uint64_t files;		/* its files_struct; 0: it has ended */
};

/*
 * Call @fn with each task: processes in the kernel's order, each followed by its
 * other threads. ERR_NOT_FOUND, ERR_UNSUPPORTED: the kernel does
 * not tell where they are.
 */
struct err *tasks_each(struct erase_space *space,
		       struct err *(*fn)(void *ctx, const struct task *task), void *ctx)
	__attribute__((warn_unused_result));

#endif
