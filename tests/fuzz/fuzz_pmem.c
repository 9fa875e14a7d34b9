/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resources, device page maps and info blocks nobody can trust. Byte 0: 1 big-endian,
 * 2 the device is marked in the dump, 4 no iomem_resource, 8 no pgmap_array, 16
 * no types, 32 the sums of info blocks are put right. Then 4096 bytes of info block of
 * each of two namespaces, and memory as tests/unit/pmemkernel.h has it.
 */
#include "kernel/pmem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/flatkernel.h"
#include "tests/unit/pmemkernel.h"

#define NS(i) (0x40000000ull + (i) * 0x10000ull)
#define BLOCKS 2
#define DEVICE_SIZE 0x20000ull
#define MEMORY 0x4000ull

static void put_blocks(struct memkernel *mk, const uint8_t *data, bool sums)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		uint8_t bytes[4096];

		memcpy(bytes, data + i * 4096, 4096);
		if (sums)
			pmem_block_sum(bytes);
		memkernel_put(mk, NS(i) + 4096, bytes, 4096);
	}
}

/* What came of it names pages that can be. */
static void check(const struct dump *dump, const struct ranges *metadata)
{
	for (size_t i = 0; i < dump->pmem.count; i++) {
		require(dump->pmem.v[i].start < dump->pmem.v[i].end);
		require(dump->pmem.v[i].end <= dump->max_mapnr);
	}
	for (size_t i = 0; i < metadata->count; i++)
		require(metadata->v[i].end <= UINT64_MAX >> 12);
}

static void find(struct flatkernel *fk, const struct types *types, bool marked)
{
	struct ranges metadata;
	bool known = false;
	struct err *e;

	ranges_init(&metadata);
	e = kernel_find_pmem(fk->reader, types, &metadata, &known);
	require(!e || err_kind(e) == ERR_NOMEM);
	check(fk->kernel.dump, &metadata);
	require(known || !metadata.count);
	if (!types && !marked)
		require(!fk->kernel.dump->pmem.count && !metadata.count);
	err_free(e);
	ranges_deinit(&metadata);
}

static void prepare(struct flatkernel *fk, const uint8_t *data, size_t len, uint8_t choices)
{
	enum byte_order order = choices & 1 ? ORDER_BIG : ORDER_LITTLE;

	flatkernel_init(fk, (struct elf_form){ 8, order });
	fk->log.log.emit = fuzz_discard;
	memkernel_add(&fk->mk, &(struct memseg){ .paddr = KERNEL_MEM, .size = MEMORY,
						 .vaddr = ~0ull });
	memkernel_add(&fk->mk, &(struct memseg){ .paddr = NS(0), .size = DEVICE_SIZE, .vaddr = ~0ull,
						 .pmem = choices & 2 });
	put_blocks(&fk->mk, data, choices & 32);
	data += BLOCKS * 4096;
	len -= BLOCKS * 4096;
	memkernel_put(&fk->mk, KERNEL_MEM, data, len < MEMORY ? len : MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct flatkernel fk;
	static struct types *known[2];	/* of either byte order; never freed */
	const struct types *types = NULL;
	uint8_t choices;

	if (len < 1 + BLOCKS * 4096)
		return 0;
	choices = data[0];
	prepare(&fk, data + 1, len - 1, choices);
	if (!known[choices & 1])
		known[choices & 1] = pmem_types(fk.mk.form.order, "");
	if (!(choices & 16))
		types = known[choices & 1];
	require(flatkernel_open(&fk, choices & 4 ? "SYMBOL(pgmap_array)=100080\n" :
				     choices & 8 ? "SYMBOL(iomem_resource)=100100\n" : PMEM_FACTS));
	find(&fk, types, choices & 2);
	flatkernel_close(&fk);
	return 0;
}
