/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what the kdump writer wrote, from its own table of offsets, and checks
 * it against the struct memdump that it came from.
 */
#ifndef TESTS_UNIT_KDUMPREAD_H
#define TESTS_UNIT_KDUMPREAD_H

#include "base/checked.h"
#include "codec/codec.h"
#include "tests/unit/memdump.h"
#include "tests/unit/memsink.h"

/* Offsets of header fields, as compilers lay the C structs out; sub fields count from the block. */
struct kdumpread_offsets {
	unsigned int tv_sec, tv_usec, status, block_size, sub_hdr_size, bitmap_blocks, max_mapnr;
	unsigned int nr_cpus, head_size;
	unsigned int dump_level, off_vmcoreinfo, size_vmcoreinfo, off_note, size_note, max_mapnr_64;
	unsigned int sub_size;
};

static const struct kdumpread_offsets kdumpread_64 = {
	408, 416, 424, 428, 432, 436, 440, 460, 464, 8, 32, 40, 48, 56, 96, 104
};
static const struct kdumpread_offsets kdumpread_386 = {
	404, 408, 412, 416, 420, 424, 428, 448, 452, 4, 20, 28, 32, 40, 72, 80
};
static const struct kdumpread_offsets kdumpread_arm = {
	404, 408, 412, 416, 420, 424, 428, 448, 452, 4, 24, 32, 40, 48, 88, 96
};

struct kdumpread {
	const struct memdump *dump;
	const struct memsink *out;
	const struct kdumpread_offsets *at;
	enum byte_order order;
	uint32_t page, status;
	uint64_t bitmap1, bitmap2, descs;
	uint64_t pages;		/* bits of bitmap2 */
	uint64_t stored;	/* descriptors that are not zero */
	uint64_t shared;	/* of these, that name the first data of the file without owning it */
};

static inline void kdumpread_init(struct kdumpread *r, const struct memdump *dump,
				  const struct memsink *out)
{
	const uint8_t *h = out->data;

	memset(r, 0, sizeof(*r));
	r->dump = dump;
	r->out = out;
	r->order = dump->p.order;
	r->at = dump->p.word == 8 ? &kdumpread_64 :
		dump->p.machine == EM_386 ? &kdumpread_386 : &kdumpread_arm;
	r->page = get_u32(h + r->at->block_size, r->order);
	r->status = get_u32(h + r->at->status, r->order);
	r->bitmap1 = (uint64_t)r->page * (1 + get_u32(h + r->at->sub_hdr_size, r->order));
	r->descs = r->bitmap1 + (uint64_t)r->page * get_u32(h + r->at->bitmap_blocks, r->order);
	r->bitmap2 = (r->bitmap1 + r->descs) / 2;
}

static inline void kdumpread_check_notes(const struct kdumpread *r)
{
	const uint8_t *h = r->out->data, *s = h + r->page;
	unsigned int w = r->dump->p.word;
	const struct dump *dump = r->dump->dump;
	uint64_t note = get_u64(s + r->at->off_note, r->order);
	uint64_t note_len = get_word(s + r->at->size_note, w, r->order);
	uint64_t info = get_u64(s + r->at->off_vmcoreinfo, r->order);

	CHECK_EQ(note, r->page + r->at->sub_size);
	CHECK(note_len >= dump->notes_len && note + note_len <= r->bitmap1);
	CHECK(!memcmp(h + note, dump->notes, dump->notes_len));
	CHECK_EQ(get_word(s + r->at->size_vmcoreinfo, w, r->order), strlen(MEMDUMP_INFO));
	CHECK(info > note && info + strlen(MEMDUMP_INFO) <= note + note_len);
	CHECK(!memcmp(h + info, MEMDUMP_INFO, strlen(MEMDUMP_INFO)));
	/* The text is a note's: its header is 24 bytes before, the name's room included. */
	CHECK_EQ(get_u32(h + info - 24, r->order), 11);
	CHECK_EQ(get_u32(h + info - 20, r->order), strlen(MEMDUMP_INFO));
	CHECK(!memcmp(h + info - 12, "VMCOREINFO", 11));
}

