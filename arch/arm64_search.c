// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An arm64 kernel in a dump that says nothing of it. Its root of page tables
 * (swapper_pg_dir) is a page of the image, read-only there, and the only root that
 * maps kernel addresses: a page is taken for it when, read as a root of one of the
 * forms there are, it maps itself where images are, and the banner is beside it.
 */
#include "arch/arm64.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/probe.h"
#include "base/checked.h"
#include "input/stored.h"

#define DESC_VALID 0x1u
#define DESC_TABLE 0x3u
#define DESC_ACCESSED 0x400u
#define DESC_ADDRESS 0x0000ffffffff0000ull	/* in every form, but for the bits above 47 */
/* Of tables, since v5.11: what they map is not executable for the kernel, for users. */
#define DESC_USER (UINT64_C(1) << 59)
#define DESC_NO_EXEC (UINT64_C(3) << 59)
#define ENTRY 8u
#define PAGE_MAX 65536u
#define LEVELS_MAX 5u
/* Of the image on either side of the root. */
#define IMAGE_REACH (UINT64_C(64) << 20)
/* Of text and of data; where the header in front of text is mapped, too, it takes so much. */
#define SEGMENT_ALIGN 0x10000u
#define HEADER_MAGIC "ARM\x64"
#define HEADER_MAGIC_AT 56u
/* Tables that are read for one page size, and for one page and form: what is no root leads to few. */
#define TABLES_MAX (1u << 20)
#define TABLES_PER_ROOT 8192u
/* Roots that are looked at more closely. */
#define IMAGES_MAX 128u

struct arm64_hunt {
	const struct arch_env *env;
	uint64_t memory_end;
	unsigned int page_shift;
	unsigned int tables;	/* read, in pages of 4 KiB */
	unsigned int tables_left;
	unsigned int images;
	uint8_t *level[LEVELS_MAX];	/* room for a table of each level */
	struct pt_form form;
	unsigned int va_bits;
	bool lpa2;
	uint64_t first, last;	/* addresses that are searched, and where the root was seen there */
	uint64_t seen_va;
	uint64_t root_pa, root_va;
	uint64_t linear_va;	/* of the root in the direct map */
	uint64_t image_va;	/* first address of the image that is mapped with the root */
	char release[PROBE_RELEASE];
	bool has_release;
	bool found;
};

static bool read_bytes(const struct arm64_hunt *h, uint64_t pa, void *buf, size_t len)
{
	struct err *e = dump_view_read(h->env->view, pa, buf, len);

	err_free(e);
	return !e;
}

static bool maps(const struct arm64_hunt *h, uint64_t va, uint64_t pa)
{
	return probe_walk(h->env, &h->form, h->root_pa, va, pa) == PROBE_YES;
}

/* Kernel addresses from here on are not the direct map's, since v5.4; see va_bits_min() in arm64_linear.c. */
static uint64_t image_space(const struct arm64_hunt *h)
{
	unsigned int bits = h->va_bits <= 48 ? h->va_bits : h->page_shift == 14 ? 47 : 48;

	return -(UINT64_C(1) << (bits - 1));
}

/* Images are loaded and mapped at multiples of their segments' alignment (SEGMENT_ALIGN). */
static bool is_image_address(uint64_t address)
{
	return !(address & (SEGMENT_ALIGN - 1));
}

/* Look below the table at @pa, which is for addresses from @va on, for what maps the root in h->window. */
static bool find_root(struct arm64_hunt *h, unsigned int level, uint64_t pa, uint64_t va)
{
	const struct pt_level *shape = &h->form.level[level];
	uint64_t size = UINT64_C(1) << shape->shift;
	uint8_t *table = h->level[level];

	if (!h->tables_left || h->tables >= TABLES_MAX)
		return false;
	h->tables += 1 + (ENTRY << shape->bits) / 4096;
	h->tables_left--;
	if (!read_bytes(h, pa, table, ENTRY << shape->bits))
		return false;
	for (uint64_t i = 0; i < UINT64_C(1) << shape->bits; i++) {
		struct pt_entry entry = h->form.decode(&h->form, level,
						       get_u64(table + i * ENTRY, h->form.order));
		uint64_t at = va + i * size;

		if (entry.kind == PT_NONE || at + (size - 1) < h->first || at > h->last)
			continue;
		if (entry.kind == PT_TABLE && find_root(h, level + 1, entry.pa, at))
			return true;
		if (entry.kind != PT_LEAF || h->root_pa - entry.pa >= size)
			continue;
		h->seen_va = at + (h->root_pa - entry.pa);
		if (h->seen_va >= h->first && h->seen_va <= h->last &&
		    is_image_address(h->seen_va - h->root_pa))
			return true;
	}
	return false;
}

