/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel with persistent memory, laid out by hand: its types as BTF, resources,
 * an XArray of device page maps, info blocks. For tests and a fuzz target.
 */
#ifndef TESTS_UNIT_PMEMKERNEL_H
#define TESTS_UNIT_PMEMKERNEL_H

#include "kernel/btf.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/memkernel.h"

#define KERNEL_MEM 0x100000ull
#define KERNEL_MEM_SIZE 0x20000ull
#define IOMEM (KERNEL_MEM + 0x100)	/* iomem_resource */
#define PGMAPS (KERNEL_MEM + 0x80)	/* pgmap_array */
#define PMEM_FACTS "SYMBOL(iomem_resource)=100100\nSYMBOL(pgmap_array)=100080\n"

/* enum memory_type of these kernels, and desc of resources. */
#define TYPE_FS_DAX 3
#define TYPE_GENERIC 4
#define DESC_PMEM 4

enum { ID_U64 = 1, ID_U32, ID_U8, ID_RANGE, ID_ALTMAP, ID_SLOTS };

static inline void pmem_struct(struct btfbuild *b, const char *name, uint32_t size, uint32_t count)
{
	btfbuild_record(b, name, 4, false, count, size);
}

/* Members of 8 bytes, one behind the other from bit @at on. */
static inline void pmem_words(struct btfbuild *b, const char *const *names, uint32_t count, uint32_t at)
{
	for (uint32_t i = 0; i < count; i++)
		btfbuild_member(b, names[i], ID_U64, at + i * 64);
}

/* Layouts as in 6.12. @without: leave out the struct of that name; may be "". */
static inline void pmem_types_add(struct btfbuild *b, const char *without)
{
	static const char *const range[] = { "start", "end" };
	static const char *const altmap[] = { "base_pfn", "end_pfn", "reserve", "free", "align", "alloc" };
	static const char *const resource[] = { "start", "end", "name", "flags", "desc", "parent",
						"sibling", "child" };

	btfbuild_int(b, "long unsigned int", 8, 0, 64);
	btfbuild_int(b, "unsigned int", 4, 0, 32);
	btfbuild_int(b, "unsigned char", 1, 0, 8);
	pmem_struct(b, "range", 16, 2);
	pmem_words(b, range, 2, 0);
	pmem_struct(b, "vmem_altmap", 48, 6);
	pmem_words(b, altmap, 6, 0);
	btfbuild_array(b, ID_U64, ID_U32, 64);
	pmem_struct(b, strcmp(without, "xa_node") ? "xa_node" : "x", 552, 2);
	btfbuild_member(b, "shift", ID_U8, 0);
	btfbuild_member(b, "slots", ID_SLOTS, 40 * 8);
	pmem_struct(b, "xarray", 16, 1);
	btfbuild_member(b, "xa_head", ID_U64, 8 * 8);
	pmem_struct(b, strcmp(without, "dev_pagemap") ? "dev_pagemap" : "x", 96, 5);
	btfbuild_member(b, "altmap", ID_ALTMAP, 0);
	btfbuild_member(b, "type", ID_U32, 48 * 8);
	btfbuild_member(b, "flags", ID_U32, 52 * 8);
	btfbuild_member(b, "nr_range", ID_U32, 56 * 8);
	btfbuild_member(b, "range", ID_RANGE, 64 * 8);
	pmem_struct(b, strcmp(without, "resource") ? "resource" : "x", 64, 8);
	pmem_words(b, resource, 8, 0);
	btfbuild_record(b, "memory_type", 6, false, 2, 4);
	btfbuild_value(b, "MEMORY_DEVICE_FS_DAX", TYPE_FS_DAX);
	btfbuild_value(b, "MEMORY_DEVICE_GENERIC", TYPE_GENERIC);
	btfbuild_record(b, "", 6, false, 1, 4);
	btfbuild_value(b, "IORES_DESC_PERSISTENT_MEMORY", DESC_PMEM);
}

