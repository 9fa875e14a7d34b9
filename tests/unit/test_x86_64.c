/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86_64: tables of 4 and 5 levels, leaves of every size, and how phys_base is found. */
#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"
#include "tests/unit/unit.h"

#define MAP 0xffffffff80000000ull
#define IMAGE_VA 0xffffffff81000000ull
#define IMAGE_PA 0x12000000ull	/* phys_base 0x11000000 */
#define PHYS_BASE 0x11000000ull
#define ROOT_VA (IMAGE_VA + 0x1000)
#define UTS_VA (IMAGE_VA + 0x2000)
#define VAR_VA (IMAGE_VA + 0x3000)
#define POOL_PA 0x40000000ull
#define POOL_SIZE 0x100000ull
#define GONE_PA 0x50000000ull	/* left out by an earlier filter */
#define LINEAR 0xffff9b2e40000000ull
#define VMEMMAP 0xffffe5c1c0000000ull
#define MODULE 0xffffffffc0200000ull
#define VMALLOC4 0xffffc90000001000ull
#define VMALLOC5 0xffa0000000001000ull

struct world {
	struct memkernel mk;
	struct ptbuild pt;
	struct log_catch log;
	struct kernel *kernel;
	struct kreader *reader;
};

/* Memory, an image mapped by a 2 MiB leaf, utsname; @levels of tables. */
static void world_init(struct world *w, unsigned int levels, uint64_t crypt)
{
	memset(w, 0, sizeof(*w));
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_X86_64;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = IMAGE_PA, .size = 0x200000, .vaddr = IMAGE_VA });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = POOL_PA, .size = POOL_SIZE,
						.vaddr = LINEAR + POOL_PA });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = GONE_PA, .size = 0x100000,
						.vaddr = LINEAR + GONE_PA, .excluded = true });
	w->pt = (struct ptbuild){
		.mk = &w->mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 12 + 9 * levels,
		.crypt = crypt, .root = ROOT_VA - MAP + PHYS_BASE, .pool = POOL_PA,
	};
	ptbuild_map(&w->pt, IMAGE_VA, IMAGE_PA, 21);
	memkernel_put_uts(&w->mk, UTS_VA - MAP + PHYS_BASE, "6.1.0-test");
	snprintf(w->mk.info, sizeof(w->mk.info),
		 "OSRELEASE=6.1.0-test\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%llx\n"
		 "SYMBOL(swapper_pg_dir)=%llx\nCRASHTIME=1700000000\n",
		 UTS_VA, ROOT_VA);
	log_catch_init(&w->log);
}

static void world_fact(struct world *w, const char *line)
{
	strcat(w->mk.info, line);
	strcat(w->mk.info, "\n");
}

static void world_open(struct world *w)
{
	CHECK_OK(memkernel_open(&w->mk, &w->log.log));
	CHECK_OK(kernel_create(w->mk.dump, &w->log.log, &w->kernel));
	CHECK_OK(kreader_create(w->kernel, &w->reader));
}

static void world_close(struct world *w)
{
	kreader_destroy(w->reader);
	kernel_destroy(w->kernel);
	memkernel_close(&w->mk);
}

static void check_maps(struct world *w, uint64_t va, uint64_t pa, uint64_t len)
{
	struct mapping map = { 0, 0, 0 };

	CHECK_OK(kread_vtop(w->reader, va, &map));
	CHECK_EQ(map.va, va);
	CHECK_EQ(map.pa, pa);
	CHECK_EQ(map.len, len);
}

static void check_fails(struct world *w, uint64_t va, enum err_kind kind)
{
	struct mapping map;

	CHECK_ERR(kread_vtop(w->reader, va, &map), kind);
}

static void check_up(struct world *w)
{
	CHECK(w->kernel->no_arch == NULL);
	CHECK(w->kernel->arch != NULL);
	CHECK(w->kernel->uts_from_memory);
	CHECK(strcmp(w->kernel->uts.release, "6.1.0-test") == 0);
	CHECK(strcmp(w->kernel->uts.machine, "machine") == 0);
	CHECK_EQ(w->kernel->crash_time, 1700000000);
	if (w->kernel->arch)
		CHECK_EQ(w->kernel->arch->phys_base(w->kernel->arch_state), PHYS_BASE);
}

