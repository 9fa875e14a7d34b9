/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input/kdump_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "codec/codec.h"
#include "input/formats.h"

/* Notes: 8192 CPUs have less than 4 MiB. Text: the usual has 4 KiB. */
#define NOTES_MAX (UINT64_C(64) << 20)
#define TEXT_MAX (UINT64_C(16) << 20)

/* Descriptors at the end of a file that are asked at a time whether it was cut off, and how often. */
#define LAST_DESCS 1024
#define LAST_TRIES 4096

static uint32_t head_u32(const struct kdump_file *file, const uint8_t *start, uint16_t at)
{
	return get_u32(start + at, file->order);
}

static struct err *bad_field(const struct kdump_file *file, const char *field, uint64_t value,
			     const char *why)
{
	return err_new(ERR_BAD_INPUT, "%s: kdump-compressed header: %s %" PRIu64 " %s",
		       file->src->name, field, value, why);
}

/* Layout and version; the signature has been seen. */
static struct err *read_version(struct kdump_file *file, const uint8_t *start)
{
	uint32_t version;

	kdump_file_guess(file, start);
	version = head_u32(file, start, KDUMP_SIGNATURE_LEN);
	if (version > INT32_MAX)
		return bad_field(file, "header_version", version, "is no version");
	if (version > KDUMP_VERSION)
		log_warn(file->log, "%s: header_version %" PRIu32 " is not known; it is read like "
			 "version %d", file->src->name, version, KDUMP_VERSION);
	file->version = version > KDUMP_VERSION ? KDUMP_VERSION : version;
	return NULL;
}

static struct err *read_head(struct kdump_file *file, const uint8_t *start)
{
	const struct kdump_header_layout *head;
	uint32_t block;

	TRY(read_version(file, start));
	head = file->head;
	block = head_u32(file, start, head->block_size);
	if (!is_pow2(block) || block < KDUMP_BLOCK_MIN || block > KDUMP_BLOCK_MAX)
		return bad_field(file, "block_size", block, "is no power of two from 4096 to 262144");
	file->block_shift = (unsigned int)__builtin_ctz(block);
	memcpy(file->uts.field, start + head->utsname, sizeof(file->uts.field));
	for (unsigned int i = 0; i < UTS_FIELDS; i++)
		file->uts.field[i][UTS_FIELD_LEN - 1] = '\0';
	file->tv_sec = get_word(start + head->tv_sec, head->tv_usec - head->tv_sec, file->order);
	file->status = head_u32(file, start, head->status);
	file->nr_cpus = head_u32(file, start, head->nr_cpus);
	file->max_mapnr = head_u32(file, start, head->max_mapnr);
	return NULL;
}

/* A place of the sub header; one that is not in the file is warned about and absent. */
static struct kdump_part read_part(const struct kdump_file *file, const uint8_t *sub,
				   uint16_t at_off, uint16_t at_size, const char *what)
{
	struct kdump_part part = {
		.off = get_u64(sub + at_off, file->order),
		.size = get_word(sub + at_size, file->word, file->order),
	};
	uint64_t limit = !strcmp(what, "notes") ? NOTES_MAX : TEXT_MAX;

	if (!part.off || !part.size)
		return (struct kdump_part){ 0, 0 };
	if (part.size <= limit && range_fits(part.off, part.size, file->src->size))
		return part;
	log_warn(file->log, "%s: %s of %" PRIu64 " bytes at offset %#" PRIx64 " are not in the file"
		 " or too many, and left out", file->src->name, what, part.size, part.off);
	return (struct kdump_part){ 0, 0 };
}

