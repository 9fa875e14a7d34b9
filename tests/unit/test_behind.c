// SPDX-License-Identifier: GPL-2.0-or-later
/* Write-behind: what goes to the device when, and that it leaves the page cache. */
#include "output/behind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/checked.h"
#include "output/sink.h"
#include "tests/unit/unit.h"

#define MIB (UINT64_C(1) << 20)

static void test_one_stream(void)
{
	struct behind behind = { 0 };
	struct range start, done;
	uint64_t at, started = 0, finished = 0;

	for (at = 0; at < 100 * MIB; at += MIB) {
		if (!behind_add(&behind, at, MIB, &start, &done))
			continue;
		/* Everything in order, once, a chunk after the one that is waited for. */
		CHECK_EQ(start.start, started);
		CHECK_EQ(start.end, at + MIB);
		CHECK(start.end - start.start == BEHIND_CHUNK);
		started = start.end;
		CHECK_EQ(done.start, finished);
		finished = done.end;
		CHECK_EQ(started - finished, BEHIND_CHUNK);
	}
	CHECK(at - started < BEHIND_CHUNK);
}

/* Descriptors and data: both are chunked on their own. */
static void test_two_streams(void)
{
	uint64_t front = 0, descs = 3 * MIB, data = 1000 * MIB, covered[2] = { 0 };
	struct behind behind = { 0 };
	struct range start, done;

	for (; front < descs; front += MIB)
		CHECK(!behind_add(&behind, front, MIB, &start, &done));
	for (unsigned int i = 0; i < 1000; i++) {
		if (behind_add(&behind, data, MIB, &start, &done))
			covered[1] += start.end - start.start;
		data += MIB;
		if (behind_add(&behind, descs, MIB / 16, &start, &done))
			covered[0] += start.end - start.start;
		descs += MIB / 16;
	}
	CHECK_EQ(covered[1], 1000 * MIB);
	CHECK_EQ(covered[0], round_down(descs, BEHIND_CHUNK));
}

/* A write anywhere else neither breaks the chunks nor makes large ones of gaps. */
static void test_out_of_order(void)
{
	struct behind behind = { 0 };
	struct range start, done;

	CHECK(!behind_add(&behind, 0, MIB, &start, &done));
	for (uint64_t at = 1; at < 100; at++)
		CHECK(!behind_add(&behind, at * 50 * MIB, 4096, &start, &done));
	CHECK(behind_add(&behind, 99999 * MIB, 20 * MIB, &start, &done));
	CHECK_EQ(start.start, 99999 * MIB);
	CHECK_EQ(start.end, 99999 * MIB + 20 * MIB);
	CHECK_EQ(done.start, done.end);
}

static size_t resident(const char *path, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = size / page, count = 0;
	unsigned char *in = malloc(pages);
	int fd = open(path, O_RDONLY);
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(fd >= 0 && map != MAP_FAILED && mincore(map, size, in) == 0);
	for (size_t i = 0; i < pages; i++)
		count += in[i] & 1;
	munmap(map, size);
	close(fd);
	free(in);
	return count * page;
}

/* File systems that are nothing but page cache keep what they have. */
static bool lives_in_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (fs.f_type == 0x01021994 || fs.f_type == 0x858458f6 ||
					  fs.f_type == 0x794c7630);
}

static void test_file(void)
{
	char path[] = "/tmp/test_behind.XXXXXX", *buf = malloc(MIB);
	struct sink *sink;
	int fd = mkstemp(path);
	uint64_t at;

	CHECK(fd >= 0);
	close(fd);
	memset(buf, 7, MIB);
	CHECK_OK(sink_open_file(path, true, &sink));
	for (at = 0; at < 48 * MIB; at += MIB)
		CHECK_OK(sink_write(sink, at, buf, MIB));
	if (lives_in_memory(path))
		printf("# /tmp is in memory: what leaves the page cache is not looked at\n");
	else
		CHECK(resident(path, at) <= 2 * BEHIND_CHUNK + MIB);
	CHECK_OK(sink_finish(sink));
	sink_destroy(sink);
	unlink(path);
	free(buf);
}

int main(void)
{
	RUN(test_one_stream);
	RUN(test_two_streams);
	RUN(test_out_of_order);
	RUN(test_file);
	return unit_status();
}
