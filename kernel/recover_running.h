/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the kernel that the CPUs ran says that VMCOREINFO is; for kernel/recover.c. */
#ifndef KERNEL_RECOVER_RUNNING_H
#define KERNEL_RECOVER_RUNNING_H

#include "kernel/kernel.h"

/* Perhaps a text of at most @max bytes at physical @pa. */
struct recover_place {
	uint64_t pa;
	size_t max;
	bool in_note;
};

struct recover_running {
	bool found;		/* the CPUs' registers led to a kernel */
	bool captures;		/* it is a capture kernel; places are those of the one that crashed */
	struct facts facts;	/* what its page tables tell; the caller frees them, also on failure */
	struct recover_place places[4];
	size_t place_count;
};

/* Nothing found is no error. @kernel has no facts, and a page size is set. */
struct err *recover_running(const struct kernel *kernel, const struct arch *arch, struct dump_view *view,
			    struct recover_running *ret) __attribute__((warn_unused_result));

/* The address of "elfcorehdr=[SIZE@]ADDRESS", numbers with K, M, G ... as the kernel reads them. */
bool recover_elfcorehdr(const char *line, uint64_t *ret);

#endif
