// SPDX-License-Identifier: GPL-2.0-or-later
/* Standard output as it is: text of --dump-dmesg for a pipe. */
#include "output/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct err *stdout_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	const char *from = buf;

	if (off != sink->written)
		return err_new(ERR_OTHER, "%s: written out of order", sink->name);
	while (len) {
		ssize_t n = write(STDOUT_FILENO, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(errno, "%s: write at offset %llu", sink->name,
				       (unsigned long long)off);
		from += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return NULL;
}

/* Nobody else closes it, so that what a full disk behind it says late is heard here. */
static struct err *stdout_finish(struct sink *sink)
{
	if (close(STDOUT_FILENO))
		return err_sys(errno, "%s: close", sink->name);
	return NULL;
}

static void stdout_destroy(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops stdout_ops = {
	.write = stdout_write,
	.finish = stdout_finish,
	.destroy = stdout_destroy,
};

struct err *sink_open_stdout(struct sink **ret)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return err_nomem;
	sink->ops = &stdout_ops;
	sink->name = "STDOUT";
	*ret = sink;
	return NULL;
}
