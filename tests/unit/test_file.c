// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define PAGES 8

/* A directory of its own with one file of PAGES pages less 100 bytes. */
struct fixture {
	char dir[64];
	char path[96];
	size_t page;
	size_t size;
	uint8_t *data;
};

static void fixture_init(struct fixture *fx)
{
	uint64_t state = 4;
	FILE *file;

	strcpy(fx->dir, "/tmp/test_file.XXXXXX");
	CHECK(mkdtemp(fx->dir) != NULL);
	snprintf(fx->path, sizeof(fx->path), "%s/dump", fx->dir);
	fx->page = (size_t)sysconf(_SC_PAGESIZE);
	fx->size = PAGES * fx->page - 100;
	fx->data = malloc(fx->size);
	random_fill(&state, fx->data, fx->size);
	file = fopen(fx->path, "w");
	CHECK(file && fwrite(fx->data, 1, fx->size, file) == fx->size);
	if (file)
		fclose(file);
}

static void fixture_deinit(struct fixture *fx)
{
	unlink(fx->path);
	rmdir(fx->dir);
	free(fx->data);
}

/* The error is of @kind and its text has every one of the NULL-terminated parts. */
static void check_text(struct err *e, enum err_kind kind, const char *const *parts)
{
	CHECK_EQ(err_kind(e), kind);
	for (; *parts; parts++)
		if (!e || !strstr(err_text(e), *parts)) {
			printf("# \"%s\" lacks \"%s\"\n", e ? err_text(e) : "success", *parts);
			unit_current++;
		}
	err_free(e);
}

#define CHECK_TEXT(expr, kind, ...) \
	check_text(expr, kind, (const char *const[]){ __VA_ARGS__, NULL })

static void test_reads(void)
{
	struct source *src = NULL;
	struct fixture fx;
	uint8_t buf[300];
	size_t got = 0;

	fixture_init(&fx);
	CHECK_OK(source_open_file(fx.path, true, &src));
	CHECK_EQ(src->size, fx.size);
	CHECK(!strcmp(src->name, fx.path));
	CHECK_OK(source_read(src, 12345, buf, sizeof(buf)));
	CHECK(!memcmp(buf, fx.data + 12345, sizeof(buf)));
	CHECK_OK(source_read(src, fx.size - 300, buf, 300));
	CHECK_OK(source_read(src, fx.size, buf, 0));
	CHECK_OK(source_read_some(src, fx.size - 7, buf, 300, &got));
	CHECK_EQ(got, 7);
	CHECK(!memcmp(buf, fx.data + fx.size - 7, 7));
	CHECK_OK(source_read_some(src, fx.size, buf, 300, &got));
	CHECK_EQ(got, 0);
	CHECK_OK(source_read_some(src, UINT64_MAX - 5, buf, 300, &got));
	CHECK_EQ(got, 0);
	CHECK_TEXT(source_read(src, fx.size - 7, buf, 300), ERR_LOST, fx.path, "cut off",
		   "7 of 300 bytes");
	source_destroy(src);
	source_destroy(NULL);
	fixture_deinit(&fx);
}

static void test_maps(void)
{
	struct source *src = NULL;
	void *addr = NULL;
	struct fixture fx;

	fixture_init(&fx);
	CHECK_OK(source_open_file(fx.path, true, &src));
	CHECK_OK(source_map(src, fx.page, 3 * fx.page + 5, &addr));
	CHECK(addr && !memcmp(addr, fx.data + fx.page, 3 * fx.page + 5));
	source_unmap(src, addr, 3 * fx.page + 5);
	CHECK_OK(source_map(src, 7 * fx.page, fx.page - 100, &addr));
	CHECK(!memcmp(addr, fx.data + 7 * fx.page, fx.page - 100));
	source_unmap(src, addr, fx.page - 100);
	source_unmap(src, NULL, 0);

	CHECK_ERR(source_map(src, 7 * fx.page, fx.page, &addr), ERR_BAD_INPUT);
	CHECK_ERR(source_map(src, 8 * fx.page, 1, &addr), ERR_BAD_INPUT);
	CHECK_ERR(source_map(src, 512, 512, &addr), ERR_BAD_INPUT);
	CHECK_ERR(source_map(src, 0, 0, &addr), ERR_BAD_INPUT);
	CHECK_ERR(source_map(src, -(uint64_t)fx.page, 2 * fx.page, &addr), ERR_BAD_INPUT);
	CHECK(!src->no_map);
	source_destroy(src);
	fixture_deinit(&fx);
}

