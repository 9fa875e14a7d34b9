/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed reads by virtual address, with the last translations kept. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/internal.h"

/*
 * Leaves seen last, direct-mapped. Page-sized ones are found by page number;
 * larger ones by the 2 MiB they are asked through, so that a struct page array of 2 MiB
 * leaves costs one walk per leaf.
 */
#define SMALL_SLOTS 64u
#define LARGE_SLOTS 16u
#define LARGE_SHIFT 21

/* Page tables lie far from what they map: a window of their own keeps the data's in place. */
#define TABLE_WINDOW (64u << 10)

/* What is read lies here and there: mapping the megabytes around it costs more than it saves. */
#define DATA_WINDOW (256u << 10)

struct kreader {
	const struct kernel *kernel;
	struct dump_view *data;
	struct dump_view *tables;
	struct mapping small[SMALL_SLOTS];
	struct mapping large[LARGE_SLOTS];
	struct kallsyms_slot symbols;
};

struct err *kreader_create_window(const struct kernel *kernel, size_t window,
				  struct kreader **ret)
{
	struct kreader *reader = calloc(1, sizeof(*reader));
	struct err *e;

	if (!reader)
		return err_nomem;
	reader->kernel = kernel;
	e = dump_view_create(kernel->dump, window, &reader->data);
	if (!e)
		e = dump_view_create(kernel->dump, TABLE_WINDOW, &reader->tables);
	if (e) {
		kreader_destroy(reader);
		return e;
	}
	*ret = reader;
	return NULL;
}

struct err *kreader_create(const struct kernel *kernel, struct kreader **ret)
{
	return kreader_create_window(kernel, DATA_WINDOW, ret);
}

void kreader_destroy(struct kreader *reader)
{
	if (!reader)
		return;
	kallsyms_slot_deinit(&reader->symbols);
	dump_view_destroy(reader->tables);
	dump_view_destroy(reader->data);
	free(reader);
}

const struct kernel *kreader_kernel(const struct kreader *reader)
{
	return reader->kernel;
}

struct dump_view *kreader_view(struct kreader *reader)
{
	return reader->data;
}

struct kallsyms_slot *kreader_kallsyms(struct kreader *reader)
{
	return &reader->symbols;
}

static bool covers(const struct mapping *map, uint64_t va)
{
	return va - map->va < map->len;
}

/* The slots @va may be in. */
static struct mapping *small_slot(struct kreader *reader, uint64_t va)
{
	return &reader->small[(va >> reader->kernel->page_shift) % SMALL_SLOTS];
}

static struct mapping *large_slot(struct kreader *reader, uint64_t va)
{
	return &reader->large[(va >> LARGE_SHIFT) % LARGE_SLOTS];
}

/* Ask the page tables, and keep what they say. */
static struct err *walk(struct kreader *reader, uint64_t va, struct mapping *ret)
{
	const struct kernel *kernel = reader->kernel;
	bool large;

	if (!kernel->arch)
		return err_new(kernel->no_arch ? err_kind(kernel->no_arch) : ERR_UNSUPPORTED, "%s",
			       kernel->no_arch ? err_text(kernel->no_arch) : "no address translation");
	TRY(kernel->arch->vtop(kernel->arch_state, reader->tables, va, ret));
	large = ret->len > 1ull << kernel->page_shift;
	*(large ? large_slot(reader, va) : small_slot(reader, va)) = *ret;
	return NULL;
}

struct err *kread_vtop(struct kreader *reader, uint64_t va, struct mapping *ret)
{
	struct mapping map;

	if (reader->kernel->word == 4)
		va = (uint32_t)va;
	map = *small_slot(reader, va);
	if (!covers(&map, va))
		map = *large_slot(reader, va);
	if (!covers(&map, va))
		TRY(walk(reader, va, &map));
	*ret = (struct mapping){
		.va = va,
		.pa = mapping_pa(&map, va),
		.len = map.len - (va - map.va),
	};
	return NULL;
}

/* Bytes of one page at @pa. */
static struct err *read_sparse_page(struct kreader *reader, uint64_t pa, void *buf, size_t len)
{
	struct err *e = dump_view_read(reader->data, pa, buf, len);

	if (err_kind(e) != ERR_EXCLUDED)
		return e;
	err_free(e);
	memset(buf, 0, len);
	return NULL;
}

/* @sparse: page by page, because others of a leaf may have data. */
static struct err *read_mapped(struct kreader *reader, uint64_t va, void *buf, size_t len, bool sparse)
{
	uint64_t page_size = UINT64_C(1) << reader->kernel->page_shift;
	uint8_t *to = buf;

	while (len) {
		struct mapping map;
		struct err *e;
		size_t now;

		e = kread_vtop(reader, va, &map);
		if (e)
			return err_prepend(e, "kernel address %#llx", (unsigned long long)va);
		now = (size_t)min_u64(len, map.len);
		if (sparse)
			now = (size_t)min_u64(now, page_size - map.pa % page_size);
		e = sparse ? read_sparse_page(reader, map.pa, to, now) :
			     dump_view_read(reader->data, map.pa, to, now);
		if (e)
			return err_prepend(e, "kernel address %#llx at physical %#llx",
					   (unsigned long long)va, (unsigned long long)map.pa);
		va += now;
		to += now;
		len -= now;
	}
	return NULL;
}

struct err *kread(struct kreader *reader, uint64_t va, void *buf, size_t len)
{
	return read_mapped(reader, va, buf, len, false);
}

struct err *kread_sparse(struct kreader *reader, uint64_t va, void *buf, size_t len)
{
	return read_mapped(reader, va, buf, len, true);
}

struct err *kread_u32(struct kreader *reader, uint64_t va, uint32_t *ret)
{
	uint8_t raw[4];

	TRY(kread(reader, va, raw, sizeof(raw)));
	*ret = get_u32(raw, reader->kernel->order);
	return NULL;
}

struct err *kread_u64(struct kreader *reader, uint64_t va, uint64_t *ret)
{
	uint8_t raw[8];

	TRY(kread(reader, va, raw, sizeof(raw)));
	*ret = get_u64(raw, reader->kernel->order);
	return NULL;
}

struct err *kread_word(struct kreader *reader, uint64_t va, uint64_t *ret)
{
	const struct kernel *kernel = reader->kernel;
	uint8_t raw[8];

	TRY(kread(reader, va, raw, kernel->word));
	*ret = get_word(raw, kernel->word, kernel->order);
	return NULL;
}
