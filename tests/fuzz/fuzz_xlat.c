// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables nobody can trust, under bring-up and translation of both
 * architectures. The first 128 bytes are facts and addresses to translate
 * (see struct choices), the rest is memory, with missing memory behind it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/kernel.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/memkernel.h"

#define HEADER 128
#define MEM 0x40000000ull
#define MEM_MAX 0x3f000u
#define ADDRESSES 8

struct choices {
	bool arm64;
	unsigned int page_shift;
	uint8_t absent;		/* bit per fact that is not known */
	uint8_t va_bits, t1sz, physmem_bits, la57;
	uint64_t root_va, offset, phys_offset, sme_mask, uts_va, stext;
	uint64_t va[ADDRESSES];
};

static void choose(const uint8_t *data, struct choices *c)
{
	static const unsigned int shifts[] = { 12, 14, 16, 13 };

	c->arm64 = data[0] & 1;
	c->page_shift = shifts[data[0] >> 1 & 3];
	c->absent = data[1];
	c->va_bits = data[2];
	c->t1sz = data[3];
	c->physmem_bits = data[4];
	c->la57 = data[5];
	c->root_va = get_u64(data + 8, ORDER_LITTLE);
	c->offset = get_u64(data + 16, ORDER_LITTLE);
	c->phys_offset = get_u64(data + 24, ORDER_LITTLE);
	c->sme_mask = get_u64(data + 32, ORDER_LITTLE);
	c->uts_va = get_u64(data + 40, ORDER_LITTLE);
	c->stext = get_u64(data + 48, ORDER_LITTLE);
	for (unsigned int i = 0; i < ADDRESSES; i++)
		c->va[i] = get_u64(data + 64 + i * 8, ORDER_LITTLE);
}

static void add_line(char *info, size_t room, bool absent, const char *key, uint64_t value)
{
	size_t used = strlen(info);

	if (absent)
		return;
	/* Symbols are hexadecimal, numbers signed decimal. */
	if (key[0] == 'S')
		snprintf(info + used, room - used, "%s=%llx\n", key, (unsigned long long)value);
	else
		snprintf(info + used, room - used, "%s=%lld\n", key, (long long)value);
}

static void make_facts(const struct choices *c, char *info, size_t room)
{
	snprintf(info, room, "OSRELEASE=6.1.0\nPAGESIZE=%u\n", 1u << c->page_shift);
	add_line(info, room, c->absent & 1, "SYMBOL(swapper_pg_dir)", c->root_va);
	add_line(info, room, c->absent & 2, "SYMBOL(init_uts_ns)", c->uts_va);
	add_line(info, room, c->absent & 4, "SYMBOL(_stext)", c->stext);
	add_line(info, room, c->absent & 8, "NUMBER(MAX_PHYSMEM_BITS)", c->physmem_bits);
	add_line(info, room, c->absent & 16, "NUMBER(PHYS_OFFSET)", c->phys_offset);
	add_line(info, room, c->absent & 32, "NUMBER(VA_BITS)", c->va_bits);
	add_line(info, room, c->absent & 64, "NUMBER(TCR_EL1_T1SZ)", c->t1sz);
	add_line(info, room, c->absent & 32, "NUMBER(pgtable_l5_enabled)", c->la57);
	add_line(info, room, c->absent & 64, "NUMBER(sme_mask)", c->sme_mask);
	add_line(info, room, c->absent & 128, "NUMBER(kimage_voffset)", c->offset);
	add_line(info, room, c->absent & 128, "NUMBER(phys_base)", c->offset);
}

/* A translation covers the address; reads by address and by its translation agree. */
static void check_address(const struct kernel *kernel, struct kreader *reader, uint64_t va)
{
	uint8_t by_va[8], by_pa[8];
	struct mapping map;
	struct err *e;

	e = kernel->arch->vtop(kernel->arch_state, kreader_view(reader), va, &map);
	if (!e)
		require(map.len && va - map.va < map.len);
	else
		require(err_is_unreadable(e));
	err_free(e);
	e = kread_vtop(reader, va, &map);
	if (e) {
		require(err_is_unreadable(e));
		err_free(e);
		return;
	}
	require(map.len && map.va == va);
	require(kernel->arch->is_kernel_address(kernel->arch_state, va));
	if (map.len < 8)
		return;
	e = kread(reader, va, by_va, 8);
	if (!e) {
		require(!dump_view_read(kreader_view(reader), map.pa, by_pa, 8));
		require(memcmp(by_va, by_pa, 8) == 0);
	}
	err_free(e);
}

static void check_kernel(struct dump *dump, const struct choices *c)
{
	struct kernel *kernel;
	struct kreader *reader;
	struct err *e = kernel_create(dump, NULL, &kernel);

	if (e) {
		require(strlen(err_text(e)) > 0);
		err_free(e);
		return;
	}
	require((kernel->arch == NULL) == (kernel->no_arch != NULL));
	require(kreader_create(kernel, &reader) == NULL);
	for (unsigned int i = 0; kernel->arch && i < ADDRESSES; i++) {
		check_address(kernel, reader, c->va[i]);
		check_address(kernel, reader, c->va[i] + 0x1000);
		check_address(kernel, reader, c->va[i]);
	}
	kreader_destroy(reader);
	kernel_destroy(kernel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memkernel mk;
	struct choices c;
	uint64_t memory;

	if (len < HEADER + 8)
		return 0;
	choose(data, &c);
	memset(&mk, 0, sizeof(mk));
	mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	mk.machine = c.arm64 ? EM_AARCH64 : EM_X86_64;
	memory = min_u64(len - HEADER, MEM_MAX);
	memkernel_add(&mk, &(struct memseg){ .paddr = MEM, .size = memory,
					     .vaddr = c.arm64 ? ~0ull : 0xffffffff81000000ull });
	memkernel_add(&mk, &(struct memseg){ .paddr = MEM + MEM_MAX, .size = 0x10000, .vaddr = ~0ull,
					     .excluded = true });
	memkernel_put(&mk, MEM, data + HEADER, memory);
	make_facts(&c, mk.info, sizeof(mk.info));
	require(memkernel_open(&mk, NULL) == NULL);
	check_kernel(mk.dump, &c);
	memkernel_close(&mk);
	return 0;
}
