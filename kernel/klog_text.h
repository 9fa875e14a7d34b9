/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel log records as text, gathered into large pieces. */
#ifndef KERNEL_KLOG_TEXT_H
#define KERNEL_KLOG_TEXT_H

#include "kernel/klog_ring.h"

struct klog_text {
	const struct klog_out *out;
	size_t used;
	char buf[8192];
};

/* One record with its prefix; @caller: with the caller id. */
struct err *klog_text_record(struct klog_text *to, const struct klog_record *record,
			     const uint8_t *text, bool caller) __attribute__((warn_unused_result));

/* Text that has its prefixes already; bytes that are not printable are escaped. */
struct err *klog_text_bytes(struct klog_text *to, const uint8_t *text, size_t len)
	__attribute__((warn_unused_result));

/* Hand on what is gathered. */
struct err *klog_text_flush(struct klog_text *to) __attribute__((warn_unused_result));

#endif
