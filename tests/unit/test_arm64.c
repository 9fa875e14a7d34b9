/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: every page size and address width Linux has, both encodings of 52-bit addresses. */
#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"
#include "tests/unit/unit.h"

#define IMAGE_SIZE 0x200000ull
#define POOL_SIZE 0x800000ull
#define MINUS(bits) (-(1ull << (bits)))

/* One configuration on one machine. */
struct form {
	const char *name;
	unsigned int page_shift;
	unsigned int va_bits;	/* VA_BITS */
	unsigned int actual;	/* 64 - T1SZ; 0: the kernel does not say */
	unsigned int table;	/* bits the tables resolve */
	unsigned int physmem;	/* MAX_PHYSMEM_BITS; 0: the kernel does not say */
	enum pt_style style;
	uint64_t ram;		/* start of memory, aligned to 256 MiB */
	bool linear_upper;	/* up to v5.3 */
	bool linear_actual;	/* v5.4 to v5.9: the direct map counts from the bits in use */
	unsigned int blocks[3];	/* shifts of block leaves, 0-terminated */
};

static const struct form forms[] = {
	{ "4K 48", 12, 48, 48, 48, 48, STYLE_ARM64, 0x40000000, false, false, { 21, 30, 0 } },
	{ "4K 39", 12, 39, 39, 39, 48, STYLE_ARM64, 0x40000000, false, false, { 21, 30, 0 } },
	{ "4K 39 v5.3", 12, 39, 0, 39, 0, STYLE_ARM64, 0x40000000, true, false, { 21, 30, 0 } },
	{ "4K 52 LPA2", 12, 52, 52, 52, 52, STYLE_ARM64_LPA2, 0xd000040000000ull, false, false, { 21, 30, 39 } },
	{ "4K 52 on 48", 12, 52, 48, 48, 48, STYLE_ARM64, 0x40000000, false, false, { 21, 30, 0 } },
	{ "16K 47", 14, 47, 47, 47, 48, STYLE_ARM64, 0x40000000, false, false, { 25, 0, 0 } },
	{ "16K 48", 14, 48, 48, 48, 48, STYLE_ARM64, 0x40000000, false, false, { 25, 0, 0 } },
	{ "16K 36", 14, 36, 36, 36, 48, STYLE_ARM64, 0x40000000, false, false, { 25, 0, 0 } },
	{ "16K 52 LPA2", 14, 52, 52, 52, 52, STYLE_ARM64_LPA2, 0x6000040000000ull, false, false, { 25, 36, 0 } },
	{ "16K 52 on 47", 14, 52, 47, 47, 48, STYLE_ARM64, 0x40000000, false, false, { 25, 0, 0 } },
	{ "64K 42", 16, 42, 42, 42, 48, STYLE_ARM64_64K, 0x40000000, false, false, { 29, 0, 0 } },
	{ "64K 48", 16, 48, 48, 48, 48, STYLE_ARM64_64K, 0x40000000, false, false, { 29, 0, 0 } },
	{ "64K 52", 16, 52, 52, 52, 52, STYLE_ARM64_64K, 0x9000040000000ull, false, false, { 29, 42, 0 } },
	{ "64K 52 on 48", 16, 52, 48, 52, 48, STYLE_ARM64_64K, 0x40000000, false, false, { 29, 0, 0 } },
	{ "64K 52 on 48 v5.9", 16, 52, 48, 52, 48, STYLE_ARM64_64K, 0x40000000, false, true, { 29, 0, 0 } },
};

struct world {
	const struct form *form;
	struct memkernel mk;
	struct ptbuild pt;
	struct log_catch log;
	uint64_t image_va, voffset, phys_offset;
	struct kernel *kernel;
	struct kreader *reader;
};

static unsigned int va_min(const struct form *f)
{
	if (f->va_bits <= 48)
		return f->va_bits;
	return f->page_shift == 14 ? 47 : 48;
}

static uint64_t linear_base(const struct form *f)
{
	if (f->linear_upper)
		return MINUS(f->va_bits - 1);
	return MINUS(f->linear_actual ? f->actual : f->va_bits);
}

/* Virtual address of a byte of RAM in the direct map. */
static uint64_t linear_va(const struct world *w, uint64_t pa)
{
	return pa - w->phys_offset + linear_base(w->form);
}

