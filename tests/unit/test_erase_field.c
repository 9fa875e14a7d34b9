// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks of built-in rules over trees that are whole, and that are not. */
#include "erase/field.h"

#include <stdlib.h>

#include "kernel/btf.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/flatkernel.h"

#define MEM 0x10000u
#define ROOT (MEM + 8)
#define NODE(i) (MEM + 0x100 + 0x20 * (i))
#define NODES 127u
#define RING (MEM + 0x2000)	/* list heads that share their words: only next is read */
#define RING_NODES 1500u

/* A tree in which the children of i are 2i + 1 and 2i + 2. */
struct forest {
	struct flatkernel fk;
	struct types *types;
	struct erase_set set;
	struct erase_space space;
	unsigned int visits[NODES], all;
};

static void put_node(struct forest *f, unsigned int i, uint64_t parent)
{
	memkernel_put_u64(&f->fk.mk, NODE(i), parent | (i & 1));
	if (2 * i + 2 < NODES) {
		memkernel_put_u64(&f->fk.mk, NODE(i) + 8, NODE(2 * i + 2));
		memkernel_put_u64(&f->fk.mk, NODE(i) + 16, NODE(2 * i + 1));
	}
}

static struct types *make_types(void)
{
	struct btfbuild *b = malloc(sizeof(*b));
	struct types *types = NULL;
	uint8_t *blob;
	size_t len;

	btfbuild_init(b, ORDER_LITTLE);
	btfbuild_int(b, "long unsigned int", 8, 0, 64);
	btfbuild_record(b, "rb_node", 4, false, 3, 24);
	btfbuild_member(b, "__rb_parent_color", 1, 0);
	btfbuild_member(b, "rb_right", 1, 64);
	btfbuild_member(b, "rb_left", 1, 128);
	blob = btfbuild_blob(b, 24, &len);
	free(b);
	CHECK_OK(btf_parse(blob, len, ORDER_LITTLE, NULL, &types));
	return types;
}

/* @patches: places and what is there instead, until a place of 0. */
static bool forest_open(struct forest *f, const uint64_t *patches)
{
	memset(f, 0, sizeof(*f));
	flatkernel_init(&f->fk, (struct elf_form){ .word = 8, .order = ORDER_LITTLE });
	memkernel_add(&f->fk.mk, &(struct memseg){ .paddr = MEM, .size = 0x5000, .vaddr = ~0ull });
	memkernel_put_u64(&f->fk.mk, ROOT, NODE(0));
	for (unsigned int i = 0; i < NODES; i++)
		put_node(f, i, i ? NODE((i - 1) / 2) : 0);
	for (unsigned int i = 0; i < RING_NODES; i++)
		memkernel_put_u64(&f->fk.mk, RING + 8 * i, RING + 8 * ((i + 1) % RING_NODES));
	for (; patches[0]; patches += 2)
		memkernel_put_u64(&f->fk.mk, patches[0], patches[1]);
	f->types = make_types();
	f->space = (struct erase_space){ .types = f->types, .set = &f->set, .log = &f->fk.log.log };
	if (!f->types || !flatkernel_open(&f->fk, ""))
		return false;
	f->space.reader = f->fk.reader;
	return true;
}

static void forest_close(struct forest *f)
{
	types_destroy(f->types);
	flatkernel_close(&f->fk);
}

/* Elements are 8 bytes before their nodes. */
static struct err *visit(void *ctx, uint64_t element)
{
	struct forest *f = ctx;
	uint64_t i = (element + 8 - NODE(0)) / 0x20;

	if (i < NODES)
		f->visits[i]++;
	f->all++;
	return NULL;
}

static void walk(struct forest *f)
{
	CHECK_OK(tree_each(&f->space, ROOT, 8, "tree", visit, f));
}

static void test_tree(void)
{
	struct forest f;

	if (forest_open(&f, (uint64_t[]){ 0 })) {
		walk(&f);
		CHECK_EQ(f.all, NODES);
		for (unsigned int i = 0; i < NODES; i++)
			CHECK_EQ(f.visits[i], 1);
		CHECK_EQ(f.space.unknown, 0);
	}
	forest_close(&f);
	if (forest_open(&f, (uint64_t[]){ ROOT, 0, 0 })) {
		walk(&f);
		CHECK_EQ(f.all, 0);
		CHECK_EQ(f.space.unknown, 0);
	}
	forest_close(&f);
}

/* Each is visited all the same, or all but what is cut off, and that something is wrong is told. */
static void damaged(uint64_t at, uint64_t value, unsigned int least)
{
	struct forest f;
	unsigned int seen = 0;

	if (forest_open(&f, (uint64_t[]){ at, value, 0 })) {
		walk(&f);
		for (unsigned int i = 0; i < NODES; i++)
			seen += f.visits[i] != 0;
		CHECK(seen >= least);
		CHECK(f.all <= 32 * NODES);
		CHECK(f.space.unknown > 0);
		CHECK(log_caught(&f.fk.log, "tree"));
	}
	forest_close(&f);
}

static void test_damaged(void)
{
	damaged(NODE(5) + 8, NODE(0), NODES - 15);	/* back to the root */
	damaged(NODE(5) + 8, NODE(5), NODES - 15);	/* to itself */
	damaged(NODE(100) + 16, NODE(1), NODES);	/* a leaf leads up */
	damaged(NODE(5), NODE(99), NODES);		/* another parent */
	damaged(NODE(5) + 8, 0x900000, NODES - 15);	/* to nowhere */
	damaged(ROOT, 0x900000, 0);
}

/* Each is the other's child and parent: it looks right all the way down. */
static void test_endless(void)
{
	struct forest f;

	if (forest_open(&f, (uint64_t[]){ NODE(0), NODE(2), NODE(2) + 8, NODE(0), 0 })) {
		walk(&f);
		CHECK(f.all > NODES / 2 && f.all < 64 * NODES);
		CHECK(log_caught(&f.fk.log, "the tree is damaged"));
	}
	forest_close(&f);
}

static struct err *visit_all(void *ctx, uint64_t element)
{
	struct forest *f = ctx;

	(void)element;
	return list_each(&f->space, RING, 0, "inner ring", visit, f);
}

/* Rings of rings end, each of which does: more steps than there is memory for lead nowhere. */
static void test_steps(void)
{
	struct forest f;

	if (forest_open(&f, (uint64_t[]){ 0 })) {
		const uint64_t limit = (1u << 20) + 1024 * f.fk.kernel.dump->stored_count;

		CHECK_OK(list_each(&f.space, RING, 0, "ring", visit_all, &f));
		CHECK(f.all > limit / 2 && f.all < limit);
		CHECK(log_caught(&f.fk.log, "they do not end"));
		f.all = 0;
		walk(&f);
		CHECK_EQ(f.all, 0);
		CHECK_OK(erase_set_rule(&f.set, "rule"));
		CHECK_OK(erase_kernel_object(&f.space, MEM, 8, ERASE_BYTE));
		CHECK_EQ(f.set.piece_count, 0);
	}
	erase_set_deinit(&f.set);
	forest_close(&f);
}

int main(void)
{
	RUN(test_tree);
	RUN(test_damaged);
	RUN(test_endless);
	RUN(test_steps);
	return unit_status();
}