/* Fields newer than the version lie over other things and are not looked at. */
static void read_sub_fields(struct kdump_file *file, const uint8_t *sub)
{
	const struct kdump_sub_layout *l = file->sub;
	unsigned int version = file->version;

	file->phys_base = get_word(sub + l->phys_base, file->word, file->order);
	if (file->word == 4)
		file->phys_base = (uint64_t)(int64_t)(int32_t)file->phys_base;
	if (version >= 1)
		file->dump_level = get_u32(sub + l->dump_level, file->order);
	if (version >= 2 && get_u32(sub + l->split, file->order)) {
		file->split = true;
		file->first = get_word(sub + l->start_pfn, file->word, file->order);
		file->end = get_word(sub + l->end_pfn, file->word, file->order);
	}
	if (version >= 3)
		file->vmcoreinfo = read_part(file, sub, l->offset_vmcoreinfo, l->size_vmcoreinfo,
					     "VMCOREINFO");
	if (version >= 4)
		file->notes = read_part(file, sub, l->offset_note, l->size_note, "notes");
	if (version >= 5)
		file->eraseinfo = read_part(file, sub, l->offset_eraseinfo, l->size_eraseinfo,
					    "eraseinfo");
	if (version < 6)
		return;
	if (file->split) {
		file->first = get_u64(sub + l->start_pfn_64, file->order);
		file->end = get_u64(sub + l->end_pfn_64, file->order);
	}
	if (get_u64(sub + l->max_mapnr_64, file->order))
		file->max_mapnr = get_u64(sub + l->max_mapnr_64, file->order);
}

static struct err *read_sub(struct kdump_file *file)
{
	uint8_t sub[128] = { 0 };

	TRY(source_read(file->src, kdump_block_size(file), sub, sizeof(sub)));
	kdump_file_guess_sub(file, sub);
	read_sub_fields(file, sub);
	if (!file->max_mapnr)
		return bad_field(file, "max_mapnr", 0, "means that there is no memory");
	if (file->max_mapnr > DUMP_PADDR_LIMIT >> file->block_shift)
		return bad_field(file, "max_mapnr", file->max_mapnr,
				 "is above 2^57 bytes, where no machine has memory");
	if (!file->split)
		file->end = file->max_mapnr;
	if (file->first > file->end || file->end > file->max_mapnr)
		return err_new(ERR_BAD_INPUT, "%s: split piece of page frames %#" PRIx64 " to %#" PRIx64
			       " where max_mapnr is %#" PRIx64, file->src->name, file->first,
			       file->end, file->max_mapnr);
	/* Bits of 64 and more are nothing a filter of this format has written. */
	file->dump_level &= 63;
	return NULL;
}

/* One bitmap serves for both where there is no room for two. */
static struct err *place_bitmaps(struct kdump_file *file, const uint8_t *start)
{
	uint64_t sub = head_u32(file, start, file->head->sub_hdr_size);
	uint64_t blocks = head_u32(file, start, file->head->bitmap_blocks);
	uint64_t need = div_round_up(div_round_up(file->max_mapnr, 8), kdump_block_size(file));

	if (sub < 1 || sub > INT32_MAX)
		return bad_field(file, "sub_hdr_size", sub, "is no number of blocks");
	if (blocks < need)
		return err_new(ERR_BAD_INPUT, "%s: kdump-compressed header: bitmap_blocks %" PRIu64
			       " are too few for max_mapnr %" PRIu64, file->src->name, blocks,
			       file->max_mapnr);
	file->bitmap1 = (1 + sub) << file->block_shift;
	file->bitmap2 = file->bitmap1;
	if (blocks % 2 == 0 && blocks / 2 >= need)
		file->bitmap2 += blocks / 2 << file->block_shift;
	file->descs = file->bitmap1 + (blocks << file->block_shift);
	if (file->bitmap2 + div_round_up(file->max_mapnr, 8) > file->src->size)
		return err_new(ERR_BAD_INPUT, "%s: ends inside its bitmaps: they reach to offset %#"
			       PRIx64 ", the size is %#" PRIx64, file->src->name, file->descs,
			       file->src->size);
	return NULL;
}

static struct err *check_codecs(const struct kdump_file *file)
{
	for (const struct codec *const *c = codecs; *c; c++) {
		if ((file->status & (*c)->page_flag) && !(*c)->available)
			return err_new(ERR_UNSUPPORTED, "%s: is compressed with %s, which this program"
				       " was built without", file->src->name, (*c)->name);
	}
	return NULL;
}

