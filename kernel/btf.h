/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF, the kernel's own description of its types, from the dump's memory. */
#ifndef KERNEL_BTF_H
#define KERNEL_BTF_H

#include "facts/types.h"
#include "kernel/kernel.h"

/* More than any kernel's BTF (7.2: 5 MB); what is larger is not believed. */
#define BTF_BYTES_MAX (UINT64_C(12) << 20)

/*
 * The types of the kernel image: [__start_BTF, __stop_BTF), else found by its
 * magic number in the image. The caller destroys the set; it holds a copy of the
 * blob, checked once, so that no question to it reads out of bounds.
 * ERR_NOT_FOUND: the kernel has none. ERR_BAD_INPUT: damaged.
 */
struct err *btf_load(struct kreader *reader, struct types **ret)
	__attribute__((warn_unused_result));

/*
 * Types of a set of bytes: @blob (malloc'd) becomes the set's, and is freed on failure too.
 * @base: what split BTF builds on (BTF as well, outliving it), or NULL.
 */
struct err *btf_parse(uint8_t *blob, size_t len, enum byte_order order, const struct types *base,
		      struct types **ret) __attribute__((warn_unused_result));

#endif
