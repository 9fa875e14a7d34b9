/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of --json. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input_set.h"
#include "cli/stats.h"

static bool is_file(const struct stat *file, const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* One of the files that VMCORE names. */
static bool is_input(const struct stat *file, const struct options *options)
{
	struct input_set set;
	struct err *e = input_set_init(&set, options->vmcores, options->vmcore_count);
	bool answer;

	if (e) {
		err_free(e);
		return false;
	}
	answer = input_set_holds(&set, file);
	input_set_deinit(&set);
	return answer;
}

/* Open for writing; *created says that the file is new. */
static int open_or_create(const struct options *options, bool *created)
{
	int fd = open(options->json, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	*created = fd >= 0;
	if (fd < 0 && errno == EEXIST && options->force)
		fd = open(options->json, O_WRONLY | O_CLOEXEC);
	return fd;
}

struct err *stats_open_file(const struct options *options, FILE **ret)
{
	const char *same = NULL;
	bool created;
	struct stat st;
	int fd = open_or_create(options, &created);

	if (fd < 0)
		return err_new(ERR_IO, "Can't open the file of --json (%s). %s", options->json,
			       strerror(errno));
	if (!fstat(fd, &st)) {
		/* -g: VMLINUX is no word. */
		if (is_input(&st, options) || is_file(&st, options->vmcore))
			same = options->vmcore;
		/* A DUMPFILE that is not there yet could only be a link to this new file. */
		for (size_t i = 0; i < options->dumpfile_count; i++)
			if (is_file(&st, options->dumpfiles[i]))
				same = options->dumpfiles[i];
	}
	if (same) {
		close(fd);
		if (created)
			unlink(options->json);
		return err_new(ERR_OTHER, "--json %s is %s: one would overwrite the other",
			       options->json, same);
	}
	/* What has no length, a device or a pipe, is written all the same. */
	if (S_ISREG(st.st_mode) && ftruncate(fd, 0)) {
		int errnum = errno;

		close(fd);
		return err_sys(errnum, "--json %s", options->json);
	}
	*ret = fdopen(fd, "w");
	if (*ret)
		return NULL;
	close(fd);
	return err_nomem;
}

struct err *stats_close_file(const struct options *options, FILE *out)
{
	bool failed = ferror(out);
	int errnum;

	errno = 0;
	failed |= fclose(out) != 0;
	errnum = errno;
	if (!failed)
		return NULL;
	return err_sys(errnum ? errnum : EIO, "--json %s", options->json);
}
