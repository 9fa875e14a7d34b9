// SPDX-License-Identifier: GPL-2.0-or-later
/* Where BTF lies in the crashed kernel: between two symbols, else by its magic number in the image. */
#include "kernel/btf.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/btf_internal.h"
#include "kernel/image.h"
#include "kernel/symbols.h"

/* Less than any kernel's; BTF of a module may lie in the same stretch. */
#define KERNEL_BTF_MIN (UINT64_C(64) << 10)

#define MAGIC_BYTES 4	/* magic, version, flags */

struct btf_place {
	uint64_t va;
	uint64_t len;	/* 0: not found */
};

struct btf_scan {
	struct kreader *reader;
	enum byte_order order;
	uint8_t magic[MAGIC_BYTES];
	struct btf_place best;
};

static struct err *by_symbols(struct kreader *reader, struct btf_place *ret)
{
	struct symbol_want wants[] = { { .name = "__start_BTF" }, { .name = "__stop_BTF" } };

	TRY(ksymbols_find(reader, wants, ARRAY_LEN(wants)));
	if (!wants[0].found || !wants[1].found || wants[1].address <= wants[0].address)
		return NULL;
	*ret = (struct btf_place){ wants[0].address, wants[1].address - wants[0].address };
	return NULL;
}

/* The byte at @va is a zero: where a section of strings begins and ends. */
static bool is_zero(struct kreader *reader, uint64_t va)
{
	uint8_t byte = 1;

	err_free(kread(reader, va, &byte, 1));
	return !byte;
}

/*
 * The magic number is at @va. The kernel's BTF is written by one program, which leaves
 * no gap between its sections.
 */
static void consider(struct btf_scan *scan, uint64_t va)
{
	uint8_t raw[BTF_HEADER_LAYOUT_BYTES];
	struct err *e = kread(scan->reader, va, raw, sizeof(raw));
	struct btf_header header;
	uint64_t strings, len;

	err_free(e);
	if (e || !btf_read_header(raw, sizeof(raw), scan->order, &header))
		return;
	if ((header.hdr_len != BTF_HEADER_BYTES && header.hdr_len != BTF_HEADER_LAYOUT_BYTES) ||
	    header.type_off || header.type_len % 4 || header.str_off != header.type_len ||
	    !header.str_len)
		return;
	strings = (uint64_t)header.hdr_len + header.str_off;
	len = strings + header.str_len;
	if (len < KERNEL_BTF_MIN || len > BTF_BYTES_MAX || len <= scan->best.len ||
	    !is_zero(scan->reader, va + strings) || !is_zero(scan->reader, va + len - 1))
		return;
	scan->best = (struct btf_place){ va, len };
}

static struct err *scan_page(void *ctx, uint64_t va, const uint8_t *bytes, size_t len,
			     size_t seen)
{
	struct btf_scan *scan = ctx;
	const uint8_t *at = bytes;

	(void)seen;
	while ((at = memmem(at, len - (size_t)(at - bytes), scan->magic, MAGIC_BYTES))) {
		consider(scan, va + (uint64_t)(at - bytes));
		at++;
	}
	return NULL;
}

static struct err *by_magic(struct kreader *reader, struct btf_place *ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct btf_scan scan = {
		.reader = reader,
		.order = kernel->order,
		.magic = { 0, 0, BTF_VERSION, 0 },
	};

	put_u16(scan.magic, BTF_MAGIC, kernel->order);
	TRY(image_for_each(reader, MAGIC_BYTES - 1, scan_page, &scan));
	*ret = scan.best;
	return NULL;
}

static struct err *find_place(struct kreader *reader, struct btf_place *ret)
{
	*ret = (struct btf_place){ 0, 0 };
	TRY(by_symbols(reader, ret));
	if (!ret->len)
		TRY(by_magic(reader, ret));
	if (!ret->len)
		return err_new(ERR_NOT_FOUND, "the kernel has no BTF");
	if (ret->len > BTF_BYTES_MAX)
		return err_new(ERR_BAD_INPUT, "BTF: %" PRIu64 " bytes from __start_BTF to __stop_BTF are "
			       "more than any kernel has", ret->len);
	return NULL;
}

struct err *btf_load(struct kreader *reader, struct types **ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct btf_place place;
	uint8_t *blob;
	struct err *e;

	TRY(find_place(reader, &place));
	blob = malloc((size_t)place.len);
	if (!blob)
		return err_nomem;
	e = kread(reader, place.va, blob, (size_t)place.len);
	if (e) {
		free(blob);
		return err_prepend(e, "BTF");
	}
	TRY(btf_parse(blob, (size_t)place.len, kernel->order, NULL, ret));
	log_debug(kernel->log, "BTF: %" PRIu64 " bytes at %#" PRIx64, place.len, place.va);
	return NULL;
}
