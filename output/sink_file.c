// SPDX-License-Identifier: GPL-2.0-or-later
/* A sink that is a file or a block device. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/behind.h"

struct file_sink {
	struct sink sink;	/* first: the ops cast back */
	char *path;
	int fd;			/* -1 once closed */
	bool regular;
	bool no_behind;		/* the system cannot: all is left to the final sync */
	struct behind behind;
};

static struct file_sink *to_file(struct sink *sink)
{
	return (struct file_sink *)sink;
}

/* One write() may take less than it was given: at a full disk, and always above 2 GiB. */
static struct err *write_all(struct file_sink *file, uint64_t off, const uint8_t *buf, size_t len)
{
	while (len) {
		ssize_t n = pwrite(file->fd, buf, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(errno, "%s: cannot write %zu bytes at offset %" PRIu64,
				       file->path, len, off);
		if (n == 0)
			return err_new(ERR_IO, "%s: nothing more can be written at offset %" PRIu64,
				       file->path, off);
		off += (uint64_t)n;
		buf += n;
		len -= (size_t)n;
	}
	return NULL;
}

/*
 * An error of earlier writes that a device tells while its data is waited for is
 * told only once: the final sync would succeed (file_fdatawait_range() in
 * mm/filemap.c advances the file's error cursor, since v4.13; a flag was
 * cleared before).
 */
static struct err *sync_chunk(struct file_sink *file, struct range chunk, unsigned int flags)
{
	int rc;

	do {
		rc = sync_file_range(file->fd, (off_t)chunk.start, (off_t)(chunk.end - chunk.start),
				     flags);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
		return err_sys(errno, "%s: cannot bring %" PRIu64 " bytes at offset %" PRIu64
			       " to the device", file->path, chunk.end - chunk.start, chunk.start);
	/* A character device, or a system without the call. */
	if (rc < 0)
		file->no_behind = true;
	return NULL;
}

/* Start a full chunk on its way, and drop the one before it from the page cache. */
static struct err *write_behind(struct file_sink *file, uint64_t off, size_t len)
{
	struct range start, done;

	if (file->no_behind || !behind_add(&file->behind, off, len, &start, &done))
		return NULL;
	TRY(sync_chunk(file, start, SYNC_FILE_RANGE_WRITE));
	if (file->no_behind || done.start == done.end)
		return NULL;
	TRY(sync_chunk(file, done, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				   SYNC_FILE_RANGE_WAIT_AFTER));
	/* Advice: what does not follow it loses nothing but memory. */
	(void)posix_fadvise(file->fd, (off_t)done.start, (off_t)(done.end - done.start),
			    POSIX_FADV_DONTNEED);
	return NULL;
}

static struct err *file_write(struct sink *sink, uint64_t off, const void *buf, size_t len)
{
	struct file_sink *file = to_file(sink);

	if (file->fd < 0)
		return err_new(ERR_IO, "%s: already closed", file->path);
	TRY(write_all(file, off, buf, len));
	return write_behind(file, off, len);
}

static struct err *file_extend(struct sink *sink, uint64_t size)
{
	struct file_sink *file = to_file(sink);
	struct stat st;
	int rc;

	if (!file->regular)
		return NULL;
	if (fstat(file->fd, &st) < 0)
		return err_sys(errno, "%s: cannot get its size", file->path);
	if ((uint64_t)st.st_size >= size)
		return NULL;
	do {
		rc = ftruncate(file->fd, (off_t)size);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return err_sys(errno, "%s: cannot extend it to %" PRIu64 " bytes", file->path, size);
	return NULL;
}

static void file_reserve(struct sink *sink, uint64_t off, uint64_t len)
{
	struct file_sink *file = to_file(sink);
	int rc;

	if (!file->regular)
		return;
	/* Not posix_fallocate(): where the file system cannot, that one writes zeros. */
	do {
		rc = fallocate(file->fd, FALLOC_FL_KEEP_SIZE, (off_t)off, (off_t)len);
	} while (rc < 0 && errno == EINTR);
}

static struct err *file_restart(struct sink *sink)
{
	struct file_sink *file = to_file(sink);
	int rc;

	if (file->fd < 0)
		return err_new(ERR_IO, "%s: already closed", file->path);
	memset(&file->behind, 0, sizeof(file->behind));
	if (!file->regular)
		return NULL;
	do {
		rc = ftruncate(file->fd, 0);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? err_sys(errno, "%s: cannot empty it", file->path) : NULL;
}

/*
 * NFS and file systems with delayed allocation tell of a full or broken device
 * only here, and callers look at nothing but the exit status.
 */
static struct err *file_finish(struct sink *sink)
{
	struct file_sink *file = to_file(sink);
	int fd = file->fd, rc;

	do {
		rc = fdatasync(fd);
	} while (rc < 0 && errno == EINTR);
	/* EINVAL: a character device without anything to sync. */
	if (rc < 0 && errno != EINVAL)
		return err_sys(errno, "%s: cannot bring it to the device", file->path);
	file->fd = -1;
	/* Linux has closed the descriptor even when close() says EINTR. */
	if (close(fd) < 0 && errno != EINTR)
		return err_sys(errno, "%s: cannot close it", file->path);
	return NULL;
}

static void file_destroy(struct sink *sink)
{
	struct file_sink *file = to_file(sink);

	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

static const struct sink_ops file_ops = {
	.write = file_write,
	.extend = file_extend,
	.reserve = file_reserve,
	.finish = file_finish,
	.destroy = file_destroy,
	.restart = file_restart,
	.can_rewrite = true,
};

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
		return "a character device";
	case S_IFDIR:
		return "a directory";
	default:
		return "not a file";
	}
}

static struct err *no_positions(const char *path, mode_t mode)
{
	return err_new(ERR_UNSUPPORTED, "%s: is %s; the dump needs a file or device that can be "
		       "written at any position", path, kind_of(mode));
}

/* Opening a FIFO would wait for a reader, only to be refused. */
static struct err *refuse_waiting(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return no_positions(path, st.st_mode);
	return NULL;
}

static struct err *open_fd(const char *path, bool force, int *ret)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (force ? O_TRUNC : O_EXCL);
	int fd;

	if (force)
		TRY(refuse_waiting(path));
	do {
		fd = open(path, flags, 0600);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_sys(errno, "%s: cannot %s", path, force ? "open for writing" : "create");
	*ret = fd;
	return NULL;
}

/* Learn what was opened; takes over @fd on success only. */
static struct err *file_create(const char *path, int fd, struct sink **ret)
{
	struct file_sink *file;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(errno, "%s: cannot get its type", path);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return no_positions(path, st.st_mode);
	file = calloc(1, sizeof(*file));
	if (!file)
		return err_nomem;
	file->path = strdup(path);
	if (!file->path) {
		free(file);
		return err_nomem;
	}
	file->fd = fd;
	file->regular = S_ISREG(st.st_mode);
	file->sink.ops = &file_ops;
	file->sink.name = file->path;
	file->sink.zero_filled = file->regular;
	*ret = &file->sink;
	return NULL;
}

struct err *sink_open_file(const char *path, bool force, struct sink **ret)
{
	struct err *e;
	int fd = -1;

	TRY(open_fd(path, force, &fd));
	e = file_create(path, fd, ret);
	if (e)
		close(fd);
	return e;
}
