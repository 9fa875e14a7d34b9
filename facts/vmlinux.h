/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a kernel with its symbols: vmlinux as it was linked, stripped or
 * not, and the separate file its debug information may have been moved to.
 *
 * Any class and byte order. Addresses are those of the link: KASLR and the
 * place in memory are not known here. Types are dwarf_info.h's part.
 */
#ifndef FACTS_VMLINUX_H
#define FACTS_VMLINUX_H

#include <libelf.h>

#include "base/bytes.h"
#include "facts/facts.h"

struct vmlinux_file {
	char *path;
	int fd;
	Elf *elf;
};

struct vmlinux {
	struct vmlinux_file main;
	struct vmlinux_file debug;	/* elf NULL: none; else it has what main lacks */
	uint16_t machine;		/* EM_* */
	unsigned int word;		/* bytes: 4 or 8 */
	enum byte_order order;
	uint8_t build_id[64];
	size_t build_id_len;		/* 0: none */
	char release[66];		/* utsname.release; empty: not found */
};

/*
 * Open @path. When it has no symbol table or no debug information, the file
 * that has them is looked for: by build-id in /usr/lib/debug/.build-id, and by
 * .gnu_debuglink beside @path, in .debug there and in /usr/lib/debug; it must have
 * the build-id (or, where there is none, the checksum of the link). The error
 * names file, field and value.
 */
struct err *vmlinux_open(const char *path, const struct log *log, struct vmlinux **ret)
	__attribute__((warn_unused_result));
void vmlinux_close(struct vmlinux *vmlinux);

/*
 * Add the wanted symbols, link-time addresses, and OSRELEASE and BUILD-ID as
 * text. ERR_NOT_FOUND: neither file has a symbol table.
 */
struct err *vmlinux_add_symbols(const struct vmlinux *vmlinux, struct facts *facts)
	__attribute__((warn_unused_result));

/*
 * How many symbols are called @name; *ret is the link-time address of the first. 0: neither
 * file has one. A pass over the table.
 */
unsigned int vmlinux_symbol(const struct vmlinux *vmlinux, const char *name, uint64_t *ret);

#endif
