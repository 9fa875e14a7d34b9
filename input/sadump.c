/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sadump: memory saved by the firmware of Fujitsu servers, without any help
 * of the kernel. One partition, a set of disks, or the medium of a backup.
 *
 * Two bitmaps say which pages are memory, and which of these are stored; the
 * others were all zero. Stored pages follow one another, without descriptors,
 * so a page's place is the number of set bits below it.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "input/formats.h"
#include "input/sadump.h"

/* Runs of memory. Firmware knows some dozens; a bitmap of more is none that firmware wrote. */
#define RUNS_MAX (1u << 16)

/* While the first bitmap becomes segments. */
struct runs {
	struct dump *dump;
	size_t room;
	uint64_t start, end;	/* the run that may go on; pfns; empty: none */
	uint64_t stray;		/* pages stored, but not memory */
};

static struct err *finish_run(struct runs *runs)
{
	struct dump *dump = runs->dump;
	const struct sadump *sadump = dump->priv;
	unsigned int shift = sadump->head.block_shift;

	if (runs->start == runs->end)
		return NULL;
	if (dump->segment_count == RUNS_MAX)
		return err_new(ERR_BAD_INPUT, "%s: the sadump bitmap of memory is in more than %u pieces",
			       dump->src->name, RUNS_MAX);
	if (dump->segment_count == runs->room) {
		size_t room = runs->room ? 2 * runs->room : 64;
		struct dump_segment *v = reallocarray(dump->segments, room, sizeof(*v));

		if (!v)
			return err_nomem;
		dump->segments = v;
		runs->room = room;
	}
	dump->segments[dump->segment_count++] = (struct dump_segment){
		.paddr = runs->start << shift,
		.memsz = (runs->end - runs->start) << shift,
		.filesz = (runs->end - runs->start) << shift,
	};
	return NULL;
}

/* Runs of one piece of the bitmap, whose first bit is pfn @base. */
static struct err *add_piece(struct runs *runs, const uint64_t *bits, uint64_t base)
{
	uint64_t from = 0, to;

	while ((from = bits_next_set(bits, from, PAGEBITS_PIECE_BITS)) < PAGEBITS_PIECE_BITS) {
		to = bits_next_clear(bits, from, PAGEBITS_PIECE_BITS);
		if (runs->end != base + from) {
			TRY(finish_run(runs));
			runs->start = base + from;
		}
		runs->end = base + to;
		from = to;
	}
	return NULL;
}

/* Memory is what either bitmap names: what is stored was there. */
static struct err *register_memory(struct dump *dump)
{
	const struct sadump *sadump = dump->priv;
	struct runs runs = { .dump = dump };
	uint64_t ram[PAGEBITS_PIECE / 8], stored[PAGEBITS_PIECE / 8];
	uint64_t piece;
	size_t i;

	for (piece = 0; piece < pagebits_pieces(&sadump->ram); piece++) {
		TRY(pagebits_read(&sadump->ram, piece, (uint8_t *)ram));
		TRY(pagebits_read(&sadump->stored, piece, (uint8_t *)stored));
		for (i = 0; i < ARRAY_LEN(ram); i++) {
			runs.stray += (uint64_t)__builtin_popcountll(stored[i] & ~ram[i]);
			ram[i] |= stored[i];
		}
		TRY(add_piece(&runs, ram, piece * PAGEBITS_PIECE_BITS));
	}
	TRY(finish_run(&runs));
	if (runs.stray)
		log_warn(dump->log, "%s: %" PRIu64 " pages are stored and not among the memory of the "
			 "sadump header; they are taken for memory", dump->src->name, runs.stray);
	if (!dump->segment_count)
		return err_new(ERR_BAD_INPUT, "%s: the sadump bitmap of memory is empty", dump->src->name);
	/* What was not stored is zero, and a reader should know that it was left out. */
	if (pagebits_total(&sadump->ram) + runs.stray > pagebits_total(&sadump->stored))
		dump->dump_level = 1;
	return NULL;
}

static struct err *read_bitmaps(struct sadump *sadump, struct source *src)
{
	const struct sadump_head *head = &sadump->head;

	TRY(pagebits_init(&sadump->ram, src, head->ram, head->max_mapnr, PAGEBITS_MSB_FIRST));
	return pagebits_init(&sadump->stored, src, head->stored, head->max_mapnr,
			     PAGEBITS_MSB_FIRST);
}

/* Everything but what the dump tells of itself. */
static struct err *read_headers(struct dump *dump, struct sadump *sadump)
{
	const struct sadump_part *first = &sadump->disks[0].part;
	bool short_of = false;

	TRY(sadump_find_disks(sadump, dump->sources, dump->source_count, dump->log));
	TRY(sadump_read_head(first, dump->log, &sadump->head));
	TRY(err_prepend(read_bitmaps(sadump, first->src), "%s: sadump bitmaps", first->src->name));
	TRY(sadump_share_pages(sadump, dump->log, &short_of));
	dump->incomplete = short_of;
	return sadump_make_notes(sadump, dump->log);
}

static struct err *sadump_open(struct dump *dump)
{
	struct sadump *sadump = calloc(1, sizeof(*sadump));

	if (!sadump)
		return err_nomem;
	dump->priv = sadump;
	TRY(read_headers(dump, sadump));
	dump->order = ORDER_LITTLE;
	dump->word = sadump->word;
	dump->machine = sadump->word == 8 ? EM_X86_64 : EM_386;
	dump->page_shift = sadump->head.block_shift;
	dump_set_notes(dump, sadump->notes, sadump->notes_len);
	return register_memory(dump);
}

/* @len bytes inside the block of @pfn, from @in on. */
static struct err *read_block(const struct sadump *sadump, uint64_t pfn, size_t in, void *buf,
			      size_t len)
{
	const struct sadump_disk *disk;
	uint64_t number = 0, off;
	bool set = false;

	TRY(pagebits_find(&sadump->stored, pfn, &set, &number));
	if (!set) {
		memset(buf, 0, len);
		return NULL;
	}
	disk = sadump_disk_of(sadump, number);
	if (!disk)
		return err_lost;
	off = disk->data + ((number - disk->first) << sadump->head.block_shift) + in;
	if (!range_fits(off, len, disk->part.src->size))
		return err_lost;
	return source_read(disk->part.src, off, buf, len);
}

static struct err *sadump_read(struct dump *dump, const struct dump_segment *seg, uint64_t paddr,
			       void *buf, size_t len)
{
	const struct sadump *sadump = dump->priv;
	size_t block = sadump->head.block_size, in, part;

	(void)seg;
	for (; len; len -= part, paddr += part, buf = (uint8_t *)buf + part) {
		in = paddr & (block - 1);
		part = (size_t)min_u64(len, block - in);
		TRY(read_block(sadump, paddr >> sadump->head.block_shift, in, buf, part));
	}
	return NULL;
}

static void sadump_close(struct dump *dump)
{
	struct sadump *sadump = dump->priv;

	if (!sadump)
		return;
	pagebits_deinit(&sadump->ram);
	pagebits_deinit(&sadump->stored);
	free(sadump->notes);
	free(sadump);
}

const struct dump_format dump_format_sadump = {
	.name = "sadump",
	.open = sadump_open,
	.read = sadump_read,
	.takes_sets = true,
	.close = sadump_close,
};
