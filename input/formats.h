/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the format table in dump.c, and what readers share. */
#ifndef INPUT_FORMATS_H
#define INPUT_FORMATS_H

#include "input/dump.h"

extern const struct dump_format dump_format_elf;
extern const struct dump_format dump_format_kdump;

/* Never succeeds: names the files that are known and cannot be read. Last in the table. */
extern const struct dump_format dump_format_foreign;

/*
 * Physical addresses of no machine reach this: x86_64, arm64 and others stop
 * at 2^52, s390x and IBM Power below 2^57. A segment beyond it would only make
 * bitmaps explode.
 */
#define DUMP_PADDR_LIMIT (UINT64_C(1) << 57)

/* Take the ELF notes over: dump->notes, vmcoreinfo, nr_cpus. @notes outlives the dump's use of it. */
void dump_set_notes(struct dump *dump, const uint8_t *notes, size_t len);

#endif