static void world_facts(struct world *w)
{
	const struct form *f = w->form;
	char *to = w->mk.info;
	size_t room = sizeof(w->mk.info);
	int n;

	n = snprintf(to, room,
		     "OSRELEASE=6.1.0-test\nPAGESIZE=%u\nNUMBER(VA_BITS)=%u\n"
		     "NUMBER(kimage_voffset)=0x%llx\nNUMBER(PHYS_OFFSET)=0x%llx\n"
		     "SYMBOL(_stext)=%llx\nSYMBOL(swapper_pg_dir)=%llx\nSYMBOL(init_uts_ns)=%llx\n",
		     1u << f->page_shift, f->va_bits, (unsigned long long)w->voffset,
		     (unsigned long long)w->phys_offset, (unsigned long long)w->image_va + 0x10000,
		     (unsigned long long)w->image_va + 0x100000,
		     (unsigned long long)w->image_va + 0x180000);
	if (f->actual)
		n += snprintf(to + n, room - n, "NUMBER(TCR_EL1_T1SZ)=0x%x\n", 64 - f->actual);
	if (f->physmem)
		snprintf(to + n, room - n, "NUMBER(MAX_PHYSMEM_BITS)=%u\n", f->physmem);
}

static void world_init(struct world *w, const struct form *f)
{
	memset(w, 0, sizeof(*w));
	w->form = f;
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_AARCH64;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = f->ram, .size = IMAGE_SIZE, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = f->ram + 0x40000000, .size = POOL_SIZE,
						.vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = f->ram + 0x50000000, .size = 0x100000,
						.vaddr = ~0ull, .excluded = true });
	/* The other half than the direct map, 2 MiB into modules space and beyond. */
	w->image_va = (f->linear_upper ? MINUS(f->va_bits) : MINUS(va_min(f) - 1)) + 0x8200000;
	w->voffset = w->image_va - f->ram;
	w->phys_offset = f->ram;
	if (f->actual && f->actual < f->va_bits && !f->linear_actual)
		w->phys_offset -= MINUS(f->actual) - MINUS(f->va_bits);
	w->pt = (struct ptbuild){
		.mk = &w->mk, .style = f->style, .page_shift = f->page_shift, .va_bits = f->table,
		.root = f->ram + 0x100000, .pool = f->ram + 0x40000000,
	};
	for (uint64_t at = 0; at < IMAGE_SIZE; at += 1ull << f->page_shift)
		ptbuild_map(&w->pt, w->image_va + at, f->ram + at, f->page_shift);
	/* The direct map's view of the root proves its base. */
	ptbuild_map(&w->pt, linear_va(w, w->pt.root), w->pt.root, f->page_shift);
	memkernel_put_uts(&w->mk, f->ram + 0x180000, "6.1.0-test");
	world_facts(w);
	log_catch_init(&w->log);
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

static void check_up(struct world *w)
{
	if (w->kernel->no_arch)
		printf("# %s: %s\n", w->form->name, err_text(w->kernel->no_arch));
	CHECK(w->kernel->no_arch == NULL);
	CHECK(w->kernel->uts_from_memory);
	CHECK_EQ(w->kernel->page_shift, w->form->page_shift);
}

/* Somewhere in vmalloc space, aligned to 512 GiB where that is room enough. */
static uint64_t vmalloc_va(const struct form *f)
{
	uint64_t half = f->linear_upper ? MINUS(f->va_bits) : MINUS(va_min(f) - 1);

	return va_min(f) > 42 ? half + (1ull << 44) : half + (1ull << (va_min(f) - 2));
}

static void one_form(const struct form *f)
{
	struct world w;
	uint64_t page = 1ull << f->page_shift, va = vmalloc_va(f), leaf_pa = f->ram + 0x40000000;
	unsigned int i;

	world_init(&w, f);
	ptbuild_map(&w.pt, va + 5 * page, leaf_pa + 3 * page, f->page_shift);
	for (i = 0; f->blocks[i] && i < 3; i++) {
		uint64_t size = 1ull << f->blocks[i];

		ptbuild_map(&w.pt, va + (1 + i) * (1ull << 33) / size * size + size,
			    (f->ram & ~(size - 1)) + size, f->blocks[i]);
	}
	world_open(&w);
	check_up(&w);
	check_maps(&w, w.image_va + 0x8, f->ram + 8, page - 8);
	check_maps(&w, va + 5 * page + 0x123, leaf_pa + 3 * page + 0x123, page - 0x123);
	for (i = 0; f->blocks[i] && i < 3; i++) {
		uint64_t size = 1ull << f->blocks[i];

		check_maps(&w, va + (1 + i) * (1ull << 33) / size * size + size + 0x4321,
			   (f->ram & ~(size - 1)) + size + 0x4321, size - 0x4321);
	}
	/* A tag in the top byte (KASAN), and user addresses. */
	check_maps(&w, (w.image_va & ~(0xffull << 56)) | 0xf3ull << 56, f->ram, page);
	CHECK(w.kernel->arch->is_kernel_address(w.kernel->arch_state,
						(w.image_va & ~(0xffull << 56)) | 0xf3ull << 56));
	CHECK(!w.kernel->arch->is_kernel_address(w.kernel->arch_state, 0x0000aaaabbbb0000ull));
	CHECK_ERR(kread_vtop(w.reader, va + 6 * page, &(struct mapping){ 0, 0, 0 }), ERR_NO_MAPPING);
	CHECK_ERR(kread_vtop(w.reader, 0x400000, &(struct mapping){ 0, 0, 0 }), ERR_NO_MAPPING);
	world_close(&w);
}

