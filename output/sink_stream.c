// SPDX-License-Identifier: GPL-2.0-or-later
/* A sink that is a plain stream: bytes in the order they are written. */
#include "output/sink.h"

#include <inttypes.h>
#include <stdlib.h>

#include "output/stream.h"

struct stream_sink {
	struct sink sink;	/* first: the ops cast back */
	struct stream stream;
};

static struct err *plain_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	struct stream_sink *plain = (struct stream_sink *)sink;
	struct iovec iov = { (void *)(uintptr_t)buf, len };

	if (off != sink->written)
		return err_new(ERR_OTHER, "%s: cannot go to offset %" PRIu64 " after %" PRIu64
			       " bytes", sink->name, off, sink->written);
	return stream_send(&plain->stream, &iov, 1);
}

static struct err *plain_finish(struct sink *sink)
{
	return stream_sync(&((struct stream_sink *)sink)->stream);
}

static void plain_destroy(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops plain_ops = {
	.write = plain_write,
	.finish = plain_finish,
	.destroy = plain_destroy,
};

struct err *sink_open_stream(int fd, const char *name, const volatile sig_atomic_t *stop,
			     struct sink **ret)
{
	struct stream_sink *plain = calloc(1, sizeof(*plain));

	if (!plain)
		return err_nomem;
	stream_init(&plain->stream, fd, name, stop);
	plain->sink.ops = &plain_ops;
	plain->sink.name = name;
	*ret = &plain->sink;
	return NULL;
}
