// SPDX-License-Identifier: GPL-2.0-or-later
/* A sink that keeps nothing: sink_write() counts, and that is all that is wanted. */
#include "output/sink.h"

#include <stdlib.h>

static struct err *null_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	(void)sink;
	(void)off;
	(void)buf;
	(void)len;
	return NULL;
}

static struct err *null_finish(struct sink *sink)
{
	(void)sink;
	return NULL;
}

static struct err *null_restart(struct sink *sink)
{
	(void)sink;
	return NULL;
}

static void null_destroy(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops null_ops = {
	.write = null_write,
	.finish = null_finish,
	.destroy = null_destroy,
	.restart = null_restart,
	.can_rewrite = true,
};

struct err *sink_open_null(struct sink **ret)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return err_nomem;
	sink->ops = &null_ops;
	sink->name = "(nothing)";
	sink->zero_filled = true;
	*ret = sink;
	return NULL;
}
