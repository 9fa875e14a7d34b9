/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel room only: one extraction of the log, whatever the buffer. */
#ifndef KERNEL_KLOG_JOB_H
#define KERNEL_KLOG_JOB_H

#include "kernel/klog_text.h"

struct klog_job {
	struct kreader *reader;
	bool since_clear;
	uint8_t *text;		/* KLOG_TEXT_MAX bytes for a record */
	uint64_t records;	/* written */
	uint64_t lost;
};

/* Say that --partial-dmesg gets the whole log. */
void klog_warn_all(const struct log *log);

/* What both older buffers have: where the variable log_buf points to, and log_buf_len bytes there. */
struct klog_area {
	uint64_t va;
	uint32_t len;
};

struct err *klog_find_area(struct kreader *reader, struct klog_area *ret)
	__attribute__((warn_unused_result));
/* A u32 variable by name. ERR_NOT_FOUND when its symbol is not known. */
struct err *klog_read_variable(struct kreader *reader, const char *name, uint32_t *ret)
	__attribute__((warn_unused_result));

/*
 * Variable-length records in a buffer, v3.5 to v5.9. ERR_BAD_INPUT where the chain of
 * records breaks; those before have been written.
 */
struct err *klog_dump_buffer(struct klog_job *job, struct klog_text *to)
	__attribute__((warn_unused_result));

/* Text in a circular buffer, up to v3.4. */
struct err *klog_dump_string(struct klog_job *job, struct klog_text *to)
	__attribute__((warn_unused_result));

#endif
