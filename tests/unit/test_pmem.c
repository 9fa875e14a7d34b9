/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which memory is persistent and what in it is the kernel's: resources, page maps, info blocks, marks. */
#include "kernel/dev_pagemap.h"
#include "kernel/pmem.h"
#include "kernel/resource.h"
#include "tests/unit/flatkernel.h"
#include "tests/unit/pmemkernel.h"

#define RAM 0x1000000ull
#define NS(i) (0x40000000ull + (i) * 0x100000ull)	/* namespace i, 1 MiB */
#define NAMESPACES 8
#define NS_PFN(i) (NS(i) >> 12)
#define RES(i) (KERNEL_MEM + 0x1000 + (i) * 0x100)
#define MAP(i) (KERNEL_MEM + 0x8000 + (i) * 0x100)
#define NODE(i) (KERNEL_MEM + 0x10000 + (i) * 0x400)

static const struct elf_form forms[] = { { 8, ORDER_LITTLE }, { 8, ORDER_BIG } };

struct world {
	struct flatkernel fk;
	struct types *types;
	struct ranges metadata;
	bool known;
};

static void put_res(struct world *w, unsigned int i, uint64_t start, uint64_t end, const char *name,
		    uint64_t sibling, uint64_t child)
{
	pmem_put_resource(&w->fk.mk, &(struct pmem_resource){
		.at = RES(i), .start = start, .end = end - 1, .name = name, .sibling = sibling,
		.child = child });
}

static void put_block(struct world *w, unsigned int i, uint32_t mode, uint64_t dataoff, bool dax)
{
	const struct pmem_block block = { .dax = dax, .major = 1, .minor = 4, .dataoff = dataoff,
					  .npfns = (0x100000 - dataoff) >> 12, .mode = mode };
	uint8_t bytes[4096];

	pmem_block_make(bytes, &block);
	memkernel_put(&w->fk.mk, NS(i) + 4096, bytes, sizeof(bytes));
}

/*
 * RAM, and a device of one region per namespace: 0 fsdax with 0x20000 bytes of
 * metadata on it, 1 fsdax with struct pages in RAM, 2 devdax as 0, 3 raw, 4
 * RAM by kmem behind the info block of devdax, 5 to 7 nothing that anybody knows.
 */
static void put_resources(struct world *w)
{
	pmem_put_resource(&w->fk.mk, &(struct pmem_resource){
		.at = IOMEM, .end = UINT64_MAX, .name = "PCI mem", .child = RES(0) });
	put_res(w, 0, KERNEL_MEM, 0x2000000, "System RAM", RES(1), RES(10));
	put_res(w, 10, RAM, RAM + 0x1000, "Kernel code", 0, 0);
	for (unsigned int i = 0; i < 5; i++)
		put_res(w, 1 + i, NS(i), NS(i + 1), "Persistent Memory", i < 4 ? RES(2 + i) : 0,
			i < 3 ? RES(11 + i) : i == 4 ? RES(15) : 0);
	put_res(w, 11, NS(0), NS(1), "namespace0.0", 0, 0);
	put_res(w, 12, NS(1), NS(2), "namespace1.0", 0, 0);
	put_res(w, 13, NS(2), NS(2) + 0x20000, "namespace2.0", RES(14), 0);
	put_res(w, 14, NS(2) + 0x20000, NS(3), "dax2.0", 0, 0);
	put_res(w, 15, NS(4), NS(4) + 0x2000, "namespace4.0", RES(16), 0);
	put_res(w, 16, NS(4) + 0x2000, NS(5), "dax4.0", 0, RES(17));
	put_res(w, 17, NS(4) + 0x10000, NS(5), "System RAM (kmem)", 0, 0);
}

static void put_maps(struct world *w)
{
	struct memkernel *mk = &w->fk.mk;

	pmem_put_map(mk, &(struct pmem_map){ MAP(0), NS(0), NS(1), TYPE_FS_DAX, 2, 30 });
	pmem_put_map(mk, &(struct pmem_map){ MAP(1), NS(1), NS(2), TYPE_FS_DAX, 0, 0 });
	pmem_put_map(mk, &(struct pmem_map){ MAP(2), NS(2), NS(3), TYPE_GENERIC, 2, 30 });
	pmem_put_head(mk, NODE(0) + 2);
	pmem_put_node(mk, NODE(0), 12);
	pmem_put_slot(mk, NODE(0), 1, NODE(1) + 2);
	pmem_put_node(mk, NODE(1), 6);
	/* Each map twice, with a sibling entry behind it. */
	for (unsigned int i = 0; i < 3; i++) {
		pmem_put_slot(mk, NODE(1), i * 4, MAP(i));
		pmem_put_slot(mk, NODE(1), i * 4 + 1, (i * 4) << 2 | 2);
		pmem_put_slot(mk, NODE(1), i * 4 + 2, MAP(i));
	}
}

