// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An x86_64 kernel in a dump that says nothing of it. Every process's page
 * tables map the kernel image at the same addresses; in the image lies the root
 * that the kernel calls its own (init_top_pgt), which maps itself there, and the
 * banner with the release. Where the CPUs' registers are in the dump (QEMU, firmware) there
 * is their CR3 to try; else every page of memory.
 */
#include "arch/x86_64.h"

#include <stdio.h>
#include <string.h>

#include "arch/probe.h"
#include "base/checked.h"
#include "input/stored.h"

#define PAGE 4096u
#define ENTRIES 512u
#define PMD_SIZE (UINT64_C(2) << 20)
/* Room for the image with KASLR; module space begins behind it. */
#define IMAGE_MAX (UINT64_C(1) << 30)
/* _text where CONFIG_PHYSICAL_START has its default; KASLR adds to it. */
#define LINKED_TEXT (X86_64_KERNEL_MAP + (UINT64_C(16) << 20))

#define ENTRY_PRESENT 0x1u
#define ENTRY_TABLE_MUST 0x3u		/* present, writable */
#define ENTRY_TABLE_NOT 0xfff0000000000080ull	/* page size, not address, no-execute */
#define ENTRY_ADDRESS 0x000ffffffffff000ull
/* Direct map, vmalloc, vmemmap, image: the kernel's own root has at least these in its half. */
#define OWN_ENTRIES_MIN 4u

/* Pages of memory whose last entry looks like that of a root; one of few is. */
#define ROOTS_MAX 65536u
/* Of these, such that map something where images are. The first is right, unless it is of no Linux. */
#define IMAGES_MAX 128u

struct hunt {
	const struct arch_env *env;
	uint64_t memory_mask;	/* address bits that memory has */
	unsigned int roots, images;
	/* What is being tried, and in the end found. */
	struct pt_form form;
	uint64_t root_pa;
	uint64_t sme_mask;
	uint64_t image_va, image_end;	/* mapped at one distance from physical memory */
	uint64_t image_pa;
	uint64_t own_root_pa;
	char release[PROBE_RELEASE];
	bool found;
};

static bool read_bytes(const struct hunt *h, uint64_t pa, void *buf, size_t len)
{
	struct err *e = dump_view_read(h->env->view, pa, buf, len);

	err_free(e);
	return !e;
}

static bool walk(const struct hunt *h, uint64_t root_pa, uint64_t va, uint64_t *ret_pa)
{
	struct mapping map;
	struct err *e = pt_walk(&h->form, h->env->view, root_pa, va, &map);

	if (!e)
		*ret_pa = mapping_pa(&map, va);
	err_free(e);
	return !e;
}

/* The tables have entries of 2 MiB for the image: looking at all 512 is worth it. */
static bool has_image_tables(const struct hunt *h)
{
	struct pt_step steps[5];

	return pt_trace(&h->form, h->env->view, h->root_pa, X86_64_KERNEL_MAP, steps) >=
	       h->form.levels - 1;
}

/* Where the image is, first to last of what is mapped at one distance. */
static bool find_image(struct hunt *h)
{
	uint64_t at, pa;
	bool found = false;

	if (h->images >= IMAGES_MAX || !has_image_tables(h))
		return false;
	h->images++;
	for (at = 0; at < IMAGE_MAX; at += PMD_SIZE) {
		uint64_t va = X86_64_KERNEL_MAP + at;

		if (!walk(h, h->root_pa, va, &pa))
			continue;
		if (!found) {
			h->image_va = va;
			h->image_pa = pa;
		} else if (pa - h->image_pa != va - h->image_va) {
			continue;
		}
		found = true;
		h->image_end = va + PMD_SIZE;
	}
	return found && !(h->image_pa & (PMD_SIZE - 1));
}

