/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lockless printk ring buffer (kernel/printk/printk_ringbuffer.c, v5.10 and later).
 *
 * Descriptors and infos are parallel arrays of 2^count_bits elements; text
 * lies in a ring of 2^size_bits bytes. Record ids run on for ever; the record
 * of an id is at index id modulo the count.
 */
#ifndef KERNEL_KLOG_RING_H
#define KERNEL_KLOG_RING_H

#include "kernel/kernel.h"

#define KLOG_TEXT_MAX 65535u	/* printk_info.text_len is a u16 */

/* Sizes and offsets, all from facts; each struct is at most 4 KiB and holds its members. */
struct klog_layout {
	uint64_t rb_desc_ring, rb_text_ring;
	uint64_t dr_count_bits, dr_descs, dr_infos, dr_head, dr_tail;
	uint64_t tr_size_bits, tr_data;
	uint64_t desc_size, desc_state, desc_blk, blk_begin, blk_next;
	uint64_t info_size, info_ts, info_text_len, info_caller, info_seq;
	uint64_t counter;	/* of atomic_long_t */
	bool has_caller;
	bool has_seq;
};

/* An array in kernel memory read through a window of bounded size. */
struct klog_table {
	uint64_t va;
	size_t size;		/* of an element, bytes */
	uint64_t window;	/* elements held, a power of two */
	uint64_t base;		/* index of the first one held */
	uint8_t *buf;
	bool loaded;
	bool whole;		/* the window came in one read; else element by element */
};

struct klog_ring {
	struct kreader *reader;
	unsigned int word;
	enum byte_order order;
	struct klog_layout lay;
	uint64_t id_mask, word_mask;
	uint64_t count;		/* descriptors, 2 .. 2^26 */
	unsigned int size_bits;	/* of the text ring, 10 .. 31 */
	uint64_t text_va;
	uint64_t tail, head;	/* ids, both inclusive; at most count apart */
	struct klog_table descs, infos;
};

enum klog_kind {
	KLOG_SKIP,	/* no record here: being written, given back, or another one's slot */
	KLOG_TEXT,
	KLOG_LOST,	/* there was one, but its text is gone or damaged */
};

struct klog_record {
	enum klog_kind kind;
	uint64_t seq;		/* 0 where infos do not say */
	uint64_t ts_nsec;
	uint32_t caller_id;	/* bit 31 set: a CPU number, else a thread's pid */
	size_t len;		/* bytes of text in the caller's buffer */
};

/* ERR_NOT_FOUND naming the first fact that is missing, ERR_BAD_INPUT for one that cannot be. */
struct err *klog_layout_init(const struct facts *facts, unsigned int word, struct klog_layout *ret)
	__attribute__((warn_unused_result));

/* Open the ring whose struct printk_ringbuffer is at @va. *ring is zero-filled or deinited before. */
struct err *klog_ring_init(struct klog_ring *ring, struct kreader *reader,
			   const struct klog_layout *lay, uint64_t va)
	__attribute__((warn_unused_result));
void klog_ring_deinit(struct klog_ring *ring);

/* Number of ids from tail to head; record @n (0 = oldest) has id tail + n. */
uint64_t klog_ring_records(const struct klog_ring *ring);

/*
 * Read record @n with its text into @text (KLOG_TEXT_MAX bytes). What cannot
 * be read is KLOG_LOST, not an error; errors are the program's own (no memory).
 */
struct err *klog_ring_read(struct klog_ring *ring, uint64_t n, uint8_t *text,
			   struct klog_record *ret) __attribute__((warn_unused_result));

#endif
