/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages/protect.h"

#include <string.h>

#include "base/checked.h"
#include "kernel/symbols.h"

/*
 * Memory behind _stext that is text in every kernel. Where text ends is in no
 * VMCOREINFO, and behind data lie pages of init sections, which were freed.
 */
#define TEXT_BYTES (UINT64_C(1) << 20)

/* No kernel image is larger. Its init sections were freed, while the tables may still map them. */
#define IMAGE_BYTES (UINT64_C(128) << 20)

/* Page table entries looked at: 4 GiB of vmalloc, or 2 TiB of struct pages in 2 MiB pieces. */
#define ENTRIES_MAX (UINT64_C(1) << 20)

/* Translations of the memory map where there are no tables to visit. */
#define STEPS_MAX (UINT64_C(1) << 17)

#define CPUS_MAX 8192u

/* Symbols that are asked for together: one pass over kallsyms. */
enum wanted {
	WANT_TEXT, WANT_TEXT_END, WANT_RODATA, WANT_RODATA_END, WANT_DATA, WANT_DATA_END,
	WANT_PERCPU, WANT_PERCPU_END, WANT_OFFSETS, WANT_CPUS, WANT_VMALLOC, WANTED,
};

static const char *const wanted_names[WANTED] = {
	[WANT_TEXT] = "_stext", [WANT_TEXT_END] = "_etext",
	[WANT_RODATA] = "__start_rodata", [WANT_RODATA_END] = "__end_rodata",
	[WANT_DATA] = "_sdata", [WANT_DATA_END] = "_edata",
	[WANT_PERCPU] = "__per_cpu_start", [WANT_PERCPU_END] = "__per_cpu_end",
	[WANT_OFFSETS] = "__per_cpu_offset", [WANT_CPUS] = "nr_cpu_ids",
	[WANT_VMALLOC] = "vmalloc_base",
};

struct finder {
	struct symbol_want wants[WANTED];
	struct kreader *reader;
	const struct kernel *kernel;
	const struct mem_map *map;
	struct protected *ret;
	uint64_t text, text_len;	/* protect_text() */
	size_t room;			/* ranges, of all kinds */
	enum protect_kind kind;		/* that leaves are of */
};

const char *protect_name(enum protect_kind kind)
{
	static const char *const names[PROTECT_KINDS] = {
		[PROTECT_IMAGE] = "kernel image",
		[PROTECT_VMEMMAP] = "memory map",
		[PROTECT_TABLES] = "kernel page tables",
		[PROTECT_PERCPU] = "per-CPU areas",
		[PROTECT_MAPPED] = "vmalloc memory",
	};

	return names[kind];
}

uint64_t protect_text(const struct kernel *kernel, uint64_t *ret_len)
{
	uint64_t stext;

	if (!fact_symbol(&kernel->facts, "_stext", &stext))
		return 0;
	*ret_len = TEXT_BYTES;
	return stext;
}

/* Every page that physical [@pa, @pa + @len) touches, @len not 0, as far as there is room. */
static struct err *add(struct finder *f, enum protect_kind kind, uint64_t pa, uint64_t len)
{
	unsigned int shift = f->kernel->page_shift;
	uint64_t end = ((pa + len - 1) >> shift) + 1, count = 0;

	for (enum protect_kind i = 0; i < PROTECT_KINDS; i++)
		count += f->ret->pfns[i].count;
	if (count >= f->room || pa >> shift >= f->kernel->dump->max_mapnr) {
		f->ret->cut[kind] |= count >= f->room;
		return NULL;
	}
	return ranges_append(&f->ret->pfns[kind], pa >> shift, end);
}

/* Whatever of [@va, @va + @len) is mapped, at most @steps leaves of it. */
static struct err *add_virtual(struct finder *f, enum protect_kind kind, uint64_t va, uint64_t len,
			       uint64_t *steps)
{
	uint64_t page = UINT64_C(1) << f->kernel->page_shift, done = 0;

	for (; done < len && *steps; --*steps) {
		struct mapping map = { .len = page - ((va + done) & (page - 1)) };
		struct err *e = kread_vtop(f->reader, va + done, &map);

		if (!e)
			TRY(add(f, kind, map.pa, min_u64(map.len, len - done)));
		err_free(e);
		done += map.len;
	}
	f->ret->cut[kind] |= done < len;
	f->ret->looked[kind] = true;
	return NULL;
}

