// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages of every kind, each filled with a tag that says which one it is. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

#define TAG_BYTES 32
#define POISON_PAGES 16		/* whatever size is asked for: each one costs log lines */

struct area {
	const char *kind;	/* name in the command line and of the list file */
	char *data;
	size_t bytes;
};

struct kind {
	const char *name;
	/* Map area->bytes, fill in area->data; tagging and listing are the caller's. */
	void (*map)(struct area *area);
	/* After tagging and listing; NULL: the mapping simply stays. */
	void (*finish)(struct area *area);
	bool moves;	/* finish changes the frames, so they are listed after it */
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * "MDFTAG-kind-0000000012:" and dots up to 32 bytes.  Written straight into
 * the page, so that no stray copy stays on a stack or in a stdio buffer.
 */
static void tag_write(char *to, const char *kind, size_t index)
{
	size_t length = strlen(kind);
	char *end = to + TAG_BYTES - 1;

	memset(to, '.', TAG_BYTES);
	memcpy(to, "MDFTAG-", 7);
	memcpy(to + 7, kind, length);
	to[7 + length] = '-';
	for (char *digit = to + 7 + length + 10; digit > to + 7 + length; digit--) {
		*digit = (char)('0' + index % 10);
		index /= 10;
	}
	to[7 + length + 11] = ':';
	*end = '\n';
}

/* Fill a page with copies of its tag. */
static void page_tag(char *page, const char *kind, size_t index)
{
	size_t size = page_size();

	tag_write(page, kind, index);
	for (size_t done = TAG_BYTES; done < size; done *= 2)
		memcpy(page + done, page, done);
}

static void area_tag(const struct area *area, size_t first, size_t step)
{
	size_t size = page_size();

	for (size_t page = first; page < area->bytes / size; page += step)
		page_tag(area->data + page * size, area->kind, page);
}

/*
 * Write "index pfn" lines, pfn 0 for a page that is not present; the entries
 * are those of the kernel's Documentation/admin-guide/mm/pagemap.rst.
 */
static void pagemap_list(int fd, const struct area *area, FILE *file)
{
	static uint64_t entries[4096];
	size_t pages = area->bytes / page_size();
	size_t first = (uintptr_t)area->data / page_size();

	for (size_t page = 0; page < pages; page++) {
		uint64_t entry;

		if (page % 4096 == 0 &&
		    pread(fd, entries, sizeof(entries), (off_t)((first + page) * 8)) <= 0)
			lab_die("/proc/self/pagemap");
		entry = entries[page % 4096];
		fprintf(file, "%zu %jx\n", page,
			(uintmax_t)(entry >> 63 ? entry & ((1ULL << 55) - 1) : 0));
	}
}

static void area_list(const struct area *area, const char *dir)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.txt", dir, area->kind);
	file = fopen(path, "w");
	if (fd < 0 || !file)
		lab_die(path);
	pagemap_list(fd, area, file);
	if (fclose(file))
		lab_die(path);
	close(fd);
}

static void *map_or_die(const char *what, size_t bytes, int flags, int fd)
{
	void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (data == MAP_FAILED)
		lab_die(what);
	return data;
}

