/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of a sadump file: where everything is, and what is wrong with it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/checked.h"
#include "input/sadump.h"

static uint32_t field32(const uint8_t *header, size_t at)
{
	return get_u32(header + at, ORDER_LITTLE);
}

static uint64_t field64(const uint8_t *header, size_t at)
{
	return get_u64(header + at, ORDER_LITTLE);
}

static bool is_block_size(uint64_t size)
{
	return is_pow2(size) && size >= SADUMP_BLOCK_MIN && size <= SADUMP_BLOCK_MAX;
}

/* Where the part header is: behind a media header or not. */
static struct err *find_start(struct source *src, uint64_t *ret)
{
	static const uint64_t starts[] = { 0, SADUMP_MEDIA_HEADER };
	uint8_t text[SADUMP_SIGNATURE_LEN];
	size_t i, got = 0;

	for (i = 0; i < ARRAY_LEN(starts); i++) {
		TRY(source_read_some(src, starts[i], text, sizeof(text), &got));
		if (got == sizeof(text) && !memcmp(text, SADUMP_SIGNATURE, sizeof(text))) {
			*ret = starts[i];
			return NULL;
		}
	}
	return err_not_mine;
}

/* The block ends where a number no longer follows from the one before it. */
static struct err *find_block_size(const struct source *src, const uint8_t *header, size_t len,
				   uint32_t *ret)
{
	size_t at = SADUMP_PART_MAGIC + 4;
	uint32_t magic = field32(header, SADUMP_PART_MAGIC), next;

	for (; at + 4 <= len; at += 4, magic = next) {
		next = field32(header, at);
		if (next != SADUMP_NEXT_MAGIC(magic))
			break;
	}
	if (!is_block_size(at))
		return err_new(ERR_BAD_INPUT, "%s: sadump part header: its magic numbers end after %zu "
			       "bytes, which is no block size from %u to %u", src->name, at,
			       SADUMP_BLOCK_MIN, SADUMP_BLOCK_MAX);
	*ret = (uint32_t)at;
	return NULL;
}

static struct err *check_compress(const struct source *src, const char *where, uint32_t compress)
{
	if (!compress)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "%s: sadump %s: compress is %" PRIu32
		       ": compressed sadump files are not supported", src->name, where, compress);
}

static struct err *decode_part(const uint8_t *header, size_t len, struct sadump_part *part)
{
	TRY(find_block_size(part->src, header, len, &part->block_size));
	TRY(check_compress(part->src, "part header", field32(header, SADUMP_PART_COMPRESS)));
	part->disk = field32(header, SADUMP_PART_DISK);
	part->used = field64(header, SADUMP_PART_USED);
	memcpy(part->system, header + SADUMP_PART_SYSTEM, sizeof(part->system));
	memcpy(part->set, header + SADUMP_PART_SET, sizeof(part->set));
	memcpy(part->volume, header + SADUMP_PART_VOLUME, sizeof(part->volume));
	memcpy(part->time, header + SADUMP_PART_TIME, sizeof(part->time));
	if (part->disk > SADUMP_DISKS_MAX)
		return err_new(ERR_BAD_INPUT, "%s: sadump part header: set_disk_set %" PRIu32
			       " is no disk number from 1 to %u", part->src->name, part->disk,
			       SADUMP_DISKS_MAX);
	return NULL;
}

/* A backup's medium repeats what its part header says. */
static struct err *check_media(const struct sadump_part *part, const struct log *log)
{
	uint8_t media[SADUMP_MEDIA_LEN];

	TRY(source_read(part->src, 0, media, sizeof(media)));
	if (memcmp(media + SADUMP_MEDIA_SYSTEM, part->system, SADUMP_GUID_LEN) ||
	    memcmp(media + SADUMP_MEDIA_SET, part->set, SADUMP_GUID_LEN))
		return err_new(ERR_BAD_INPUT, "%s: the sadump media header and the part header behind it "
			       "name different systems or disk sets", part->src->name);
	if (media[SADUMP_MEDIA_NUMBER] != 1)
		return err_new(ERR_UNSUPPORTED, "%s: is medium %u of a sadump backup; only the first one, "
			       "with all of the dump on it, is supported", part->src->name,
			       media[SADUMP_MEDIA_NUMBER]);
	if (memcmp(media + SADUMP_MEDIA_TIME, part->time, SADUMP_TIME_LEN))
		log_warn(log, "%s: the sadump media header and the part header behind it have different "
			 "times", part->src->name);
	return NULL;
}