/* Where [wants[first], wants[end]) are both known and in this order. */
static bool between(const struct finder *f, enum wanted first, enum wanted end, uint64_t *ret_len)
{
	const struct symbol_want *a = &f->wants[first], *b = &f->wants[end];

	*ret_len = b->address - a->address;
	return a->found && b->found && a->address < b->address && *ret_len <= IMAGE_BYTES;
}

/*
 * What the crashed kernel itself exports it needs after boot. Of those that a vmlinux names
 * some (vmlist) are in init sections, whose pages were freed. The values of pointers, which
 * VMCOREINFO has too, lie elsewhere.
 */
static bool stays_in_image(const struct fact *fact, uint64_t stext)
{
	return fact->kind == FACT_SYMBOL && (uint64_t)fact->value - stext < IMAGE_BYTES &&
	       !strcmp(fact->provider, FACTS_OWN);
}

/* Text, sections that are never freed, and the page of every symbol that stays in the image. */
static struct err *find_image(struct finder *f)
{
	static const enum wanted sections[][2] = {
		{ WANT_TEXT, WANT_TEXT_END }, { WANT_RODATA, WANT_RODATA_END },
		{ WANT_DATA, WANT_DATA_END },
	};
	const struct facts *facts = &f->kernel->facts;
	uint64_t steps = STEPS_MAX, len;

	if (!f->text)
		return NULL;
	TRY(add_virtual(f, PROTECT_IMAGE, f->text, f->text_len, &steps));
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (between(f, sections[i][0], sections[i][1], &len))
			TRY(add_virtual(f, PROTECT_IMAGE, f->wants[sections[i][0]].address, len,
					&steps));
	}
	for (size_t i = 0; i < facts->map.count; i++) {
		const struct fact *fact = facts->map.v[i].value;

		if (stays_in_image(fact, f->text))
			TRY(add_virtual(f, PROTECT_IMAGE, (uint64_t)fact->value, 1, &steps));
	}
	return NULL;
}

/* The copies of the image's per-CPU variables, one for each CPU. */
static struct err *find_percpu(struct finder *f)
{
	const struct symbol_want *wants = f->wants;
	uint64_t steps = STEPS_MAX, len, first = 0, offset;
	uint32_t cpus = 0;
	struct err *e;

	if (!between(f, WANT_PERCPU, WANT_PERCPU_END, &len) || !wants[WANT_OFFSETS].found ||
	    !wants[WANT_CPUS].found)
		return NULL;
	err_free(kread_u32(f->reader, wants[WANT_CPUS].address, &cpus));
	for (uint32_t cpu = 0; cpu < min_u64(cpus, CPUS_MAX); cpu++) {
		e = kread_word(f->reader, wants[WANT_OFFSETS].address +
					  (uint64_t)cpu * f->kernel->word, &offset);
		/* CPUs that cannot be have the offset 0, or share that of the first. */
		if (!e && offset && offset != first)
			TRY(add_virtual(f, PROTECT_PERCPU, wants[WANT_PERCPU].address + offset, len,
					&steps));
		if (!e && !cpu)
			first = offset;
		err_free(e);
	}
	return NULL;
}

static struct err *visit_table(void *ctx, uint64_t pa)
{
	return add(ctx, PROTECT_TABLES, pa, 1);
}

static bool in_image(const struct finder *f, uint64_t va)
{
	return f->text && va - (f->text - TEXT_BYTES * 2) < IMAGE_BYTES;
}

static bool in_memory_map(const struct finder *f, uint64_t va)
{
	const struct mem_map_run *first = &f->map->v[0], *last = &f->map->v[f->map->count - 1];

	return f->map->by_va || (va >= first->va && va < last->va + last->count * f->map->struct_size);
}

static struct err *visit_leaf(void *ctx, const struct mapping *leaf)
{
	struct finder *f = ctx;

	if (f->kind == PROTECT_MAPPED && (in_image(f, leaf->va) || in_memory_map(f, leaf->va)))
		return NULL;
	return add(f, f->kind, leaf->pa, leaf->len);
}

/* Leaves of [@from, @to] become @kind, their tables PROTECT_TABLES. */
static struct err *visit(struct finder *f, enum protect_kind kind, uint64_t from, uint64_t to,
			 uint64_t *budget)
{
	const struct kernel *kernel = f->kernel;
	const struct pt_visitor visitor = { visit_table, visit_leaf, f };
	uint64_t root, va;
	const struct pt_form *form = kernel->arch->tables(kernel->arch_state, from, &root, &va);

	f->kind = kind;
	f->ret->looked[kind] = f->ret->looked[PROTECT_TABLES] = true;
	TRY(pt_visit(form, kreader_view(f->reader), root, va, to, budget, &visitor));
	f->ret->cut[kind] |= !*budget;
	return NULL;
}

