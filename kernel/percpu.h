/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-CPU variables. Up to 6.14 x86_64 links them near 0, elsewhere and since 6.15 they are in the image. */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include "kernel/kernel.h"

/*
 * Where the variable whose symbol is at @symbol lies for @cpu: symbol plus
 * __per_cpu_offset[cpu]. ERR_NOT_FOUND: that array is unknown. ERR_BAD_INPUT: no such CPU.
 */
struct err *percpu_address(struct kreader *reader, uint64_t symbol, unsigned int cpu, uint64_t *ret)
	__attribute__((warn_unused_result));

/* CPUs that __per_cpu_offset[] has a place for, or 0 when unknown; unused ones share one offset. */
unsigned int percpu_count(struct kreader *reader);

#endif
