/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made for ascending reads: descriptors come in batches, and stored bytes that
 * follow each other are read ahead of. Jumps back, which are mostly to a block
 * that many share, and page tables, go through a buffer of their own and leave
 * the one read ahead alone.
 */
#include "input/kdump_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "codec/codec.h"

#define DESC_BATCH 512u
#define DATA_AHEAD (64u << 10)
#define CACHE_BYTES (128u << 10)
#define CACHE_MIN 4u
#define CODECS_MAX 8

/* Bytes [off, off + len) of the file of number reader->file. */
struct piece {
	uint8_t *buf;
	uint64_t off;
	size_t len;
};

struct kdump_reader {
	const struct kdump_set *set;
	size_t file;			/* all buffers are of this one */
	size_t block_size;
	struct bitfile_cursor cursor;	/* on the file's bitmap */
	struct piece descs;
	struct piece data;		/* read ahead */
	struct piece again;		/* one block's bytes, out of order */
	uint64_t follows;		/* where stored bytes are expected to go on */
	void *codecs[CODECS_MAX];	/* contexts, by row of codecs[]; made when needed */
	size_t slots;
	uint64_t *cached;		/* [slots]: block number + 1; 0: none */
	uint8_t *blocks;		/* [slots] unpacked */
};

static void select_file(struct kdump_reader *reader, size_t file)
{
	reader->file = file;
	reader->descs.len = 0;
	reader->data.len = 0;
	reader->again.len = 0;
	reader->follows = 0;
	bitfile_cursor_init(&reader->cursor, &reader->set->files[file].stored);
}

struct err *kdump_reader_create(const struct kdump_set *set, struct kdump_reader **ret)
{
	struct kdump_reader *reader = calloc(1, sizeof(*reader));
	size_t block = (size_t)kdump_block_size(&set->files[0]);

	if (!reader)
		return err_nomem;
	reader->set = set;
	reader->block_size = block;
	reader->slots = (size_t)max_u64(CACHE_BYTES / block, CACHE_MIN);
	reader->descs.buf = malloc(DESC_BATCH * PAGE_DESC_SIZE);
	reader->data.buf = malloc(DATA_AHEAD + block);
	reader->again.buf = malloc(block);
	reader->cached = calloc(reader->slots, sizeof(*reader->cached));
	reader->blocks = malloc(reader->slots * block);
	if (!reader->descs.buf || !reader->data.buf || !reader->again.buf || !reader->cached ||
	    !reader->blocks) {
		kdump_reader_destroy(reader);
		return err_nomem;
	}
	select_file(reader, 0);
	*ret = reader;
	return NULL;
}

void kdump_reader_destroy(struct kdump_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < CODECS_MAX && codecs[i]; i++) {
		if (reader->codecs[i])
			codecs[i]->destroy(reader->codecs[i]);
	}
	free(reader->blocks);
	free(reader->cached);
	free(reader->again.buf);
	free(reader->data.buf);
	free(reader->descs.buf);
	free(reader);
}

static const struct kdump_file *file_of(const struct kdump_reader *reader)
{
	return &reader->set->files[reader->file];
}

/* The file whose part of the set @block is in; false when none has it. */
static bool find_file(struct kdump_reader *reader, uint64_t block)
{
	const struct kdump_set *set = reader->set;
	size_t low = 0, high = set->count;

	if (block >= file_of(reader)->first && block < file_of(reader)->end)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->files[middle].end <= block)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == set->count || block < set->files[low].first)
		return false;
	select_file(reader, low);
	return true;
}

static bool piece_has(const struct piece *piece, uint64_t off, size_t len)
{
	return off >= piece->off && range_fits(off - piece->off, len, piece->len);
}

/* Read @want bytes, of which @need must be there. Where the file is cut off or broken: ERR_LOST. */
static struct err *piece_fill(struct kdump_reader *reader, struct piece *piece, uint64_t off,
			      size_t need, size_t want)
{
	struct source *src = file_of(reader)->src;
	size_t got = 0;
	struct err *e;

	piece->len = 0;
	e = source_read_some(src, off, piece->buf, want, &got);
	if (e && want > need) {
		err_free(e);
		e = source_read_some(src, off, piece->buf, need, &got);
	}
	TRY(e);
	piece->off = off;
	piece->len = got;
	return got < need ? err_lost : NULL;
}

static struct err *get_data(struct kdump_reader *reader, uint64_t off, size_t len,
			    const uint8_t **ret)
{
	struct piece *piece = &reader->data;
	bool ahead = off - reader->follows < DATA_AHEAD;

	if (piece_has(&reader->again, off, len)) {
		*ret = reader->again.buf + (off - reader->again.off);
		return NULL;
	}
	if (!piece_has(piece, off, len)) {
		/* Behind what was read out of order: the reader has gone somewhere else. */
		ahead |= reader->again.len && off == reader->again.off + reader->again.len;
		if (off < reader->follows && !ahead)
			piece = &reader->again;
		TRY(piece_fill(reader, piece, off, len, ahead ? DATA_AHEAD + len : len));
	}
	if (piece == &reader->data)
		reader->follows = off + len;
	*ret = piece->buf + (off - piece->off);
	return NULL;
}

