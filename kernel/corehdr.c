// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/corehdr.h"

#include <stdlib.h>

#include "base/checked.h"

/* One program header for each CPU and each piece of memory: more than any kernel makes. */
#define LEN_MAX (UINT64_C(1) << 20)

/* Memory from the header on, as a file. Notes lie beyond its end. */
struct memory {
	struct source src;
	struct dump_view *view;		/* borrowed */
	uint64_t base;
};

static struct err *read_memory(struct source *src, uint64_t off, void *buf, size_t len, size_t *ret_len)
{
	const struct memory *memory = (const struct memory *)src;

	*ret_len = (size_t)min_u64(len, src->size - min_u64(off, src->size));
	return dump_view_read(memory->view, memory->base + off, buf, *ret_len);
}

static void destroy_memory(struct source *src)
{
	free(src);
}

static const struct source_ops memory_ops = { .read = read_memory, .destroy = destroy_memory };

struct err *corehdr_read(struct dump_view *view, uint64_t pa, struct elf_info **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct err *e;

	if (!memory)
		return err_nomem;
	*memory = (struct memory){
		.src = { .ops = &memory_ops, .name = "elfcorehdr", .size = LEN_MAX, .no_map = true },
		.view = view,
		.base = pa,
	};
	e = elf_info_read(&memory->src, NULL, ret);
	source_destroy(&memory->src);
	return e;
}
