// SPDX-License-Identifier: GPL-2.0-or-later
/* Sinks: the file with its ways to fail, the one that only counts, the contract. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char dir[] = "/tmp/test_sink.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void check_content(const char *path, const char *want, size_t len)
{
	char got[256];
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0);
	CHECK_EQ(read(fd, got, sizeof(got)), len);
	CHECK(!memcmp(got, want, len));
	close(fd);
}

static void test_new_file(void)
{
	const char *path = in_dir("new");
	struct sink *sink;
	struct stat st;

	umask(0);
	CHECK_OK(sink_open_file(path, false, &sink));
	CHECK(sink->zero_filled && sink->ops->can_rewrite);
	CHECK_OK(sink_write(sink, 6, "world", 5));
	CHECK_OK(sink_write(sink, 0, "hello", 5));
	CHECK_OK(sink_rewrite(sink, 0, "H", 1));
	CHECK_EQ(sink->written, 10);
	sink_reserve(sink, 0, 1 << 16);
	CHECK_OK(sink_extend(sink, 13));
	CHECK_OK(sink_extend(sink, 2));
	CHECK_OK(sink_finish(sink));
	CHECK_ERR(sink_write(sink, 0, "x", 1), ERR_OTHER);
	CHECK_ERR(sink_finish(sink), ERR_OTHER);
	sink_destroy(sink);
	check_content(path, "Hello\0world\0\0", 13);
	CHECK(stat(path, &st) == 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
}

static void test_existing(void)
{
	const char *path = in_dir("existing");
	struct sink *sink = NULL;
	struct err *e;

	CHECK_OK(sink_open_file(path, false, &sink));
	CHECK_OK(sink_write(sink, 0, "old content", 11));
	/* Without finish() the file stays as it is. */
	sink_destroy(sink);
	sink = NULL;
	e = sink_open_file(path, false, &sink);
	CHECK_EQ(err_kind(e), ERR_IO);
	CHECK_EQ(err_errnum(e), EEXIST);
	CHECK(strstr(err_text(e), path) && !sink);
	err_free(e);
	check_content(path, "old content", 11);
	CHECK_OK(sink_open_file(path, true, &sink));
	CHECK_OK(sink_write(sink, 0, "new", 3));
	CHECK_OK(sink_finish(sink));
	sink_destroy(sink);
	check_content(path, "new", 3);
}

static void check_refused(const char *path, bool force, enum err_kind kind, const char *text)
{
	struct sink *sink = NULL;
	struct err *e = sink_open_file(path, force, &sink);

	CHECK_EQ(err_kind(e), kind);
	CHECK(strstr(err_text(e), path) && strstr(err_text(e), text));
	CHECK(!sink);
	err_free(e);
}

static void test_refused(void)
{
	const char *fifo = in_dir("fifo");

	CHECK(mkfifo(fifo, 0600) == 0);
	check_refused(fifo, false, ERR_IO, "File exists");
	/* Does not wait for a reader. */
	check_refused(fifo, true, ERR_UNSUPPORTED, "FIFO");
	check_refused(in_dir("no/such"), false, ERR_IO, "No such file");
	check_refused(dir, true, ERR_IO, "directory");
}

static void test_devices(void)
{
	struct sink *sink;
	struct err *e;

	if (access("/dev/full", W_OK) == 0) {
		CHECK_OK(sink_open_file("/dev/full", true, &sink));
		CHECK(!sink->zero_filled);
		e = sink_write(sink, 4096, "x", 1);
		CHECK_EQ(err_kind(e), ERR_NO_SPACE);
		CHECK(strstr(err_text(e), "/dev/full") && strstr(err_text(e), "4096"));
		CHECK_EQ(sink->written, 0);
		err_free(e);
		sink_destroy(sink);
	}
	CHECK_OK(sink_open_file("/dev/null", true, &sink));
	CHECK_OK(sink_write(sink, 4096, "x", 1));
	CHECK_OK(sink_extend(sink, 1 << 20));
	CHECK_OK(sink_finish(sink));
	sink_destroy(sink);
}

static void test_size_limit(void)
{
	struct rlimit old, small;
	const char *path = in_dir("limited");
	static char data[8192];
	struct sink *sink;

	CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
	CHECK_OK(sink_open_file(path, false, &sink));
	signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){ .rlim_cur = 5000, .rlim_max = old.rlim_max };
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	CHECK_ERR(sink_write(sink, 0, data, sizeof(data)), ERR_LIMIT);
	CHECK_ERR(sink_extend(sink, 10000), ERR_LIMIT);
	sink_reserve(sink, 0, 10000);
	CHECK_OK(sink_rewrite(sink, 0, data, 4096));
	CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
	sink_destroy(sink);
}

/* A limit of our own, and beginning anew when it was hit. */
static void test_limit_and_restart(void)
{
	const char *path = in_dir("anew");
	struct sink *sink;

	CHECK_OK(sink_open_file(path, false, &sink));
	sink->limit = 10;
	CHECK_OK(sink_write(sink, 0, "0123456789", 10));
	CHECK_ERR(sink_write(sink, 10, "x", 1), ERR_LIMIT);
	CHECK_ERR(sink_extend(sink, 11), ERR_LIMIT);
	CHECK_ERR(sink_write(sink, 9, "xy", 2), ERR_LIMIT);
	CHECK_EQ(sink->written, 10);
	CHECK_OK(sink_restart(sink));
	CHECK_EQ(sink->written, 0);
	check_content(path, "", 0);
	CHECK_ERR(sink_write(sink, 10, "x", 1), ERR_LIMIT);
	CHECK_OK(sink_write(sink, 0, "new", 3));
	CHECK_OK(sink_finish(sink));
	CHECK_ERR(sink_restart(sink), ERR_OTHER);
	sink_destroy(sink);
	check_content(path, "new", 3);
}

static void test_contract(void)
{
	struct sink *sink;
	struct sink_ops once;

	CHECK_OK(sink_open_null(&sink));
	CHECK_OK(sink_write(sink, 1 << 20, "abc", 3));
	CHECK_OK(sink_write(sink, 5, NULL, 0));
	CHECK_EQ(sink->written, 3);
	CHECK_ERR(sink_write(sink, SINK_SIZE_MAX - 1, "abc", 3), ERR_LIMIT);
	CHECK_ERR(sink_write(sink, UINT64_MAX, "abc", 3), ERR_LIMIT);
	CHECK_ERR(sink_extend(sink, UINT64_MAX), ERR_LIMIT);
	CHECK_OK(sink_extend(sink, 100));
	CHECK_OK(sink_rewrite(sink, 0, "abc", 3));
	CHECK_EQ(sink->written, 3);
	once = *sink->ops;
	once.can_rewrite = false;
	sink->ops = &once;
	CHECK_ERR(sink_rewrite(sink, 0, "abc", 3), ERR_UNSUPPORTED);
	CHECK_OK(sink_finish(sink));
	sink_destroy(sink);
	sink_destroy(NULL);
}

int main(void)
{
	static const char *const names[] = { "new", "existing", "fifo", "limited", "anew" };
	size_t i;

	if (!mkdtemp(dir)) {
		printf("not ok mkdtemp %s: %s\n", dir, strerror(errno));
		return 1;
	}
	RUN(test_new_file);
	RUN(test_existing);
	RUN(test_refused);
	RUN(test_devices);
	RUN(test_size_limit);
	RUN(test_limit_and_restart);
	RUN(test_contract);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	rmdir(dir);
	return unit_status();
}