static void test_forms(void)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int before = unit_current;

		one_form(&forms[i]);
		if (unit_current != before)
			printf("# form %s\n", forms[i].name);
	}
}

/* Point the entry of the level above the pages at memory that was left out. */
static void lose_table(struct world *w, uint64_t va)
{
	unsigned int shift = 2 * w->form->page_shift - 3;

	memkernel_put_u64(&w->mk, ptbuild_slot(&w->pt, va, shift),
			  ptbuild_entry(&w->pt, w->form->ram + 0x50000000, shift, false));
}

static void one_lost(const struct form *f)
{
	struct world w;
	uint64_t page = 1ull << f->page_shift, pool = f->ram + 0x40000000, va = vmalloc_va(f);
	bool apart;

	world_init(&w, f);
	lose_table(&w, va);
	/* Where one table maps both, losing it would take the proof of the base too. */
	apart = (linear_va(&w, pool) ^ linear_va(&w, w.pt.root)) >> (2 * f->page_shift - 3);
	if (apart)
		lose_table(&w, linear_va(&w, pool));
	lose_table(&w, w.image_va + 0x2200000);
	world_open(&w);
	check_up(&w);
	CHECK_ERR(kread_vtop(w.reader, va, &(struct mapping){ 0, 0, 0 }), ERR_EXCLUDED);
	if (apart)
		check_maps(&w, linear_va(&w, pool) + 0x77, pool + 0x77, page - 0x77);
	check_maps(&w, w.image_va + 0x2200000, f->ram + 0x2200000, page);
	world_close(&w);
}

static void test_missing_tables(void)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int before = unit_current;

		one_lost(&forms[i]);
		if (unit_current != before)
			printf("# form %s\n", forms[i].name);
	}
}

/* The facts say nothing or something wrong about the shape; the tables decide. */
static void one_guess(const struct form *f, const char *key)
{
	struct world w;
	char *line;

	world_init(&w, f);
	line = strstr(w.mk.info, key);
	CHECK(line != NULL);
	if (line)
		line[7] = 'X';
	world_open(&w);
	check_up(&w);
	check_maps(&w, w.image_va + 0x10, f->ram + 0x10, (1ull << f->page_shift) - 0x10);
	world_close(&w);
}

static void test_guessed_shape(void)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		const struct form *f = &forms[i];

		if (f->actual == f->va_bits) {
			one_guess(f, "NUMBER(VA_BITS)");
			one_guess(f, "NUMBER(TCR_EL1_T1SZ)");
		}
		if (f->physmem)
			one_guess(f, "NUMBER(MAX_PHYSMEM_BITS)");
	}
}

static void check_down(const struct form *f, const char *key, const char *part)
{
	struct world w;
	char *line;

	world_init(&w, f);
	line = strstr(w.mk.info, key);
	if (line)
		line[7] = 'X';
	else
		memkernel_put_uts(&w.mk, f->ram + 0x180000, "other");
	world_open(&w);
	CHECK(w.kernel->arch == NULL);
	CHECK(w.kernel->no_arch && strstr(err_text(w.kernel->no_arch), part));
	CHECK(strcmp(w.kernel->uts.machine, "aarch64") == 0);
	world_close(&w);
}

static void test_refusals(void)
{
	check_down(&forms[0], "SYMBOL(swapper_pg_dir)", "SYMBOL(swapper_pg_dir)");
	check_down(&forms[0], "NUMBER(kimage_voffset)", "NUMBER(kimage_voffset)");
	check_down(&forms[0], "nothing to take away", "init_uts_ns");
}

int main(void)
{
	RUN(test_forms);
	RUN(test_missing_tables);
	RUN(test_guessed_shape);
	RUN(test_refusals);
	return unit_status();
}
