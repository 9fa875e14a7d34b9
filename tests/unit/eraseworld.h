/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel with types and memory made by hand, for rules that erase: a ring and a
 * chain of three nodes, a table of pointers, strings, and pages that are no neighbours.
 */
#ifndef TESTS_UNIT_ERASEWORLD_H
#define TESTS_UNIT_ERASEWORLD_H

#include <stdlib.h>

#include "erase/resolve.h"
#include "kernel/btf.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/flatkernel.h"

/*
 * Where things are. Virtual addresses are physical ones, but for two pages
 * that lie the other way round in memory, and one that is nowhere.
 */
#define MEM 0x10000u
#define SWAPPED 0x40000u	/* two pages: at SWAPPED_PA + 0x1000, then at SWAPPED_PA */
#define SWAPPED_PA 0x18000u
#define UNMAPPED 0x42000u
#define GONE 0x50000u		/* mapped, but not in the dump */

#define HEAD (MEM + 0x100)	/* list_head of the nodes */
#define FIRST (MEM + 0x140)	/* struct node *, the chain by next */
#define TABLE (MEM + 0x180)	/* struct node *[3] */
#define MATRIX (MEM + 0x1a0)	/* u16[4] */
#define TEXT (MEM + 0x1c0)	/* char * */
#define ENDLESS (MEM + 0x1e0)	/* points to itself */
#define NODE(i) (MEM + 0x400 + 0x100 * (i))
#define NODE_BYTES 96

struct world {
	struct flatkernel fk;
	struct types *types;
	struct erase_set set;
	struct erase_space space;
	void *ctx;
};

static inline struct err *world_vtop(const void *state, struct dump_view *view, uint64_t va, struct mapping *ret)
{
	uint64_t page = va & ~4095ull, pa = page;

	(void)state;
	(void)view;
	if (page == UNMAPPED)
		return err_no_mapping;
	if (page == SWAPPED)
		pa = SWAPPED_PA + 0x1000;
	if (page == SWAPPED + 0x1000)
		pa = SWAPPED_PA;
	*ret = (struct mapping){ .va = page, .pa = pa, .len = 4096 };
	return NULL;
}

static inline bool world_is_kernel_address(const void *state, uint64_t va)
{
	(void)state;
	return va >= MEM && va < 0x100000;
}

static const struct arch world_arch = { .name = "hand-made", .vtop = world_vtop,
				  .is_kernel_address = world_is_kernel_address };

static inline uint32_t world_pointer(struct btfbuild *b, uint32_t to)
{
	return btfbuild_record(b, "", 2, false, 0, to);
}

static inline void world_variable(struct btfbuild *b, const char *name, uint32_t type)
{
	btfbuild_record(b, name, 14, false, 0, type);
	btfbuild_u32(b, 1);
}

/* struct node: 96 bytes; struct node *chain; ... */
static inline void world_add_variables(struct btfbuild *b, uint32_t list, uint32_t node, uint32_t u32,
			  uint32_t text)
{
	uint32_t to_node = world_pointer(b, node), u16 = btfbuild_int(b, "short", 2, 0, 16);

	world_variable(b, "head", list);
	world_variable(b, "first", to_node);
	world_variable(b, "table", btfbuild_array(b, to_node, u32, 3));
	world_variable(b, "matrix", btfbuild_array(b, u16, u32, 4));
	world_variable(b, "text", text);
	world_variable(b, "node0", node);
	world_variable(b, "gone", to_node);
	/* A pointer to pointers, for ever. */
	world_variable(b, "endless", world_pointer(b, b->next_id));
}

static inline void world_add_types(struct btfbuild *b)
{
	/* The kernel's long tells what a pointer is. */
	uint32_t u32 = btfbuild_int(b, "long unsigned int", 8, 0, 64) + 1;
	uint32_t c = btfbuild_int(b, "unsigned int", 4, 0, 32) + 1;
	uint32_t byte = btfbuild_int(b, "char", 1, 1, 8) + 1, text, bytes, data;
	uint32_t name, list, node;

	btfbuild_int(b, "unsigned char", 1, 0, 8);
	text = world_pointer(b, c);
	bytes = world_pointer(b, byte);
	data = world_pointer(b, 0);
	name = btfbuild_array(b, c, u32, 8);
	list = b->next_id;
	btfbuild_record(b, "list_head", 4, false, 2, 16);
	btfbuild_member(b, "next", list + 1, 0);
	btfbuild_member(b, "prev", list + 1, 64);
	world_pointer(b, list);
	node = b->next_id;
	btfbuild_record(b, "node", 4, false, 10, NODE_BYTES);
	btfbuild_member(b, "link", list, 0);
	btfbuild_member(b, "next", node + 1, 128);
	btfbuild_member(b, "name", name, 192);
	btfbuild_member(b, "text", text, 256);
	btfbuild_member(b, "data", data, 320);
	btfbuild_member(b, "bytes", bytes, 384);
	btfbuild_member(b, "len", u32, 448);
	btfbuild_member(b, "list", list, 512);
	btfbuild_member(b, "other", node + 1, 640);
	btfbuild_member(b, "tail", b->next_id + 1, NODE_BYTES * 8);
	world_pointer(b, node);
	btfbuild_array(b, u32, u32, 0);
	world_add_variables(b, list, node, u32, text);
}