static void put_blocks(struct world *w)
{
	put_block(w, 0, 2, 0x20000, false);
	put_block(w, 1, 1, 0x2000, false);
	put_block(w, 2, 2, 0x20000, true);
	put_block(w, 4, 1, 0x2000, true);
}

static void world_init(struct world *w, struct elf_form form, bool marked)
{
	memset(w, 0, sizeof(*w));
	flatkernel_init(&w->fk, form);
	memkernel_add(&w->fk.mk, &(struct memseg){ .paddr = KERNEL_MEM, .size = KERNEL_MEM_SIZE,
						   .vaddr = ~0ull });
	memkernel_add(&w->fk.mk, &(struct memseg){ .paddr = RAM, .size = 0x10000, .vaddr = ~0ull });
	memkernel_add(&w->fk.mk, &(struct memseg){ .paddr = NS(0), .size = NAMESPACES * 0x100000ull,
						   .vaddr = ~0ull, .pmem = marked });
	w->types = pmem_types(form.order, "");
	CHECK(w->types != NULL);
	put_resources(w);
	put_maps(w);
	put_blocks(w);
}

static bool world_find(struct world *w, const char *info)
{
	if (!flatkernel_open(&w->fk, info))
		return false;
	CHECK_OK(kernel_find_pmem(w->fk.reader, w->types, &w->metadata, &w->known));
	return true;
}

static void world_close(struct world *w)
{
	ranges_deinit(&w->metadata);
	types_destroy(w->types);
	flatkernel_close(&w->fk);
}

static const struct ranges *pmem_of(const struct world *w)
{
	return &w->fk.kernel.dump->pmem;
}

/* What all sources agree on. */
static void check_whole(const struct world *w)
{
	CHECK_EQ(pmem_of(w)->count, 1);
	CHECK(ranges_covers(pmem_of(w), NS_PFN(0), NS_PFN(4) + 0x10));
	CHECK_EQ(ranges_total(pmem_of(w)), 0x410);
	CHECK(ranges_covers(&w->metadata, NS_PFN(0), NS_PFN(0) + 0x20));
	CHECK(ranges_covers(&w->metadata, NS_PFN(1), NS_PFN(1) + 2));
	CHECK(ranges_covers(&w->metadata, NS_PFN(2), NS_PFN(2) + 0x20));
	CHECK(ranges_covers(&w->metadata, NS_PFN(4), NS_PFN(4) + 2));
	CHECK_EQ(ranges_total(&w->metadata), 0x20 + 2 + 0x20 + 2);
	CHECK(w->known);
}

static void test_stock(void)
{
	struct world w;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		world_init(&w, forms[i], false);
		if (!world_find(&w, PMEM_FACTS))
			return;
		check_whole(&w);
		CHECK_EQ(w.fk.log.warnings, 0);
		world_close(&w);
	}
}

/* Either witness alone; of namespace 4, which is RAM, there is no page map. */
static void test_one_witness(void)
{
	struct world w;

	world_init(&w, forms[0], false);
	for (unsigned int i = 0; i < 5; i++)
		memset(memkernel_at(&w.fk.mk, NS(i) + 4096, 4096), 0, 4096);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x410);
	CHECK_EQ(ranges_total(&w.metadata), 0x40);
	CHECK(ranges_covers(&w.metadata, NS_PFN(0), NS_PFN(0) + 0x20));
	CHECK_EQ(w.fk.log.warnings, 0);
	world_close(&w);

	world_init(&w, forms[0], false);
	if (!world_find(&w, "SYMBOL(iomem_resource)=100100\n"))
		return;
	check_whole(&w);
	world_close(&w);
}

/* Page maps without resources: raw namespaces are not known, devdax by its info block only. */
static void test_page_maps_alone(void)
{
	struct world w;

	world_init(&w, forms[0], false);
	if (!world_find(&w, "SYMBOL(pgmap_array)=100080\n"))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x300);
	world_close(&w);

	world_init(&w, forms[0], false);
	memset(memkernel_at(&w.fk.mk, NS(2) + 4096, 4096), 0, 4096);
	if (!world_find(&w, "SYMBOL(pgmap_array)=100080\n"))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x200);
	CHECK(!ranges_contains(pmem_of(&w), NS_PFN(2)));
	world_close(&w);
}

