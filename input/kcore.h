/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/kcore: the memory of a running kernel as an ELF core.
 *
 * It is an ELF file as others are, except for what its program headers mean:
 * they list areas of virtual memory, of which only some are RAM. Here they are
 * corrected, before the ELF reader (elf.c) makes segments of them:
 *
 * - areas without a physical address (vmalloc, modules, vmemmap) go;
 * - kernels before 4.11 write p_paddr 0 everywhere; then the addresses of RAM
 *   are found by comparing with /proc/iomem, where that can be had;
 * - memory reserved for the crash kernel goes;
 * - notes that tell of the reading program and of no crash go.
 *
 * p_paddr came with "/proc/kcore: update physical address for kcore ram and
 * text" (v4.11), the VMCOREINFO note with 23c85094fe18 (v4.19).
 */
#ifndef INPUT_KCORE_H
#define INPUT_KCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "elf_info.h"
#include "input/dump.h"
#include "input/kcore_host.h"

/*
 * The file is /proc/kcore or a copy of one: it has the note of a task
 * (NT_TASKSTRUCT) and tells physical addresses of some of its PT_LOADs, or of none.
 */
bool kcore_is(const struct elf_info *info);

/*
 * Correct the headers *@info of @dump->src, for which kcore_is() holds. Of the
 * real /proc/kcore they are read again until they do not change any more, and
 * what else the system tells is asked for. Sets dump->live and what comes with it.
 * ERR_UNSUPPORTED when no physical address can be found.
 */
struct err *kcore_open(struct dump *dump, struct elf_info **info)
	__attribute__((warn_unused_result));

/* The same with @host as what the system says; NULL for a copy, about which it says nothing. */
struct err *kcore_correct(struct dump *dump, struct elf_info *info, const struct kcore_host *host)
	__attribute__((warn_unused_result));

/* A number that differs when the program headers do. */
uint64_t kcore_layout(const struct elf_info *info);

#endif
