/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a sadump: do they belong together, and which page is on which. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "input/sadump.h"

/* Put @part in its place in the set. */
static struct err *place_disk(struct sadump *sadump, const struct sadump_part *part, size_t count)
{
	struct sadump_disk *disk;

	if (!part->disk)
		return err_new(ERR_BAD_INPUT, "%s: is a whole sadump and no disk of a set; give it alone, "
			       "as VMCORE", part->src->name);
	if (part->disk > count)
		return err_new(ERR_BAD_INPUT, "%s: is disk %" PRIu32 " of a sadump disk set, of which only "
			       "%zu are given", part->src->name, part->disk, count);
	disk = &sadump->disks[part->disk - 1];
	if (disk->part.src)
		return err_new(ERR_BAD_INPUT, "%s and %s: are both disk %" PRIu32 " of a sadump disk set",
			       disk->part.src->name, part->src->name, part->disk);
	disk->part = *part;
	return NULL;
}

/* Whatever is found must be of the same dump as disk 1. */
static struct err *check_same_set(const struct sadump_part *first, const struct sadump_part *other,
				  const struct log *log)
{
	if (memcmp(first->system, other->system, SADUMP_GUID_LEN) ||
	    memcmp(first->set, other->set, SADUMP_GUID_LEN))
		return err_new(ERR_BAD_INPUT, "%s and %s: are of different systems or sadump disk sets",
			       first->src->name, other->src->name);
	if (first->block_size != other->block_size)
		return err_new(ERR_BAD_INPUT, "%s has sadump blocks of %" PRIu32 " bytes, %s of %" PRIu32,
			       first->src->name, first->block_size, other->src->name,
			       other->block_size);
	if (memcmp(first->time, other->time, SADUMP_TIME_LEN))
		log_warn(log, "%s and %s: sadump part headers have different times; one may be of another "
			 "dump", first->src->name, other->src->name);
	return NULL;
}

/* Disk 1 lists the volumes of the others; programs disagree from which entry on. */
static struct err *check_volumes(const struct sadump *sadump, const struct log *log)
{
	const struct sadump_part *first = &sadump->disks[0].part;
	uint64_t at = first->start + first->block_size + SADUMP_SET_VOLUMES;
	uint8_t id[SADUMP_GUID_LEN];
	unsigned int i;

	for (i = 1; i < sadump->disk_count; i++) {
		const struct sadump_part *part = &sadump->disks[i].part;

		TRY(source_read(first->src, at + (i - 1) * SADUMP_SET_VOLUME_LEN, id, sizeof(id)));
		if (memcmp(id, part->volume, sizeof(id)))
			log_warn(log, "%s: its volume id is not the one that %s lists for disk %u",
				 part->src->name, first->src->name, i + 1);
	}
	return NULL;
}

static struct err *check_set_header(const struct sadump *sadump, const struct log *log)
{
	const struct sadump_part *first = &sadump->disks[0].part;
	uint8_t header[SADUMP_SET_VOLUMES];
	uint32_t disks, blocks;

	TRY(source_read(first->src, first->start + first->block_size, header, sizeof(header)));
	disks = get_u32(header + SADUMP_SET_DISKS, ORDER_LITTLE);
	blocks = get_u32(header + SADUMP_SET_SIZE, ORDER_LITTLE);
	if (!disks || disks > SADUMP_DISKS_MAX)
		return err_new(ERR_BAD_INPUT, "%s: sadump set header: disk_num %" PRIu32 " is not from 1 to "
			       "%u", first->src->name, disks, SADUMP_DISKS_MAX);
	if ((uint64_t)blocks * first->block_size <
	    SADUMP_SET_VOLUMES + (disks - 1) * SADUMP_SET_VOLUME_LEN)
		return err_new(ERR_BAD_INPUT, "%s: sadump set header: disk_set_header_size %" PRIu32
			       " blocks do not hold %" PRIu32 " disks", first->src->name, blocks, disks);
	if (disks != sadump->disk_count)
		return err_new(ERR_BAD_INPUT, "%s: is of a sadump set of %" PRIu32 " disks, and %u %s given; "
			       "name each with --diskset", first->src->name, disks, sadump->disk_count,
			       sadump->disk_count == 1 ? "is" : "are");
	return check_volumes(sadump, log);
}

