// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sink that is a flattened stream (input/flat_format.h): each write is a
 * record, sent at once and never taken back.
 *
 * The end record is all that tells a receiver that nothing is missing. It goes
 * out in finish() and nowhere else, so a run that fails leaves a stream that
 * every reader knows to be cut off.
 */
#include "output/sink.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/checked.h"
#include "input/flat_format.h"
#include "output/stream.h"

struct flat_sink {
	struct sink sink;	/* first: the ops cast back */
	struct stream stream;
	bool begun;		/* the header is out */
	uint64_t end;		/* of the highest record */
	uint64_t size;		/* that the file was extended to */
};

static struct flat_sink *to_flat(struct sink *sink)
{
	return (struct flat_sink *)sink;
}

/* The head of a record and its bytes in one write; with the stream's header in front of the first. */
static struct err *send_record(struct flat_sink *flat, uint8_t head[FLAT_RECORD_HEAD],
			       const void *buf, size_t len)
{
	uint8_t header[FLAT_HEADER_SIZE];
	struct iovec iov[3];
	int count = 0;

	if (!flat->begun) {
		flat_header_put(header);
		iov[count++] = (struct iovec){ header, sizeof(header) };
	}
	iov[count++] = (struct iovec){ head, FLAT_RECORD_HEAD };
	if (len)
		iov[count++] = (struct iovec){ (void *)(uintptr_t)buf, len };
	flat->begun = true;
	return stream_send(&flat->stream, iov, count);
}

static struct err *flat_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	struct flat_sink *flat = to_flat(sink);
	struct flat_record record = { .off = off, .size = len };
	uint8_t head[FLAT_RECORD_HEAD];

	flat_record_put(head, &record);
	TRY(send_record(flat, head, buf, len));
	flat->end = max_u64(flat->end, off + len);
	return NULL;
}

/* Whether later records make the file as long is known in the end; if none does, one byte will. */
static struct err *flat_extend(struct sink *sink, uint64_t size)
{
	struct flat_sink *flat = to_flat(sink);

	flat->size = max_u64(flat->size, size);
	return NULL;
}

static struct err *flat_finish(struct sink *sink)
{
	struct flat_sink *flat = to_flat(sink);
	uint8_t head[FLAT_RECORD_HEAD];

	if (flat->size > flat->end)
		TRY(flat_write(sink, flat->size - 1, "", 1));
	flat_end_put(head);
	TRY(send_record(flat, head, NULL, 0));
	return stream_sync(&flat->stream);
}

static void flat_destroy(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops flat_ops = {
	.write = flat_write,
	.extend = flat_extend,
	.finish = flat_finish,
	.destroy = flat_destroy,
	.unfinished = "without its end record, so that whoever receives it knows that it is"
		      " incomplete",
};

struct err *sink_open_flat(int fd, const char *name, const volatile sig_atomic_t *stop,
			   struct sink **ret)
{
	struct flat_sink *flat;

	if (isatty(fd))
		return err_new(ERR_UNSUPPORTED, "%s: is a terminal; redirect the flattened dump to a "
			       "file or a pipe", name);
	flat = calloc(1, sizeof(*flat));
	if (!flat)
		return err_nomem;
	stream_init(&flat->stream, fd, name, stop);
	flat->sink.ops = &flat_ops;
	flat->sink.name = name;
	flat->sink.zero_filled = true;
	*ret = &flat->sink;
	return NULL;
}
