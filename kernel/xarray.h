/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XArrays in kernel memory (4.20; include/linux/xarray.h says what entries mean). */
#ifndef KERNEL_XARRAY_H
#define KERNEL_XARRAY_H

#include "facts/types.h"
#include "kernel/kernel.h"

/*
 * Call @fn with the first index and the value of each entry of the struct xarray
 * at @address, ascending. An entry of several indices comes once per node that
 * holds it, or more often. At most @limit nodes are read. ERR_NOT_FOUND: the
 * members are unknown. ERR_BAD_INPUT or a read's error: damaged, the rest is not
 * known. An error of @fn ends the walk and is returned.
 */
struct err *kxarray_for_each(struct kreader *reader, const struct types *types, uint64_t address,
			     uint64_t limit,
			     struct err *(*fn)(void *ctx, uint64_t index, uint64_t entry), void *ctx)
	__attribute__((warn_unused_result));

#endif
