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

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checked.h"
#include "input/flat_format.h"

/*
 * As much as an unprivileged process may ask for (fs.pipe-max-size). With the
 * usual 64 KiB a write of 1 MiB waits for its reader sixteen times.
 */
#define PIPE_BYTES (1 << 20)

struct flat_sink {
	struct sink sink;	/* first: the ops cast back */
	const char *name;
	const volatile sig_atomic_t *stop;
	int fd;
	bool begun;		/* the header is out */
	bool broken;		/* a record went out in part: nothing may follow it */
	uint64_t end;		/* of the highest record */
	uint64_t size;		/* that the file was extended to */
};

static struct flat_sink *to_flat(struct sink *sink)
{
	return (struct flat_sink *)sink;
}

static bool stopped(const struct flat_sink *flat)
{
	return flat->stop && *flat->stop;
}

/* Whoever shares the pipe may have made it non-blocking. */
static void wait_writable(const struct flat_sink *flat)
{
	struct pollfd pfd = { .fd = flat->fd, .events = POLLOUT };

	(void)poll(&pfd, 1, -1);
}

/* @n bytes of @iov went out: what is left of it. */
static void iov_advance(struct iovec **iov, int *count, size_t n)
{
	while (*count && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		++*iov;
		--*count;
	}
	if (*count) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

/* A signal interrupts the wait for a receiver that stalls; main sees to it that none is missed. */
static struct err *send_all(struct flat_sink *flat, struct iovec *iov, int count)
{
	while (count) {
		ssize_t n;

		if (stopped(flat))
			return err_stopped;
		n = writev(flat->fd, iov, count);
		if (n >= 0)
			iov_advance(&iov, &count, (size_t)n);
		else if (errno == EAGAIN)
			wait_writable(flat);
		else if (errno != EINTR)
			return err_sys(errno, "%s: cannot write", flat->name);
	}
	return NULL;
}

/* The pieces of @iov in one write; with the header in front when it is the first. */
static struct err *send_pieces(struct flat_sink *flat, struct iovec *pieces, int count)
{
	uint8_t header[FLAT_HEADER_SIZE];
	struct iovec iov[3];
	int used = 0;
	struct err *e;

	if (flat->broken)
		return err_new(ERR_IO, "%s: an earlier write failed", flat->name);
	if (!flat->begun) {
		flat_header_put(header);
		iov[used++] = (struct iovec){ header, sizeof(header) };
	}
	for (int i = 0; i < count; i++)
		iov[used++] = pieces[i];
	e = send_all(flat, iov, used);
	flat->broken = e != NULL;
	flat->begun = true;
	return e;
}

static struct err *flat_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	struct flat_sink *flat = to_flat(sink);
	struct flat_record record = { .off = off, .size = len };
	uint8_t head[FLAT_RECORD_HEAD];
	struct iovec pieces[2] = { { head, sizeof(head) }, { (void *)(uintptr_t)buf, len } };

	flat_record_put(head, &record);
	TRY(send_pieces(flat, pieces, 2));
	flat->end = max_u64(flat->end, off + len);
	return NULL;
}

/* The length of the file is known for sure in the end only: then one byte gives it. */
static struct err *flat_extend(struct sink *sink, uint64_t size)
{
	struct flat_sink *flat = to_flat(sink);

	flat->size = max_u64(flat->size, size);
	return NULL;
}

/* Callers look at nothing but the exit status, so what a file behind the stream has to say counts. */
static struct err *sync_stream(const struct flat_sink *flat)
{
	int rc;

	do {
		rc = fdatasync(flat->fd);
	} while (rc < 0 && errno == EINTR && !stopped(flat));
	/* EINVAL, EROFS: a pipe, a socket. */
	if (rc < 0 && errno != EINVAL && errno != EROFS && errno != EINTR)
		return err_sys(errno, "%s: cannot bring it to the device", flat->name);
	return NULL;
}

static struct err *flat_finish(struct sink *sink)
{
	struct flat_sink *flat = to_flat(sink);
	uint8_t head[FLAT_RECORD_HEAD];
	struct iovec piece = { head, sizeof(head) };

	if (flat->size > flat->end)
		TRY(flat_write(sink, flat->size - 1, "", 1));
	flat_end_put(head);
	TRY(send_pieces(flat, &piece, 1));
	return sync_stream(flat);
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
	flat->fd = fd;
	flat->name = name;
	flat->stop = stop;
	flat->sink.ops = &flat_ops;
	flat->sink.name = name;
	flat->sink.zero_filled = true;
	/* No pipe, or no room for one so large: slower, and that is all. */
	if (fcntl(fd, F_GETPIPE_SZ) < PIPE_BYTES)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	*ret = &flat->sink;
	return NULL;
}