static struct err *find_vmemmap(struct finder *f)
{
	uint64_t budget = ENTRIES_MAX, steps = STEPS_MAX;

	for (size_t i = 0; i < f->map->count; i++) {
		const struct mem_map_run *run = &f->map->v[i];
		uint64_t bytes = run->count * f->map->struct_size;

		if (f->kernel->arch->tables)
			TRY(visit(f, PROTECT_VMEMMAP, run->va, run->va + bytes - 1, &budget));
		else
			TRY(add_virtual(f, PROTECT_VMEMMAP, run->va, bytes, &steps));
	}
	return NULL;
}

/*
 * Where vmalloc begins, all above is no linear map on the architectures that
 * export it. The last 2 GiB of the address space are image and modules of
 * x86_64 kernels; no other is linked there.
 */
static uint64_t mapped_from(const struct finder *f)
{
	const struct facts *facts = &f->kernel->facts;
	uint64_t stext = 0, from = 0;
	int64_t start;
	struct err *e;

	if (fact_number(facts, "VMALLOC_START", &start)) {
		from = (uint64_t)start;
	} else if (f->wants[WANT_VMALLOC].found) {
		e = kread_word(f->reader, f->wants[WANT_VMALLOC].address, &from);
		from = e ? 0 : from;
		err_free(e);
	}
	if (!from && fact_symbol(facts, "_stext", &stext) && stext >= UINT64_MAX << 31)
		from = UINT64_MAX << 31;
	return f->kernel->arch->is_kernel_address(f->kernel->arch_state, from) ? from : 0;
}

/*
 * What lies behind vmalloc is left out where its end is known: the fixmap of arm64
 * keeps pages mapped (those of the device tree) that were given away.
 */
static struct err *find_mapped(struct finder *f)
{
	const struct facts *facts = &f->kernel->facts;
	uint64_t budget = ENTRIES_MAX, from;
	int64_t start, end = -1;

	if (f->kernel->word != 8 || !f->kernel->arch->tables)
		return NULL;
	if (fact_number(facts, "MODULES_VADDR", &start) && fact_number(facts, "MODULES_END", &end))
		TRY(visit(f, PROTECT_MAPPED, (uint64_t)start, (uint64_t)end - 1, &budget));
	from = mapped_from(f);
	if (!fact_number(facts, "VMALLOC_END", &end))
		end = -1;
	return from ? visit(f, PROTECT_MAPPED, from, (uint64_t)end, &budget) : NULL;
}

/* Persistent memory has facts of its own. */
static struct err *leave_out_pmem(const struct kernel *kernel, struct ranges *set)
{
	const struct ranges *pmem = &kernel->dump->pmem;

	for (size_t i = 0; i < pmem->count; i++)
		TRY(ranges_remove(set, pmem->v[i].start, pmem->v[i].end));
	return NULL;
}

struct err *protect_find(struct kreader *reader, const struct mem_map *map, size_t budget,
			 struct protected *ret)
{
	static struct err *(*const finders[])(struct finder *) = {
		find_image, find_percpu, find_vmemmap, find_mapped,
	};
	struct finder f = {
		.reader = reader,
		.kernel = kreader_kernel(reader),
		.map = map,
		.ret = ret,
		.room = budget / sizeof(struct range),
	};

	if (!map->count)
		return NULL;
	f.text = protect_text(f.kernel, &f.text_len);
	for (enum wanted i = 0; i < WANTED; i++)
		f.wants[i].name = wanted_names[i];
	TRY(ksymbols_find(reader, f.wants, WANTED));
	for (size_t i = 0; i < ARRAY_LEN(finders); i++)
		TRY(finders[i](&f));
	for (enum protect_kind kind = 0; kind < PROTECT_KINDS; kind++) {
		ranges_sort(&ret->pfns[kind]);
		TRY(leave_out_pmem(f.kernel, &ret->pfns[kind]));
	}
	return NULL;
}

void protect_deinit(struct protected *protected)
{
	for (enum protect_kind kind = 0; kind < PROTECT_KINDS; kind++)
		ranges_deinit(&protected->pfns[kind]);
}