/* What either of them calls metadata stays. */
static void test_contradiction(void)
{
	struct world w;

	world_init(&w, forms[0], false);
	put_block(&w, 0, 2, 0x10000, false);
	put_block(&w, 1, 2, 0x8000, false);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK(ranges_covers(&w.metadata, NS_PFN(0), NS_PFN(0) + 0x20));
	CHECK(ranges_covers(&w.metadata, NS_PFN(1), NS_PFN(1) + 8));
	CHECK(log_caught(&w.fk.log, "pmem: namespace at 0x40000000: struct pages on it end at 0x40010000"
				    " by its info block and at 0x40020000 by its page map"));
	CHECK(log_caught(&w.fk.log, "namespace at 0x40100000"));
	CHECK_EQ(w.fk.log.warnings, 2);
	world_close(&w);
}

/* A damaged tree proves nothing: all is kept that no page map covers. */
static void check_damaged(unsigned int res, unsigned int word, uint64_t value)
{
	struct world w;

	world_init(&w, forms[0], false);
	memkernel_put_u64(&w.fk.mk, RES(res) + word * 8, value);
	if (!world_find(&w, "SYMBOL(iomem_resource)=100100\n"))
		return;
	CHECK_EQ(pmem_of(&w)->count, 0);
	CHECK_EQ(w.fk.log.warnings, 1);
	world_close(&w);

	world_init(&w, forms[0], false);
	memkernel_put_u64(&w.fk.mk, RES(res) + word * 8, value);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x300);
	CHECK(!ranges_contains(pmem_of(&w), NS_PFN(3)));
	world_close(&w);
}

static void test_damaged_tree(void)
{
	check_damaged(5, 6, RES(5));		/* its own sibling */
	check_damaged(5, 6, RES(1));		/* back to an earlier one */
	check_damaged(16, 7, RES(16));		/* its own child */
	check_damaged(17, 1, NS(6));		/* beyond its parent */
	check_damaged(2, 1, 0);			/* end before start */
	check_damaged(2, 0, 0);			/* over the one before */
	check_damaged(4, 6, 0xdead0000);	/* no memory */
}

static void test_damaged_names(void)
{
	struct world w;

	world_init(&w, forms[0], false);
	/* Without its name a resource is known by its desc only, and RAM by its flags. */
	memkernel_put_u64(&w.fk.mk, RES(4) + 16, 0xdead0000);
	memkernel_put_u64(&w.fk.mk, RES(4) + 32, DESC_PMEM);
	memkernel_put_u64(&w.fk.mk, RES(17) + 16, 0);
	memkernel_put_u64(&w.fk.mk, RES(17) + 24, 0x81000200);
	if (!world_find(&w, PMEM_FACTS))
		return;
	check_whole(&w);
	world_close(&w);
}

static void check_maps(uint64_t at, uint64_t value, unsigned int warnings, uint64_t metadata)
{
	struct world w;

	world_init(&w, forms[0], false);
	for (unsigned int i = 0; i < 5; i++)
		memset(memkernel_at(&w.fk.mk, NS(i) + 4096, 4096), 0, 4096);
	memkernel_put_u64(&w.fk.mk, at, value);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x410);
	CHECK_EQ(ranges_total(&w.metadata), metadata);
	CHECK_EQ(w.fk.log.warnings, warnings);
	world_close(&w);
}

static void test_damaged_maps(void)
{
	check_maps(NODE(1) + 40, NODE(0) + 2, 1, 0);			/* up again */
	check_maps(NODE(1) + 40 + 8 * 8, NODE(1) + 2, 1, 0x20);		/* itself, after one map */
	check_maps(NODE(0) + 40 + 8, 0xdead0002, 1, 0);			/* no memory */
	check_maps(PGMAPS + 8, MAP(2), 0, 0x20);			/* one entry, no node */
	check_maps(PGMAPS + 8, 0, 0, 0);
	check_maps(MAP(0) + 24, UINT64_MAX, 1, 0x20);			/* altmap overflows */
	check_maps(MAP(0) + 24, 0x100, 1, 0x20);			/* longer than the range */
	check_maps(MAP(0) + 72, NS(0) - 1, 1, 0x20);			/* range ends before it begins */
	check_maps(MAP(0) + 72, UINT64_MAX, 1, 0x20);
	check_maps(MAP(0) + 56, 0, 1, 0x20);				/* no ranges */
	check_maps(MAP(0) + 56, 0xffffffff, 1, 0x20);
	check_maps(MAP(0) + 48, 1, 0, 0x20);				/* private memory of a GPU */
}

