/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/crash_bitmap.h"

#include <elf.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "kernel/module.h"
#include "kernel/symbols.h"

#define SYMBOL "crash_dump_bitmap_info"
#define VERSION 1

/* u32 version; u64 bitmap, bitmap_size; five unsigned longs. */
#define INFO_MAX 64

static const char *const counter_names[CRASH_BITMAP_COUNTERS] = {
	[CRASH_BITMAP_CACHE] = "cache_pages",
	[CRASH_BITMAP_CACHE_PRIVATE] = "cache_private_pages",
	[CRASH_BITMAP_USER] = "user_pages",
	[CRASH_BITMAP_FREE] = "free_pages",
	[CRASH_BITMAP_HWPOISON] = "hwpoison_pages",
};

const char *crash_bitmap_counter_name(enum crash_bitmap_counter counter)
{
	return counter_names[counter];
}

uint64_t crash_bitmap_total(const struct crash_bitmap *bitmap)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < CRASH_BITMAP_COUNTERS; i++)
		total += bitmap->pages[i];
	return total;
}

struct module_search {
	struct kreader *reader;
	uint64_t va;		/* 0: not found */
};

static struct err *look_into_module(void *ctx, const struct kmodule *module)
{
	struct module_search *search = ctx;

	if (!search->va && !kmodule_symbol(search->reader, module, SYMBOL, &search->va))
		search->va = 0;
	return NULL;
}

/* The struct of a module, whose symbols are in no table of the kernel's. */
static bool find_in_modules(struct kreader *reader, const struct types *types, uint64_t *ret)
{
	struct module_search search = { .reader = reader };

	if (types)
		err_free(kmodules_for_each(reader, types, look_into_module, &search));
	*ret = search.va;
	return search.va != 0;
}

static struct err *find_info(struct kreader *reader, const struct types *types, uint64_t *ret)
{
	if (ksymbol(reader, SYMBOL, ret) || find_in_modules(reader, types, ret))
		return NULL;
	return err_new(ERR_NOT_FOUND, "the kernel has no symbol " SYMBOL);
}

/* A 64-bit integer is aligned to 4 bytes on i386 only. */
static unsigned int align_of_u64(const struct kernel *kernel)
{
	return kernel->word == 4 && kernel->dump->machine == EM_386 ? 4 : 8;
}

/* Copy the struct's fields from @va; *ret_size is its size without padding at the end. */
static struct err *read_info(struct kreader *reader, uint64_t va, struct crash_bitmap *bitmap,
			     size_t *ret_size)
{
	const struct kernel *kernel = kreader_kernel(reader);
	size_t at = align_of_u64(kernel), size = at + 16 + CRASH_BITMAP_COUNTERS * kernel->word;
	uint8_t raw[INFO_MAX];
	uint32_t version;

	TRY(err_prepend(kread(reader, va, raw, size), SYMBOL));
	version = get_u32(raw, kernel->order);
	if (version != VERSION)
		return err_new(ERR_UNSUPPORTED, SYMBOL ".version is %u, not %u", version, VERSION);
	bitmap->pa = get_u64(raw + at, kernel->order);
	bitmap->bytes = get_u64(raw + at + 8, kernel->order);
	for (unsigned int i = 0; i < CRASH_BITMAP_COUNTERS; i++)
		bitmap->pages[i] = get_word(raw + at + 16 + i * kernel->word, kernel->word,
					    kernel->order);
	*ret_size = size;
	return NULL;
}

/* Where the bitmap is, and how far it goes. */
static struct err *check_place(struct crash_bitmap *bitmap)
{
	const struct kernel *kernel = bitmap->kernel;
	uint64_t last;

	if (!bitmap->pa)
		return err_new(ERR_BAD_INPUT, SYMBOL ".bitmap is 0");
	if (!bitmap->bytes)
		return err_new(ERR_BAD_INPUT, SYMBOL ".bitmap_size is 0");
	if (!checked_add(bitmap->pa, bitmap->bytes - 1, &last))
		return err_new(ERR_BAD_INPUT, SYMBOL ".bitmap is %#llx, .bitmap_size is %#llx: that ends "
			       "below where it starts", (unsigned long long)bitmap->pa,
			       (unsigned long long)bitmap->bytes);
	bitmap->own = (struct range){ bitmap->pa >> kernel->page_shift,
				      (last >> kernel->page_shift) + 1 };
	bitmap->pfns = min_u64(bitmap->bytes, div_round_up(kernel->dump->max_mapnr, 8)) * 8;
	bitmap->pfns = min_u64(bitmap->pfns, kernel->dump->max_mapnr);
	return NULL;
}

/* The first page of [from, to), at most 64 words of bits, that the dump has no data of; @to: none. */
static struct err *first_missing(const struct dump *dump, uint64_t from, uint64_t to, uint64_t *ret)
{
	uint64_t bits[64], end = max_u64(from, min_u64(to, dump->max_mapnr));

	if (from < end)
		TRY(dump_stored_bits(dump, from, end, (uint8_t *)bits));
	*ret = from + bits_next_clear(bits, 0, end - from);
	return NULL;
}

/* All pages of the bitmap are in the dump, with data. */
static struct err *check_stored(const struct crash_bitmap *bitmap)
{
	struct range own = bitmap->own;
	uint64_t to, missing;

	for (uint64_t from = own.start; from < own.end; from = to) {
		to = min_u64(own.end, from + 64 * 64);
		TRY(first_missing(bitmap->kernel->dump, from, to, &missing));
		if (missing < to)
			return err_new(ERR_BAD_INPUT, SYMBOL ".bitmap is %#llx: page frame %#llx of it "
				       "is not in the dump", (unsigned long long)bitmap->pa,
				       (unsigned long long)missing);
	}
	return NULL;
}

