/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the sadump reader share. Layout: sadump_layout.h. */
#ifndef INPUT_SADUMP_H
#define INPUT_SADUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "input/dump.h"
#include "input/bitfile.h"
#include "input/sadump_layout.h"

/* One partition, disk or medium, as its own headers describe it. */
struct sadump_part {
	struct source *src;	/* borrowed */
	uint64_t start;		/* offset of the part header */
	uint32_t block_size;
	uint32_t disk;		/* number in a set, from 1 on; 0: no set */
	uint64_t used;		/* bytes used on the device, headers included */
	uint8_t system[SADUMP_GUID_LEN];
	uint8_t set[SADUMP_GUID_LEN];
	uint8_t volume[SADUMP_GUID_LEN];
	uint8_t time[SADUMP_TIME_LEN];
};

/* A device's share of the stored pages, which continue from disk to disk. */
struct sadump_disk {
	struct sadump_part part;
	uint64_t data;		/* offset of its first page */
	uint64_t first;		/* number of that page among all stored ones */
	uint64_t pages;		/* how many it has */
};

struct sadump_head {
	uint32_t block_size;
	uint32_t block_shift;
	uint32_t nr_cpus;
	uint64_t max_mapnr;
	uint64_t time;		/* of the dump, seconds since the epoch; 0: the header's is none */
	uint64_t sub;		/* offsets and size in the first file */
	uint64_t sub_size;
	uint64_t ram;		/* the first bitmap */
	uint64_t stored;	/* the second */
	uint64_t data;		/* the first page */
};

struct sadump {
	struct sadump_head head;
	struct bitfile ram;	/* pages that are memory, whether by the first bitmap or the second */
	struct bitfile stored;	/* of these, pages in the file; the others are all zero */
	struct sadump_disk disks[SADUMP_DISKS_MAX];	/* in the order of the set */
	unsigned int disk_count;
	uint8_t *notes;		/* owned; NULL: none */
	size_t notes_len;
	struct dump_cpu *cpus;	/* owned; one for each of these notes */
	unsigned int word;	/* 8 unless every CPU's state is that of a 32-bit kernel */
};

/*
 * Read the part header of @src, with the media header before it. ERR_NOT_MINE
 * without the signature; ERR_BAD_INPUT and ERR_UNSUPPORTED name the field.
 */
struct err *sadump_read_part(struct source *src, const struct log *log, struct sadump_part *ret)
	__attribute__((warn_unused_result));

/* Read the dump header behind @part, which is that of the first or only device. */
struct err *sadump_read_head(const struct sadump_part *part, const struct log *log,
			     struct sadump_head *ret) __attribute__((warn_unused_result));

/*
 * Put the devices in sadump->disks in the order of the set, whatever the order
 * of @dump's sources is. Checks that they belong together.
 */
struct err *sadump_find_disks(struct sadump *sadump, const struct dump *dump)
	__attribute__((warn_unused_result));

/*
 * Once head and bitmaps are there: which pages are on which disk. *short_of
 * says that some have no place, or a place behind the end of their file.
 */
struct err *sadump_share_pages(struct sadump *sadump, const struct log *log, bool *short_of)
	__attribute__((warn_unused_result));

/* The disk that has stored page @number, or NULL when it was cut off. */
const struct sadump_disk *sadump_disk_of(const struct sadump *sadump, uint64_t number);

/*
 * Registers of the CPUs as NT_PRSTATUS notes: fills notes, notes_len, cpus, word.
 * States that cannot be used are warned of and leave no notes.
 */
struct err *sadump_make_notes(struct sadump *sadump, const struct log *log)
	__attribute__((warn_unused_result));

#endif
