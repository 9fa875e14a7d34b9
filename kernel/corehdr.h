/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF header that kexec put into memory for the capture kernel (elfcorehdr), of
 * which /proc/vmcore is made: its program headers have physical addresses as offsets.
 */
#ifndef KERNEL_COREHDR_H
#define KERNEL_COREHDR_H

#include "elf_info.h"
#include "kernel/kernel.h"

/*
 * The headers at physical @pa, without notes. ERR_NOT_MINE: there is no ELF
 * header. The caller frees it by elf_info_destroy().
 */
struct err *corehdr_read(struct dump_view *view, uint64_t pa, struct elf_info **ret)
	__attribute__((warn_unused_result));

#endif