static void map_anon(struct area *area)
{
	area->data = map_or_die(area->kind, area->bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	/* The kernel may lack huge pages altogether: then there is nothing to forbid. */
	(void)madvise(area->data, area->bytes, MADV_NOHUGEPAGE);
}

static void map_poison(struct area *area)
{
	area->bytes = POISON_PAGES * page_size();
	map_anon(area);
}

static void map_thp(struct area *area)
{
	size_t align = 64UL << 20;
	char *data = map_or_die(area->kind, area->bytes + align, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	area->data = data + (align - (uintptr_t)data % align) % align;
	if (madvise(area->data, area->bytes, MADV_HUGEPAGE))
		lab_die(area->kind);
}

static void map_mlock(struct area *area)
{
	map_anon(area);
	if (mlock(area->data, area->bytes))
		lab_die(area->kind);
}

static void map_hugetlb(struct area *area)
{
	area->data = map_or_die(area->kind, area->bytes,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

static void map_hugetlb1g(struct area *area)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (30 << MAP_HUGE_SHIFT);

	area->data = map_or_die(area->kind, area->bytes, flags, -1);
}

static int file_open(const char *dir, const struct area *area)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.data", dir, area->kind);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)area->bytes))
		lab_die(path);
	return fd;
}

static void map_file(struct area *area, const char *dir, int flags)
{
	int fd = file_open(dir, area);

	area->data = map_or_die(area->kind, area->bytes, flags, fd);
	close(fd);
}

static void map_tmpfs(struct area *area)
{
	map_file(area, "/tmp", MAP_SHARED);
}

static void map_disk(struct area *area)
{
	map_file(area, "/data", MAP_SHARED);
}

static void map_dax(struct area *area)
{
	map_file(area, "/dax", MAP_SHARED);
}

static void area_touch(const struct area *area)
{
	for (size_t at = 0; at < area->bytes; at += page_size())
		(void)*(volatile char *)(area->data + at);
}

/* Tagging writes every second page of this private map: half of its pages become
 * anonymous copies and half stay the file's. */
static void map_cow(struct area *area)
{
	struct area file = { .kind = "cowfile", .bytes = area->bytes };
	int fd = file_open("/data", &file);

	file.data = map_or_die(file.kind, file.bytes, MAP_SHARED, fd);
	area_tag(&file, 0, 1);
	if (msync(file.data, file.bytes, MS_SYNC))
		lab_die(file.kind);
	munmap(file.data, file.bytes);
	area->data = map_or_die(area->kind, area->bytes, MAP_PRIVATE, fd);
	close(fd);
	area_touch(area);
}

static void finish_unmap(struct area *area)
{
	munmap(area->data, area->bytes);
}

static void finish_clean(struct area *area)
{
	if (msync(area->data, area->bytes, MS_SYNC))
		lab_die(area->kind);
	munmap(area->data, area->bytes);
}

/* Out to the swap device and in again: most pages stay in the swap cache. */
static void finish_swapped(struct area *area)
{
	if (madvise(area->data, area->bytes, MADV_PAGEOUT))
		lab_die(area->kind);
	area_touch(area);
}

/* A child does the damage: the kernel may kill whoever maps a poisoned page. */
static void page_poison(char *page, bool hard)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (madvise(page, page_size(), hard ? MADV_HWPOISON : MADV_SOFT_OFFLINE))
			lab_die("poison");
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		lab_die("poison");
	if (WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) != SIGBUS) {
		fprintf(stderr, "mdflab: poison: child status %#x\n", (unsigned int)status);
		exit(1);
	}
}

/* Pages with an even number are poisoned hard, the others soft, which moves
 * their contents elsewhere first.  The children must not have copies. */
static void finish_poison(struct area *area)
{
	for (size_t page = 0; page < area->bytes / page_size(); page++)
		page_poison(area->data + page * page_size(), page % 2 == 0);
}

static const struct kind kinds[] = {
	{ "free", map_anon, finish_unmap, false },
	{ "anon", map_anon, NULL, false },
	{ "thp", map_thp, NULL, false },
	{ "mlock", map_mlock, NULL, false },
	{ "hugetlb", map_hugetlb, NULL, false },
	{ "hugetlb1g", map_hugetlb1g, NULL, false },
	{ "tmpfs", map_tmpfs, NULL, false },
	{ "clean", map_disk, finish_clean, false },
	{ "dirty", map_disk, finish_unmap, false },
	{ "mapped", map_disk, NULL, false },
	{ "swapped", map_anon, finish_swapped, true },
	{ "cow", map_cow, NULL, false },
	{ "dax", map_dax, NULL, false },
	{ "poison", map_poison, finish_poison, false },
};

static int kind_make(const struct kind *kind, size_t mib, const char *dir)
{
	struct area area = { .kind = kind->name, .bytes = mib << 20 };
	bool cow = kind->map == map_cow;

	kind->map(&area);
	area_tag(&area, cow ? 1 : 0, cow ? 2 : 1);
	if (!kind->moves)
		area_list(&area, dir);
	if (kind->finish)
		kind->finish(&area);
	if (kind->moves)
		area_list(&area, dir);
	return 0;
}

static int kind_find_and_make(const char *arg, const char *dir)
{
	const char *equals = strchr(arg, '=');

	for (size_t i = 0; equals && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == (size_t)(equals - arg) &&
		    memcmp(kinds[i].name, arg, (size_t)(equals - arg)) == 0)
			return kind_make(&kinds[i], strtoul(equals + 1, NULL, 10), dir);
	fprintf(stderr, "mdflab: what is %s?\n", arg);
	return 2;
}

int workload_main(int argc, char **argv)
{
	char path[256];
	int fd;

	for (int i = 2; i < argc; i++)
		if (kind_find_and_make(argv[i], argv[1]))
			return 2;
	snprintf(path, sizeof(path), "%s/ready", argv[1]);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		lab_die(path);
	close(fd);
	for (;;)
		pause();
}
