// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sadump files nobody can trust. The input is headers without the filling that
 * only a right block size makes useful:
 *
 *	byte 0     number of files less one (modulo 4); bit 7: a media header first
 *	then       per file 168 bytes of part header; 80 of set header; 52 of media
 *	           header; 120 of dump header; all after that is what follows it
 */
#include <stdlib.h>
#include <string.h>

#include "elf_info.h"
#include "input/dump.h"
#include "input/sadump_layout.h"
#include "tests/fuzz/fuzz.h"

#define BLOCK 4096u
#define FILES 4u
#define LOOK_AT 40

/* What is left of the input. */
struct input {
	const uint8_t *data;
	size_t len;
};

/* Some of the limits of what one file may hold. */
static uint8_t files[FILES][12 * BLOCK];

static size_t take(struct input *in, uint8_t *to, size_t want)
{
	size_t n = in->len < want ? in->len : want;

	memcpy(to, in->data, n);
	in->data += n;
	in->len -= n;
	return n;
}

static void put_part(struct input *in, uint8_t *at)
{
	uint32_t magic = 1;

	memset(at, 0, BLOCK);
	take(in, at, SADUMP_PART_MAGIC);
	memcpy(at, SADUMP_SIGNATURE, SADUMP_SIGNATURE_LEN);
	for (size_t i = SADUMP_PART_MAGIC; i < BLOCK; i += 4, magic = SADUMP_NEXT_MAGIC(magic))
		put_u32(at + i, magic, ORDER_LITTLE);
}

/* The files; returns the length of the first, the others are a block of header and one of pages. */
static size_t expand(struct input *in, size_t count, bool media)
{
	size_t at = media ? SADUMP_MEDIA_HEADER : 0;

	memset(files, 0, sizeof(files));
	put_part(in, files[0] + at);
	for (size_t i = 1; i < count; i++)
		put_part(in, files[i]);
	at += BLOCK;
	if (files[0][at - BLOCK + SADUMP_PART_DISK]) {
		take(in, files[0] + at, 80);
		at += BLOCK;
	}
	if (media)
		take(in, files[0], SADUMP_MEDIA_LEN);
	take(in, files[0] + at, SADUMP_DUMP_LEN);
	memcpy(files[0] + at, SADUMP_SIGNATURE, SADUMP_SIGNATURE_LEN);
	at += BLOCK;
	return at + take(in, files[0] + at, sizeof(files[0]) - at);
}

static void read_pages(struct dump *dump, struct dump_view *view)
{
	uint64_t page = UINT64_C(1) << dump->page_shift;
	struct range run;
	uint64_t pfn = 0;
	const void *got;
	struct err *e;

	for (int i = 0; i < LOOK_AT && ranges_next(&dump->present, pfn, dump->max_mapnr, &run); i++) {
		e = dump_view_get(view, run.start * page, page, &got);
		require(!e || err_is_unreadable(e));
		err_free(e);
		e = dump_view_get(view, run.start * page + 100, 2000, &got);
		require(!e || err_is_unreadable(e));
		err_free(e);
		pfn = run.start + 1 + (i & 1 ? (run.end - run.start) / 2 : 0);
	}
}

static void check(struct dump *dump)
{
	struct dump_view *view = NULL;
	struct elf_note note;
	size_t pos = 0;
	unsigned int cpus = 0;

	while (elf_note_next(dump->notes, dump->notes_len, dump->order, &pos, &note))
		cpus++;
	require(cpus == dump->nr_cpus && pos == dump->notes_len);
	require(dump_set_page_size(dump, UINT64_C(1) << dump->page_shift) == NULL);
	require(dump_view_create(dump, 64 << 10, &view) == NULL);
	read_pages(dump, view);
	dump_view_destroy(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct source **more = calloc(FILES, sizeof(*more)), *source = NULL;
	struct dump *dump = NULL;
	size_t count, first;
	uint8_t mode = 0;
	struct err *e;

	take(&in, &mode, 1);
	count = mode % FILES + 1;
	first = expand(&in, count, mode & 0x80);
	require(more && source_open_memory(files[0], first, &source) == NULL);
	for (size_t i = 1; i < count; i++)
		require(source_open_memory(files[i], 2 * BLOCK, &more[i - 1]) == NULL);
	e = dump_open_sources(source, more, count - 1, NULL, &dump);
	if (e)
		require(strlen(err_text(e)) > 0);
	else
		check(dump);
	err_free(e);
	dump_close(dump);
	return 0;
}
