/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device page maps: memory of devices that has struct pages (ZONE_DEVICE).
 * struct dev_pagemap in include/linux/memremap.h, all of them in pgmap_array
 * (mm/memremap.c; kernel/memremap.c before 5.3).
 */
#ifndef KERNEL_DEV_PAGEMAP_H
#define KERNEL_DEV_PAGEMAP_H

#include "facts/types.h"
#include "kernel/kernel.h"

/* Page maps, and ranges of one, to look at. */
#define DEV_PAGEMAPS_MAX 65536u
#define DEV_PAGEMAP_RANGES_MAX 4096u

struct dev_pagemap {
	uint64_t address;		/* of the struct */
	uint64_t start, end;		/* physical bytes of one of its ranges, end exclusive */
	bool fs_dax;			/* MEMORY_DEVICE_FS_DAX: of a file system */
	bool generic;			/* MEMORY_DEVICE_GENERIC (DEVDAX before 5.10): device-dax and others */
	/* Pages of the device for struct pages, with those before them; empty: these are in RAM. */
	uint64_t memmap_start, memmap_end;	/* physical bytes */
};

/*
 * Call @fn with each range of each device page map in the XArray at @array
 * (SYMBOL(pgmap_array)); the memmap comes with the first range only. A damaged map is
 * skipped, which is warned about. ERR_NOT_FOUND: a member is unknown. ERR_BAD_INPUT or a read's
 * error: the array is damaged, and what @fn has seen is not all. An error
 * of @fn ends the walk and is returned.
 */
struct err *kdev_pagemaps_for_each(struct kreader *reader, const struct types *types, uint64_t array,
				   struct err *(*fn)(void *ctx, const struct dev_pagemap *map),
				   void *ctx) __attribute__((warn_unused_result));

#endif