/* Types of a kernel of that byte order, or NULL; the caller destroys them. */
static inline struct types *pmem_types(enum byte_order order, const char *without)
{
	static struct btfbuild b;
	struct types *types = NULL;
	uint8_t *blob;
	size_t len;

	btfbuild_init(&b, order);
	pmem_types_add(&b, without);
	blob = btfbuild_blob(&b, 24, &len);
	err_free(btf_parse(blob, len, order, NULL, &types));
	return types;
}

/* A struct resource at @at, [start, end] as the kernel has it, its name beside it. */
struct pmem_resource {
	uint64_t at, start, end;
	const char *name;
	uint64_t flags, desc, sibling, child;
};

static inline void pmem_put_resource(struct memkernel *mk, const struct pmem_resource *r)
{
	uint64_t words[8] = { r->start, r->end, r->name ? r->at + 64 : 0, r->flags, r->desc, 0,
			      r->sibling, r->child };

	for (unsigned int i = 0; i < 8; i++)
		memkernel_put_u64(mk, r->at + i * 8, words[i]);
	if (r->name)
		memkernel_put(mk, r->at + 64, r->name, strlen(r->name) + 1);
}

/* A struct dev_pagemap at @at of [start, end), with an altmap when it sets pages aside. */
struct pmem_map {
	uint64_t at, start, end;
	uint32_t type;
	uint64_t reserve, free;		/* pages */
};

static inline void pmem_put_map(struct memkernel *mk, const struct pmem_map *map)
{
	memkernel_put_u64(mk, map->at, map->start >> 12);
	memkernel_put_u64(mk, map->at + 16, map->reserve);
	memkernel_put_u64(mk, map->at + 24, map->free);
	memkernel_put_u32(mk, map->at + 48, map->type);
	memkernel_put_u32(mk, map->at + 52, map->free ? 1 : 0);
	memkernel_put_u32(mk, map->at + 56, 1);
	memkernel_put_u64(mk, map->at + 64, map->start);
	memkernel_put_u64(mk, map->at + 72, map->end - 1);
}

/* A node of an XArray at @at. */
static inline void pmem_put_node(struct memkernel *mk, uint64_t at, uint8_t shift)
{
	memkernel_put(mk, at, &shift, 1);
}

static inline void pmem_put_slot(struct memkernel *mk, uint64_t node, unsigned int slot, uint64_t entry)
{
	memkernel_put_u64(mk, node + 40 + slot * 8, entry);
}

static inline void pmem_put_head(struct memkernel *mk, uint64_t entry)
{
	memkernel_put_u64(mk, PGMAPS + 8, entry);
}

/* An info block as the kernel writes it, of 4096 bytes; big-endian machines have the same bytes. */
struct pmem_block {
	bool dax;
	uint16_t major, minor;
	uint64_t dataoff, npfns;
	uint32_t mode, start_pad, end_trunc;
};

static inline void pmem_block_sum(uint8_t *bytes)
{
	uint64_t sum = 0, sums = 0;

	memset(bytes + 4088, 0, 8);
	for (unsigned int i = 0; i < 1024; i++) {
		sum = (sum + get_u32(bytes + i * 4, ORDER_LITTLE)) & 0xffffffff;
		sums += sum;
	}
	put_u64(bytes + 4088, sums << 32 | sum, ORDER_LITTLE);
}

static inline void pmem_block_make(uint8_t *bytes, const struct pmem_block *block)
{
	memset(bytes, 0, 4096);
	memcpy(bytes, block->dax ? "NVDIMM_DAX_INFO" : "NVDIMM_PFN_INFO", 16);
	put_u16(bytes + 52, block->major, ORDER_LITTLE);
	put_u16(bytes + 54, block->minor, ORDER_LITTLE);
	put_u64(bytes + 56, block->dataoff, ORDER_LITTLE);
	put_u64(bytes + 64, block->npfns, ORDER_LITTLE);
	put_u32(bytes + 72, block->mode, ORDER_LITTLE);
	put_u32(bytes + 76, block->start_pad, ORDER_LITTLE);
	put_u32(bytes + 80, block->end_trunc, ORDER_LITTLE);
	put_u32(bytes + 88, 4096, ORDER_LITTLE);
	pmem_block_sum(bytes);
}

#endif
