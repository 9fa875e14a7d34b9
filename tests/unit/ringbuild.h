/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A printk ring buffer as the kernel fills it, written into a flatkernel, with
 * the text a reader should make of it. Written from what rings of real
 * kernels look like, not from the reader.
 */
#ifndef TESTS_UNIT_RINGBUILD_H
#define TESTS_UNIT_RINGBUILD_H

#include "tests/unit/flatkernel.h"

#define RING_MEM 0x100000ull
#define RING_VAR (RING_MEM + 0x10)	/* prb */
#define RING_RB (RING_MEM + 0x100)	/* struct printk_ringbuffer */
#define RING_DESCS (RING_MEM + 0x1000)
#define RING_INFOS (RING_MEM + 0x8000)
#define RING_TEXT (RING_MEM + 0x20000)
#define RING_MEM_SIZE 0x30000ull
#define RING_MAX 4096

struct ring_shape {
	struct elf_form form;
	unsigned int count_bits, size_bits;
	bool fits_end;		/* a block may end exactly at the ring's end: v6.19 and later */
	unsigned int info_size;	/* 88, or 112 with caller name (v7.0) */
	bool no_caller;		/* without the fact */
	uint64_t first_id;	/* of the descriptor before the first record */
};

struct ring_record {
	uint64_t begin, next;	/* of its block; both odd: none */
	char text[300];
	size_t len;
	uint64_t ts;
	uint32_t caller;
	bool gone;		/* overwritten, or never there */
};

struct ringbuild {
	struct ring_shape shape;
	struct flatkernel fk;
	uint64_t word_mask, id_mask;
	uint64_t head;		/* last id given */
	uint64_t lpos;		/* where the next block begins */
	unsigned int count;	/* records pushed */
	struct ring_record rec[RING_MAX];
};

static inline unsigned int ring_word(const struct ringbuild *rb)
{
	return rb->shape.form.word;
}

static inline uint64_t ring_desc(const struct ringbuild *rb, uint64_t id)
{
	return RING_DESCS + (id & ((1ull << rb->shape.count_bits) - 1)) * 3 * ring_word(rb);
}

static inline uint64_t ring_info(const struct ringbuild *rb, uint64_t id)
{
	return RING_INFOS + (id & ((1ull << rb->shape.count_bits) - 1)) * rb->shape.info_size;
}

static inline uint64_t ring_id(const struct ringbuild *rb, unsigned int n)
{
	return (rb->shape.first_id + 1 + n) & rb->id_mask;
}

static inline void ring_state(struct ringbuild *rb, uint64_t id, unsigned int state)
{
	memkernel_put_word(&rb->fk.mk, ring_desc(rb, id),
			   id | (uint64_t)state << (ring_word(rb) * 8 - 2));
}

static inline void ring_init(struct ringbuild *rb, const struct ring_shape *shape)
{
	memset(rb, 0, sizeof(*rb));
	rb->shape = *shape;
	flatkernel_init(&rb->fk, shape->form);
	memkernel_add(&rb->fk.mk, &(struct memseg){ .paddr = RING_MEM, .size = RING_MEM_SIZE,
						    .vaddr = ~0ull });
	rb->word_mask = shape->form.word == 8 ? ~0ull : 0xffffffffull;
	rb->id_mask = rb->word_mask >> 2;
	rb->head = rb->shape.first_id &= rb->id_mask;
	/* So that the first wrap comes soon, as in every kernel. */
	rb->lpos = -(1ull << shape->size_bits) & rb->word_mask;
	ring_state(rb, rb->head, 3);
}

/* Records whose block shares bytes with what is now written up to @lpos are given back. */
static inline void ring_reclaim(struct ringbuild *rb, uint64_t lpos)
{
	uint64_t size = 1ull << rb->shape.size_bits;

	for (unsigned int i = 0; i < rb->count; i++) {
		struct ring_record *r = &rb->rec[i];

		if (r->gone || r->begin & r->next & 1 ||
		    ((lpos - r->begin) & rb->word_mask) <= size)
			continue;
		r->gone = true;
		if (rb->count - i <= 1u << rb->shape.count_bits)
			ring_state(rb, ring_id(rb, i), 3);
	}
}

static inline void ring_block(struct ringbuild *rb, struct ring_record *r, uint64_t id)
{
	uint64_t size = 1ull << rb->shape.size_bits, w = ring_word(rb), at;
	uint64_t len = w + (r->len + w - 1) / w * w, end;
	bool wrap;

	r->begin = rb->lpos;
	end = (r->begin + len - (rb->shape.fits_end ? 1 : 0)) & rb->word_mask;
	wrap = end >> rb->shape.size_bits != r->begin >> rb->shape.size_bits;
	r->next = (r->begin + len) & rb->word_mask;
	if (wrap)
		r->next = ((end >> rb->shape.size_bits << rb->shape.size_bits) + len) & rb->word_mask;
	rb->lpos = r->next;
	ring_reclaim(rb, rb->lpos);
	at = RING_TEXT + (r->begin & (size - 1));
	memkernel_put_word(&rb->fk.mk, at, id);
	if (wrap)
		at = RING_TEXT;
	memkernel_put_word(&rb->fk.mk, at, id);
	if (r->len)
		memkernel_put(&rb->fk.mk, at + w, r->text, r->len);
}

