/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel room only. */
#ifndef KERNEL_INTERNAL_H
#define KERNEL_INTERNAL_H

#include "base/strmap.h"
#include "kernel/kallsyms.h"
#include "kernel/kernel.h"

/* A reader's symbols, for kernel/symbols.c. */
struct kallsyms_slot {
	struct kallsyms *kallsyms;	/* NULL: none, or not looked for yet */
	bool tried;
	struct strmap known;		/* names that were asked for */
};

void kallsyms_slot_deinit(struct kallsyms_slot *slot);
struct kallsyms_slot *kreader_kallsyms(struct kreader *reader);

/* The reader's table, opened once; *ret NULL: the kernel has none that can be used. */
struct err *kreader_get_kallsyms(struct kreader *reader, struct kallsyms **ret)
	__attribute__((warn_unused_result));

/* Per-CPU symbols that are offsets lie below. */
#define PERCPU_REACH (UINT64_C(64) << 20)

/*
 * Fill kernel->uts: from SYMBOL(init_uts_ns) when it can be read, else from the
 * dump's own header, else from OSRELEASE and the machine. ERR_BAD_INPUT when
 * memory has another kernel's utsname: then the translation is wrong; uts
 * then holds what the rest of the chain says.
 */
struct err *kernel_read_uts(struct kernel *kernel) __attribute__((warn_unused_result));

/* What is known without memory: the last two links of that chain. */
void kernel_uts_without_memory(struct kernel *kernel);

/* The row for this dump, or an error that names the machine. */
struct err *kernel_find_arch(const struct kernel *kernel, const struct arch **ret)
	__attribute__((warn_unused_result));

/* What an architecture may look at, without a view. */
struct arch_env kernel_arch_env(const struct kernel *kernel, const struct facts *facts);

/*
 * Set kernel->arch and its state from kernel->facts, page size, word and order. An error
 * changes nothing.
 */
struct err *kernel_start_arch(struct kernel *kernel) __attribute__((warn_unused_result));
void kernel_stop_arch(struct kernel *kernel);

/* Facts of struct kernel_files until they are taken over. */
struct kernel_given {
	const char *name;	/* of the file; NULL: no file */
	struct facts linked;	/* symbols at their link-time addresses */
};

void kernel_given_init(struct kernel_given *given);
void kernel_given_deinit(struct kernel_given *given);

/*
 * Read the file, and refuse one of another kernel as far as the dump's own
 * facts and headers tell: ERR_WRONG_RELEASE.
 */
struct err *kernel_read_given(const struct kernel *kernel, const struct kernel_files *files,
			      struct kernel_given *ret) __attribute__((warn_unused_result));

/*
 * Move what was read to kernel->facts, symbols to their run-time addresses. By
 * how much the kernel was moved the dump's facts tell, or its memory
 * (arch->locate); ERR_WRONG_RELEASE when these say that it is another kernel.
 */
struct err *kernel_take_given(struct kernel *kernel, struct kernel_given *given)
	__attribute__((warn_unused_result));

#endif
