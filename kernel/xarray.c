/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over the nodes of an XArray. */
#include "kernel/xarray.h"

#include "base/bytes.h"
#include "base/checked.h"

/* XA_CHUNK_SIZE is 64, or 16 with CONFIG_BASE_SMALL. */
#define SLOTS_MAX 64u

/* Low bits of an entry: 2 says that it is the array's own; small ones are siblings and marks. */
#define ENTRY_INTERNAL 2u
#define ENTRY_KIND 3u
#define ENTRY_NODES_FROM 4096u

struct walk {
	struct kreader *reader;
	struct err *(*fn)(void *ctx, uint64_t index, uint64_t entry);
	void *ctx;
	uint64_t head, shift, slots;	/* offsets of xarray.xa_head, xa_node.shift, xa_node.slots */
	unsigned int slot_count;	/* a power of two */
	uint64_t left;			/* nodes that may still be read */
};

static struct err *find_layout(struct walk *walk, const struct types *types)
{
	struct type array, node;
	struct type_member slots;
	struct type_info info;
	uint64_t size;

	if (!types_find(types, TYPE_STRUCT, "xarray", &array) ||
	    !types_find(types, TYPE_STRUCT, "xa_node", &node) ||
	    !type_offset(array, "xa_head", &walk->head, &size) ||
	    !type_offset(node, "shift", &walk->shift, &size) || size != 1 ||
	    !type_member(node, "slots", &slots) || !type_describe(slots.type, &info) ||
	    info.kind != TYPE_ARRAY || info.count > SLOTS_MAX || info.count < 2 ||
	    !is_pow2(info.count))
		return err_new(ERR_NOT_FOUND, "struct xarray or xa_node is not known");
	walk->slots = slots.bit_offset / 8;
	walk->slot_count = (unsigned int)info.count;
	return NULL;
}

static bool is_node(uint64_t entry)
{
	return (entry & ENTRY_KIND) == ENTRY_INTERNAL && entry > ENTRY_NODES_FROM;
}

static bool is_own(uint64_t entry)
{
	return !entry || (entry & ENTRY_KIND) == ENTRY_INTERNAL;
}

/* The node at @address, whose first index is @first and which stands for less than 2^@below of them. */
static struct err *walk_node(struct walk *walk, uint64_t address, uint64_t first, unsigned int below)
{
	const struct kernel *kernel = kreader_kernel(walk->reader);
	uint8_t shift, bytes[SLOTS_MAX * 8];

	if (walk->left-- == 0)
		return err_new(ERR_BAD_INPUT, "xarray: too many nodes");
	TRY(kread(walk->reader, address + walk->shift, &shift, 1));
	/* A node's shift is less than that of the one above: a walk that insists on it ends. */
	if (shift >= below)
		return err_new(ERR_BAD_INPUT, "xarray node at %#llx: shift %u under one of %u",
			       (unsigned long long)address, shift, below);
	TRY(kread(walk->reader, address + walk->slots, bytes,
		  (size_t)walk->slot_count * kernel->word));
	for (unsigned int i = 0; i < walk->slot_count; i++) {
		uint64_t entry = get_word(bytes + (size_t)i * kernel->word, kernel->word, kernel->order);
		uint64_t index = first + ((uint64_t)i << shift);

		if (is_node(entry))
			TRY(walk_node(walk, entry - ENTRY_INTERNAL, index, shift));
		else if (!is_own(entry))
			TRY(walk->fn(walk->ctx, index, entry));
	}
	return NULL;
}

struct err *kxarray_for_each(struct kreader *reader, const struct types *types, uint64_t address,
			     uint64_t limit,
			     struct err *(*fn)(void *ctx, uint64_t index, uint64_t entry), void *ctx)
{
	struct walk walk = { .reader = reader, .fn = fn, .ctx = ctx, .left = limit };
	uint64_t head;

	TRY(find_layout(&walk, types));
	TRY(kread_word(reader, address + walk.head, &head));
	if (is_node(head))
		return walk_node(&walk, head - ENTRY_INTERNAL, 0, 64);
	return is_own(head) ? NULL : fn(ctx, 0, head);
}
