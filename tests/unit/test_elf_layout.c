// SPDX-License-Identifier: GPL-2.0-or-later
/* Which PT_LOADs are cut out of a plan, against a model that goes page by page. */
#include "output/elf_layout.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "tests/unit/elf_build.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define SEGMENTS_MAX 6

/* A machine of a few segments and a plan that a function decides. */
struct rig {
	struct elf_segment seg[SEGMENTS_MAX];
	unsigned int segs;
	struct elf_form form;
	bool (*keeps)(uint64_t pfn);
	uint8_t file[4096];
	struct dump *dump;
	struct plan *plan;
};

static struct err *judge(void *ctx, uint64_t block, uint8_t *keep)
{
	const struct rig *rig = ctx;
	uint64_t first = block * PLAN_BLOCK, i;
	struct range run = { .end = first };

	memset(keep, 0, PLAN_BLOCK / 8);
	while (ranges_next(&rig->dump->present, run.end, first + PLAN_BLOCK, &run))
		for (i = run.start; i < run.end; i++)
			if (rig->keeps(i))
				bits_set(keep, i - first);
	return NULL;
}

static struct err *rig_plan(struct rig *rig)
{
	struct plan_judge again = { .judge = judge, .ctx = rig };
	uint8_t *keep = malloc(PLAN_BLOCK / 8);
	struct err *e = plan_create(rig->dump->max_mapnr, 1 << 20, &again, &rig->plan);

	for (uint64_t b = 0; !e && b < plan_blocks(rig->plan); b++) {
		e = judge(rig, b, keep);
		if (!e)
			e = plan_put(rig->plan, b, keep);
	}
	free(keep);
	return e;
}

static bool rig_open(struct rig *rig)
{
	size_t at = elf_ehdr_size(rig->form);
	struct source *src;
	struct err *e;

	memset(rig->file, 0, sizeof(rig->file));
	put_ehdr(rig->file, rig->form, EM_X86_64, at, (uint16_t)rig->segs);
	for (unsigned int i = 0; i < rig->segs; i++)
		put_phdr(rig->file + at + i * elf_phdr_size(rig->form), rig->form, &rig->seg[i]);
	rig->dump = NULL;
	rig->plan = NULL;
	e = source_open_memory(rig->file, sizeof(rig->file), &src);
	if (!e)
		e = dump_open_source(src, NULL, &rig->dump);
	if (!e)
		e = dump_set_page_size(rig->dump, 4096);
	if (!e)
		e = rig_plan(rig);
	CHECK_OK(e);
	return rig->plan;
}

static void rig_close(struct rig *rig)
{
	plan_destroy(rig->plan);
	dump_close(rig->dump);
}

static void add(struct rig *rig, uint64_t paddr, uint64_t memsz, uint64_t vaddr)
{
	rig->seg[rig->segs++] = (struct elf_segment){ .type = PT_LOAD, .paddr = paddr,
						      .memsz = memsz, .vaddr = vaddr };
}

struct loads {
	struct elf_segment *v;
	size_t count, room;
};

static struct err *take(void *ctx, const struct elf_segment *load)
{
	struct loads *loads = ctx;

	if (loads->count == loads->room) {
		loads->room = loads->room ? 2 * loads->room : 64;
		loads->v = realloc(loads->v, loads->room * sizeof(*loads->v));
	}
	loads->v[loads->count++] = *load;
	return NULL;
}

/* The page at @paddr + @at of @load is stored where its rank among all stored pages says. */
static void check_place(const struct elf_layout *layout, const uint8_t *stored,
			const struct elf_segment *load, uint64_t at)
{
	uint64_t paddr = load->paddr + at, pfn = paddr / 4096;

	CHECK(bits_test(stored, pfn));
	CHECK_EQ(load->offset + at, layout->data + bits_count(stored, 0, pfn) * 4096 + paddr % 4096);
}

