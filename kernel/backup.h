/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that kexec moved out of the capture kernel's way: on x86 up to 5.4 the first
 * 640 KiB (removed by 7c321eb2b843, "x86/kdump: Remove the backup region handling").
 * /proc/vmcore has it where it belongs; a dump that firmware or a hypervisor took while or after the
 * capture kernel ran has what that kernel left there.
 */
#ifndef KERNEL_BACKUP_H
#define KERNEL_BACKUP_H

#include "kernel/kernel.h"

/*
 * If some CPU ran something else than this kernel, take what was moved from where
 * it is (dump_move()), and say so. Kernels without kdump, and dumps without such
 * CPUs, change nothing. No view on the dump may be in use.
 */
struct err *kernel_restore_backup(struct kernel *kernel) __attribute__((warn_unused_result));

/*
 * The segments of a struct kimage, by what they look like: struct kexec_segment and
 * KEXEC_SEGMENT_MAX are user ABI, what stands before them in struct kimage has changed.
 */
#define KIMAGE_SEGMENTS_MAX 16u
struct kimage_segment {
	uint64_t mem;	/* physical */
	uint64_t memsz;
};

/* Of @len bytes of a struct kimage; @end: of physical memory. Returns their number, 0: none are there. */
size_t kimage_segments(const uint8_t *bytes, size_t len, unsigned int word, enum byte_order order,
		       uint64_t end, struct kimage_segment ret[KIMAGE_SEGMENTS_MAX]);

#endif
