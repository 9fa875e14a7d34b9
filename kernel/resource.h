/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's tree of physical address ranges, what /proc/iomem shows. */
#ifndef KERNEL_RESOURCE_H
#define KERNEL_RESOURCE_H

#include "facts/types.h"
#include "kernel/kernel.h"

#define RESOURCE_NAME_BYTES 64
/* Levels and nodes to look at; /proc/iomem of large machines has some 10000 lines. */
#define RESOURCE_DEPTH_MAX 32
#define RESOURCES_MAX (1u << 20)

struct kresource {
	uint64_t start, end;	/* physical bytes [start, end); the very last byte of all is not told */
	uint64_t flags, desc;	/* IORESOURCE_, IORES_DESC_ */
	char name[RESOURCE_NAME_BYTES];	/* cut off; empty when it cannot be read */
	unsigned int depth;	/* 0: a root's child */
};

/*
 * Call @fn with each node under the struct resource at @root (SYMBOL(iomem_resource)), parents
 * first, ascending. ERR_NOT_FOUND: the members of struct resource are unknown.
 * ERR_BAD_INPUT or a read's error: the tree is damaged, and what @fn has seen is
 * not all. An error of @fn ends the walk and is returned.
 */
struct err *kresources_for_each(struct kreader *reader, const struct types *types, uint64_t root,
				struct err *(*fn)(void *ctx, const struct kresource *resource),
				void *ctx) __attribute__((warn_unused_result));

#endif
