/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An output without positions, as sinks write to it: standard output, mostly a pipe. */
#ifndef OUTPUT_STREAM_H
#define OUTPUT_STREAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "base/err.h"

struct stream {
	int fd;				/* borrowed */
	const char *name;		/* for messages; borrowed */
	const volatile sig_atomic_t *stop;	/* not 0: nothing more is written; NULL: never */
	bool broken;			/* something went out in part: nothing may follow it */
};

/* Makes the pipe that @fd may be larger. */
void stream_init(struct stream *stream, int fd, const char *name,
		 const volatile sig_atomic_t *stop);

/* All bytes of @iov, which is used up, or an error; the first error is the last write. */
struct err *stream_send(struct stream *stream, struct iovec *iov, int count)
	__attribute__((warn_unused_result));

/* Bring what is behind the stream to its device, if it is a file. */
struct err *stream_sync(const struct stream *stream) __attribute__((warn_unused_result));

#endif