/* Every place gets filled: numbers are from 1 to the count, and no two are the same. */
static struct err *find_set(struct sadump *sadump, const struct sadump_part *part,
			    const struct dump *dump)
{
	struct sadump_part next;
	struct err *e;
	size_t i;

	TRY(place_disk(sadump, part, sadump->disk_count));
	for (i = 0; i < dump->more_count; i++) {
		e = sadump_read_part(dump->more[i], dump->log, &next);
		if (err_kind(e) == ERR_NOT_MINE)
			return err_new(ERR_BAD_INPUT, "%s: is no sadump file, and %s is",
				       dump->more[i]->name, part->src->name);
		if (e)
			return e;
		TRY(place_disk(sadump, &next, sadump->disk_count));
	}
	for (i = 1; i < sadump->disk_count; i++)
		TRY(check_same_set(&sadump->disks[0].part, &sadump->disks[i].part, dump->log));
	return NULL;
}

struct err *sadump_find_disks(struct sadump *sadump, const struct dump *dump)
{
	size_t count = dump->more_count + 1;
	struct sadump_part part;

	TRY(sadump_read_part(dump->src, dump->log, &part));
	if (count > SADUMP_DISKS_MAX)
		return err_new(ERR_BAD_INPUT, "%s: %zu sadump disks are given; a set has %u at most",
			       part.src->name, count, SADUMP_DISKS_MAX);
	sadump->disk_count = (unsigned int)count;
	if (count == 1 && !part.disk) {
		sadump->disks[0].part = part;
		return NULL;
	}
	if (count == 1 && part.disk != 1)
		return err_new(ERR_BAD_INPUT, "%s: is disk %" PRIu32 " of a sadump disk set; name each disk "
			       "with --diskset", part.src->name, part.disk);
	TRY(find_set(sadump, &part, dump));
	return check_set_header(sadump, dump->log);
}

/*
 * Pages that fit the used part of a device. The only device has all of them,
 * whatever it says: a copy or a backup medium is not what it was made from.
 */
static struct err *capacity(const struct sadump *sadump, const struct sadump_disk *disk,
			    uint64_t *ret)
{
	*ret = UINT64_MAX;
	if (sadump->disk_count == 1)
		return NULL;
	if (disk->part.used < disk->data)
		return err_new(ERR_BAD_INPUT, "%s: sadump part header: used_device %" PRIu64 " is less than "
			       "its headers take (%" PRIu64 ")", disk->part.src->name, disk->part.used,
			       disk->data);
	*ret = (disk->part.used - disk->data) >> sadump->head.block_shift;
	return NULL;
}

static bool is_cut(const struct sadump *sadump, const struct sadump_disk *disk)
{
	uint64_t size = disk->part.src->size;

	return disk->pages && (disk->data > size ||
			       disk->pages > (size - disk->data) >> sadump->head.block_shift);
}

struct err *sadump_share_pages(struct sadump *sadump, const struct log *log, bool *short_of)
{
	uint64_t left = bitfile_total(&sadump->stored), first = 0, room = 0;
	unsigned int i;

	*short_of = false;
	for (i = 0; i < sadump->disk_count; i++) {
		struct sadump_disk *disk = &sadump->disks[i];

		disk->data = i ? sadump->head.block_size : sadump->head.data;
		TRY(capacity(sadump, disk, &room));
		disk->first = first;
		disk->pages = min_u64(left, room);
		first += disk->pages;
		left -= disk->pages;
		if (is_cut(sadump, disk)) {
			log_warn(log, "%s: is %" PRIu64 " bytes long and should have %" PRIu64 " pages from "
				 "offset %" PRIu64 " on: it is cut off", disk->part.src->name,
				 disk->part.src->size, disk->pages, disk->data);
			*short_of = true;
		}
	}
	if (left) {
		log_warn(log, "%s: the sadump disks have no room for %" PRIu64 " of %" PRIu64
			 " stored pages, which are lost", sadump->disks[0].part.src->name, left,
			 first + left);
		*short_of = true;
	}
	return NULL;
}

const struct sadump_disk *sadump_disk_of(const struct sadump *sadump, uint64_t number)
{
	unsigned int i;

	for (i = 0; i < sadump->disk_count; i++) {
		if (number - sadump->disks[i].first < sadump->disks[i].pages)
			return &sadump->disks[i];
	}
	return NULL;
}