/*
 * All of the root's tables are mapped at its distance from physical memory: so is
 * everything, by the direct map. In the image only those are that were linked into it.
 */
static bool is_direct_map(const struct arm64_hunt *h)
{
	const uint8_t *root = h->level[0];

	for (uint64_t i = 0; i < UINT64_C(1) << h->form.level[0].bits; i++) {
		struct pt_entry entry = h->form.decode(&h->form, 0, get_u64(root + i * ENTRY, h->form.order));

		if (entry.kind == PT_TABLE && !maps(h, h->root_va + (entry.pa - h->root_pa), entry.pa))
			return false;
	}
	return true;
}

/* One page of the image at @off from the root; false where the image is not. */
static bool look_at_image(struct arm64_hunt *h, uint64_t off)
{
	size_t page = (size_t)1 << h->page_shift;

	if (!maps(h, h->root_va + off, h->root_pa + off))
		return false;
	if (!h->has_release && read_bytes(h, h->root_pa + off, h->level[1], page))
		h->has_release = probe_banner(h->level[1], page, h->release);
	return true;
}

/* From the root down to the first page of the image, and up as far as the banner is. */
static bool find_image(struct arm64_hunt *h)
{
	uint64_t page = UINT64_C(1) << h->page_shift, off = 0;

	while (off < IMAGE_REACH && look_at_image(h, 0 - off))
		off += page;
	h->image_va = h->root_va - off + page;
	if (!is_image_address(h->image_va))
		return false;
	for (off = page; off < IMAGE_REACH && !h->has_release; off += page)
		look_at_image(h, off);
	return h->has_release;
}

/*
 * As a root of this form: the direct map in the lower half of the addresses,
 * the image in the upper one, and nothing behind the last entry.
 */
static bool looks_like_root(const struct arm64_hunt *h, const uint8_t *page)
{
	size_t count = ((size_t)1 << h->page_shift) / ENTRY;
	size_t entries = (size_t)1 << h->form.level[0].bits;
	bool half[2] = { false, false };

	for (size_t i = 0; i < count; i++) {
		if (!get_u64(page + i * ENTRY, h->env->order))
			continue;
		if (i >= entries)
			return false;
		half[i >= entries / 2] = true;
	}
	return half[0] && half[1];
}

/* The root is mapped twice: where images are, and in the direct map. */
static bool find_places(struct arm64_hunt *h)
{
	uint64_t start = -(UINT64_C(1) << h->va_bits);

	h->first = image_space(h);
	h->last = UINT64_MAX;
	h->tables_left = TABLES_PER_ROOT;
	if (!find_root(h, 0, h->root_pa, start))
		return false;
	h->root_va = h->seen_va;
	if (h->images++ >= IMAGES_MAX || is_direct_map(h))
		return false;
	h->last = h->first - 1;
	h->first = start;
	h->tables_left = TABLES_PER_ROOT;
	if (!find_root(h, 0, h->root_pa, start))
		return false;
	h->linear_va = h->seen_va;
	return true;
}

static bool try_form(struct arm64_hunt *h, const uint8_t *page, unsigned int va_bits, bool lpa2)
{
	arm64_form_init(&h->form, h->page_shift, va_bits, lpa2);
	h->form.order = h->env->order;
	h->va_bits = va_bits;
	h->lpa2 = lpa2;
	h->has_release = false;
	return looks_like_root(h, page) && find_places(h) && find_image(h);
}

/* An entry of a kernel's root: a table that is not for user space, or a block that was accessed; in memory. */
static bool is_root_entry(const struct arm64_hunt *h, uint64_t entry)
{
	uint64_t pa = entry & DESC_ADDRESS;

	if (!pa || pa >= h->memory_end)
		return false;
	if ((entry & DESC_TABLE) == DESC_TABLE)
		return (entry & DESC_NO_EXEC) != DESC_USER;
	return entry & DESC_VALID && entry & DESC_ACCESSED;
}

/* Some entries, and all of them can be a root's. */
static bool looks_like_table(const struct arm64_hunt *h, const uint8_t *page)
{
	size_t count = ((size_t)1 << h->page_shift) / ENTRY, used = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t entry = get_u64(page + i * ENTRY, h->env->order);

		if (entry && !is_root_entry(h, entry))
			return false;
		used += entry != 0;
	}
	return used > 1;
}