/* PT_LOADs that together are one input segment, or several that follow each other; returns the next. */
static size_t check_segment(const struct rig *rig, const struct elf_layout *layout,
			    const struct loads *loads, size_t i, const struct elf_segment *seg,
			    const uint8_t *stored)
{
	uint64_t at = seg->paddr, end = seg->paddr + seg->memsz, pfn;

	for (; at < end && i < loads->count; at += loads->v[i++].memsz) {
		const struct elf_segment *load = &loads->v[i];

		CHECK_EQ(load->paddr, at);
		CHECK(load->memsz && load->filesz <= load->memsz && at + load->memsz <= end);
		CHECK_EQ(load->vaddr, seg->vaddr == UINT64_MAX ? UINT64_MAX :
			 seg->vaddr + (at - seg->paddr));
		CHECK(load->offset >= layout->data && load->offset + load->filesz <= layout->end);
		for (pfn = at / 4096; load->filesz && pfn * 4096 < at + load->filesz; pfn++)
			check_place(layout, stored, load, max_u64(pfn * 4096, at) - at);
		for (; pfn * 4096 < at + load->memsz; pfn++)
			CHECK(pfn * 4096 < at + load->filesz || !rig->keeps(pfn));
	}
	CHECK_EQ(at, end);
	return i;
}

/* What the layout must store: pages that stay and bridged gaps. */
static uint8_t *model(const struct rig *rig, uint64_t gap)
{
	uint64_t max = rig->dump->max_mapnr, pfn, last = UINT64_MAX;
	uint8_t *stored = calloc(1, (size_t)max / 8 + 64);

	for (pfn = 0; pfn < max; pfn++) {
		if (!ranges_contains(&rig->dump->present, pfn)) {
			last = UINT64_MAX;
		} else if (rig->keeps(pfn)) {
			if (last != UINT64_MAX && pfn - last - 1 < gap)
				bits_set_range(stored, last, pfn);
			bits_set(stored, pfn);
			last = pfn;
		}
	}
	return stored;
}

static void check_rig(struct rig *rig, uint64_t want_gap)
{
	struct elf_layout layout;
	struct loads loads = { 0 };
	struct elf_load_sink sink = { .load = take, .ctx = &loads };
	uint8_t *stored;
	size_t next = 0;

	if (!rig_open(rig))
		return;
	CHECK_OK(elf_layout_init(&layout, rig->dump, rig->plan, NULL, 100, NULL));
	CHECK_OK(elf_layout_loads(&layout, &sink));
	CHECK_EQ(layout.gap, want_gap);
	CHECK_EQ(layout.loads, loads.count);
	stored = model(rig, want_gap);
	CHECK_EQ(layout.pages, bits_count(stored, 0, rig->dump->max_mapnr));
	CHECK_EQ(layout.end, layout.data + layout.pages * 4096);
	for (unsigned int i = 0; i < rig->segs; i++)
		next = check_segment(rig, &layout, &loads, next, &rig->seg[i], stored);
	CHECK_EQ(next, loads.count);
	free(stored);
	free(loads.v);
	elf_layout_deinit(&layout);
	rig_close(rig);
}

static uint64_t salt;

static bool keeps_some(uint64_t pfn)
{
	uint64_t state = (pfn / 7) ^ salt;

	return random_next(&state) % 3;
}

static bool keeps_all(uint64_t pfn)
{
	(void)pfn;
	return true;
}

static bool keeps_none(uint64_t pfn)
{
	(void)pfn;
	return false;
}

static bool keeps_third(uint64_t pfn)
{
	return pfn % 3 == 0;
}

static bool keeps_few(uint64_t pfn)
{
	return pfn % 300 == 5;
}

