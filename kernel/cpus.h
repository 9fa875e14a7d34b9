/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which CPU of the kernel a CPU of the machine is. Firmware has the registers in an
 * order of its own, and readers of a dump take the n-th PRSTATUS note for CPU n.
 */
#ifndef KERNEL_CPUS_H
#define KERNEL_CPUS_H

#include "kernel/kernel.h"

/*
 * Put the notes of dump->cpus in the order of the kernel's CPU numbers. A CPU whose
 * registers the kernel saved itself when it crashed (crash_notes) gets those. What is of
 * no CPU of this kernel comes last. Other dumps are left as they are; so are
 * those where nothing tells, with a warning.
 */
struct err *kernel_order_cpus(struct kernel *kernel) __attribute__((warn_unused_result));

#endif
