/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts from a file: how far the kernel was moved, and whether it is this kernel at all. */
#include <stdlib.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"
#include "tests/unit/unit.h"

#define MAP 0xffffffff80000000ull
#define SLIDE 0x1c400000ull
#define LINKED_VA 0xffffffff81000000ull
#define IMAGE_VA (LINKED_VA + SLIDE)
#define IMAGE_PA 0x12000000ull
#define PHYS_BASE (IMAGE_PA - (IMAGE_VA - MAP))
#define UTS 0x2000
#define ROOT 0x1000
#define SME 0x3000
#define POOL_PA 0x40000000ull

struct world {
	struct memkernel mk;
	struct log_catch log;
	struct kernel *kernel;
	char path[64];
};

/* An image in memory at its place, and a file of its linked addresses; no VMCOREINFO yet. */
static void world_init(struct world *w, unsigned int levels, uint64_t crypt, const char *more)
{
	struct ptbuild pt;
	FILE *file;

	memset(w, 0, sizeof(*w));
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_X86_64;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = 0x1000, .size = 0x3ff000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = IMAGE_PA, .size = 0x200000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = POOL_PA, .size = 0x100000, .vaddr = ~0ull });
	pt = (struct ptbuild){
		.mk = &w->mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 12 + 9 * levels,
		.crypt = crypt, .root = IMAGE_PA + ROOT, .pool = POOL_PA,
	};
	ptbuild_map(&pt, IMAGE_VA, IMAGE_PA, 21);
	memkernel_put_uts(&w->mk, IMAGE_PA + UTS, "6.1.0-test");
	/* Another copy of it, which no tables lead to. */
	memkernel_put_uts(&w->mk, 0x200000 + UTS, "6.1.0-test");
	memkernel_put_u64(&w->mk, IMAGE_PA + SME, crypt);
	log_catch_init(&w->log);
	snprintf(w->path, sizeof(w->path), "/tmp/test_given.XXXXXX");
	file = fdopen(mkstemp(w->path), "w");
	fprintf(file, "OSRELEASE=6.1.0-test\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%llx\n"
		"SYMBOL(init_top_pgt)=%llx\nSYMBOL(sme_me_mask)=%llx\nLENGTH(node_data)=9223372036854775806\n%s",
		LINKED_VA + UTS, LINKED_VA + ROOT, LINKED_VA + SME, more);
	fclose(file);
}

static struct err *world_open(struct world *w)
{
	struct kernel_files files = { .vmcoreinfo = w->path };

	TRY(memkernel_open(&w->mk, &w->log.log));
	return kernel_create_with(w->mk.dump, &files, &w->log.log, &w->kernel);
}

static void world_close(struct world *w)
{
	kernel_destroy(w->kernel);
	memkernel_close(&w->mk);
	unlink(w->path);
}

/* Nothing but memory says where the kernel is. */
static void check_located(unsigned int levels, uint64_t crypt)
{
	struct world w;
	uint64_t va = 0, slide = 0, length;

	world_init(&w, levels, crypt, "SYMBOL(prb)=ffffffff81005000\nSYMBOL(vmemmap)=ffffea0000000000\n");
	CHECK_OK(world_open(&w));
	CHECK(w.kernel && !w.kernel->no_arch && w.kernel->uts_from_memory);
	if (w.kernel && w.kernel->arch) {
		const struct facts *facts = &w.kernel->facts;

		CHECK(fact_symbol(facts, "prb", &va) && va == 0xffffffff81005000ull + SLIDE);
		CHECK(fact_symbol(facts, "vmemmap", &va) && va == 0xffffea0000000000ull);
		CHECK(fact_text_number(facts, "KERNELOFFSET", 16, &slide) && slide == SLIDE);
		CHECK(!fact_length(facts, "node_data", &length));
		CHECK_EQ(w.kernel->arch->phys_base(w.kernel->arch_state), PHYS_BASE);
	}
	world_close(&w);
}

static void test_located(void)
{
	check_located(4, 0);
	check_located(5, 0);
	check_located(4, 1ull << 47);
}

static void check_wrong(const char *info, const char *more, const char *part)
{
	struct world w;
	struct err *e;

	world_init(&w, 4, 0, more);
	strcpy(w.mk.info, info);
	e = world_open(&w);
	CHECK_EQ(err_kind(e), ERR_WRONG_RELEASE);
	CHECK(e && strstr(err_text(e), part) && strstr(err_text(e), w.path));
	err_free(e);
	world_close(&w);
}

