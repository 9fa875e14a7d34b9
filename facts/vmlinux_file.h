/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside facts/: ELF files of a kernel. */
#ifndef FACTS_VMLINUX_FILE_H
#define FACTS_VMLINUX_FILE_H

#include <gelf.h>

#include "facts/vmlinux.h"

/* Open and check what must be right before anything else is asked of it. */
struct err *vmlinux_file_open(const char *path, struct vmlinux_file *ret)
	__attribute__((warn_unused_result));
void vmlinux_file_close(struct vmlinux_file *file);

/* The section called @name, or NULL. */
Elf_Scn *vmlinux_section(const struct vmlinux_file *file, const char *name, GElf_Shdr *ret);
/* The first section of @type (SHT_*), or NULL. */
Elf_Scn *vmlinux_section_of_type(const struct vmlinux_file *file, unsigned int type,
				 GElf_Shdr *ret);
/* The file has .debug_info of some form. */
bool vmlinux_has_debug(const struct vmlinux_file *file);

/*
 * Unpack .debug_info where it is compressed, as libdw would do next. Of a compression that
 * libelf does not know libdw would only say that there is no error.
 */
struct err *vmlinux_unpack_debug(const struct vmlinux_file *file)
	__attribute__((warn_unused_result));

/* Bytes of the GNU build-id, up to 64, into @buf; 0 when there is none. */
size_t vmlinux_build_id(const struct vmlinux_file *file, uint8_t *buf);

/* Find and open the separate file of @vmlinux->main into @vmlinux->debug; leaves it alone when there is none. */
struct err *vmlinux_find_debug(struct vmlinux *vmlinux, const struct log *log)
	__attribute__((warn_unused_result));

#endif