/*
 * Look at the @n descriptors from number @first on. *told: they name data in more than one
 * place, so not just the page of zeros, which many share and which comes first.
 */
static struct err *ask_descs(struct kdump_file *file, uint64_t first, uint64_t n, bool *told)
{
	uint8_t raw[LAST_DESCS * PAGE_DESC_SIZE];
	uint64_t place = 0;

	TRY(source_read(file->src, file->descs + first * PAGE_DESC_SIZE, raw,
			(size_t)n * PAGE_DESC_SIZE));
	for (uint64_t i = 0; i < n; i++) {
		struct kdump_desc desc = kdump_desc_get(raw + i * PAGE_DESC_SIZE, file->order);

		file->cut |= !range_fits(desc.off, desc.len, file->src->size);
		*told |= i && desc.off != place;
		place = desc.off;
	}
	return NULL;
}

/*
 * Data is written front to back, so the last descriptors tell whether the end is missing:
 * the last that are not all of one page, or this would be a walk through all of them.
 */
static struct err *find_cut(struct kdump_file *file)
{
	uint64_t left = bitfile_total(&file->stored), n;
	bool told = false;

	file->cut = file->descs + left * PAGE_DESC_SIZE > file->src->size;
	for (unsigned int i = 0; i < LAST_TRIES && left && !told && !file->cut; i++, left -= n) {
		n = min_u64(left, LAST_DESCS);
		TRY(ask_descs(file, left - n, n, &told));
	}
	return NULL;
}

static struct err *read_bitmap(struct kdump_file *file)
{
	const struct bitfile_place place = {
		.src = file->src, .off = file->bitmap2, .also = file->bitmap2,
		.first = file->first, .end = file->end,
	};

	TRY(bitfile_open(&place, &file->stored));
	TRY(find_cut(file));
	if (file->cut)
		log_warn(file->log, "%s: is cut off: the data of %" PRIu64 " pages ends behind the end"
			 " of the file at %" PRIu64, file->src->name,
			 bitfile_total(&file->stored), file->src->size);
	return NULL;
}

struct err *kdump_file_present(const struct kdump_file *file, struct bitfile *ret)
{
	const struct bitfile_place place = {
		.src = file->src, .off = file->bitmap1, .also = file->bitmap2,
		.end = file->max_mapnr,
	};

	TRY(bitfile_open(&place, ret));
	if (ret->stray)
		log_warn(file->log, "%s: %" PRIu64 " pages that do not exist by the first bitmap have"
			 " data by the second; they are taken", file->src->name, ret->stray);
	return NULL;
}

struct err *kdump_file_part(const struct kdump_file *file, const struct kdump_part *part,
			    uint8_t **ret)
{
	struct err *e;
	uint8_t *buf;

	*ret = NULL;
	if (!part->size)
		return NULL;
	buf = malloc((size_t)part->size);
	if (!buf)
		return err_nomem;
	e = source_read(file->src, part->off, buf, (size_t)part->size);
	if (e) {
		free(buf);
		return e;
	}
	*ret = buf;
	return NULL;
}

struct err *kdump_file_open(struct source *src, const struct log *log, struct kdump_file *ret)
{
	struct kdump_file file = { .src = src, .log = log };
	uint8_t start[512];
	size_t got = 0;
	struct err *e;

	TRY(source_read_some(src, 0, start, sizeof(start), &got));
	if (got < KDUMP_SIGNATURE_LEN || memcmp(start, KDUMP_SIGNATURE, KDUMP_SIGNATURE_LEN) != 0)
		return err_not_mine;
	if (got < sizeof(start))
		return err_new(ERR_BAD_INPUT, "%s: ends inside its kdump-compressed header, after %zu"
			       " bytes", src->name, got);
	TRY(read_head(&file, start));
	TRY(read_sub(&file));
	TRY(place_bitmaps(&file, start));
	TRY(check_codecs(&file));
	e = read_bitmap(&file);
	if (e) {
		kdump_file_close(&file);
		return e;
	}
	*ret = file;
	return NULL;
}

void kdump_file_close(struct kdump_file *file)
{
	bitfile_close(&file->stored);
}
