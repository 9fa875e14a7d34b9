/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent memory: what of the dump is some, and where in it the kernel holds
 * its own data: struct pages and the block that says how far they reach.
 */
#ifndef KERNEL_PMEM_H
#define KERNEL_PMEM_H

#include "facts/types.h"
#include "kernel/kernel.h"

/*
 * Add to dump->pmem what the kernel says is persistent memory, though its
 * segments are not so marked, and to @metadata the pfns that are the kernel's.
 * *known: something told of metadata; else there may be some that is not told.
 *
 * Persistent memory is what iomem_resource calls so, or a namespace, unless
 * it is System RAM there (kmem), and what a page map of fsdax or devdax covers.
 * Metadata is what the list of kernel_pmem_listed() has; where there is none, what
 * page maps set aside for struct pages and what info blocks (kernel/nvdimm.h) say,
 * both together where they differ, with a warning. Without symbols or @types
 * (NULL) only marked segments and their info blocks are known. Damaged kernel
 * data is warned about, and proves nothing. Errors are those of memory or the dump's bitmaps.
 */
struct err *kernel_find_pmem(struct kreader *reader, const struct types *types,
			     struct ranges *metadata, bool *known)
	__attribute__((warn_unused_result));

/*
 * The pfn ranges of pmem metadata named by SYMBOL(devm_memmap_vmcore_head)
 * (RFC "pmem memmap dump" v2, 2023-04; in no released kernel). *found says
 * whether the kernel has the list. A bad element is skipped with a warning; a
 * broken list ends there with one.
 */
struct err *kernel_pmem_listed(struct kreader *reader, struct ranges *metadata, bool *found)
	__attribute__((warn_unused_result));

#endif
