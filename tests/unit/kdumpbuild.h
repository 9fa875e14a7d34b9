/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kdump-compressed file in memory, blocks of 4 KiB, every codec in
 * turn. Field offsets are written down here once more, as compilers lay the
 * structs out, so that a wrong table in diskdump_mod.h shows.
 */
#ifndef TESTS_UNIT_KDUMPBUILD_H
#define TESTS_UNIT_KDUMPBUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "codec/codec.h"
#include "input/dump.h"
#include "input/kdump_file.h"

struct kdumpbuild_form {
	unsigned int word;
	enum byte_order order;
	const char *machine;
	unsigned int tv_sec, tv_len, status;	/* main header; the rest follows status in u32s */
	unsigned int split, info, info_size, pfn64;	/* sub header */
};

/* 64-bit; i386; i386 with 64-bit time_t; ARM; ARM with 64-bit time_t. */
static const struct kdumpbuild_form kdumpbuild_forms[] = {
	{ 8, ORDER_LITTLE, "x86_64", 408, 8, 424, 12, 32, 40, 80 },
	{ 8, ORDER_BIG, "s390x", 408, 8, 424, 12, 32, 40, 80 },
	{ 4, ORDER_LITTLE, "i686", 404, 4, 412, 8, 20, 28, 56 },
	{ 4, ORDER_LITTLE, "i686", 404, 8, 420, 8, 20, 28, 56 },
	{ 4, ORDER_LITTLE, "armv7l", 404, 4, 412, 8, 24, 32, 72 },
	{ 4, ORDER_BIG, "ppc", 404, 4, 412, 8, 24, 32, 72 },
	{ 4, ORDER_LITTLE, "armv7l", 408, 8, 424, 8, 24, 32, 72 },
	{ 4, ORDER_BIG, "mips", 408, 8, 424, 8, 24, 32, 72 },
};

#define KDUMPBUILD_FORMS (sizeof(kdumpbuild_forms) / sizeof(kdumpbuild_forms[0]))
#define KDUMPBUILD_TEXT "PAGESIZE=4096\n"
#define KDUMPBUILD_INFO (4096 + 512)
#define KDUMPBUILD_DESCS (4 * 4096)

struct kdumpbuild {
	struct kdumpbuild_form form;
	uint64_t pages;
	uint64_t first, end;
	uint8_t *file;
	size_t len;
};

static inline void kdumpbuild_u32(struct kdumpbuild *b, size_t at, uint32_t v)
{
	put_u32(b->file + at, v, b->form.order);
}

static inline void kdumpbuild_content(uint64_t pfn, uint8_t *page)
{
	for (size_t i = 0; i < 4096; i++)
		page[i] = (uint8_t)(pfn * 31 + i / 16 + (i % 16 == 3 ? pfn >> 8 : 0));
}

/* A file of @pages pages, all of them stored. Fewer than 32768. */
static inline struct kdumpbuild *kdumpbuild_create(struct kdumpbuild_form form, uint64_t pages)
{
	struct kdumpbuild *b = calloc(1, sizeof(*b));

	*b = (struct kdumpbuild){ .form = form, .pages = pages, .end = pages };
	b->file = calloc(1, KDUMPBUILD_DESCS + pages * (24 + 4096));
	bits_set_range(b->file + 2 * 4096, 0, pages);
	bits_set_range(b->file + 3 * 4096, 0, pages);
	return b;
}

static inline void kdumpbuild_drop(struct kdumpbuild *b, uint64_t from, uint64_t to)
{
	bits_clear_range(b->file + 3 * 4096, from, to);
}

/* Pages that the machine does not have; to be dropped, too. */
static inline void kdumpbuild_remove(struct kdumpbuild *b, uint64_t from, uint64_t to)
{
	bits_clear_range(b->file + 2 * 4096, from, to);
}

static inline void kdumpbuild_split(struct kdumpbuild *b, uint64_t first, uint64_t end)
{
	b->first = first;
	b->end = end;
}