static void test_mapping_switched_off(void)
{
	struct source *src = NULL;
	void *addr = NULL;
	struct fixture fx;

	fixture_init(&fx);
	CHECK_OK(source_open_file(fx.path, false, &src));
	CHECK_ERR(source_map(src, 0, fx.page, &addr), ERR_UNSUPPORTED);
	CHECK(!addr);
	source_destroy(src);
	fixture_deinit(&fx);
}

/* What is appended after opening is not part of the source: its size stays. */
static void test_grown_file(void)
{
	struct source *src = NULL;
	struct fixture fx;
	char buf[300] = { 0 };
	size_t got = 0;
	FILE *file;

	fixture_init(&fx);
	CHECK_OK(source_open_file(fx.path, true, &src));
	file = fopen(fx.path, "a");
	CHECK(file && fwrite(buf, 1, 10, file) == 10);
	if (file)
		fclose(file);
	CHECK_OK(source_read_some(src, fx.size - 7, buf, 300, &got));
	CHECK_EQ(got, 7);
	source_destroy(src);
	fixture_deinit(&fx);
}

/* A file that shrinks while open: a mapped page behind its new end would raise SIGBUS. */
static void test_shrunk_file(void)
{
	struct source *src = NULL;
	uint8_t *scratch;
	void *addr = NULL;
	struct fixture fx;
	bool populates;

	fixture_init(&fx);
	scratch = mmap(NULL, fx.page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	populates = !madvise(scratch, fx.page, MADV_POPULATE_READ);
	munmap(scratch, fx.page);
	CHECK_OK(source_open_file(fx.path, true, &src));
	CHECK(!truncate(fx.path, (off_t)(4 * fx.page)));
	if (populates) {
		CHECK_TEXT(source_map(src, 0, 6 * fx.page, &addr), ERR_LOST, fx.path,
			   strerror(EFAULT));
		CHECK(!addr);
	} else {
		/* Before Linux 5.14 nobody can tell. */
		CHECK_OK(source_map(src, 0, 6 * fx.page, &addr));
		source_unmap(src, addr, 6 * fx.page);
	}
	CHECK(!src->no_map);
	CHECK_OK(source_map(src, 0, 4 * fx.page, &addr));
	CHECK(addr && !memcmp(addr, fx.data, 4 * fx.page));
	source_unmap(src, addr, 4 * fx.page);
	CHECK_TEXT(source_read(src, 3 * fx.page, fx.data, 2 * fx.page), ERR_LOST, "cut off");
	source_destroy(src);
	fixture_deinit(&fx);
}

/* read() into a page without access: the system refuses from the second page on. */
static void test_read_error_names_place(void)
{
	struct source *src = NULL;
	struct fixture fx;
	char place[32];
	uint8_t *buf;

	fixture_init(&fx);
	snprintf(place, sizeof(place), "offset %#zx:", 0x1000 + fx.page);
	buf = mmap(NULL, 2 * fx.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(!mprotect(buf + fx.page, fx.page, PROT_NONE));
	CHECK_OK(source_open_file(fx.path, true, &src));
	CHECK_TEXT(source_read(src, 0x1000, buf, 2 * fx.page), ERR_IO, fx.path, place,
		   strerror(EFAULT));
	CHECK_OK(source_read(src, 0x1000, buf, fx.page));
	source_destroy(src);
	munmap(buf, 2 * fx.page);
	fixture_deinit(&fx);
}

static void test_not_a_dump_file(void)
{
	struct source *src = NULL;
	struct fixture fx;
	char path[128];

	fixture_init(&fx);
	CHECK_TEXT(source_open_file(fx.dir, true, &src), ERR_UNSUPPORTED, fx.dir, "a directory");
	CHECK_TEXT(source_open_file("/dev/zero", true, &src), ERR_UNSUPPORTED, "/dev/zero",
		   "a character device");
	snprintf(path, sizeof(path), "%s/pipe", fx.dir);
	CHECK(!mkfifo(path, 0600));
	CHECK_TEXT(source_open_file(path, true, &src), ERR_UNSUPPORTED, path, "a pipe");
	unlink(path);
	CHECK_TEXT(source_open_file(path, true, &src), ERR_IO, path, strerror(ENOENT));
	CHECK(!truncate(fx.path, 0));
	CHECK_TEXT(source_open_file(fx.path, true, &src), ERR_BAD_INPUT, fx.path, "empty");
	/* A seq_file has no size and cannot seek to its end. */
	CHECK_TEXT(source_open_file("/proc/self/status", true, &src), ERR_IO,
		   "/proc/self/status", "size");
	CHECK(!src);
	fixture_deinit(&fx);
}

/* A file of sysfs says 4096 bytes, holds fewer, and cannot be mapped at all (ENODEV). */
static void test_mapping_refused_for_good(void)
{
	struct source *src = NULL;
	size_t got = 0;
	void *addr = NULL;
	char buf[64];

	CHECK_OK(source_open_file("/sys/kernel/uevent_seqnum", true, &src));
	if (!src)
		return;
	CHECK_TEXT(source_map(src, 0, (size_t)src->size, &addr), ERR_UNSUPPORTED,
		   "uevent_seqnum", strerror(ENODEV));
	CHECK(src->no_map);
	CHECK_ERR(source_map(src, 0, (size_t)src->size, &addr), ERR_UNSUPPORTED);
	CHECK(!addr);
	CHECK_OK(source_read_some(src, 0, buf, sizeof(buf), &got));
	CHECK(got > 0 && got < sizeof(buf));
	CHECK_ERR(source_read(src, 0, buf, sizeof(buf)), ERR_LOST);
	source_destroy(src);
}

static void test_memory(void)
{
	struct source *src = NULL;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 3 * page, got = 9;
	uint8_t *data = calloc(1, size), buf[32] = { 0 };
	void *addr = NULL;

	data[page + 1] = 0x5a;
	CHECK_OK(source_open_memory(data, size, &src));
	CHECK_OK(source_read(src, page, buf, 32));
	CHECK_EQ(buf[1], 0x5a);
	CHECK_OK(source_read_some(src, size - 3, buf, 32, &got));
	CHECK_EQ(got, 3);
	CHECK_ERR(source_read(src, size - 3, buf, 32), ERR_LOST);
	CHECK_OK(source_map(src, page, page, &addr));
	CHECK_EQ(((uint8_t *)addr)[1], 0x5a);
	source_unmap(src, addr, page);
	CHECK_ERR(source_map(src, 2 * page, page + 1, &addr), ERR_BAD_INPUT);
	source_destroy(src);

	CHECK_OK(source_open_memory(NULL, 0, &src));
	CHECK_OK(source_read_some(src, 0, buf, 32, &got));
	CHECK_EQ(got, 0);
	source_destroy(src);
	free(data);
}

/* Sources that break the contract must not take their callers along. */
static struct err *read_none(struct source *src, uint64_t off, void *buf, size_t len,
			     size_t *ret_len)
{
	(void)src, (void)off, (void)buf, (void)len;
	*ret_len = 0;
	return NULL;
}

static struct err *read_too_much(struct source *src, uint64_t off, void *buf, size_t len,
				 size_t *ret_len)
{
	(void)src, (void)off, (void)buf;
	*ret_len = len + 1;
	return NULL;
}

static struct err *read_broken(struct source *src, uint64_t off, void *buf, size_t len,
			       size_t *ret_len)
{
	(void)src, (void)off, (void)buf, (void)len, (void)ret_len;
	return err_sys(EIO, "odd");
}

static void test_choke_point(void)
{
	static const struct source_ops none = { .read = read_none };
	static const struct source_ops too_much = { .read = read_too_much };
	static const struct source_ops broken = { .read = read_broken };
	struct source src = { .ops = &none, .name = "odd", .size = 4096 };
	size_t got = 77;
	void *addr;
	char buf[16];

	CHECK_ERR(source_read(&src, 0, buf, 16), ERR_LOST);
	CHECK_ERR(source_map(&src, 0, 4096, &addr), ERR_UNSUPPORTED);
	src.ops = &too_much;
	CHECK_ERR(source_read_some(&src, 0, buf, 16, &got), ERR_OTHER);
	src.ops = &broken;
	CHECK_ERR(source_read_some(&src, 0, buf, 16, &got), ERR_IO);
	CHECK_EQ(got, 77);
}

int main(void)
{
	RUN(test_reads);
	RUN(test_maps);
	RUN(test_mapping_switched_off);
	RUN(test_grown_file);
	RUN(test_shrunk_file);
	RUN(test_read_error_names_place);
	RUN(test_not_a_dump_file);
	RUN(test_mapping_refused_for_good);
	RUN(test_memory);
	RUN(test_choke_point);
	return unit_status();
}
