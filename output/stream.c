// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

/*
 * As much as an unprivileged process may ask for (fs.pipe-max-size). With the
 * usual 64 KiB a write of 1 MiB waits for its reader sixteen times.
 */
#define PIPE_BYTES (1 << 20)

void stream_init(struct stream *stream, int fd, const char *name,
		 const volatile sig_atomic_t *stop)
{
	*stream = (struct stream){ .fd = fd, .name = name, .stop = stop };
	/* No pipe, or no room for one so large: slower, and that is all. */
	if (fcntl(fd, F_GETPIPE_SZ) < PIPE_BYTES)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
}

static bool is_stopped(const struct stream *stream)
{
	return stream->stop && *stream->stop;
}

/* Whoever shares the pipe may have made it non-blocking. */
static void wait_writable(const struct stream *stream)
{
	struct pollfd pfd = { .fd = stream->fd, .events = POLLOUT };

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
static struct err *send_all(const struct stream *stream, struct iovec *iov, int count)
{
	while (count) {
		ssize_t n;

		if (is_stopped(stream))
			return err_stopped;
		n = writev(stream->fd, iov, count);
		if (n >= 0)
			iov_advance(&iov, &count, (size_t)n);
		else if (errno == EAGAIN)
			wait_writable(stream);
		else if (errno != EINTR)
			return err_sys(errno, "%s: cannot write", stream->name);
	}
	return NULL;
}

struct err *stream_send(struct stream *stream, struct iovec *iov, int count)
{
	struct err *e;

	if (stream->broken)
		return err_new(ERR_IO, "%s: an earlier write failed", stream->name);
	e = send_all(stream, iov, count);
	stream->broken = e != NULL;
	return e;
}

/* Callers look at nothing but the exit status, so what a file has to say only now counts. */
struct err *stream_sync(const struct stream *stream)
{
	int rc;

	do {
		rc = fdatasync(stream->fd);
	} while (rc < 0 && errno == EINTR && !is_stopped(stream));
	/* EINVAL, EROFS: a pipe, a socket, a terminal. */
	if (rc < 0 && errno != EINVAL && errno != EROFS && errno != EINTR)
		return err_sys(errno, "%s: cannot bring it to the device", stream->name);
	return NULL;
}