static struct err *get_desc(struct kdump_reader *reader, uint64_t number, struct kdump_desc *ret)
{
	const struct kdump_file *file = file_of(reader);
	uint64_t off = file->descs + number * PAGE_DESC_SIZE;
	uint64_t left = bitfile_total(&file->stored) - number;

	if (!piece_has(&reader->descs, off, PAGE_DESC_SIZE))
		TRY(piece_fill(reader, &reader->descs, off, PAGE_DESC_SIZE,
			       (size_t)min_u64(left, DESC_BATCH) * PAGE_DESC_SIZE));
	*ret = kdump_desc_get(reader->descs.buf + (off - reader->descs.off), file->order);
	return NULL;
}

/* Several codec bits: the one that all readers look for first. */
static uint32_t codec_bit(uint32_t flags)
{
	flags &= KDUMP_PAGE_CODECS;
	return flags & -flags;
}

/* Why there is no descriptor for @block. */
static struct err *no_desc(const struct kdump_reader *reader, uint64_t block)
{
	struct range run;
	bool present;

	TRY(bitfile_next(&reader->set->present, block, block + 1, &run, &present));
	return present ? err_excluded : err_not_present;
}

/* A block of a piece that is not at hand. The bitmap of each piece is that of the whole set. */
static struct err *no_file(const struct kdump_reader *reader, uint64_t block)
{
	const struct kdump_file *file = &reader->set->files[0];
	uint8_t bits;

	if (block >= file->max_mapnr)
		return err_not_present;
	TRY(source_read(file->src, file->bitmap2 + block / 8, &bits, 1));
	return bits >> block % 8 & 1 ? err_lost : no_desc(reader, block);
}

struct err *kdump_reader_stored(struct kdump_reader *reader, uint64_t block,
				struct kdump_block *ret)
{
	struct kdump_desc desc = { 0 };
	uint64_t number;
	bool stored;

	if (!find_file(reader, block))
		return no_file(reader, block);
	TRY(bitfile_cursor_get(&reader->cursor, block, &stored, &number));
	if (!stored)
		return no_desc(reader, block);
	TRY(get_desc(reader, number, &desc));
	ret->len = desc.len;
	ret->flags = codec_bit(desc.flags);
	if (!desc.off || !desc.len || desc.len > reader->block_size ||
	    (!ret->flags && desc.len != reader->block_size) || desc.off > UINT64_MAX - desc.len)
		return err_lost;
	return get_data(reader, desc.off, desc.len, &ret->data);
}

static struct err *find_codec(struct kdump_reader *reader, uint32_t flag, size_t *ret)
{
	size_t i = 0;

	while (i < CODECS_MAX && codecs[i] && codecs[i]->page_flag != flag)
		i++;
	if (i == CODECS_MAX || !codecs[i] || !codecs[i]->available)
		return err_lost;
	if (!reader->codecs[i])
		TRY(codecs[i]->create(reader->block_size, &reader->codecs[i]));
	*ret = i;
	return NULL;
}

/* The whole block into @dst. */
static struct err *unpack(struct kdump_reader *reader, uint64_t block, uint8_t *dst)
{
	struct kdump_block stored = { 0 };
	size_t i = 0;

	TRY(kdump_reader_stored(reader, block, &stored));
	if (!stored.flags) {
		memcpy(dst, stored.data, reader->block_size);
		return NULL;
	}
	TRY(find_codec(reader, stored.flags, &i));
	if (codecs[i]->decompress(reader->codecs[i], stored.data, stored.len, dst,
				  reader->block_size))
		return NULL;
	log_debug(file_of(reader)->log, "%s: block %#llx: %s data is corrupt",
		  file_of(reader)->src->name, (unsigned long long)block, codecs[i]->name);
	return err_lost;
}

struct err *kdump_reader_copy(struct kdump_reader *reader, uint64_t block, size_t off, void *buf,
			      size_t len)
{
	size_t slot = (size_t)(block % reader->slots);
	uint8_t *bytes = reader->blocks + slot * reader->block_size;
	struct err *e;

	if (reader->cached[slot] != block + 1) {
		if (len == reader->block_size)
			return unpack(reader, block, buf);
		reader->cached[slot] = 0;
		e = unpack(reader, block, bytes);
		if (e)
			return e;
		reader->cached[slot] = block + 1;
	}
	memcpy(buf, bytes + off, len);
	return NULL;
}
