/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over iomem_resource. */
#include "kernel/resource.h"

#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

/* struct resource has 64 bytes, 96 with debugging; members beyond are not believed. */
#define NODE_BYTES_MAX 256

enum { R_START, R_END, R_NAME, R_FLAGS, R_DESC, R_SIBLING, R_CHILD, R_FIELDS };

static const char *const field_names[R_FIELDS] = {
	"start", "end", "name", "flags", "desc", "sibling", "child",
};

struct field {
	uint64_t offset, size;
};

struct walk {
	struct kreader *reader;
	struct field fields[R_FIELDS];
	uint64_t bytes;		/* of a node, as far as the last field */
	uint64_t limit[RESOURCE_DEPTH_MAX];	/* of each level: where its parent ends */
	uint64_t next[RESOURCE_DEPTH_MAX];	/* of each level: the sibling to go on with */
};

struct node {
	uint64_t value[R_FIELDS];
};

static struct err *find_fields(struct walk *walk, const struct types *types)
{
	struct type type;

	if (!types_find(types, TYPE_STRUCT, "resource", &type))
		return err_new(ERR_NOT_FOUND, "struct resource is not known");
	for (unsigned int i = 0; i < R_FIELDS; i++) {
		struct field *field = &walk->fields[i];

		if (!type_offset(type, field_names[i], &field->offset, &field->size) ||
		    (field->size != 4 && field->size != 8) ||
		    field->offset > NODE_BYTES_MAX - field->size)
			return err_new(ERR_NOT_FOUND, "resource.%s is not known", field_names[i]);
		walk->bytes = max_u64(walk->bytes, field->offset + field->size);
	}
	return NULL;
}

static struct err *read_node(const struct walk *walk, uint64_t address, struct node *ret)
{
	enum byte_order order = kreader_kernel(walk->reader)->order;
	uint8_t bytes[NODE_BYTES_MAX];

	TRY(kread(walk->reader, address, bytes, (size_t)walk->bytes));
	for (unsigned int i = 0; i < R_FIELDS; i++)
		ret->value[i] = get_word(bytes + walk->fields[i].offset,
					 (unsigned int)walk->fields[i].size, order);
	return NULL;
}

/* A name is only to be shown or compared: one that cannot be read is empty. */
static void read_name(struct kreader *reader, uint64_t address, char *name)
{
	size_t used = 0;

	name[0] = 0;
	while (address && used < RESOURCE_NAME_BYTES - 1) {
		struct err *e = kread(reader, address + used, name + used, 1);

		if (e)
			name[used] = 0;
		err_free(e);
		if (!name[used])
			return;
		name[++used] = 0;
	}
}

/* Siblings rise and lie in their parent: a walk that insists on it ends. */
static struct err *check_node(const struct walk *walk, uint64_t address, const struct node *node,
			      unsigned int depth, uint64_t from)
{
	uint64_t start = node->value[R_START], end = node->value[R_END];

	if (start >= from && end >= start && end <= walk->limit[depth])
		return NULL;
	return err_new(ERR_BAD_INPUT, "resource at %#llx: %#llx to %#llx is not in order, or not in its"
		       " parent", (unsigned long long)address, (unsigned long long)start,
		       (unsigned long long)end);
}

static struct kresource describe(const struct walk *walk, const struct node *node,
				 unsigned int depth)
{
	struct kresource resource = {
		.start = node->value[R_START],
		.end = node->value[R_END] == UINT64_MAX ? UINT64_MAX : node->value[R_END] + 1,
		.flags = node->value[R_FLAGS],
		.desc = node->value[R_DESC],
		.depth = depth,
	};

	read_name(walk->reader, node->value[R_NAME], resource.name);
	return resource;
}

/* All nodes under the root, which @root is the content of. */
static struct err *walk_tree(struct walk *walk, const struct node *root,
			     struct err *(*fn)(void *ctx, const struct kresource *resource), void *ctx)
{
	uint64_t from[RESOURCE_DEPTH_MAX] = { root->value[R_START] };
	unsigned int depth = 0;

	walk->limit[0] = root->value[R_END];
	walk->next[0] = root->value[R_CHILD];
	for (unsigned int seen = 0; seen < RESOURCES_MAX;) {
		uint64_t address = walk->next[depth];
		struct kresource resource;
		struct node node;

		if (!address) {
			if (depth-- == 0)
				return NULL;
			continue;
		}
		seen++;
		TRY(read_node(walk, address, &node));
		TRY(check_node(walk, address, &node, depth, from[depth]));
		resource = describe(walk, &node, depth);
		TRY(fn(ctx, &resource));
		walk->next[depth] = node.value[R_SIBLING];
		from[depth] = resource.end;
		if (!node.value[R_CHILD])
			continue;
		if (++depth == RESOURCE_DEPTH_MAX)
			return err_new(ERR_BAD_INPUT, "resource at %#llx: too many levels",
				       (unsigned long long)address);
		walk->limit[depth] = node.value[R_END];
		walk->next[depth] = node.value[R_CHILD];
		from[depth] = node.value[R_START];
	}
	return err_new(ERR_BAD_INPUT, "iomem_resource: more than %u resources", RESOURCES_MAX);
}

struct err *kresources_for_each(struct kreader *reader, const struct types *types, uint64_t root,
				struct err *(*fn)(void *ctx, const struct kresource *resource),
				void *ctx)
{
	struct walk walk = { .reader = reader };
	struct node node;

	TRY(find_fields(&walk, types));
	TRY(read_node(&walk, root, &node));
	return walk_tree(&walk, &node, fn, ctx);
}