static inline void ring_write(struct ringbuild *rb, struct ring_record *r, uint64_t id)
{
	uint64_t desc = ring_desc(rb, id), info = ring_info(rb, id), w = ring_word(rb);
	uint8_t len[2];

	memkernel_put_word(&rb->fk.mk, desc + w, r->begin);
	memkernel_put_word(&rb->fk.mk, desc + 2 * w, r->next);
	put_u16(len, (uint16_t)r->len, rb->shape.form.order);
	memkernel_put_u64(&rb->fk.mk, info, rb->count);
	memkernel_put_u64(&rb->fk.mk, info + 8, r->ts);
	memkernel_put(&rb->fk.mk, info + 16, len, 2);
	memkernel_put_u32(&rb->fk.mk, info + 20, r->caller);
	/* All but the newest are finalized. */
	if (rb->count && !rb->rec[rb->count - 1].gone)
		ring_state(rb, rb->head, 2);
	ring_state(rb, id, 1);
}

/* Log @len bytes; with @dataless 1 or 3 no block but that in both words. */
static inline struct ring_record *ring_push(struct ringbuild *rb, const char *text, size_t len,
					    unsigned int dataless)
{
	struct ring_record *r = &rb->rec[rb->count];
	uint64_t id = ring_id(rb, rb->count);

	memcpy(r->text, text, len);
	r->len = len;
	r->ts = 1000000000ull * (rb->count / 7) + rb->count * 1001;
	r->caller = rb->count % 5 ? rb->count : 0x80000000u | (rb->count % 64);
	if (rb->count >= 1u << rb->shape.count_bits)
		rb->rec[rb->count - (1u << rb->shape.count_bits)].gone = true;
	if (dataless)
		r->begin = r->next = dataless;
	else
		ring_block(rb, r, id);
	ring_write(rb, r, id);
	rb->head = id;
	rb->count++;
	return r;
}

static inline void ring_facts(const struct ringbuild *rb, char *to, size_t room)
{
	unsigned int w = ring_word(rb);

	snprintf(to, room,
		 "SYMBOL(prb)=%llx\n%s"
		 "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=%u\n"
		 "OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=%u\n"
		 "OFFSET(prb_desc_ring.infos)=%u\nOFFSET(prb_desc_ring.head_id)=%u\n"
		 "OFFSET(prb_desc_ring.tail_id)=%u\nSIZE(prb_desc)=%u\nOFFSET(prb_desc.state_var)=0\n"
		 "OFFSET(prb_desc.text_blk_lpos)=%u\nOFFSET(prb_data_blk_lpos.begin)=0\n"
		 "OFFSET(prb_data_blk_lpos.next)=%u\nSIZE(printk_info)=%u\n"
		 "OFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
		 "OFFSET(printk_info.text_len)=16\nOFFSET(prb_data_ring.size_bits)=0\n"
		 "OFFSET(prb_data_ring.data)=%u\nSIZE(atomic_long_t)=%u\nOFFSET(atomic_long_t.counter)=0\n",
		 (unsigned long long)RING_VAR,
		 rb->shape.no_caller ? "" : "OFFSET(printk_info.caller_id)=20\n", 6 * w, w, 2 * w,
		 3 * w, 4 * w, 3 * w, w, w, rb->shape.info_size, w, w);
}

/* The headers, with head and tail as they are now. */
static inline void ring_headers(struct ringbuild *rb)
{
	const struct memkernel *mk = &rb->fk.mk;
	unsigned int w = ring_word(rb), have = 1u << rb->shape.count_bits;
	uint64_t tail = rb->count < have ? rb->shape.first_id : rb->head - (have - 1);

	memkernel_put_word(mk, RING_VAR, RING_RB);
	memkernel_put_u32(mk, RING_RB, rb->shape.count_bits);
	memkernel_put_word(mk, RING_RB + w, RING_DESCS);
	memkernel_put_word(mk, RING_RB + 2 * w, RING_INFOS);
	memkernel_put_word(mk, RING_RB + 3 * w, rb->head);
	memkernel_put_word(mk, RING_RB + 4 * w, tail & rb->id_mask);
	memkernel_put_u32(mk, RING_RB + 6 * w, rb->shape.size_bits);
	memkernel_put_word(mk, RING_RB + 7 * w, RING_TEXT);
}

#endif
