// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/file_turns.h"

void source_destroy(struct source *src)
{
	if (!src)
		return;
	turns_destroy(src);
	src->ops->destroy(src);
}

struct err *source_read_some(struct source *src, uint64_t off, void *buf, size_t len,
			     size_t *ret_len)
{
	size_t got = 0;

	if (off >= src->size || !len) {
		*ret_len = 0;
		return NULL;
	}
	len = (size_t)min_u64(len, src->size - off);
	if (src->turns)
		TRY(turns_read(src, off, buf, len, &got));
	else
		TRY(src->ops->read(src, off, buf, len, &got));
	if (got > len)
		return err_new(ERR_OTHER, "%s: read %zu bytes at offset %#" PRIx64
			       " where %zu were asked for", src->name, got, off, len);
	*ret_len = got;
	return NULL;
}

struct err *source_read(struct source *src, uint64_t off, void *buf, size_t len)
{
	size_t got = 0;

	TRY(source_read_some(src, off, buf, len, &got));
	if (got == len)
		return NULL;
	return err_new(ERR_LOST, "%s: cut off: %zu of %zu bytes at offset %#" PRIx64
		       " are there, the size is %" PRIu64 " bytes",
		       src->name, got, len, off, src->size);
}

/* Several threads may map the same source, so no_map is read and set atomically. */
bool source_can_map(const struct source *src)
{
	return src->ops->map && !__atomic_load_n(&src->no_map, __ATOMIC_RELAXED);
}

struct err *source_map(struct source *src, uint64_t off, size_t len, void **ret)
{
	long page = sysconf(_SC_PAGESIZE);

	if (!source_can_map(src))
		return err_new(ERR_UNSUPPORTED, "%s: cannot be mapped", src->name);
	if (!len || page <= 0 || off % (uint64_t)page || !range_fits(off, len, src->size))
		return err_new(ERR_BAD_INPUT, "%s: cannot map %zu bytes at offset %#" PRIx64
			       " of %" PRIu64 " bytes", src->name, len, off, src->size);
	return src->ops->map(src, off, len, ret);
}

void source_unmap(struct source *src, void *addr, size_t len)
{
	if (addr)
		src->ops->unmap(src, addr, len);
}