static inline void kdumpread_check_headers(const struct kdumpread *r, uint32_t status,
					   unsigned int level)
{
	const uint8_t *h = r->out->data, *s = h + r->page;
	uint64_t max = r->dump->p.high_pfn + r->dump->p.high_pages, i;

	CHECK(!memcmp(h, "KDUMP   ", 8));
	CHECK_EQ(get_u32(h + 8, r->order), 6);
	CHECK(!memcmp(h + 12, "Linux", 6));
	CHECK(!memcmp(h + 12 + 65, "host", 5));
	CHECK(!memcmp(h + 12 + 2 * 65, "6.1.0-test", 11));
	CHECK(h[12 + 3 * 65 + 63] == 'v' && h[12 + 3 * 65 + 64] == 0);
	CHECK(!memcmp(h + 12 + 4 * 65, "test", 5));
	CHECK(!memcmp(h + 12 + 5 * 65, "(none)", 7));
	CHECK_EQ(get_word(h + r->at->tv_sec, r->dump->p.word, r->order), 1700000000);
	CHECK_EQ(get_word(h + r->at->tv_usec, r->dump->p.word, r->order), 0);
	CHECK_EQ(r->status, status);
	CHECK_EQ(r->page, 1u << r->dump->p.page_shift);
	CHECK_EQ(get_u32(h + r->at->bitmap_blocks, r->order),
		 2 * div_round_up(div_round_up(max, 8), r->page));
	CHECK_EQ(get_u32(h + r->at->max_mapnr, r->order), max);
	CHECK_EQ(get_u32(h + r->at->nr_cpus, r->order), MEMDUMP_CPUS);
	for (i = r->at->head_size; i < r->page && !h[i]; i++)
		;
	CHECK_EQ(i, r->page);
	CHECK_EQ(get_u32(s + r->at->dump_level, r->order), level);
	CHECK_EQ(get_u64(s + r->at->max_mapnr_64, r->order), max);
	CHECK_EQ(r->bitmap1 % 65536, 0);
	kdumpread_check_notes(r);
}

/* The bytes a page must have after the way through the file. */
static inline void kdumpread_want(const struct kdumpread *r, uint64_t pfn, uint8_t *want)
{
	if (memdump_lost(&r->dump->p, pfn))
		memset(want, 0, r->page);
	else
		memdump_content(pfn, want, r->page);
}

/* Check one descriptor and the data it names; false when it is all zero. */
static inline bool kdumpread_page(struct kdumpread *r, uint64_t pfn, const uint8_t *desc,
				  uint8_t *got, uint8_t *want)
{
	static const uint8_t none[24];
	uint64_t off = get_u64(desc, r->order), i;
	uint32_t len = get_u32(desc + 8, r->order), flags = get_u32(desc + 12, r->order);
	const struct codec *codec = codec_by_flag(flags);

	if (!memcmp(desc, none, sizeof(none)))
		return false;
	CHECK_EQ(get_u64(desc + 16, r->order), 0);
	CHECK(off >= r->descs + 24 * r->pages && off + len <= r->out->len);
	CHECK(flags ? len < r->page && len > 0 : len == r->page);
	if (!range_fits(off, len, r->out->len) || len > r->page || (flags && !codec))
		return true;
	for (i = 0; i < len && r->out->count[off + i]; i++)
		;
	CHECK_EQ(i, len);
	if (!flags) {
		memcpy(got, r->out->data + off, len);
	} else {
		void *ctx = NULL;

		CHECK_OK(codec->create(r->page, &ctx));
		CHECK(codec->decompress(ctx, r->out->data + off, len, got, r->page));
		codec->destroy(ctx);
	}
	kdumpread_want(r, pfn, want);
	CHECK(!memcmp(got, want, r->page));
	r->stored++;
	r->shared += off == r->descs + 24 * r->pages && !flags;
	return true;
}

/* Check bitmaps, descriptors and data; descriptors that are zero may only be the last ones. */
static inline void kdumpread_check_pages(struct kdumpread *r)
{
	uint8_t *got = malloc(r->page), *want = malloc(r->page);
	const uint8_t *bits1 = r->out->data + r->bitmap1, *bits2 = r->out->data + r->bitmap2;
	uint64_t bits = (r->bitmap2 - r->bitmap1) * 8, pfn, n = 0, bad = 0, after_gap = 0;

	for (pfn = 0; pfn < bits; pfn++) {
		bad += bits_test(bits1, pfn) != memdump_present(&r->dump->p, pfn);
		bad += bits_test(bits2, pfn) != memdump_kept(&r->dump->p, pfn);
		r->pages += bits_test(bits2, pfn);
	}
	CHECK_EQ(bad, 0);
	CHECK(r->descs + 24 * r->pages <= r->out->len);
	for (pfn = 0; !bad && pfn < bits; pfn++) {
		if (!bits_test(bits2, pfn))
			continue;
		if (kdumpread_page(r, pfn, r->out->data + r->descs + 24 * n, got, want))
			after_gap += r->stored != n + 1;
		n++;
	}
	CHECK_EQ(after_gap, 0);
	free(got);
	free(want);
}

/* No byte was written twice but the mark that was taken away, none was left out. */
static inline void kdumpread_check_once(const struct kdumpread *r)
{
	uint64_t i, twice = 0, never = 0;

	for (i = 0; i < r->out->len; i++) {
		bool mark = i >= r->at->status && i < r->at->status + 4u;

		if (mark)
			CHECK_EQ(r->out->count[i], r->dump->dump->incomplete ? 1 : 2);
		twice += !mark && r->out->count[i] > 1;
		never += !r->out->count[i];
	}
	CHECK_EQ(twice, 0);
	if (r->out->sink.zero_filled)
		CHECK_EQ(never, 0);
}

#endif
