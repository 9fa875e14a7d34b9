/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel image as a stretch of virtual memory, for ELF files made of dumps that
 * know physical addresses only. Readers begin there: drgn finds the kernel's page
 * tables by the virtual address of swapper_pg_dir, gdb the text.
 */
#ifndef OUTPUT_ELF_IMAGE_H
#define OUTPUT_ELF_IMAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "kernel/kernel.h"
#include "output/elf_layout.h"

/*
 * From the first to the last symbol in VMCOREINFO that is as far from its physical
 * address as _stext is. *found false where the dump has virtual addresses of its
 * own, or the kernel cannot be translated.
 */
struct err *elf_image_find(const struct kernel *kernel, struct elf_span *ret, bool *found)
	__attribute__((warn_unused_result));

#endif
