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
	struct range run;	/* pfns; may go on in the next chunk; empty: none */
};

static struct err *finish_run(struct runs *runs)
{
	struct dump *dump = runs->dump;
	const struct sadump *sadump = dump->priv;
	unsigned int shift = sadump->head.block_shift;

	if (runs->run.start == runs->run.end)
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
		.paddr = runs->run.start << shift,
		.memsz = (runs->run.end - runs->run.start) << shift,
		.filesz = (runs->run.end - runs->run.start) << shift,
		/* There is no one place in the file; an address stands for it, so memory can be moved. */
		.offset = runs->run.start << shift,
	};
	return NULL;
}

/* Runs of the @count bits of one chunk, the first of which is pfn @base. */
static struct err *add_chunk(struct runs *runs, const uint64_t *bits, uint64_t base, uint64_t count)
{
	uint64_t from = 0, to;

	while ((from = bits_next_set(bits, from, count)) < count) {
		to = bits_next_clear(bits, from, count);
		if (runs->run.end != base + from) {
			TRY(finish_run(runs));
			runs->run.start = base + from;
		}
		runs->run.end = base + to;
		from = to;
	}
	return NULL;
}

static struct err *add_runs(struct runs *runs)
{
	const struct sadump *sadump = runs->dump->priv;
	uint64_t bits[BITFILE_CHUNK / 64], at, to, max = sadump->head.max_mapnr;

	for (at = 0; at < max; at = to) {
		to = min_u64(at + BITFILE_CHUNK, max);
		TRY(bitfile_read(&sadump->ram, at, to, bits));
		TRY(add_chunk(runs, bits, at, to - at));
	}
	return finish_run(runs);
}

static struct err *register_memory(struct dump *dump)
{
	const struct sadump *sadump = dump->priv;
	struct runs runs = { .dump = dump };

	TRY(add_runs(&runs));
	if (!dump->segment_count)
		return err_new(ERR_BAD_INPUT, "%s: the sadump bitmap of memory is empty", dump->src->name);
	if (sadump->ram.stray)
		log_warn(dump->log, "%s: %" PRIu64 " pages are stored and not among the memory of the "
			 "sadump header; they are taken for memory", dump->src->name,
			 sadump->ram.stray);
	/* What was not stored is zero, and a reader should know that it was left out. */
	if (bitfile_total(&sadump->ram) > bitfile_total(&sadump->stored))
		dump->dump_level = 1;
	return NULL;
}

/* Memory is what either bitmap names: what is stored was there. */
static struct err *read_bitmaps(struct sadump *sadump, struct source *src)
{
	const struct sadump_head *head = &sadump->head;
	struct bitfile_place place = {
		.src = src,
		.off = head->ram,
		.also = head->stored,
		.msb_first = true,
		.end = head->max_mapnr,
	};

	TRY(bitfile_open(&place, &sadump->ram));
	place.off = head->stored;
	return bitfile_open(&place, &sadump->stored);
}

/* Everything but what the dump tells of itself. */
static struct err *read_headers(struct dump *dump, struct sadump *sadump)
{
	const struct sadump_part *first = &sadump->disks[0].part;
	bool short_of = false;

	TRY(sadump_find_disks(sadump, dump));
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
	dump->crash_time = sadump->head.time;
	dump_set_notes(dump, sadump->notes, sadump->notes_len);
	dump->by_firmware = true;
	dump->cpus = sadump->cpus;
	dump->cpu_count = sadump->cpus ? sadump->head.nr_cpus : 0;
	return register_memory(dump);
}

/* A reader's place in the bitmap: pages are asked for in ascending order. */
struct sadump_view {
	const struct sadump *sadump;
	struct bitfile_cursor cursor;
};

static struct err *view_create(struct dump *dump, void **ret)
{
	struct sadump_view *view = calloc(1, sizeof(*view));

	if (!view)
		return err_nomem;
	view->sadump = dump->priv;
	bitfile_cursor_init(&view->cursor, &view->sadump->stored);
	*ret = view;
	return NULL;
}

/* @len bytes inside the block of @pfn, from @in on. */
static struct err *read_block(struct sadump_view *view, uint64_t pfn, size_t in, void *buf,
			      size_t len)
{
	const struct sadump_disk *disk;
	uint64_t number = 0, off;
	bool stored = false;

	TRY(bitfile_cursor_get(&view->cursor, pfn, &stored, &number));
	if (!stored) {
		memset(buf, 0, len);
		return NULL;
	}
	disk = sadump_disk_of(view->sadump, number);
	if (!disk)
		return err_lost;
	off = disk->data + ((number - disk->first) << view->sadump->head.block_shift) + in;
	if (!range_fits(off, len, disk->part.src->size))
		return err_lost;
	return source_read(disk->part.src, off, buf, len);
}

static struct err *view_read(void *state, const struct dump_segment *seg, uint64_t paddr,
			     void *buf, size_t len)
{
	struct sadump_view *view = state;
	const struct sadump_head *head = &view->sadump->head;
	size_t in, part;

	paddr = seg->offset + (paddr - seg->paddr);
	for (; len; len -= part, paddr += part, buf = (uint8_t *)buf + part) {
		in = paddr & (head->block_size - 1);
		part = (size_t)min_u64(len, head->block_size - in);
		TRY(read_block(view, paddr >> head->block_shift, in, buf, part));
	}
	return NULL;
}

static const struct dump_view_ops sadump_view = {
	.create = view_create,
	.destroy = free,
	.read = view_read,
};

static void sadump_close(struct dump *dump)
{
	struct sadump *sadump = dump->priv;

	if (!sadump)
		return;
	bitfile_close(&sadump->ram);
	bitfile_close(&sadump->stored);
	free(sadump->notes);
	free(sadump->cpus);
	free(sadump);
}

const struct dump_format dump_format_sadump = {
	.name = "sadump",
	.open = sadump_open,
	.view = &sadump_view,
	.sets = true,
	.close = sadump_close,
};
