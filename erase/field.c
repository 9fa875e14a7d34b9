// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/field.h"

#include "base/checked.h"

struct err *fields_find(const struct types *types, const struct field_name *names, size_t count,
			struct field *ret)
{
	for (size_t i = 0; i < count; i++) {
		struct type type;

		bool known = types_find_any(types, names[i].type, &type);

		ret[i] = (struct field){ 0 };
		ret[i].there = known &&
			       type_offset(type, names[i].path, &ret[i].offset, &ret[i].size);
		if (!ret[i].there && !names[i].optional)
			return err_new(known ? ERR_UNSUPPORTED : ERR_NOT_FOUND, "%s of struct %s is not "
				       "known", names[i].path, names[i].type);
	}
	return NULL;
}

struct err *field_read(struct kreader *reader, const struct field *field, uint64_t base,
		       uint64_t *ret)
{
	enum byte_order order = kreader_kernel(reader)->order;
	uint8_t raw[8];

	if (field->size > sizeof(raw) || !is_pow2(field->size))
		return err_new(ERR_BAD_INPUT, "a member of %llu bytes is no number",
			       (unsigned long long)field->size);
	TRY(kread(reader, base + field->offset, raw, (size_t)field->size));
	if (field->size == 1)
		*ret = raw[0];
	else if (field->size == 2)
		*ret = get_u16(raw, order);
	else
		*ret = get_word(raw, (unsigned int)field->size, order);
	return NULL;
}

struct err *string_read(struct kreader *reader, uint64_t address, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size; i++) {
		TRY(kread(reader, address + i, &buf[i], 1));
		if (!buf[i])
			break;
		if (buf[i] <= ' ' || buf[i] > '~')
			buf[i] = '?';
	}
	buf[i] = 0;
	return NULL;
}

uint64_t struct_size(const struct types *types, const char *name)
{
	struct type_info info;
	struct type type;

	return types_find_any(types, name, &type) && type_describe(type, &info) ? info.size : 0;
}

bool chain_goes_on(struct chain *chain, uint64_t node)
{
	if (node == chain->mark || chain->steps == CHAIN_MAX)
		return false;
	if (chain->steps++ == chain->next_mark) {
		chain->mark = node;
		chain->next_mark = 2 * chain->next_mark + 1;
	}
	return true;
}

struct list {
	struct erase_space *space;
	uint64_t head;
	uint64_t offset;
	struct err *(*fn)(void *ctx, uint64_t element);
	void *ctx;
};

/* One way round; @link: where in a list_head it is. *why: how it broke off, NULL: not at all. */
static struct err *walk_list(const struct list *list, uint64_t link, struct err **why)
{
	struct chain chain = { 0 };
	uint64_t node = list->head;

	*why = NULL;
	for (;;) {
		struct err *e = kread_word(list->space->reader, node + link, &node);

		if (e && !err_is_unreadable(e))
			return e;
		if (!e && node == list->head)
			return NULL;
		if (!e && (!node || !chain_goes_on(&chain, node) || !erase_step(list->space)))
			e = err_new(ERR_BAD_INPUT, "the list does not end after %llu elements",
				    (unsigned long long)chain.steps);
		if (e) {
			*why = e;
			return NULL;
		}
		TRY(list->fn(list->ctx, node - list->offset));
	}
}

struct err *list_each(struct erase_space *space, uint64_t head, uint64_t offset, const char *what,
		      struct err *(*fn)(void *ctx, uint64_t element), void *ctx)
{
	const struct list list = { .space = space, .head = head, .offset = offset, .fn = fn,
				   .ctx = ctx };
	struct err *why, *again;
	struct err *e = walk_list(&list, 0, &why);

	if (e || !why)
		return e;
	erase_doubt(space, "%s: %s; what is behind it is read from the other end", what, err_text(why));
	err_free(why);
	TRY(walk_list(&list, kreader_kernel(space->reader)->word, &again));
	err_free(again);
	return NULL;
}

/* Deeper than any balanced tree of CHAIN_MAX nodes. */
#define TREE_DEPTH 64

/*
 * A node whose parent is another than the one it was reached from may be a
 * rotation that the crash interrupted; many are a tree that leads back into itself.
 */
#define TREE_STRANGE_MAX 16

struct tree_node {
	uint64_t address;
	unsigned int level;	/* 0: the root */
};

struct tree {
	struct kreader *reader;
	struct field left, right, parent;
	unsigned int strange;
	struct tree_node pending[TREE_DEPTH];
	unsigned int count;	/* of pending: one for each level at most */
	bool left_out;
};

/* @child may be visited: no more than TREE_STRANGE_MAX times as something else than its parent's. */
static struct err *is_child(struct tree *tree, uint64_t node, uint64_t child, bool *ret)
{
	uint64_t parent;

	TRY(field_read(tree->reader, &tree->parent, child, &parent));
	/* The lowest bits are the colour. */
	*ret = (parent & ~UINT64_C(3)) == node || tree->strange++ < TREE_STRANGE_MAX;
	return NULL;
}

static struct err *push_child(struct tree *tree, struct tree_node node, const struct field *side)
{
	uint64_t child;
	bool fits;

	TRY(field_read(tree->reader, side, node.address, &child));
	if (!child)
		return NULL;
	TRY(is_child(tree, node.address, child, &fits));
	if (!fits || node.level == TREE_DEPTH || tree->count == TREE_DEPTH)
		tree->left_out = true;
	else
		tree->pending[tree->count++] = (struct tree_node){ child, node.level + 1 };
	return NULL;
}

static struct err *push(struct erase_space *space, struct tree *tree, struct tree_node node,
			const struct field *side, const char *what)
{
	return erase_forgive(space, err_prepend(push_child(tree, node, side), "%s", what));
}

static struct err *tree_init(struct tree *tree, struct erase_space *space)
{
	static const struct field_name names[] = { { .type = "rb_node", .path = "rb_left" },
						   { .type = "rb_node", .path = "rb_right" },
						   { .type = "rb_node", .path = "__rb_parent_color" } };
	struct field fields[ARRAY_LEN(names)];

	*tree = (struct tree){ .reader = space->reader };
	TRY(fields_find(space->types, names, ARRAY_LEN(names), fields));
	tree->left = fields[0];
	tree->right = fields[1];
	tree->parent = fields[2];
	return NULL;
}

struct err *tree_each(struct erase_space *space, uint64_t root, uint64_t offset, const char *what,
		      struct err *(*fn)(void *ctx, uint64_t element), void *ctx)
{
	unsigned int steps = 0;
	struct tree tree;
	struct err *e;

	TRY(tree_init(&tree, space));
	e = kread_word(space->reader, root, &tree.pending[0].address);
	tree.count = !e && tree.pending[0].address;
	TRY(erase_forgive(space, err_prepend(e, "%s", what)));
	while (tree.count && steps < CHAIN_MAX && erase_step(space)) {
		struct tree_node node = tree.pending[--tree.count];

		steps++;
		TRY(fn(ctx, node.address - offset));
		TRY(push(space, &tree, node, &tree.left, what));
		TRY(push(space, &tree, node, &tree.right, what));
	}
	if (tree.count || tree.left_out || tree.strange)
		erase_doubt(space, "%s: the tree is damaged after %u nodes", what, steps);
	return NULL;
}
