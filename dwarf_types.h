/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All types and global variables of a kernel from the debug information of its
 * vmlinux (libdw), as facts/types.h asks for them.
 */
#ifndef DWARF_TYPES_H
#define DWARF_TYPES_H

#include "base/log.h"
#include "facts/types.h"
#include "facts/vmlinux.h"

/*
 * Open @path and list its types by name: a pass over all units, some tenths of a
 * second, and some megabytes. What is declared in one unit only is looked up by
 * name where another defines it. ERR_NOT_FOUND: no debug information.
 * ERR_UNSUPPORTED: built without libdw. ERR_BAD_INPUT: the file is damaged.
 */
struct err *dwarf_types_open(const char *path, const struct log *log, struct types **ret)
	__attribute__((warn_unused_result));

#endif
