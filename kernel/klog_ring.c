/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/klog_ring.h"

#include <stdlib.h>

#include "base/checked.h"

/* log_buf_len= allows 2^31 bytes of text and 2^26 descriptors: windows bound the memory. */
#define COUNT_BITS_MAX 26
#define SIZE_BITS_MIN 10
#define SIZE_BITS_MAX 31
#define WINDOW_RECORDS 4096u
#define WINDOW_BYTES (512u << 10)

/* Descriptor states, in the two top bits of state_var. */
enum desc_state { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

static void table_deinit(struct klog_table *table)
{
	free(table->buf);
	table->buf = NULL;
	table->loaded = false;
}

static struct err *table_init(struct klog_table *table, uint64_t va, uint64_t size, uint64_t count)
{
	uint64_t window = min_u64(count, WINDOW_RECORDS);

	while (window > 1 && window * size > WINDOW_BYTES)
		window /= 2;
	*table = (struct klog_table){ .va = va, .size = (size_t)size, .window = window };
	table->buf = malloc((size_t)(window * size));
	return table->buf ? NULL : err_nomem;
}

/* Hold the window around @index. Where it cannot be read in one go, elements are read when asked for. */
static struct err *table_load(struct kreader *reader, struct klog_table *table, uint64_t index)
{
	uint64_t base = round_down(index, table->window);
	struct err *e;

	if (table->loaded && table->base == base)
		return NULL;
	e = kread(reader, table->va + base * table->size, table->buf,
		  (size_t)table->window * table->size);
	if (e && !err_is_unreadable(e))
		return e;
	table->loaded = true;
	table->base = base;
	table->whole = !e;
	err_free(e);
	return NULL;
}

static struct err *table_get(struct kreader *reader, struct klog_table *table, uint64_t index,
			     const uint8_t **ret)
{
	uint8_t *slot;

	TRY(table_load(reader, table, index));
	slot = table->buf + (index - table->base) * table->size;
	if (!table->whole)
		TRY(kread(reader, table->va + index * table->size, slot, table->size));
	*ret = slot;
	return NULL;
}

static struct err *read_ids(struct klog_ring *ring, uint64_t desc_ring)
{
	const struct klog_layout *lay = &ring->lay;
	uint64_t tail, head;

	TRY(kread_word(ring->reader, desc_ring + lay->dr_tail + lay->counter, &tail));
	TRY(kread_word(ring->reader, desc_ring + lay->dr_head + lay->counter, &head));
	ring->head = head & ring->id_mask;
	ring->tail = tail & ring->id_mask;
	/* More apart than there are descriptors: one is damaged; the newest are worth most. */
	if (((ring->head - ring->tail) & ring->id_mask) >= ring->count)
		ring->tail = (ring->head - (ring->count - 1)) & ring->id_mask;
	return NULL;
}

/* An array larger than all memory of the dump is none; this also bounds the work on damaged counts. */
static struct err *check_fits(const struct klog_ring *ring, const char *what, uint64_t bytes)
{
	const struct kernel *kernel = kreader_kernel(ring->reader);
	uint64_t memory = kernel->dump->max_mapnr << kernel->page_shift;

	if (bytes <= memory)
		return NULL;
	return err_new(ERR_BAD_INPUT, "kernel log: %s of %llu bytes, in %llu bytes of memory", what,
		       (unsigned long long)bytes, (unsigned long long)memory);
}

static struct err *open_descs(struct klog_ring *ring, uint64_t desc_ring)
{
	const struct klog_layout *lay = &ring->lay;
	uint32_t count_bits;
	uint64_t descs, infos;

	TRY(kread_u32(ring->reader, desc_ring + lay->dr_count_bits, &count_bits));
	if (count_bits < 1 || count_bits > COUNT_BITS_MAX)
		return err_new(ERR_BAD_INPUT, "kernel log: prb_desc_ring.count_bits is %u, not 1 to %u",
			       count_bits, COUNT_BITS_MAX);
	ring->count = 1ull << count_bits;
	TRY(check_fits(ring, "descriptors", ring->count * (lay->desc_size + lay->info_size)));
	TRY(read_ids(ring, desc_ring));
	TRY(kread_word(ring->reader, desc_ring + lay->dr_descs, &descs));
	TRY(kread_word(ring->reader, desc_ring + lay->dr_infos, &infos));
	TRY(table_init(&ring->descs, descs, lay->desc_size, ring->count));
	return table_init(&ring->infos, infos, lay->info_size, ring->count);
}

static struct err *open_text(struct klog_ring *ring, uint64_t text_ring)
{
	uint32_t size_bits;

	TRY(kread_u32(ring->reader, text_ring + ring->lay.tr_size_bits, &size_bits));
	if (size_bits < SIZE_BITS_MIN || size_bits > SIZE_BITS_MAX)
		return err_new(ERR_BAD_INPUT, "kernel log: prb_data_ring.size_bits is %u, not %u to %u",
			       size_bits, SIZE_BITS_MIN, SIZE_BITS_MAX);
	ring->size_bits = size_bits;
	TRY(check_fits(ring, "text ring", 1ull << size_bits));
	return kread_word(ring->reader, text_ring + ring->lay.tr_data, &ring->text_va);
}

struct err *klog_ring_init(struct klog_ring *ring, struct kreader *reader,
			   const struct klog_layout *lay, uint64_t va)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct err *e;

