/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The architectures there are; each is defined in the file of its name. */
#ifndef ARCH_ROWS_H
#define ARCH_ROWS_H

#include "arch/arch.h"

extern const struct arch arch_x86_64;
extern const struct arch arch_arm64;

/* In no table: for dumps of Xen hosts. */
extern const struct arch arch_x86_64_xen;

#endif