struct err *sadump_read_part(struct source *src, const struct log *log, struct sadump_part *ret)
{
	struct sadump_part part = { .src = src };
	uint8_t *header;
	size_t got = 0;
	struct err *e;

	TRY(find_start(src, &part.start));
	/* Some more than the largest block: its end must be seen. */
	header = malloc(SADUMP_BLOCK_MAX + 4);
	if (!header)
		return err_nomem;
	e = source_read_some(src, part.start, header, SADUMP_BLOCK_MAX + 4, &got);
	if (!e && got < SADUMP_PART_MAGIC + 4)
		e = err_new(ERR_BAD_INPUT, "%s: ends inside the sadump part header", src->name);
	if (!e)
		e = decode_part(header, got, &part);
	free(header);
	if (!e && part.start)
		e = check_media(&part, log);
	if (e)
		return e;
	log_debug(log, "%s: sadump part header at %" PRIu64 ", block size %" PRIu32 ", disk %" PRIu32
		  ", %" PRIu64 " bytes used", src->name, part.start, part.block_size, part.disk,
		  part.used);
	*ret = part;
	return NULL;
}

/* Blocks of the set header of disk 1. */
static struct err *set_blocks(const struct sadump_part *part, uint32_t block, uint64_t *ret)
{
	uint8_t header[SADUMP_SET_VOLUMES];

	*ret = 0;
	if (!part->disk)
		return NULL;
	TRY(source_read(part->src, part->start + block, header, sizeof(header)));
	*ret = field32(header, SADUMP_SET_SIZE);
	return NULL;
}

/* The dump header for blocks of @block bytes; *at gets its offset. */
static struct err *find_dump_header(const struct sadump_part *part, uint32_t block,
				    uint8_t *header, uint64_t *at)
{
	uint64_t blocks = 0;

	TRY(set_blocks(part, block, &blocks));
	*at = part->start + (1 + blocks) * block;
	TRY(err_prepend(source_read(part->src, *at, header, SADUMP_DUMP_LEN), "sadump dump header"));
	if (memcmp(header, SADUMP_SIGNATURE, SADUMP_SIGNATURE_LEN))
		return err_new(ERR_BAD_INPUT, "%s: there is no sadump dump header at offset %" PRIu64,
			       part->src->name, *at);
	return NULL;
}

/* The dump header knows the block size too, and knows better. */
static struct err *read_dump_header(const struct sadump_part *part, uint8_t *header,
				    uint64_t *at, uint32_t *block)
{
	const char *name = part->src->name;
	uint32_t said;

	*block = part->block_size;
	TRY(find_dump_header(part, *block, header, at));
	said = field32(header, SADUMP_DUMP_BLOCK_SIZE);
	if (!is_block_size(said))
		return err_new(ERR_BAD_INPUT, "%s: sadump dump header: block_size %" PRIu32
			       " is no power of two from %u to %u", name, said, SADUMP_BLOCK_MIN,
			       SADUMP_BLOCK_MAX);
	if (said == *block)
		return NULL;
	*block = said;
	TRY(find_dump_header(part, *block, header, at));
	if (field32(header, SADUMP_DUMP_BLOCK_SIZE) != said)
		return err_new(ERR_BAD_INPUT, "%s: sadump dump header: block_size is %" PRIu32
			       " there and %" PRIu32 " where that leads to", name, said,
			       field32(header, SADUMP_DUMP_BLOCK_SIZE));
	return NULL;
}

/* Local time equals UTC less the zone's minutes. */
static uint64_t seconds_of(const uint8_t *efi)
{
	int16_t zone = (int16_t)get_u16(efi + EFI_TIME_ZONE, ORDER_LITTLE);
	struct tm tm = {
		.tm_year = get_u16(efi + EFI_TIME_YEAR, ORDER_LITTLE) - 1900,
		.tm_mon = efi[EFI_TIME_MONTH] - 1,
		.tm_mday = efi[EFI_TIME_MONTH + 1],
		.tm_hour = efi[EFI_TIME_MONTH + 2],
		.tm_min = efi[EFI_TIME_MONTH + 3],
		.tm_sec = efi[EFI_TIME_MONTH + 4],
	};
	time_t seconds;

	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return 0;
	seconds = timegm(&tm);
	if (zone >= -EFI_ZONE_MAX && zone <= EFI_ZONE_MAX)
		seconds += zone * 60;
	return seconds > 0 ? (uint64_t)seconds : 0;
}