static void test_4_levels(void)
{
	struct world w;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	ptbuild_map(&w.pt, VMEMMAP, 0x13400000, 21);
	ptbuild_map(&w.pt, LINEAR + (1ull << 30), 1ull << 30, 30);
	ptbuild_map(&w.pt, MODULE + 0x5000, 0x40055000, 12);
	world_open(&w);
	check_up(&w);
	check_maps(&w, VMEMMAP + 0x12340, 0x13412340, 0x200000 - 0x12340);
	check_maps(&w, VMEMMAP, 0x13400000, 0x200000);
	check_maps(&w, LINEAR + (1ull << 30) + 5, (1ull << 30) + 5, (1ull << 30) - 5);
	check_maps(&w, MODULE + 0x5fff, 0x40055fff, 1);
	check_maps(&w, IMAGE_VA + 7, IMAGE_PA + 7, 0x200000 - 7);
	check_fails(&w, MODULE + 0x6000, ERR_NO_MAPPING);
	check_fails(&w, LINEAR + (3ull << 30), ERR_NO_MAPPING);
	check_fails(&w, 0x1000, ERR_NO_MAPPING);
	check_fails(&w, VMALLOC5, ERR_NO_MAPPING);
	CHECK(!w.kernel->arch->is_kernel_address(w.kernel->arch_state, VMALLOC5));
	CHECK(w.kernel->arch->is_kernel_address(w.kernel->arch_state, 0xffff800000000000ull));
	world_close(&w);
}

