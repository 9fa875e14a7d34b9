// SPDX-License-Identifier: GPL-2.0-or-later
/* Where BTF lies in the crashed kernel: between two symbols, else by its magic number in the image. */
#include "kernel/btf.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/btf_internal.h"
#include "kernel/symbols.h"

/* How far from _stext a kernel's read-only data can lie: x86_64 has room for 512 MiB of image. */
#define IMAGE_BYTES_MAX (UINT64_C(512) << 20)

/* A hole of this size ends the image: nothing else is mapped behind it that belongs to it. */
#define IMAGE_HOLE_MAX (UINT64_C(64) << 20)

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
	size_t page;
	uint8_t *buf;		/* the end of the page before, and a page */
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

/* Look through one page; *carry is how much of the page before stands in front of it. */
static bool scan_page(struct btf_scan *scan, uint64_t va, size_t *carry)
{
	uint8_t *start = scan->buf + MAGIC_BYTES - 1 - *carry, *at = start;
	uint8_t *end = scan->buf + MAGIC_BYTES - 1 + scan->page;
	struct err *e = kread(scan->reader, va, end - scan->page, scan->page);

	err_free(e);
	if (e) {
		*carry = 0;
		return false;
	}
	while ((at = memmem(at, (size_t)(end - at), scan->magic, MAGIC_BYTES))) {
		consider(scan, va - *carry + (uint64_t)(at - start));
		at++;
	}
	memcpy(scan->buf, end - (MAGIC_BYTES - 1), MAGIC_BYTES - 1);
	*carry = MAGIC_BYTES - 1;
	return true;
}

static void scan_image(struct btf_scan *scan, uint64_t start)
{
	uint64_t hole = 0;
	size_t carry = 0;

	for (uint64_t at = 0; at < IMAGE_BYTES_MAX && hole < IMAGE_HOLE_MAX; at += scan->page) {
		/* An address space ends somewhere, and so does the image. */
		if (start + at < start)
			break;
		hole = scan_page(scan, start + at, &carry) ? 0 : hole + scan->page;
	}
}

static struct err *by_magic(struct kreader *reader, struct btf_place *ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct btf_scan scan = {
		.reader = reader,
		.order = kernel->order,
		.magic = { 0, 0, BTF_VERSION, 0 },
		.page = (size_t)1 << kernel->page_shift,
	};
	uint64_t start;

	if (!fact_symbol(&kernel->facts, "_stext", &start))
		return NULL;
	scan.buf = malloc(scan.page + MAGIC_BYTES);
	if (!scan.buf)
		return err_nomem;
	put_u16(scan.magic, BTF_MAGIC, kernel->order);
	scan_image(&scan, round_down(start, scan.page));
	free(scan.buf);
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