/* Kernel text over the direct map, ends inside of pages, holes, an address without mapping. */
static void test_segments(void)
{
	bool (*const keeps[])(uint64_t pfn) = { keeps_some, keeps_all, keeps_none, keeps_third };
	struct rig rig = { .form = { 8, ORDER_LITTLE } };

	add(&rig, 0x200000, 0x80000, UINT64_C(0xffffffff81000000));
	add(&rig, 0x1000, 0x9f000 - 0x400, UINT64_C(0xffff888000001000));
	add(&rig, 0x9fc00, 0x400, UINT64_MAX);
	add(&rig, 0x100000, 0x700123, UINT64_C(0xffff888000100000));
	add(&rig, UINT64_C(0x3fff0800), 0x21000, UINT64_MAX);
	for (salt = 0; salt < 20; salt++)
		for (size_t i = 0; i < ARRAY_LEN(keeps); i++) {
			rig.keeps = keeps[i];
			check_rig(&rig, 1);
		}
}

/* What an earlier filter cut is whole again; what only touches is not. */
static void test_merge(void)
{
	struct rig rig = { .form = { 8, ORDER_BIG }, .keeps = keeps_all };
	struct elf_layout layout;

	add(&rig, 0x1000, 0x3000, 0x11000);
	add(&rig, 0x4000, 0x3000, 0x14000);
	add(&rig, 0x7000, 0x3000, 0x18000);
	add(&rig, 0xa000, 0x1000, UINT64_MAX);
	add(&rig, 0xb000, 0x1000, UINT64_MAX);
	if (!rig_open(&rig))
		return;
	CHECK_OK(elf_layout_init(&layout, rig.dump, rig.plan, NULL, 0, NULL));
	CHECK_EQ(layout.loads, 3);
	elf_layout_deinit(&layout);
	rig_close(&rig);
}

/* More runs than e_phnum can count: short gaps are stored, long ones never. */
static void test_many_loads(void)
{
	struct rig rig = { .form = { 8, ORDER_LITTLE }, .keeps = keeps_third };
	struct elf_layout layout;

	add(&rig, 0x1000, UINT64_C(200000) * 4096, 0x1000);
	rig.form.word = 8;
	if (!rig_open(&rig))
		return;
	CHECK_OK(elf_layout_init(&layout, rig.dump, rig.plan, NULL, 0, NULL));
	CHECK_EQ(layout.gap, 4);
	CHECK(layout.loads < 4);
	CHECK_EQ(layout.section, 0);
	elf_layout_deinit(&layout);
	rig_close(&rig);

	rig.segs = 0;
	rig.keeps = keeps_few;
	add(&rig, 0, UINT64_C(30000000) * 4096, 0);
	if (!rig_open(&rig))
		return;
	CHECK_OK(elf_layout_init(&layout, rig.dump, rig.plan, NULL, 0, NULL));
	CHECK_EQ(layout.gap, 256);
	CHECK_EQ(layout.pages, 100000);
	CHECK_EQ(layout.loads, 100001);
	CHECK_EQ(layout.section, 64 + 100002 * 56);
	CHECK_EQ(layout.notes, layout.section + 64);
	elf_layout_deinit(&layout);
	rig_close(&rig);
}

/* 32-bit files stay so as long as everything fits. */
static void check_class(uint64_t paddr, uint64_t memsz, unsigned int word)
{
	struct rig rig = { .form = { 4, ORDER_BIG }, .keeps = keeps_few };
	struct elf_layout layout;

	add(&rig, paddr, memsz, UINT64_MAX);
	if (!rig_open(&rig))
		return;
	CHECK_OK(elf_layout_init(&layout, rig.dump, rig.plan, NULL, 0, NULL));
	CHECK_EQ(layout.word, word);
	elf_layout_deinit(&layout);
	rig_close(&rig);
}

static void test_class(void)
{
	check_class(0, 0x100000, 4);
	check_class(0x80000000, 0x7ffff000, 4);
	check_class(0xfffff000, 0x1000, 4);
	/* The last PT_LOAD begins above. */
	check_class(0xffff0000, 0x80000000, 8);
}

int main(void)
{
	RUN(test_segments);
	RUN(test_merge);
	RUN(test_many_loads);
	RUN(test_class);
	return unit_status();
}