	*ring = (struct klog_ring){
		.reader = reader,
		.word = kernel->word,
		.order = kernel->order,
		.lay = *lay,
		.word_mask = kernel->word == 4 ? 0xffffffffull : ~0ull,
	};
	ring->id_mask = ring->word_mask >> 2;
	e = open_text(ring, va + lay->rb_text_ring);
	if (!e)
		e = open_descs(ring, va + lay->rb_desc_ring);
	if (e)
		klog_ring_deinit(ring);
	return e;
}

void klog_ring_deinit(struct klog_ring *ring)
{
	table_deinit(&ring->descs);
	table_deinit(&ring->infos);
}

uint64_t klog_ring_records(const struct klog_ring *ring)
{
	return ((ring->head - ring->tail) & ring->id_mask) + 1;
}

/* A text block: begin and next run on for ever, modulo the word size. */
struct block {
	uint64_t begin;
	uint64_t next;
};

/* Where the text of a block lies in the ring; room is what fits before the block ends. */
struct place {
	uint64_t id_at;		/* byte of the ring with the word that repeats the id */
	uint64_t room;
};

/*
 * Both words odd: no block. 1 is a message there was no room for, 3 an empty
 * line (v5.10 only; later kernels store those as blocks).
 */
static bool is_dataless(const struct block *blk)
{
	return blk->begin & blk->next & 1;
}

#define EMPTY_LINE_LPOS 3

/*
 * A block that does not fit before the end of the ring is at its start
 * instead; its begin still says where it would have been. Whether it fits is asked
 * of its last byte, next - 1: since v6.19, 67e1b0052f6b ("printk_ringbuffer: don't
 * needlessly wrap data blocks around"), a block may end exactly at the end, with next
 * at index 0. False where the block cannot be one.
 */
static bool find_place(const struct klog_ring *ring, const struct block *blk, struct place *ret)
{
	uint64_t size = 1ull << ring->size_bits;
	uint64_t begin = blk->begin & (size - 1);
	uint64_t next = blk->next & (size - 1);
	uint64_t last = (blk->next - 1) & ring->word_mask;
	uint64_t end;

	if (begin % ring->word || next % ring->word ||
	    ((blk->next - blk->begin) & ring->word_mask) > size)
		return false;
	if (blk->begin >> ring->size_bits != last >> ring->size_bits) {
		ret->id_at = 0;
		end = next;
	} else {
		ret->id_at = begin;
		end = next ? next : size;
	}
	if (end < ret->id_at + ring->word || end - ret->id_at > size / 2)
		return false;
	ret->room = end - ret->id_at - ring->word;
	return true;
}

/* Text of the block at @place, which must repeat the record's id. */
static struct err *read_text(struct klog_ring *ring, const struct place *place, uint64_t id,
			     size_t len, uint8_t *text, struct klog_record *record)
{
	uint64_t block_id;

	TRY(kread_word(ring->reader, ring->text_va + place->id_at, &block_id));
	if (block_id != id)
		return NULL;
	if (len)
		TRY(kread(ring->reader, ring->text_va + place->id_at + ring->word, text, len));
	record->len = len;
	record->kind = KLOG_TEXT;
	return NULL;
}

/* The record at @index is there: fill *record, KLOG_LOST until its text is read. */
static struct err *read_record(struct klog_ring *ring, uint64_t id, const uint8_t *desc,
			       uint8_t *text, struct klog_record *record)
{
	const struct klog_layout *lay = &ring->lay;
	const uint8_t *lpos = desc + lay->desc_blk;
	const struct block blk = {
		.begin = get_word(lpos + lay->blk_begin, ring->word, ring->order),
		.next = get_word(lpos + lay->blk_next, ring->word, ring->order),
	};
	const uint8_t *info;
	struct place place;
	size_t len;

	TRY(table_get(ring->reader, &ring->infos, id % ring->count, &info));
	record->ts_nsec = get_u64(info + lay->info_ts, ring->order);
	if (lay->has_seq)
		record->seq = get_u64(info + lay->info_seq, ring->order);
	if (lay->has_caller)
		record->caller_id = get_u32(info + lay->info_caller, ring->order);
	if (is_dataless(&blk)) {
		if (blk.begin == EMPTY_LINE_LPOS && blk.next == EMPTY_LINE_LPOS)
			record->kind = KLOG_TEXT;
		return NULL;
	}
	if (!find_place(ring, &blk, &place))
		return NULL;
	len = (size_t)min_u64(get_u16(info + lay->info_text_len, ring->order), place.room);
	return read_text(ring, &place, id, len, text, record);
}

struct err *klog_ring_read(struct klog_ring *ring, uint64_t n, uint8_t *text,
			   struct klog_record *ret)
{
	uint64_t id = (ring->tail + n) & ring->id_mask;
	struct klog_record record = { .kind = KLOG_LOST };
	const uint8_t *desc = NULL;
	struct err *e;

	e = table_get(ring->reader, &ring->descs, id % ring->count, &desc);
	if (!e) {
		uint64_t state_var = get_word(desc + ring->lay.desc_state + ring->lay.counter,
					      ring->word, ring->order);
		unsigned int state = (unsigned int)(state_var >> (ring->word * 8 - 2));

		if ((state_var & ring->id_mask) != id ||
		    (state != DESC_COMMITTED && state != DESC_FINALIZED))
			record.kind = KLOG_SKIP;
		else
			e = read_record(ring, id, desc, text, &record);
	}
	if (e && !err_is_unreadable(e))
		return e;
	err_free(e);
	*ret = record;
	return NULL;
}
