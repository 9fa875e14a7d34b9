// SPDX-License-Identifier: GPL-2.0-or-later
/* The source over a file of the system: regular file, block device or /proc file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22	/* Linux 5.14; older C library headers lack it */
#endif

#define PROC_MAGIC 0x9fa0	/* PROC_SUPER_MAGIC of linux/magic.h */

struct file_source {
	struct source base;
	int fd;
	char name[];
};

static int open_retry(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* Without its descriptor; NULL for lack of memory. */
static struct file_source *file_alloc(const struct source_ops *ops, const char *name)
{
	size_t name_size = strlen(name) + 1;
	struct file_source *file = calloc(1, sizeof(*file) + name_size);

	if (!file)
		return NULL;
	memcpy(file->name, name, name_size);
	file->base.ops = ops;
	file->base.name = file->name;
	return file;
}

static struct err *file_read(struct source *src, uint64_t off, void *buf, size_t len,
			     size_t *ret_len)
{
	const struct file_source *file = (const struct file_source *)src;
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(file->fd, (char *)buf + got, len - got, (off_t)(off + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(errno, "%s: reading %zu bytes at offset %#" PRIx64,
				       src->name, len - got, off + got);
		if (!n)
			break;	/* shorter than its size says: cut off while open */
		got += (size_t)n;
	}
	*ret_len = got;
	return NULL;
}

/*
 * Bring the pages of a new mapping in now, where a read error is a return
 * value; a later touch of such a page would be a SIGBUS. Returns 0 or an errno.
 *
 * EFAULT: a page cannot be read (kernel commit "mm/madvise: report SIGBUS as
 * -EFAULT for MADV_POPULATE_(READ|WRITE)", v5.14). EHWPOISON: bad memory.
 *
 * EINVAL is not a failure. It is what a VM_PFNMAP mapping gets: check_vma_flags()
 * in mm/gup.c refuses VM_IO and VM_PFNMAP, and its callers for populating turn
 * that into EINVAL (faultin_vma_page_range() from v5.14, __get_user_pages()
 * since v6.9). Mapping /proc/vmcore with remap_pfn_range() sets both flags and
 * enters every page at once, so none is left to fail. A kernel before 5.14
 * does not know the advice and says EINVAL too; there the risk remains.
 *
 * It also remains for a page that is dropped from the page cache after this
 * and cannot be read again. And kernels from 5.14 retry for ever on a disk
 * error here, until "mm/madvise: make MADV_POPULATE_(READ|WRITE) handle
 * VM_FAULT_RETRY properly" (v6.9); --non-mmap avoids both.
 */
static int populate(void *addr, size_t len)
{
	while (madvise(addr, len, MADV_POPULATE_READ)) {
		if (errno == EINVAL)
			return 0;
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* EAGAIN, ENOMEM and the like concern one window; the others every window of this file. */
static bool refused_for_good(int errnum)
{
	return errnum == ENODEV || errnum == ENOSYS || errnum == EPERM || errnum == EACCES;
}

static struct err *file_map(struct source *src, uint64_t off, size_t len, void **ret)
{
	const struct file_source *file = (const struct file_source *)src;
	void *addr = mmap(NULL, len, PROT_READ, MAP_SHARED, file->fd, (off_t)off);
	int errnum;

	if (addr == MAP_FAILED) {
		errnum = errno;
		if (refused_for_good(errnum))
			__atomic_store_n(&src->no_map, true, __ATOMIC_RELAXED);
		return err_new(ERR_UNSUPPORTED, "%s: mapping %zu bytes at offset %#" PRIx64 ": %s",
			       src->name, len, off, strerror(errnum));
	}
	errnum = populate(addr, len);
	if (errnum) {
		munmap(addr, len);
		return err_new(errnum == ENOMEM ? ERR_UNSUPPORTED : ERR_LOST,
			       "%s: bringing in %zu mapped bytes at offset %#" PRIx64 ": %s",
			       src->name, len, off, strerror(errnum));
	}
	*ret = addr;
	return NULL;
}

static void file_unmap(struct source *src, void *addr, size_t len)
{
	(void)src;
	munmap(addr, len);
}

/* By the descriptor, not by the path: that may lead elsewhere by now. */
static struct err *file_reopen(struct source *src, struct source **ret)
{
	struct file_source *again = file_alloc(src->ops, src->name);
	char path[32];

	if (!again)
		return err_nomem;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ((struct file_source *)src)->fd);
	again->fd = open_retry(path);
	if (again->fd < 0) {
		int errnum = errno;

		free(again);
		return err_sys(errnum, "%s: opening it again", src->name);
	}
	*ret = &again->base;
	return NULL;
}

static void file_destroy(struct source *src)
{
	close(((struct file_source *)src)->fd);
	free(src);
}

static const struct source_ops file_ops = {
	.read = file_read,
	.map = file_map,
	.unmap = file_unmap,
	.reopen = file_reopen,
	.destroy = file_destroy,
};

/* What @mode is, when it is nothing to read a dump from; NULL when it is. */
static const char *unusable_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFBLK:
		return NULL;
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a pipe";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
		return "a character device";
	default:
		return "neither a file nor a block device";
	}
}

static struct err *check_type(const char *path, const struct stat *st)
{
	const char *type = unusable_type(st->st_mode);

	if (!type)
		return NULL;
	return err_new(ERR_UNSUPPORTED,
		       "%s: is %s; only files and block devices can be read by offset", path, type);
}

/* A block device, and many files of /proc, have size 0 in stat. */
static struct err *find_size(int fd, const char *path, uint64_t stat_size, uint64_t *ret)
{
	off_t end;

	if (stat_size) {
		*ret = stat_size;
		return NULL;
	}
	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return err_sys(errno, "%s: finding the size", path);
	if (!end)
		return err_new(ERR_BAD_INPUT, "%s: is empty", path);
	*ret = (uint64_t)end;
	return NULL;
}

static struct err *inspect(int fd, const char *path, uint64_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(errno, "%s", path);
	TRY(check_type(path, &st));
	return find_size(fd, path, (uint64_t)st.st_size, ret_size);
}

/* The type is looked at before opening: opening a pipe waits for its writer. */
static struct err *open_checked(const char *path, int *ret_fd, uint64_t *ret_size)
{
	struct stat st;
	struct err *e;
	int fd;

	if (stat(path, &st))
		return err_sys(errno, "%s", path);
	TRY(check_type(path, &st));
	fd = open_retry(path);
	if (fd < 0)
		return err_sys(errno, "%s", path);
	e = inspect(fd, path, ret_size);
	if (e) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return NULL;
}

static bool is_proc(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PROC_MAGIC;
}

struct err *source_open_file(const char *path, bool allow_map, struct source **ret)
{
	struct file_source *file = file_alloc(&file_ops, path);
	struct err *e;

	if (!file)
		return err_nomem;
	e = open_checked(path, &file->fd, &file->base.size);
	if (e) {
		free(file);
		return e;
	}
	file->base.no_map = !allow_map;
	file->base.is_proc = is_proc(file->fd);
	*ret = &file->base;
	return NULL;
}