static inline void kdumpbuild_headers(struct kdumpbuild *b)
{
	const struct kdumpbuild_form *f = &b->form;
	uint8_t *sub = b->file + 4096;

	memcpy(b->file, "KDUMP   ", 8);
	kdumpbuild_u32(b, 8, 6);
	memcpy(b->file + 12, "Linux", 5);
	memcpy(b->file + 12 + 4 * 65, f->machine, strlen(f->machine));
	put_word(b->file + f->tv_sec, 1700000000, f->tv_len, f->order);
	kdumpbuild_u32(b, f->status, KDUMP_NO_VMEMMAP | 1);
	kdumpbuild_u32(b, f->status + 4, 4096);
	kdumpbuild_u32(b, f->status + 8, 1);
	kdumpbuild_u32(b, f->status + 12, 2);
	kdumpbuild_u32(b, f->status + 16, (uint32_t)b->pages);
	kdumpbuild_u32(b, f->status + 36, 1);
	put_word(sub, 0x1000, f->word, f->order);
	put_u32(sub + f->split - 4, 17, f->order);
	put_u32(sub + f->split, b->first || b->end != b->pages, f->order);
	put_u64(sub + f->info, KDUMPBUILD_INFO, f->order);
	put_word(sub + f->info_size, strlen(KDUMPBUILD_TEXT), f->word, f->order);
	put_u64(sub + f->pfn64, b->first, f->order);
	put_u64(sub + f->pfn64 + 8, b->end, f->order);
	put_u64(sub + f->pfn64 + 16, b->pages, f->order);
	memcpy(b->file + KDUMPBUILD_INFO, KDUMPBUILD_TEXT, strlen(KDUMPBUILD_TEXT));
}

static inline void kdumpbuild_put_desc(struct kdumpbuild *b, uint64_t number,
				       const struct kdump_desc *desc)
{
	uint8_t *raw = b->file + KDUMPBUILD_DESCS + number * 24;

	put_u64(raw, desc->off, b->form.order);
	put_u32(raw + 8, desc->len, b->form.order);
	put_u32(raw + 12, desc->flags, b->form.order);
}

/* Only while no page before it is left out. */
static inline struct kdump_desc kdumpbuild_desc(const struct kdumpbuild *b, uint64_t number)
{
	return kdump_desc_get(b->file + KDUMPBUILD_DESCS + number * 24, b->form.order);
}

/* The page @pfn with codec @row of the table, or raw where there is none or it does not shrink. */
static inline struct kdump_desc kdumpbuild_pack(struct kdumpbuild *b, uint64_t pfn, size_t row,
						size_t at)
{
	const struct codec *codec = codecs[row];
	struct kdump_desc desc = { at, 4096, 0 };
	uint8_t page[4096], packed[8192];
	void *ctx = NULL;
	size_t len = 0;

	kdumpbuild_content(pfn, page);
	if (codec && codec->available && !codec->create(4096, &ctx)) {
		len = codec->compress(ctx, page, 4096, packed);
		codec->destroy(ctx);
	}
	if (len && len < 4096)
		desc = (struct kdump_desc){ at, (uint32_t)len, codec->page_flag };
	memcpy(b->file + at, len && len < 4096 ? packed : page, desc.len);
	return desc;
}

static inline void kdumpbuild_finish(struct kdumpbuild *b)
{
	uint64_t count = bits_count(b->file + 3 * 4096, b->first, b->end), number = 0;
	size_t at = KDUMPBUILD_DESCS + count * 24;

	kdumpbuild_headers(b);
	for (uint64_t pfn = b->first; pfn < b->end; pfn++) {
		struct kdump_desc desc;

		if (!bits_test(b->file + 3 * 4096, pfn))
			continue;
		desc = kdumpbuild_pack(b, pfn, pfn % 5, at);
		kdumpbuild_put_desc(b, number++, &desc);
		at += desc.len;
	}
	b->len = at;
}

static inline struct err *kdumpbuild_open(const struct kdumpbuild *b, struct dump **ret)
{
	struct source *src = NULL;
	struct err *e = source_open_memory(b->file, b->len, &src);

	return e ? e : dump_open_source(src, NULL, ret);
}

static inline void kdumpbuild_save(const struct kdumpbuild *b, const char *path)
{
	FILE *out = fopen(path, "w");

	fwrite(b->file, 1, b->len, out);
	fclose(out);
}

static inline void kdumpbuild_destroy(struct kdumpbuild *b)
{
	free(b->file);
	free(b);
}

#endif