static void try_page(struct arm64_hunt *h, uint64_t pa, const uint8_t *page)
{
	/* Sizes kernels are configured for; 52 bits take 52-bit output addresses where pages are small. */
	static const unsigned int sizes[] = { 48, 52, 39, 47, 42, 36 };

	if (!looks_like_table(h, page))
		return;
	h->root_pa = pa;
	for (size_t i = 0; i < ARRAY_LEN(sizes) && !h->found; i++)
		h->found = try_form(h, page, sizes[i], sizes[i] == 52 && h->page_shift < 16);
}

static struct err *look(void *ctx, uint64_t pa, const uint8_t *bytes, size_t len, bool *done)
{
	struct arm64_hunt *h = ctx;
	uint64_t page = UINT64_C(1) << h->page_shift;
	size_t at = (size_t)(round_up(pa, page) - pa);

	for (; at + page <= len && !h->found && h->tables < TABLES_MAX; at += page)
		try_page(h, pa + at, bytes + at);
	*done = h->found || h->tables >= TABLES_MAX || h->images >= IMAGES_MAX;
	return NULL;
}

static struct err *search(struct arm64_hunt *h)
{
	static const unsigned int shifts[] = { 12, 14, 16 };
	struct dump_view *view;
	struct err *e = NULL;

	TRY(dump_view_create(h->env->dump, 0, &view));
	for (size_t i = 0; !e && i < ARRAY_LEN(shifts) && !h->found; i++) {
		struct stored_pass pass = { .look = look, .ctx = h };

		h->page_shift = shifts[i];
		h->tables = h->images = 0;
		e = dump_pass_stored(h->env->dump, view, &pass);
		log_debug(h->env->log, "looked for page tables of pages of %u KiB in %llu bytes of memory: "
			  "%u read", 1u << (shifts[i] - 10), (unsigned long long)pass.bytes, h->tables);
	}
	dump_view_destroy(view);
	return e;
}

/* Where text begins: the header in front of it is mapped by some kernels. */
static uint64_t text_va(const struct arm64_hunt *h)
{
	char magic[4];

	if (read_bytes(h, h->root_pa - (h->root_va - h->image_va) + HEADER_MAGIC_AT, magic, 4) &&
	    !memcmp(magic, HEADER_MAGIC, 4))
		return h->image_va + SEGMENT_ALIGN;
	return h->image_va;
}

/* As the kernel would write it: readers want these numbers in its form. */
static struct err *learn(const struct arm64_hunt *h, struct facts *learned)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
			   "OSRELEASE=%s\nPAGESIZE=%u\nSYMBOL(swapper_pg_dir)=%" PRIx64 "\n"
			   "SYMBOL(_stext)=%" PRIx64 "\nNUMBER(VA_BITS)=%u\nNUMBER(TCR_EL1_T1SZ)=0x%x\n"
			   "NUMBER(kimage_voffset)=0x%" PRIx64 "\nNUMBER(PHYS_OFFSET)=0x%" PRIx64 "\n%s",
			   h->release, 1u << h->page_shift, h->root_va, text_va(h), h->va_bits,
			   64 - h->va_bits, h->root_va - h->root_pa,
			   h->root_pa - (h->linear_va + (UINT64_C(1) << h->va_bits)),
			   h->lpa2 ? "NUMBER(MAX_PHYSMEM_BITS)=52\n" : "");

	return facts_add_vmcoreinfo(learned, text, (size_t)len, "found in memory", NULL);
}

struct err *arm64_search(const struct arch_env *env, enum arch_scope scope, struct facts *learned)
{
	struct arm64_hunt hunt = { .env = env, .memory_end = probe_memory_end(env->dump) };
	uint8_t *room = malloc(LEVELS_MAX * PAGE_MAX);
	struct err *e;

	/* No dump has TTBR1_EL1. */
	if (scope == ARCH_CPUS) {
		free(room);
		return err_not_found;
	}
	if (!room)
		return err_nomem;
	for (size_t i = 0; i < LEVELS_MAX; i++)
		hunt.level[i] = room + i * PAGE_MAX;
	e = search(&hunt);
	if (!e)
		e = hunt.found ? learn(&hunt, learned) : err_not_found;
	free(room);
	if (!e)
		log_debug(env->log, "kernel %s by page tables of %u bits at physical %#llx, %#llx in the image "
			  "from %#llx on", hunt.release, hunt.va_bits, (unsigned long long)hunt.root_pa,
			  (unsigned long long)hunt.root_va, (unsigned long long)hunt.image_va);
	return e;
}