/* @fact may be right, absent or wrong: the tables have the last word. */
static void one_5_level(const char *fact)
{
	struct world w;

	world_init(&w, 5, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	world_fact(&w, fact);
	ptbuild_map(&w.pt, VMALLOC5, 0x40066000, 12);
	ptbuild_map(&w.pt, 0xff97bdc540000000ull, 0x80000000, 30);
	world_open(&w);
	check_up(&w);
	check_maps(&w, VMALLOC5 + 0x10, 0x40066010, 0xff0);
	check_maps(&w, 0xff97bdc540200000ull, 0x80200000, 0x3fe00000);
	CHECK(w.kernel->arch->is_kernel_address(w.kernel->arch_state, VMALLOC5));
	world_close(&w);
}

static void test_5_levels(void)
{
	one_5_level("NUMBER(pgtable_l5_enabled)=1");
	one_5_level("NUMBER(MAX_PHYSMEM_BITS)=52");
	one_5_level("X=y");
	one_5_level("NUMBER(pgtable_l5_enabled)=0");
}

static void one_crypt(unsigned int bit, const char *fact)
{
	struct world w;

	world_init(&w, 4, 1ull << bit);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	world_fact(&w, fact);
	ptbuild_map(&w.pt, VMEMMAP, 0x13400000, 21);
	ptbuild_map(&w.pt, MODULE, 0x40055000, 12);
	world_open(&w);
	check_up(&w);
	check_maps(&w, VMEMMAP, 0x13400000, 0x200000);
	check_maps(&w, MODULE, 0x40055000, 0x1000);
	world_close(&w);
}

static void test_memory_encryption(void)
{
	one_crypt(47, "NUMBER(sme_mask)=140737488355328");
	one_crypt(51, "NUMBER(sme_mask)=2251799813685248");
}

struct visited {
	struct mapping leaves[8];
	unsigned int leaf_count, table_count;
};

static struct err *count_table(void *ctx, uint64_t pa)
{
	struct visited *visited = ctx;

	(void)pa;
	visited->table_count++;
	return NULL;
}

static struct err *note_leaf(void *ctx, const struct mapping *leaf)
{
	struct visited *visited = ctx;

	if (visited->leaf_count < 8)
		visited->leaves[visited->leaf_count++] = *leaf;
	return NULL;
}

/* All that is mapped in a range, in order, and no more entries than there is a budget for. */
static void test_visit(void)
{
	struct visited visited = { .leaf_count = 0 };
	const struct pt_visitor visitor = { count_table, note_leaf, &visited };
	const struct pt_form *form;
	uint64_t root, va, budget = 1000;
	struct world w;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	ptbuild_map(&w.pt, VMEMMAP, 0x13400000, 21);
	ptbuild_map(&w.pt, LINEAR + (1ull << 30), 1ull << 30, 30);
	ptbuild_map(&w.pt, MODULE + 0x5000, 0x40055000, 12);
	world_open(&w);
	form = w.kernel->arch->tables(w.kernel->arch_state, VMEMMAP, &root, &va);
	CHECK_OK(pt_visit(form, kreader_view(w.reader), root, va, UINT64_MAX, &budget, &visitor));
	CHECK_EQ(visited.leaf_count, 3);
	CHECK_EQ(visited.leaves[0].va, VMEMMAP);
	CHECK_EQ(visited.leaves[0].pa, 0x13400000);
	CHECK_EQ(visited.leaves[0].len, 0x200000);
	CHECK_EQ(visited.leaves[1].va, IMAGE_VA);
	CHECK_EQ(visited.leaves[2].va, MODULE + 0x5000);
	CHECK_EQ(visited.leaves[2].pa, 0x40055000);
	CHECK_EQ(visited.leaves[2].len, 0x1000);
	CHECK(visited.table_count >= 6);
	CHECK(budget < 1000);
	/* A leaf that begins before the range is whole; nothing behind the range. */
	visited = (struct visited){ .leaf_count = 0 };
	CHECK_OK(pt_visit(form, kreader_view(w.reader), root, VMEMMAP + 0x1000, VMEMMAP + 0x2000, &budget,
			  &visitor));
	CHECK_EQ(visited.leaf_count, 1);
	CHECK_EQ(visited.leaves[0].va, VMEMMAP);
	budget = 4;
	visited = (struct visited){ .leaf_count = 0 };
	CHECK_OK(pt_visit(form, kreader_view(w.reader), root, VMEMMAP, UINT64_MAX, &budget, &visitor));
	CHECK_EQ(visited.leaf_count, 1);
	CHECK_EQ(budget, 0);
	world_close(&w);
}

/* Bits of wrong kinds: size bit where no leaf can be, entries not present, a table that is its own. */
static void test_odd_entries(void)
{
	struct world w;
	uint64_t va = 0xffffc90000000000ull, self = 0xfffff00000000000ull, raw;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	ptbuild_map(&w.pt, va, 0x40077000, 12);
	raw = ptbuild_slot(&w.pt, va, 39);
	memkernel_put_u64(&w.mk, raw, get_u64(memkernel_at(&w.mk, raw, 8), ORDER_LITTLE) | 0x80);
	ptbuild_map(&w.pt, MODULE, 0x40055000, 12);
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, MODULE, 12), 0x40055062);
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, self, 39), w.pt.root | 0x63);
	world_open(&w);
	check_up(&w);
	check_fails(&w, va, ERR_NO_MAPPING);
	check_fails(&w, MODULE, ERR_NO_MAPPING);
	/* Index of the self entry at every level: the walk ends after four steps, at the root. */
	va = (uint64_t)((self >> 39 & 511) * 0x8040201000ull) | 0xffff000000000000ull;
	check_maps(&w, va + 8, w.pt.root + 8, 0xff8);
	world_close(&w);
}

/* The number is a lie, the text segment says the truth; and the other way round. */
static void test_phys_base_alternatives(void)
{
	struct world w;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=4096");
	world_open(&w);
	check_up(&w);
	CHECK(log_caught(&w.log, "phys_base 0x11000000 from the text segment"));
	world_close(&w);

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	w.mk.seg[0].vaddr = IMAGE_VA + 0x1000;
	world_open(&w);
	check_up(&w);
	world_close(&w);

	world_init(&w, 4, 0);
	world_fact(&w, "KERNELOFFSET=11000000");
	w.mk.seg[0].vaddr = ~0ull;
	world_open(&w);
	check_up(&w);
	world_close(&w);
}

