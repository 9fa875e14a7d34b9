// SPDX-License-Identifier: GPL-2.0-or-later
/* The source over bytes in memory: a test's or fuzzer's dump. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"

struct memory_source {
	struct source base;
	const uint8_t *data;
};

static struct err *memory_read(struct source *src, uint64_t off, void *buf, size_t len,
			       size_t *ret_len)
{
	const struct memory_source *mem = (const struct memory_source *)src;
	size_t n = (size_t)min_u64(len, src->size - off);

	memcpy(buf, mem->data + off, n);
	*ret_len = n;
	return NULL;
}

static struct err *memory_map(struct source *src, uint64_t off, size_t len, void **ret)
{
	(void)len;
	*ret = (void *)(((const struct memory_source *)src)->data + off);
	return NULL;
}

static void memory_unmap(struct source *src, void *addr, size_t len)
{
	(void)src;
	(void)addr;
	(void)len;
}

static void memory_destroy(struct source *src)
{
	free(src);
}

static const struct source_ops memory_ops = {
	.read = memory_read,
	.map = memory_map,
	.unmap = memory_unmap,
	.destroy = memory_destroy,
};

struct err *source_open_memory(const void *data, size_t len, struct source **ret)
{
	struct memory_source *mem = calloc(1, sizeof(*mem));

	if (!mem)
		return err_nomem;
	mem->base.ops = &memory_ops;
	mem->base.name = "memory";
	mem->base.size = len;
	mem->data = data;
	*ret = &mem->base;
	return NULL;
}