static inline void world_put(struct world *w, uint64_t at, uint64_t value)
{
	memkernel_put_u64(&w->fk.mk, at, value);
}

/* A ring of three nodes by link, a chain of them by next. */
static inline void world_add_memory(struct world *w)
{
	memkernel_put(&w->fk.mk, MEM + 0x800, "secret text", 12);
	world_put(w, TEXT, MEM + 0x800);
	world_put(w, HEAD, NODE(0));
	world_put(w, FIRST, NODE(0));
	world_put(w, MEM + 0x1d0, GONE);
	world_put(w, ENDLESS, ENDLESS);
	for (unsigned int i = 0; i < 3; i++) {
		world_put(w, NODE(i), i == 2 ? HEAD : NODE(i + 1));
		world_put(w, NODE(i) + 8, i ? NODE(i - 1) : HEAD);
		world_put(w, NODE(i) + 16, i == 2 ? 0 : NODE(i + 1));
		world_put(w, NODE(i) + 32, i == 1 ? 0 : MEM + 0x800);
		world_put(w, NODE(i) + 40, SWAPPED + 0xff8);
		world_put(w, NODE(i) + 48, MEM + 0x900);
		memkernel_put_u32(&w->fk.mk, NODE(i) + 56, 8 * (i + 1));
		world_put(w, NODE(i) + 80, i == 2 ? NODE(0) : NODE(i + 1));
	}
	world_put(w, TABLE, NODE(2));
	world_put(w, TABLE + 16, NODE(0));
}

/* @change: of memory before it is a dump, with w->ctx set to @ctx; NULL: none. */
static inline bool world_open(struct world *w, enum byte_order order, void (*change)(struct world *w),
			      void *ctx)
{
	static const char *const format = "SYMBOL(head)=%x\nSYMBOL(first)=%x\nSYMBOL(table)=%x\n"
		"SYMBOL(matrix)=%x\nSYMBOL(text)=%x\nSYMBOL(node0)=%x\nSYMBOL(gone)=%x\n"
		"SYMBOL(untyped)=%x\nSYMBOL(modules)=%x\nSYMBOL(swapped)=%x\nSYMBOL(endless)=%x\n";
	struct btfbuild *b = malloc(sizeof(*b));
	char info[512];
	uint8_t *blob;
	size_t len;

	memset(w, 0, sizeof(*w));
	flatkernel_init(&w->fk, (struct elf_form){ .word = 8, .order = order });
	memkernel_add(&w->fk.mk, &(struct memseg){ .paddr = MEM, .size = 0x10000, .vaddr = ~0ull });
	memkernel_add(&w->fk.mk, &(struct memseg){ .paddr = GONE, .size = 0x1000, .vaddr = ~0ull,
						   .excluded = true });
	world_add_memory(w);
	w->ctx = ctx;
	if (change)
		change(w);
	btfbuild_init(b, order);
	world_add_types(b);
	blob = btfbuild_blob(b, 24, &len);
	free(b);
	CHECK_OK(btf_parse(blob, len, order, NULL, &w->types));
	snprintf(info, sizeof(info), format, HEAD, FIRST, TABLE, MATRIX, TEXT, NODE(0), MEM + 0x1d0,
		 NODE(1), MEM + 0x700, SWAPPED + 0xff0, ENDLESS);
	if (!flatkernel_open(&w->fk, info) || !w->types)
		return false;
	w->fk.kernel.arch = &world_arch;
	return true;
}

static inline void world_close(struct world *w)
{
	types_destroy(w->types);
	flatkernel_close(&w->fk);
}

#endif