static void test_phys_base_variable(void)
{
	struct world w;
	char line[64];

	world_init(&w, 4, 0);
	snprintf(line, sizeof(line), "SYMBOL(phys_base)=%llx", VAR_VA);
	world_fact(&w, line);
	memkernel_put_u64(&w.mk, VAR_VA - MAP + PHYS_BASE, PHYS_BASE);
	world_open(&w);
	check_up(&w);
	CHECK(log_caught(&w.log, "phys_base 0x11000000 from SYMBOL(phys_base)"));
	world_close(&w);
}

static void check_down(struct world *w, const char *part)
{
	CHECK(w->kernel->arch == NULL);
	CHECK(w->kernel->no_arch != NULL);
	CHECK(!w->kernel->uts_from_memory);
	CHECK(strcmp(w->kernel->uts.sysname, "Linux") == 0);
	CHECK(strcmp(w->kernel->uts.machine, "x86_64") == 0);
	if (w->kernel->no_arch && !strstr(err_text(w->kernel->no_arch), part)) {
		printf("# %s\n", err_text(w->kernel->no_arch));
		CHECK(!"the text names the cause");
	}
	check_fails(w, IMAGE_VA, err_kind(w->kernel->no_arch));
}

static void test_wrong_kernel(void)
{
	struct world w;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	memkernel_put_uts(&w.mk, UTS_VA - MAP + PHYS_BASE, "6.1.0-other");
	world_open(&w);
	check_down(&w, "init_uts_ns");
	world_close(&w);

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	memkernel_put_u64(&w.mk, w.pt.root + 511 * 8, 0);
	world_open(&w);
	check_down(&w, "does not map itself");
	world_close(&w);
}

static void test_missing_facts(void)
{
	struct world w;

	world_init(&w, 4, 0);
	snprintf(w.mk.info, sizeof(w.mk.info), "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n");
	world_open(&w);
	check_down(&w, "SYMBOL(swapper_pg_dir)");
	CHECK(strcmp(w.kernel->uts.release, "6.1.0-test") == 0);
	world_close(&w);

	world_init(&w, 4, 0);
	w.mk.info[0] = '\0';
	world_open(&w);
	check_down(&w, "VMCOREINFO");
	CHECK_EQ(w.kernel->page_shift, 12);
	world_close(&w);
}

/* Tables that an earlier filter left out: image and direct map by formula, the rest fails. */
static void test_missing_tables(void)
{
	struct world w;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, LINEAR, 39), GONE_PA | 0x63);
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, VMEMMAP, 30), (GONE_PA + 0x1000) | 0x63);
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, IMAGE_VA + 0x200000, 21), (GONE_PA + 0x2000) | 0x63);
	world_open(&w);
	check_up(&w);
	CHECK(log_caught(&w.log, "direct map at 0xffff9b2e40000000 from the segments"));
	check_maps(&w, LINEAR + POOL_PA + 0x1234, POOL_PA + 0x1234, 0xdcc);
	check_maps(&w, IMAGE_VA + 0x201008, IMAGE_PA + 0x201008, 0xff8);
	check_fails(&w, VMEMMAP, ERR_EXCLUDED);
	/* Behind the last byte of memory there is no direct map. */
	check_fails(&w, LINEAR + GONE_PA + 0x100000, ERR_EXCLUDED);
	world_close(&w);
}

/* Segments that contradict each other say nothing about the direct map. */
static void test_untrusted_segments(void)
{
	struct world w;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	w.mk.seg[2].vaddr += 1ull << 30;
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, LINEAR, 39), GONE_PA | 0x63);
	world_open(&w);
	check_up(&w);
	check_fails(&w, LINEAR + POOL_PA, ERR_EXCLUDED);
	world_close(&w);
}