/* Marked by whoever wrote the dump, of a kernel of which nothing is known. */
/* The first is told, and how many there are. */
static void test_damaged_each(void)
{
	struct world w;

	world_init(&w, forms[0], false);
	for (unsigned int i = 0; i < 3; i++)
		memkernel_put_u64(&w.fk.mk, MAP(i) + 72, UINT64_MAX);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(w.fk.log.warnings, 2);
	CHECK(log_caught(&w.fk.log, "3 device page maps ignored"));
	world_close(&w);
}

static void test_marked(void)
{
	struct world w;

	world_init(&w, forms[0], true);
	types_destroy(w.types);
	w.types = NULL;
	if (!world_find(&w, PMEM_FACTS))
		return;
	/* Namespaces 0 to 2 are found one behind the other, then nothing says where another begins. */
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x800);
	CHECK_EQ(ranges_total(&w.metadata), 0x42);
	CHECK(w.known);
	world_close(&w);

	world_init(&w, forms[0], true);
	memset(memkernel_at(&w.fk.mk, NS(0) + 4096, 4096), 0, 4096);
	types_destroy(w.types);
	w.types = NULL;
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(w.metadata.count, 0);
	CHECK(!w.known);
	world_close(&w);

	/* RAM that was plugged in is none, whatever the mark says. */
	world_init(&w, forms[0], true);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x800 - 0xf0);
	CHECK(!ranges_contains(pmem_of(&w), NS_PFN(4) + 0x10));
	world_close(&w);
}

/* The kernel's own list has the say about metadata. */
static void test_list(void)
{
	struct world w;
	uint64_t head = KERNEL_MEM + 0x40, node = KERNEL_MEM + 0x50;

	world_init(&w, forms[0], false);
	memkernel_put_u64(&w.fk.mk, head, node);
	memkernel_put_u64(&w.fk.mk, head + 8, node);
	memkernel_put_u64(&w.fk.mk, node, head);
	memkernel_put_u64(&w.fk.mk, node + 8, head);
	memkernel_put_u64(&w.fk.mk, node + 16, NS_PFN(0) + 2);
	memkernel_put_u64(&w.fk.mk, node + 24, NS_PFN(0) + 0x20);
	if (!world_find(&w, PMEM_FACTS "SYMBOL(devm_memmap_vmcore_head)=100040\n"
				       "OFFSET(devm_memmap_vmcore.entry)=0\n"
				       "OFFSET(devm_memmap_vmcore.start)=16\n"
				       "OFFSET(devm_memmap_vmcore.end)=24\n"))
		return;
	CHECK_EQ(ranges_total(&w.metadata), 0x1e);
	CHECK_EQ(ranges_total(pmem_of(&w)), 0x410);
	world_close(&w);
}

static void check_unknown(const char *without, uint64_t pmem)
{
	struct world w;

	world_init(&w, forms[0], false);
	types_destroy(w.types);
	w.types = pmem_types(forms[0].order, without);
	if (!world_find(&w, PMEM_FACTS))
		return;
	CHECK_EQ(ranges_total(pmem_of(&w)), pmem);
	CHECK_EQ(w.fk.log.warnings, 0);
	world_close(&w);
}

static void test_unknown(void)
{
	struct world w;

	check_unknown("resource", 0x300);
	check_unknown("xa_node", 0x410);
	check_unknown("dev_pagemap", 0x410);
	world_init(&w, forms[0], false);
	if (!world_find(&w, "PAGESIZE=4096\n"))
		return;
	CHECK_EQ(pmem_of(&w)->count, 0);
	CHECK(!w.known);
	world_close(&w);
}

int main(void)
{
	RUN(test_stock);
	RUN(test_one_witness);
	RUN(test_page_maps_alone);
	RUN(test_contradiction);
	RUN(test_damaged_tree);
	RUN(test_damaged_names);
	RUN(test_damaged_maps);
	RUN(test_damaged_each);
	RUN(test_marked);
	RUN(test_list);
	RUN(test_unknown);
	return unit_status();
}