/* Two boots of it, both whole: the one that a CPU ran, although memory has the other first. */
static void test_cpu_decides(void)
{
	const uint64_t pa = 0x50000000, va = LINKED_VA + 0x600000;
	struct ptbuild pt;
	struct world w;
	uint64_t uts = 0;

	world_init(&w, 4, 0, "");
	memkernel_add(&w.mk, &(struct memseg){ .paddr = pa, .size = 0x200000, .vaddr = ~0ull });
	pt = (struct ptbuild){
		.mk = &w.mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 48,
		.root = pa + ROOT, .pool = POOL_PA + 0x80000,
	};
	ptbuild_map(&pt, va, pa, 21);
	memkernel_put_uts(&w.mk, pa + UTS, "6.1.0-test");
	w.mk.cr3 = pa + ROOT;
	CHECK_OK(world_open(&w));
	CHECK(fact_symbol(&w.kernel->facts, "init_uts_ns", &uts) && uts == va + UTS);
	CHECK_EQ(w.kernel->arch->phys_base(w.kernel->arch_state), pa - (va - MAP));
	world_close(&w);
}

static void test_wrong(void)
{
	check_wrong("", "OSRELEASE=6.2.0-test\n", "no place in the dump's memory");
	check_wrong("OSRELEASE=6.1.0-other\n", "", "OSRELEASE is 6.1.0-test, the dump's is 6.1.0-other");
	check_wrong("BUILD-ID=1234\n", "BUILD-ID=4321\n", "BUILD-ID");
	check_wrong("SYMBOL(init_uts_ns)=ffffffff9d402000\nSYMBOL(prb)=ffffffff9d405000\n",
		    "SYMBOL(prb)=ffffffff81005008\n", "prb is linked at 0xffffffff81005008");
	check_wrong("KERNELOFFSET=1c600000\nSYMBOL(init_uts_ns)=ffffffff9d402000\n", "", "init_uts_ns");
}

/* The dump's own word wins, and tells how far the kernel was moved. */
static void test_dump_wins(void)
{
	struct world w;
	uint64_t size = 0, va = 0;

	world_init(&w, 4, 0, "SIZE(page)=56\nSIZE(zone)=100\nSYMBOL(prb)=ffffffff81005000\n");
	strcpy(w.mk.info, "SYMBOL(init_uts_ns)=ffffffff9d402000\nSIZE(page)=64\n"
	       "NUMBER(phys_base)=-188743680\n");
	CHECK_OK(world_open(&w));
	CHECK(w.kernel && !w.kernel->no_arch);
	CHECK(w.kernel && fact_size(&w.kernel->facts, "page", &size) && size == 64);
	CHECK(w.kernel && fact_size(&w.kernel->facts, "zone", &size) && size == 100);
	CHECK(w.kernel && fact_symbol(&w.kernel->facts, "prb", &va) &&
	      va == 0xffffffff81005000ull + SLIDE);
	world_close(&w);
}

/* A copy of a kernel's own text has addresses of another boot. */
static void test_copy_of_another_boot(void)
{
	struct world w;
	uint64_t va = 0, slide = 0;

	world_init(&w, 4, 0, "KERNELOFFSET=200000\nSYMBOL(init_uts_ns)=ffffffff81202000\n"
		   "SYMBOL(init_top_pgt)=ffffffff81201000\nSYMBOL(prb)=ffffffff81205000\n"
		   "SYMBOL(sme_me_mask)=ffffffff81203000\n");
	CHECK_OK(world_open(&w));
	CHECK(w.kernel && fact_symbol(&w.kernel->facts, "prb", &va) &&
	      va == 0xffffffff81005000ull + SLIDE);
	CHECK(w.kernel && fact_text_number(&w.kernel->facts, "KERNELOFFSET", 16, &slide) &&
	      slide == SLIDE);
	world_close(&w);
}

static void test_no_file(void)
{
	struct world w;
	struct err *e;

	world_init(&w, 4, 0, "");
	unlink(w.path);
	e = world_open(&w);
	CHECK_EQ(err_kind(e), ERR_IO);
	CHECK(e && strstr(err_text(e), w.path));
	err_free(e);
	world_close(&w);
}

int main(void)
{
	RUN(test_located);
	RUN(test_cpu_decides);
	RUN(test_wrong);
	RUN(test_dump_wins);
	RUN(test_copy_of_another_boot);
	RUN(test_no_file);
	return unit_status();
}