static void test_reads(void)
{
	struct world w;
	uint8_t buf[8192];
	uint32_t v32 = 0;
	uint64_t v64 = 0, word = 0;

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	/* Neighbours in virtual memory, apart in physical memory; behind them, memory left out. */
	ptbuild_map(&w.pt, MODULE, 0x40055000, 12);
	ptbuild_map(&w.pt, MODULE + 0x1000, 0x40033000, 12);
	ptbuild_map(&w.pt, MODULE + 0x2000, GONE_PA, 12);
	memkernel_put_u64(&w.mk, 0x40055ff8, 0x1122334455667788ull);
	memkernel_put_u64(&w.mk, 0x40033000, 0x99aabbccddeeff00ull);
	world_open(&w);
	check_up(&w);
	CHECK_OK(kread_u64(w.reader, MODULE + 0xffc, &v64));
	CHECK_EQ(v64, 0xddeeff0011223344ull);
	CHECK_OK(kread_u32(w.reader, MODULE + 0xffe, &v32));
	CHECK_EQ(v32, 0xff001122u);
	CHECK_OK(kread_word(w.reader, MODULE + 0xff8, &word));
	CHECK_EQ(word, 0x1122334455667788ull);
	CHECK_OK(kread(w.reader, MODULE, buf, 8192));
	CHECK(memcmp(buf + 4096, memkernel_at(&w.mk, 0x40033000, 4096), 4096) == 0);
	CHECK_ERR(kread(w.reader, MODULE + 0x1ff8, buf, 16), ERR_EXCLUDED);
	CHECK_ERR(kread(w.reader, MODULE + 0x3000, buf, 1), ERR_NO_MAPPING);
	world_close(&w);
}

/* Pages without data are zeros, on either side of one with data and inside a large leaf; tables are not. */
static void test_sparse_reads(void)
{
	static const uint8_t zeros[4096];
	struct world w;
	uint8_t buf[3 * 4096];

	world_init(&w, 4, 0);
	world_fact(&w, "NUMBER(phys_base)=285212672");
	ptbuild_map(&w.pt, MODULE, GONE_PA, 12);
	ptbuild_map(&w.pt, MODULE + 0x1000, 0x40055000, 12);
	ptbuild_map(&w.pt, MODULE + 0x2000, GONE_PA + 0x1000, 12);
	ptbuild_map(&w.pt, VMEMMAP, GONE_PA, 21);
	memset(memkernel_at(&w.mk, 0x40055000, 4096), 0x5a, 4096);
	memkernel_put_u64(&w.mk, ptbuild_slot(&w.pt, VMALLOC4, 39), GONE_PA | 0x63);
	world_open(&w);
	memset(buf, 0xff, sizeof(buf));
	CHECK_OK(kread_sparse(w.reader, MODULE + 8, buf, sizeof(buf) - 16));
	CHECK(!memcmp(buf, zeros, 4088) && buf[4088] == 0x5a && buf[8183] == 0x5a);
	CHECK(!memcmp(buf + 8184, zeros, 4088) && buf[sizeof(buf) - 16] == 0xff);
	CHECK_ERR(kread(w.reader, MODULE + 8, buf, 1), ERR_EXCLUDED);
	CHECK_OK(kread_sparse(w.reader, VMEMMAP + 0x1000, buf, 8192));
	CHECK_ERR(kread_sparse(w.reader, VMEMMAP + 0x100000, buf, 8), ERR_NOT_PRESENT);
	CHECK_ERR(kread_sparse(w.reader, VMALLOC4, buf, 8), ERR_EXCLUDED);
	world_close(&w);
}

int main(void)
{
	RUN(test_4_levels);
	RUN(test_visit);
	RUN(test_5_levels);
	RUN(test_memory_encryption);
	RUN(test_odd_entries);
	RUN(test_phys_base_alternatives);
	RUN(test_phys_base_variable);
	RUN(test_wrong_kernel);
	RUN(test_missing_facts);
	RUN(test_missing_tables);
	RUN(test_untrusted_segments);
	RUN(test_reads);
	RUN(test_sparse_reads);
	return unit_status();
}
