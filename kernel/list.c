/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Circular lists of struct list_head. */
#include "kernel/kernel.h"

struct links {
	uint64_t next;
	uint64_t prev;
};

/* struct list_head is two pointers, next first, in every kernel; the facts still have the say. */
static struct err *read_links(struct kreader *reader, unsigned int word, const struct facts *facts,
			      uint64_t node, struct links *ret)
{
	uint64_t next_offset, prev_offset;

	if (!fact_offset(facts, "list_head.next", &next_offset))
		next_offset = 0;
	if (!fact_offset(facts, "list_head.prev", &prev_offset))
		prev_offset = word;
	TRY(kread_word(reader, node + next_offset, &ret->next));
	return kread_word(reader, node + prev_offset, &ret->prev);
}

/*
 * Every element must point back to the one it was reached from. That alone
 * finds a cycle that misses the head: its first element would have to point
 * back to two.
 */
static struct err *walk(struct kreader *reader, uint64_t head, uint64_t limit, bool backwards,
			struct err *(*fn)(void *ctx, uint64_t node), void *ctx)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct links links;
	uint64_t from = head;

	TRY(read_links(reader, kernel->word, &kernel->facts, head, &links));
	for (uint64_t seen = 0;; seen++) {
		uint64_t node = backwards ? links.prev : links.next;

		if (node == head)
			return NULL;
		if (seen == limit)
			return err_new(ERR_BAD_INPUT, "list at %#llx: more than %llu elements",
				       (unsigned long long)head, (unsigned long long)limit);
		TRY(read_links(reader, kernel->word, &kernel->facts, node, &links));
		if ((backwards ? links.next : links.prev) != from)
			return err_new(ERR_BAD_INPUT,
				       "list at %#llx: element %#llx points back to %#llx, not to %#llx",
				       (unsigned long long)head, (unsigned long long)node,
				       (unsigned long long)(backwards ? links.next : links.prev),
				       (unsigned long long)from);
		TRY(fn(ctx, node));
		from = node;
	}
}

struct err *klist_for_each(struct kreader *reader, uint64_t head, uint64_t limit,
			   struct err *(*fn)(void *ctx, uint64_t node), void *ctx)
{
	return walk(reader, head, limit, false, fn, ctx);
}

struct err *klist_for_each_back(struct kreader *reader, uint64_t head, uint64_t limit,
				struct err *(*fn)(void *ctx, uint64_t node), void *ctx)
{
	return walk(reader, head, limit, true, fn, ctx);
}