static uint64_t max_mapnr_of(const struct sadump_part *part, const uint8_t *header,
			     const struct log *log)
{
	uint32_t version = field32(header, SADUMP_DUMP_VERSION);

	if (version > 1)
		log_warn(log, "%s: sadump header version %" PRIu32 " is not known and taken for 1",
			 part->src->name, version);
	return version ? field64(header, SADUMP_DUMP_MAX_MAPNR_64) :
			 field32(header, SADUMP_DUMP_MAX_MAPNR);
}

static struct err *check_bitmap(const struct sadump_part *part, const struct sadump_head *head,
				const char *field, uint64_t blocks)
{
	if (head->max_mapnr <= blocks * head->block_size * 8)
		return NULL;
	return err_new(ERR_BAD_INPUT, "%s: sadump dump header: %s %" PRIu64 " (blocks of %" PRIu32
		       " bytes) hold less than max_mapnr %#" PRIx64 " bits", part->src->name, field,
		       blocks, head->block_size, head->max_mapnr);
}

/* Where things are. None of these sums of 32-bit block counts wraps. */
static struct err *lay_out(const struct sadump_part *part, const uint8_t *header, uint64_t at,
			   struct sadump_head *head)
{
	uint64_t block = head->block_size;
	uint64_t bitmap = field32(header, SADUMP_DUMP_BITMAP);
	uint64_t dumpable = field32(header, SADUMP_DUMP_DUMPABLE);

	TRY(check_bitmap(part, head, "bitmap_blocks", bitmap));
	TRY(check_bitmap(part, head, "dumpable_bitmap_blocks", dumpable));
	head->sub = at + block;
	head->sub_size = block * field32(header, SADUMP_DUMP_SUB_SIZE);
	head->ram = head->sub + head->sub_size;
	head->stored = head->ram + bitmap * block;
	head->data = head->stored + dumpable * block;
	if (head->data > part->src->size)
		return err_new(ERR_BAD_INPUT, "%s: is %" PRIu64 " bytes long and ends before its sadump "
			       "headers and bitmaps do (%" PRIu64 ")", part->src->name,
			       part->src->size, head->data);
	return NULL;
}

static struct err *check_head(const struct sadump_part *part, const uint8_t *header,
			      const struct sadump_head *head)
{
	const char *name = part->src->name;

	TRY(check_compress(part->src, "dump header", field32(header, SADUMP_DUMP_COMPRESS)));
	if (!head->max_mapnr)
		return err_new(ERR_BAD_INPUT, "%s: sadump dump header: max_mapnr is 0: no memory in this "
			       "file", name);
	if (head->max_mapnr > UINT64_C(1) << (57 - head->block_shift))
		return err_new(ERR_BAD_INPUT, "%s: sadump dump header: max_mapnr %#" PRIx64 " is above "
			       "2^57 bytes, where no machine has memory", name, head->max_mapnr);
	if (head->block_size < 4096)
		return err_new(ERR_UNSUPPORTED, "%s: sadump dump header: block_size %" PRIu32 " is less "
			       "than a page; such files are not supported", name, head->block_size);
	return NULL;
}

struct err *sadump_read_head(const struct sadump_part *part, const struct log *log,
			     struct sadump_head *ret)
{
	uint8_t header[SADUMP_DUMP_LEN];
	struct sadump_head head = { 0 };
	uint64_t at = 0;

	TRY(read_dump_header(part, header, &at, &head.block_size));
	head.block_shift = (uint32_t)__builtin_ctz(head.block_size);
	head.nr_cpus = field32(header, SADUMP_DUMP_NR_CPUS);
	head.max_mapnr = max_mapnr_of(part, header, log);
	head.time = seconds_of(header + SADUMP_DUMP_TIME);
	TRY(check_head(part, header, &head));
	TRY(lay_out(part, header, at, &head));
	log_debug(log, "%s: sadump dump header: block size %" PRIu32 ", max_mapnr %#" PRIx64 ", %" PRIu32
		  " CPUs, status %" PRIu32 ", pages at %#" PRIx64, part->src->name, head.block_size,
		  head.max_mapnr, head.nr_cpus, field32(header, SADUMP_DUMP_STATUS), head.data);
	*ret = head;
	return NULL;
}
