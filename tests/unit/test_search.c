/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel of a dump that says nothing: by page tables and banner. */
#include <stdlib.h>

#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"
#include "tests/unit/unit.h"

#define MAP 0xffffffff80000000ull
#define LINKED_VA 0xffffffff81000000ull
#define SLIDE 0x1c400000ull
#define IMAGE_VA (LINKED_VA + SLIDE)
#define IMAGE_PA 0x12000000ull
#define PHYS_BASE (IMAGE_PA - (IMAGE_VA - MAP))
#define GAP 0x5000	/* a page of the image that the allocator got */
#define ROOT 0x201000
#define BANNER 0x2ff8
#define PROCESS_PA 0x41000ull	/* the user's half of a process's pair of roots */
#define POOL_PA 0x40000000ull
#define LA57 0x1000ull

struct world {
	struct memkernel mk;
	struct log_catch log;
	struct kernel *kernel;
	unsigned int levels;
	uint64_t crypt;
};

/* Where each sort of memory begins, in the kernel's half. */
static const uint64_t areas[2][3] = {
	{ 0xffff888000000000ull, 0xffffc90000000000ull, 0xffffea0000000000ull },
	{ 0xff11000000000000ull, 0xffa0000000000000ull, 0xffd4000000000000ull },
};

static void world_init(struct world *w, unsigned int levels, uint64_t crypt, unsigned int area_count)
{
	struct ptbuild pt;

	memset(w, 0, sizeof(*w));
	w->levels = levels;
	w->crypt = crypt;
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_X86_64;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = 0x1000, .size = 0x3ff000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = IMAGE_PA, .size = 0x400000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = POOL_PA, .size = 0x100000, .vaddr = ~0ull });
	pt = (struct ptbuild){
		.mk = &w->mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 12 + 9 * levels,
		.crypt = crypt, .root = IMAGE_PA + ROOT, .pool = POOL_PA,
	};
	ptbuild_map(&pt, IMAGE_VA, IMAGE_PA, 21);
	ptbuild_map(&pt, IMAGE_VA + 0x200000, IMAGE_PA + 0x200000, 21);
	/* Modules and others behind the image are elsewhere. */
	ptbuild_map(&pt, IMAGE_VA + 0x8000000, 0x200000, 21);
	for (unsigned int i = 0; i < area_count; i++)
		ptbuild_map(&pt, areas[levels - 4][i], 0, 21);
	log_catch_init(&w->log);
}

static void copy_root(struct world *w, uint64_t pa)
{
	memkernel_put(&w->mk, pa, memkernel_at(&w->mk, IMAGE_PA + ROOT, 4096), 4096);
}

static void put_banner(struct world *w, const char *text)
{
	memkernel_put(&w->mk, IMAGE_PA + BANNER, text, strlen(text) + 1);
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

static void check_found(struct world *w, bool by_registers)
{
	const struct facts *facts;
	const char *release = "";
	uint64_t va = 0, slide = 0;
	int64_t base = 0, l5 = -1;

	world_open(w);
	facts = &w->kernel->facts;
	CHECK(!w->kernel->no_arch);
	CHECK(fact_text(facts, "OSRELEASE", &release) && !strcmp(release, "6.1.0-test"));
	CHECK(fact_symbol(facts, "swapper_pg_dir", &va) && va == IMAGE_VA + ROOT);
	CHECK(fact_number(facts, "phys_base", &base) && (uint64_t)base == PHYS_BASE);
	CHECK(fact_number(facts, "pgtable_l5_enabled", &l5) && l5 == (w->levels == 5));
	CHECK(fact_text_number(facts, "KERNELOFFSET", 16, &slide) && slide == SLIDE);
	CHECK_EQ(fact_has(facts, "NUMBER(sme_mask)"), w->crypt != 0);
	CHECK_EQ(w->log.warnings, 1);
	CHECK(log_caught(&w->log, "page tables of kernel 6.1.0-test"));
	CHECK_EQ(log_caught(&w->log, "looked for page tables"), !by_registers);
	CHECK(w->mk.dump->vmcoreinfo && !memcmp(w->mk.dump->vmcoreinfo, "OSRELEASE=6.1.0-test\n", 21));
	world_close(w);
}

static void check_not_found(struct world *w)
{
	world_open(w);
	CHECK(w->kernel->no_arch && w->kernel->facts.map.count == 0);
	CHECK_EQ(w->log.warnings, 0);
	world_close(w);
}

#define GOOD "Linux version 6.1.0-test (builder@host) (gcc) #1 SMP"

/* The banner goes over the end of a page. */
static void check_memory(unsigned int levels, uint64_t crypt)
{
	struct world w;

	world_init(&w, levels, crypt, 3);
	put_banner(&w, GOOD);
	check_found(&w, false);
}

static void test_memory(void)
{
	check_memory(4, 0);
	check_memory(5, 0);
	check_memory(4, 1ull << 47);
	check_memory(5, 1ull << 51);
}

static void check_registers(unsigned int levels, uint64_t cr3)
{
	struct world w;

	world_init(&w, levels, 0, 3);
	put_banner(&w, GOOD);
	copy_root(&w, PROCESS_PA & ~0x1000ull);
	w.mk.cr3 = cr3;
	w.mk.cr4 = levels == 5 ? LA57 : 0;
	check_found(&w, true);
}

static void test_registers(void)
{
	check_registers(4, IMAGE_PA + ROOT);
	check_registers(5, IMAGE_PA + ROOT);
	/* With PCID, and the user's half of a pair of roots, which is empty here. */
	check_registers(4, (PROCESS_PA & ~0x1000ull) | 0x6d8);
	check_registers(4, PROCESS_PA | 0x806);
}

/* Registers of firmware, or nonsense: then memory is searched. */
static void test_wrong_registers(void)
{
	static const uint64_t wrong[] = { 0x5000, 0xffffffffffffffffull, POOL_PA, 0x99999000 };
	struct world w;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		world_init(&w, 4, 0, 3);
		put_banner(&w, GOOD);
		w.mk.cr3 = wrong[i];
		check_found(&w, false);
	}
}

/* A process's root inside the image, farther from the tables than the kernel's own. */
static void test_gap(void)
{
	struct world w;

	world_init(&w, 4, 0, 3);
	put_banner(&w, GOOD);
	copy_root(&w, IMAGE_PA + GAP);
	check_found(&w, false);
}

static void check_banner(const char *text)
{
	struct world w;

	world_init(&w, 4, 0, 3);
	put_banner(&w, text);
	check_not_found(&w);
}

static void test_no_kernel(void)
{
	struct world w;

	check_banner("");
	check_banner("Linux version %s (%s)");
	check_banner("Linux version 6.1.0-test");
	check_banner("Linux version 61 (x)");
	/* What maps an image and nothing else, as at boot, is not what the kernel runs with. */
	world_init(&w, 4, 0, 2);
	put_banner(&w, GOOD);
	check_not_found(&w);
	/* No table leads to the image. */
	world_init(&w, 4, 0, 3);
	put_banner(&w, GOOD);
	memset(memkernel_at(&w.mk, IMAGE_PA + ROOT + 4088, 8), 0, 8);
	check_not_found(&w);
	/* The address bits of two memories' encryption. */
	world_init(&w, 4, 3ull << 47, 3);
	put_banner(&w, GOOD);
	check_not_found(&w);
}

int main(void)
{
	RUN(test_memory);
	RUN(test_registers);
	RUN(test_wrong_registers);
	RUN(test_gap);
	RUN(test_no_kernel);
	return unit_status();
}
