/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The info block of a persistent memory namespace: how much of its beginning is
 * the kernel's. struct nd_pfn_sb in drivers/nvdimm/pfn.h, on the device since 4.5.
 */
#ifndef KERNEL_NVDIMM_H
#define KERNEL_NVDIMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "input/dump.h"

/* It lies this far into the namespace, and is as long. */
#define NVDIMM_BLOCK_BYTES 4096u

struct nvdimm_block {
	bool dax;		/* of a device-dax namespace, not of an fsdax one */
	bool memmap;		/* its struct pages are on the device (--map=dev); else they are in RAM */
	uint64_t metadata;	/* bytes from the namespace's start to the first one of user data */
	uint64_t size;		/* of the whole namespace, as far as the block tells */
};

/*
 * Understand the NVDIMM_BLOCK_BYTES at @bytes. False: they are none, or none to
 * believe: signature, checksum, version, mode and sizes are all checked.
 */
bool nvdimm_block_parse(const uint8_t *bytes, struct nvdimm_block *ret);

/*
 * The block of the namespace that starts at physical @start and ends at or before
 * @end. *found false: the dump has no such block there, or one whose metadata
 * would reach @end. Errors are those of memory.
 */
struct err *nvdimm_block_read(struct dump_view *view, uint64_t start, uint64_t end,
			      struct nvdimm_block *ret, bool *found)
	__attribute__((warn_unused_result));

#endif
