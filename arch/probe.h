/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trying a guess against something known, for architectures that must choose
 * between several ways to translate.
 */
#ifndef ARCH_PROBE_H
#define ARCH_PROBE_H

#include <stdint.h>

#include "arch/arch.h"

/*
 * SYMBOL(init_uts_ns) lies at physical @pa: its sysname is "Linux" and its
 * release is OSRELEASE, as far as that is known.
 */
enum probe probe_uts(const struct arch_env *env, uint64_t pa);

/* The page tables of @form at @root_pa map @va to @pa. */
enum probe probe_walk(const struct arch_env *env, const struct pt_form *form, uint64_t root_pa,
		      uint64_t va, uint64_t pa);

#define PROBE_RELEASE 65	/* room for a release and its NUL */

/*
 * @bytes have "Linux version RELEASE (" in them, the kernel's banner or its log's first line:
 * the release goes to @ret, and true is returned.
 */
bool probe_banner(const uint8_t *bytes, size_t len, char ret[PROBE_RELEASE]);

/* The error of a walk says a table could not be read, not that nothing is mapped. */
bool probe_table_missing(const struct err *e);

/* End of the highest segment of the dump, in bytes. */
uint64_t probe_memory_end(const struct dump *dump);

#endif
