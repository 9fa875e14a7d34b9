/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Info blocks of persistent memory namespaces: what a kernel wrote, and what it would refuse. */
#include "kernel/nvdimm.h"
#include "tests/unit/flatkernel.h"
#include "tests/unit/pmemkernel.h"

static const struct pmem_block good = {
	.major = 1, .minor = 4, .dataoff = 0x20000, .npfns = 0xe0, .mode = 2,
};

static bool parse(const struct pmem_block *block, struct nvdimm_block *ret)
{
	uint8_t bytes[4096];

	pmem_block_make(bytes, block);
	return nvdimm_block_parse(bytes, ret);
}

/* The words that were not 0 in blocks that Linux 6.12 wrote; parent_uuid is of a label-less namespace. */
static void check_real(const char *sig, uint32_t uuid, uint64_t sum, bool dax)
{
	static const uint32_t words[] = { 0x2066646d, 0x2062616c, 0x6d656d70 };
	struct nvdimm_block block;
	uint8_t bytes[4096] = { 0 };

	memcpy(bytes, sig, 16);
	for (unsigned int i = 0; i < 3; i++)
		put_u32(bytes + 16 + i * 4, words[i], ORDER_LITTLE);
	put_u32(bytes + 28, uuid, ORDER_LITTLE);
	put_u32(bytes + 52, 0x40001, ORDER_LITTLE);
	put_u32(bytes + 56, 0x400000, ORDER_LITTLE);
	put_u32(bytes + 64, 0x7c00, ORDER_LITTLE);
	put_u32(bytes + 72, 2, ORDER_LITTLE);
	put_u32(bytes + 84, 0x200000, ORDER_LITTLE);
	put_u32(bytes + 88, 0x1000, ORDER_LITTLE);
	put_u32(bytes + 92, 0x40, ORDER_LITTLE);
	put_u64(bytes + 4088, sum, ORDER_LITTLE);
	CHECK(nvdimm_block_parse(bytes, &block));
	CHECK_EQ(block.dax, dax);
	CHECK(block.memmap);
	CHECK_EQ(block.metadata, 0x400000);
	CHECK_EQ(block.size, 0x8000000);
	for (unsigned int i = 0; i < 4096; i += 97) {
		bytes[i] ^= 4;
		CHECK(!nvdimm_block_parse(bytes, &block));
		bytes[i] ^= 4;
	}
	CHECK(nvdimm_block_parse(bytes, &block));
}

static void test_real(void)
{
	check_real("NVDIMM_PFN_INFO", 0x30303020, UINT64_C(0x64ff2efcc21527db), false);
	check_real("NVDIMM_DAX_INFO", 0x32303020, UINT64_C(0x63270706b81531d6), true);
}

static void test_fields(void)
{
	struct pmem_block block = good;
	struct nvdimm_block ret;

	block.mode = 1;
	block.start_pad = 0x3000;
	block.end_trunc = 0x5000;
	CHECK(parse(&block, &ret));
	CHECK(!ret.memmap);
	CHECK_EQ(ret.metadata, 0x23000);
	CHECK_EQ(ret.size, 0x23000 + 0xe0000 + 0x5000);
	/* Before minor version 1 these fields were not there. */
	block.minor = 0;
	CHECK(parse(&block, &ret));
	CHECK_EQ(ret.metadata, 0x20000);
	CHECK_EQ(ret.size, 0x100000);
}

static void test_refused(void)
{
	struct pmem_block block;
	struct nvdimm_block ret;

#define REFUSED(change)                       \
	do {                                  \
		block = good;                 \
		change;                       \
		CHECK(!parse(&block, &ret));  \
	} while (0)

	CHECK(parse(&good, &ret));
	REFUSED(block.major = 2);
	REFUSED(block.major = 0);
	REFUSED(block.mode = 0);
	REFUSED(block.mode = 3);
	REFUSED(block.dataoff = 0);
	REFUSED(block.dataoff = 4096);
	REFUSED(block.dataoff = 0x20200);
	REFUSED(block.dataoff = UINT64_MAX & ~4095ull);
	REFUSED(block.npfns = UINT64_MAX);
	REFUSED(block.npfns = UINT64_MAX >> 12);
#undef REFUSED
}

static struct err *read_at(struct flatkernel *fk, uint64_t start, uint64_t end, bool *found)
{
	struct nvdimm_block block;

	return nvdimm_block_read(kreader_view(fk->reader), start, end, &block, found);
}

/* In a dump: where it is, what bounds it, and where there is no memory. */
static void test_read(void)
{
	struct flatkernel fk;
	uint8_t bytes[4096];
	bool found;

	flatkernel_init(&fk, (struct elf_form){ 8, ORDER_BIG });
	memkernel_add(&fk.mk, &(struct memseg){ .paddr = KERNEL_MEM, .size = 0x4000, .vaddr = ~0ull });
	pmem_block_make(bytes, &good);
	memkernel_put(&fk.mk, KERNEL_MEM + 4096, bytes, sizeof(bytes));
	if (!flatkernel_open(&fk, ""))
		return;
	CHECK_OK(read_at(&fk, KERNEL_MEM, KERNEL_MEM + 0x100000, &found));
	CHECK(found);
	CHECK_OK(read_at(&fk, KERNEL_MEM, KERNEL_MEM + 0x20000, &found));
	CHECK(!found);
	CHECK_OK(read_at(&fk, KERNEL_MEM + 4096, KERNEL_MEM + 0x100000, &found));
	CHECK(!found);
	CHECK_OK(read_at(&fk, KERNEL_MEM + 0x4000, KERNEL_MEM + 0x100000, &found));
	CHECK(!found);
	CHECK_OK(read_at(&fk, KERNEL_MEM + 0x4000, KERNEL_MEM, &found));
	CHECK(!found);
	flatkernel_close(&fk);
}

int main(void)
{
	RUN(test_real);
	RUN(test_fields);
	RUN(test_refused);
	RUN(test_read);
	return unit_status();
}
