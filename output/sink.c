// SPDX-License-Identifier: GPL-2.0-or-later
/* The contract of sinks, checked in one place. */
#include "output/sink.h"

#include <inttypes.h>

#include "base/checked.h"

/* What every write must obey, whatever the sink. */
static struct err *check_range(const struct sink *sink, uint64_t off, uint64_t len)
{
	uint64_t limit = sink->limit ? sink->limit : SINK_SIZE_MAX;

	if (sink->finished)
		return err_new(ERR_OTHER, "%s: written to after it was finished", sink->name);
	if (!range_fits(off, len, limit))
		return err_new(ERR_LIMIT, "%s: %" PRIu64 " bytes at offset %" PRIu64 " are beyond the "
			       "%s of %" PRIu64 " bytes", sink->name, len, off,
			       sink->limit ? "limit" : "largest file", limit);
	return NULL;
}

struct err *sink_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	TRY(check_range(sink, off, len));
	if (!len)
		return NULL;
	TRY(sink->ops->write(sink, off, buf, len));
	sink->written += len;
	return NULL;
}

struct err *sink_rewrite(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	TRY(check_range(sink, off, len));
	if (!sink->ops->can_rewrite)
		return err_new(ERR_UNSUPPORTED, "%s: bytes cannot be written twice", sink->name);
	return len ? sink->ops->write(sink, off, buf, len) : NULL;
}

struct err *sink_extend(struct sink *sink, uint64_t size)
{
	TRY(check_range(sink, 0, size));
	return sink->ops->extend ? sink->ops->extend(sink, size) : NULL;
}

void sink_reserve(struct sink *sink, uint64_t off, uint64_t len)
{
	if (sink->finished || !len || !range_fits(off, len, SINK_SIZE_MAX))
		return;
	if (sink->ops->reserve)
		sink->ops->reserve(sink, off, len);
}

struct err *sink_restart(struct sink *sink)
{
	if (sink->finished)
		return err_new(ERR_OTHER, "%s: begun anew after it was finished", sink->name);
	if (!sink->ops->restart)
		return err_new(ERR_UNSUPPORTED, "%s: what was written cannot be taken back",
			       sink->name);
	TRY(sink->ops->restart(sink));
	sink->written = 0;
	return NULL;
}

struct err *sink_finish(struct sink *sink)
{
	if (sink->finished)
		return err_new(ERR_OTHER, "%s: finished twice", sink->name);
	TRY(sink->ops->finish(sink));
	sink->finished = true;
	return NULL;
}

void sink_destroy(struct sink *sink)
{
	if (sink)
		sink->ops->destroy(sink);
}