/* @page is a root that maps itself at its place in the image, and what a kernel must map. */
static bool is_own_root(const struct hunt *h, const uint8_t *page, uint64_t pa, uint64_t last)
{
	uint64_t va = h->image_va + (pa - h->image_pa), back;
	unsigned int used = 0;

	if ((get_u64(page + (ENTRIES - 1) * 8, ORDER_LITTLE) & ENTRY_ADDRESS & ~h->sme_mask) != last)
		return false;
	for (unsigned int i = ENTRIES / 2; i < ENTRIES; i++)
		used += get_u64(page + i * 8, ORDER_LITTLE) & ENTRY_PRESENT;
	return used >= OWN_ENTRIES_MIN && walk(h, pa, va, &back) && back == pa;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

/*
 * The kernel's own root and the banner, page by page through the image. The
 * banner is cut by a page's end in one kernel of a hundred; the log has it, too.
 * Pages that fill gaps between sections are given to the allocator, so the root
 * of a process may lie in the image; the kernel's own is linked beside the table
 * that its last entry names.
 */
static bool search_image(struct hunt *h)
{
	uint64_t end = h->image_pa + (h->image_end - h->image_va), pa;
	uint64_t last = 0;
	bool has_root = false, has_release = false;
	uint8_t raw[8], page[2 * PAGE];

	if (!read_bytes(h, h->root_pa + (ENTRIES - 1) * 8, raw, sizeof(raw)))
		return false;
	last = get_u64(raw, ORDER_LITTLE) & ENTRY_ADDRESS & ~h->sme_mask;
	for (pa = h->image_pa; pa < end; pa += PAGE) {
		size_t len = read_bytes(h, pa, page, sizeof(page)) ? sizeof(page) : PAGE;

		if (len == PAGE && !read_bytes(h, pa, page, PAGE))
			continue;
		if (is_own_root(h, page, pa, last) &&
		    (!has_root || distance(pa, last) < distance(h->own_root_pa, last))) {
			has_root = true;
			h->own_root_pa = pa;
		}
		has_release = has_release || probe_banner(page, len, h->release);
	}
	return has_root && has_release;
}

uint64_t x86_64_memory_mask(const struct dump *dump)
{
	uint64_t end = probe_memory_end(dump);

	return end < 2 ? 0 : UINT64_MAX >> __builtin_clzll(end - 1);
}

/* Address bits of the last entry that no memory has: one is the encryption bit, more are nonsense. */
bool x86_64_root_mask(const struct arch_env *env, uint64_t memory_mask, uint64_t root_pa,
		      uint64_t *ret)
{
	uint8_t raw[8];
	struct err *e = dump_view_read(env->view, root_pa + (ENTRIES - 1) * 8, raw, sizeof(raw));
	uint64_t entry, mask;

	err_free(e);
	if (e)
		return false;
	entry = get_u64(raw, ORDER_LITTLE);
	*ret = mask = entry & ENTRY_ADDRESS & ~memory_mask;
	return (entry & ENTRY_TABLE_MUST) == ENTRY_TABLE_MUST && !(entry & ENTRY_TABLE_NOT) &&
	       (entry & ENTRY_ADDRESS) != mask && (!mask || is_pow2(mask));
}

static bool try_root(struct hunt *h, uint64_t root_pa, unsigned int levels)
{
	h->root_pa = root_pa;
	if (!x86_64_root_mask(h->env, h->memory_mask, root_pa, &h->sme_mask))
		return false;
	x86_64_form_init(&h->form, levels, h->sme_mask);
	h->found = find_image(h) && search_image(h);
	return h->found;
}

/* The page tables that the CPUs used. */
static void search_by_registers(struct hunt *h)
{
	struct x86_64_cpu_pos pos = { .cpu = 0 };
	struct x86_64_cpu cpu;

	while (!h->found && x86_64_next_cpu(h->env->dump, &pos, &cpu)) {
		cpu.root_pa &= h->memory_mask;
		if (!try_root(h, cpu.root_pa, cpu.levels) && cpu.root_pa & X86_64_USER_HALF)
			try_root(h, cpu.root_pa & ~X86_64_USER_HALF, cpu.levels);
	}
}

static struct err *look(void *ctx, uint64_t pa, const uint8_t *bytes, size_t len, bool *done)
{
	struct hunt *h = ctx;

	for (size_t at = 0; at < len && !h->found && h->roots < ROOTS_MAX; at += PAGE) {
		uint64_t entry = get_u64(bytes + at + (ENTRIES - 1) * 8, ORDER_LITTLE);

		if ((entry & ENTRY_TABLE_MUST) != ENTRY_TABLE_MUST || entry & ENTRY_TABLE_NOT)
			continue;
		h->roots++;
		if (!try_root(h, pa + at, 4))
			try_root(h, pa + at, 5);
	}
	*done = h->found || h->roots >= ROOTS_MAX || h->images >= IMAGES_MAX;
	return NULL;
}

static struct err *search_by_memory(struct hunt *h)
{
	struct stored_pass pass = { .look = look, .ctx = h };
	struct dump_view *view;
	struct err *e;

	TRY(dump_view_create(h->env->dump, 0, &view));
	e = dump_pass_stored(h->env->dump, view, &pass);
	dump_view_destroy(view);
	log_debug(h->env->log, "looked for page tables in %llu bytes of memory: %u tried",
		  (unsigned long long)pass.bytes, h->roots);
	return e;
}

static struct err *learn(const struct hunt *h, struct facts *learned)
{
	static const char provider[] = "found in memory";
	uint64_t phys_base = h->image_pa - (h->image_va - X86_64_KERNEL_MAP);
	uint64_t root_va = h->image_va + (h->own_root_pa - h->image_pa);
	char slide[24];

	TRY(facts_add_text(learned, "OSRELEASE", h->release, provider));
	TRY(facts_add_text(learned, "PAGESIZE", "4096", provider));
	TRY(facts_add(learned, FACT_SYMBOL, "swapper_pg_dir", (int64_t)root_va, provider));
	/* The image begins with text. */
	TRY(facts_add(learned, FACT_SYMBOL, "_stext", (int64_t)h->image_va, provider));
	TRY(facts_add(learned, FACT_NUMBER, "phys_base", (int64_t)phys_base, provider));
	TRY(facts_add(learned, FACT_NUMBER, "pgtable_l5_enabled", h->form.levels == 5, provider));
	if (h->sme_mask)
		TRY(facts_add(learned, FACT_NUMBER, "sme_mask", (int64_t)h->sme_mask, provider));
	if (h->image_va < LINKED_TEXT)
		return NULL;
	snprintf(slide, sizeof(slide), "%llx", (unsigned long long)(h->image_va - LINKED_TEXT));
	return facts_add_text(learned, "KERNELOFFSET", slide, provider);
}

struct err *x86_64_search(const struct arch_env *env, enum arch_scope scope, struct facts *learned)
{
	struct hunt hunt = { .env = env, .memory_mask = x86_64_memory_mask(env->dump) };

	if (scope == ARCH_CPUS)
		search_by_registers(&hunt);
	else
		TRY(search_by_memory(&hunt));
	if (!hunt.found)
		return err_not_found;
	log_debug(env->log, "kernel %s by page tables at physical %#llx: image %#llx at physical %#llx",
		  hunt.release, (unsigned long long)hunt.own_root_pa,
		  (unsigned long long)hunt.image_va, (unsigned long long)hunt.image_pa);
	return learn(&hunt, learned);
}
