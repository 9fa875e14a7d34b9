/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel room only. */
#ifndef KERNEL_INTERNAL_H
#define KERNEL_INTERNAL_H

#include "kernel/kernel.h"

/*
 * Fill kernel->uts: from SYMBOL(init_uts_ns) when it can be read, else from the
 * dump's own header, else from OSRELEASE and the machine. ERR_BAD_INPUT when
 * memory has another kernel's utsname: then the translation is wrong; uts
 * then holds what the rest of the chain says.
 */
struct err *kernel_read_uts(struct kernel *kernel) __attribute__((warn_unused_result));

/* What is known without memory: the last two links of that chain. */
void kernel_uts_without_memory(struct kernel *kernel);

#endif