/* No class has more pages than the machine: then their sum cannot overflow, either. */
static struct err *check_counters(const struct crash_bitmap *bitmap)
{
	uint64_t max_mapnr = bitmap->kernel->dump->max_mapnr;

	for (unsigned int i = 0; i < CRASH_BITMAP_COUNTERS; i++) {
		if (bitmap->pages[i] > max_mapnr)
			return err_new(ERR_BAD_INPUT, SYMBOL ".%s is %llu, and there are %llu pages",
				       counter_names[i], (unsigned long long)bitmap->pages[i],
				       (unsigned long long)max_mapnr);
	}
	if (!crash_bitmap_total(bitmap))
		return err_new(ERR_BAD_INPUT, "all counters of " SYMBOL
			       " are 0: the kernel did not fill its bitmap");
	return NULL;
}

/* The page frame of a byte that was read before. */
static struct err *pfn_of(struct kreader *reader, uint64_t va, uint64_t *ret)
{
	struct mapping mapping;

	TRY(kread_vtop(reader, va, &mapping));
	*ret = mapping.pa >> kreader_kernel(reader)->page_shift;
	return NULL;
}

struct err *crash_bitmap_count_zero(const struct crash_bitmap *bitmap, struct dump_view *view,
				    uint64_t *ret)
{
	uint64_t bits[CRASH_BITMAP_PIECE / 64], count = 0;

	for (uint64_t at = 0, len; at < bitmap->bytes; at += len) {
		len = min_u64(bitmap->bytes - at, sizeof(bits));
		TRY(dump_view_read(view, bitmap->pa + at, bits, (size_t)len));
		count += len * 8 - bits_count(bits, 0, len * 8);
	}
	*ret = count;
	return NULL;
}

/* Set the bits of the part of @pfns that is in the piece. */
static void set_bits(struct crash_bitmap_piece *piece, struct range pfns)
{
	uint64_t from = max_u64(pfns.start, piece->first);
	uint64_t to = min_u64(pfns.end, piece->first + CRASH_BITMAP_PIECE);

	if (from < to)
		bits_set_range(piece->bits, from - piece->first, to - piece->first);
}

struct err *crash_bitmap_load(const struct crash_bitmap *bitmap, struct dump_view *view,
			      uint64_t pfn, struct crash_bitmap_piece *piece)
{
	uint64_t first = round_down(pfn, CRASH_BITMAP_PIECE), end = first + CRASH_BITMAP_PIECE;
	uint64_t last = max_u64(first, min_u64(end, bitmap->pfns));
	uint64_t bytes = div_round_up(last - first, 8);

	if (piece->first == first)
		return NULL;
	piece->first = UINT64_MAX;
	if (bytes)
		TRY(dump_view_read(view, bitmap->pa + first / 8, piece->bits, (size_t)bytes));
	piece->first = first;
	set_bits(piece, (struct range){ last, end });
	set_bits(piece, bitmap->own);
	for (unsigned int i = 0; i < ARRAY_LEN(bitmap->info); i++)
		set_bits(piece, (struct range){ bitmap->info[i], bitmap->info[i] + 1 });
	return NULL;
}

/* Pages that no kernel would leave out: a bitmap without them is something else. */
static struct err *check_kernel_stays(struct kreader *reader, const struct crash_bitmap *bitmap)
{
	static const char *const symbols[] = { "_stext", "init_uts_ns", "swapper_pg_dir", "mem_section" };
	struct crash_bitmap_piece piece = { .first = UINT64_MAX };
	uint64_t va, pfn = 0;

	for (unsigned int i = 0; i < ARRAY_LEN(symbols); i++) {
		struct err *e = err_not_found;

		if (fact_symbol(&bitmap->kernel->facts, symbols[i], &va))
			e = pfn_of(reader, va, &pfn);
		if (e) {
			err_free(e);
			continue;
		}
		TRY(crash_bitmap_load(bitmap, kreader_view(reader), pfn, &piece));
		if (!bits_test(piece.bits, pfn - piece.first))
			return err_new(ERR_BAD_INPUT, "the kernel's bitmap leaves out page frame %#llx, "
				       "which holds %s", (unsigned long long)pfn, symbols[i]);
	}
	return NULL;
}

struct err *crash_bitmap_read(struct kreader *reader, const struct types *types,
			      struct crash_bitmap *ret)
{
	struct crash_bitmap bitmap = { .kernel = kreader_kernel(reader) };
	const struct dump *dump = bitmap.kernel->dump;
	uint64_t va;
	size_t size;

	TRY(find_info(reader, types, &va));
	if (dump->live)
		return err_new(ERR_UNSUPPORTED, "the kernel fills its bitmap when it crashes, and it is "
			       "running");
	if (dump->stored_count != dump->present_count)
		return err_new(ERR_UNSUPPORTED, "pages were left out of this dump before, so the counters "
			       "of " SYMBOL " cannot be checked");
	TRY(read_info(reader, va, &bitmap, &size));
	TRY(check_place(&bitmap));
	TRY(check_stored(&bitmap));
	TRY(check_counters(&bitmap));
	TRY(pfn_of(reader, va, &bitmap.info[0]));
	TRY(pfn_of(reader, va + size - 1, &bitmap.info[1]));
	TRY(check_kernel_stays(reader, &bitmap));
	*ret = bitmap;
	return NULL;
}
