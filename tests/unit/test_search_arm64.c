/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arm64 kernel of a dump that says nothing: by page tables and banner. */
#include <stdlib.h>

#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"
#include "tests/unit/unit.h"

#define RAM 0x40000000ull
#define RAM_SIZE 0x1000000ull
#define IMAGE_PA (RAM + 0x200000)
#define IMAGE_PAGES 40u
#define ROOT_PAGE 32u	/* of the image's */
#define BANNER_PAGE 16u
#define POOL_PA (RAM + 0x800000)
#define RANDOM 0x8a00000ull	/* of the image within its space */
#define BANNER "Linux version 6.1.0-test (builder@host) (gcc) #1 SMP"

struct form {
	const char *name;
	unsigned int page_shift;
	unsigned int va_bits;
	enum pt_style style;
};

static const struct form forms[] = {
	{ "4K 48", 12, 48, STYLE_ARM64 },	{ "4K 39", 12, 39, STYLE_ARM64 },
	{ "4K 52", 12, 52, STYLE_ARM64_LPA2 },	{ "16K 47", 14, 47, STYLE_ARM64 },
	{ "16K 48", 14, 48, STYLE_ARM64 },	{ "16K 52", 14, 52, STYLE_ARM64_LPA2 },
	{ "64K 48", 16, 48, STYLE_ARM64_64K },	{ "64K 52", 16, 52, STYLE_ARM64_64K },
	{ "64K 42", 16, 42, STYLE_ARM64_64K },
};

struct world {
	const struct form *form;
	struct memkernel mk;
	struct ptbuild pt;
	struct log_catch log;
	struct kernel *kernel;
	uint64_t image_va;
};

static uint64_t page_of(const struct world *w, unsigned int page)
{
	return IMAGE_PA + ((uint64_t)page << w->form->page_shift);
}

static void map_pages(struct world *w, uint64_t va, uint64_t pa, uint64_t len)
{
	uint64_t page = 1ull << w->form->page_shift;

	for (uint64_t at = 0; at < len; at += page)
		ptbuild_map(&w->pt, va + at, pa + at, w->form->page_shift);
}

static void world_init(struct world *w, const struct form *form)
{
	unsigned int min = form->va_bits <= 48 ? form->va_bits : form->page_shift == 14 ? 47 : 48;

	memset(w, 0, sizeof(*w));
	w->form = form;
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_AARCH64;
	w->image_va = -(1ull << (min - 1)) + RANDOM;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = RAM, .size = RAM_SIZE, .vaddr = ~0ull });
	w->pt = (struct ptbuild){
		.mk = &w->mk, .style = form->style, .page_shift = form->page_shift,
		.va_bits = form->va_bits, .root = page_of(w, ROOT_PAGE), .pool = POOL_PA,
	};
	map_pages(w, w->image_va, IMAGE_PA, (uint64_t)IMAGE_PAGES << form->page_shift);
	memkernel_put(&w->mk, page_of(w, BANNER_PAGE) + 100, BANNER, sizeof(BANNER));
	log_catch_init(&w->log);
}

static void map_memory(struct world *w)
{
	map_pages(w, -(1ull << w->form->va_bits), RAM, RAM_SIZE);
}

static void world_open(struct world *w)
{
	CHECK_OK(memkernel_open(&w->mk, &w->log.log));
	CHECK_OK(kernel_create(w->mk.dump, &w->log.log, &w->kernel));
}

static void world_close(struct world *w)
{
	kernel_destroy(w->kernel);
	memkernel_close(&w->mk);
}

static void check_found(struct world *w, uint64_t stext)
{
	const char *release = "";
	uint64_t va = 0, size = 0;
	int64_t number = 0;
	const struct facts *facts;

	world_open(w);
	facts = &w->kernel->facts;
	CHECK(!w->kernel->no_arch);
	CHECK(fact_text(facts, "OSRELEASE", &release) && !strcmp(release, "6.1.0-test"));
	CHECK(fact_text_number(facts, "PAGESIZE", 10, &size) && size == 1ull << w->form->page_shift);
	CHECK(fact_symbol(facts, "swapper_pg_dir", &va) &&
	      va == w->image_va + ((uint64_t)ROOT_PAGE << w->form->page_shift));
	CHECK(fact_symbol(facts, "_stext", &va) && va == stext);
	CHECK(fact_number(facts, "kimage_voffset", &number) &&
	      (uint64_t)number == w->image_va - IMAGE_PA);
	CHECK(fact_number(facts, "PHYS_OFFSET", &number) && number == (int64_t)RAM);
	CHECK(fact_number(facts, "VA_BITS", &number) && number == (int64_t)w->form->va_bits);
	CHECK(log_caught(&w->log, "page tables of kernel 6.1.0-test"));
	world_close(w);
}

static void test_forms(void)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int before = unit_current;
		struct world w;

		world_init(&w, &forms[i]);
		map_memory(&w);
		check_found(&w, w.image_va);
		if (unit_current != before)
			printf("# %s\n", forms[i].name);
	}
}

/* The header in front of text is mapped, too. */
static void test_header(void)
{
	struct world w;

	world_init(&w, &forms[0]);
	map_memory(&w);
	memkernel_put(&w.mk, IMAGE_PA + 56, "ARM\x64", 4);
	check_found(&w, w.image_va + 0x10000);
}

static void check_not_found(struct world *w)
{
	world_open(w);
	CHECK(w->kernel->no_arch && w->kernel->facts.map.count == 0);
	CHECK_EQ(w->log.warnings, 0);
	world_close(w);
}

static void test_no_kernel(void)
{
	struct world w;

	/* The tables of early boot: the image and nothing else. */
	world_init(&w, &forms[0]);
	check_not_found(&w);
	/* The direct map where images are. */
	world_init(&w, &forms[0]);
	map_memory(&w);
	map_pages(&w, w.image_va - 0x200000, RAM, RAM_SIZE);
	check_not_found(&w);
	/* No banner. */
	world_init(&w, &forms[0]);
	map_memory(&w);
	memset(memkernel_at(&w.mk, page_of(&w, BANNER_PAGE), 4096), 0, 4096);
	check_not_found(&w);
	/* Something behind the root's last entry, or an entry that is none. */
	world_init(&w, &forms[2]);
	map_memory(&w);
	memkernel_put_u64(&w.mk, page_of(&w, ROOT_PAGE) + 2048, POOL_PA | 3);
	check_not_found(&w);
	world_init(&w, &forms[0]);
	map_memory(&w);
	memkernel_put_u64(&w.mk, page_of(&w, ROOT_PAGE) + 2048 - 8, 0x1234);
	check_not_found(&w);
}

int main(void)
{
	RUN(test_forms);
	RUN(test_header);
	RUN(test_no_kernel);
	return unit_status();
}
