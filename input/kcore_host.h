/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a running system says of its memory outside /proc/kcore: /proc/iomem
 * and /sys/kernel/vmcoreinfo. True of the machine this program runs on only.
 */
#ifndef INPUT_KCORE_HOST_H
#define INPUT_KCORE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/ranges.h"

/* Physical addresses, bytes. */
struct kcore_host {
	struct ranges ram;	/* "System RAM", each line by itself unless they touch */
	struct ranges crash;	/* "Crash kernel": reserved by crashkernel= */
	struct range code;	/* "Kernel code"; empty when not told */
	uint64_t note_paddr;	/* the ELF note VMCOREINFO ... */
	uint64_t note_len;	/* ... and its length; 0 when not told */
};

void kcore_host_deinit(struct kcore_host *host);

/*
 * Take in the text of /proc/iomem: "  START-END : NAME", hexadecimal, END
 * inclusive. Lines of another shape are passed over; so is all of it where
 * addresses are hidden (zeros, for readers without privilege).
 */
struct err *kcore_host_add_iomem(struct kcore_host *host, const char *text, size_t len)
	__attribute__((warn_unused_result));

/* Take in the text of /sys/kernel/vmcoreinfo: "PADDR LENGTH", hexadecimal. Another shape is none. */
void kcore_host_add_vmcoreinfo(struct kcore_host *host, const char *text, size_t len);

/* Ask the system. A file that cannot be read tells nothing; fails only for lack of memory. */
struct err *kcore_host_ask(struct kcore_host *host, const struct log *log)
	__attribute__((warn_unused_result));

#endif
