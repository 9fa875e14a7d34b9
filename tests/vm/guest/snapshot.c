// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says about its pages, as one tar archive on a raw disk. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload.h"

#define SNAPSHOT_BYTES (64UL << 20)
#define TAR_BLOCK 512UL
#define DISK_CHUNK (1UL << 20)

/* The ustar header of POSIX.1-1988; all numbers are octal text. */
struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char rest[247];
};

struct archive {
	char *data;
	size_t used;
};

/* width counts the closing NUL. */
static void octal(char *to, size_t width, size_t value)
{
	to[--width] = '\0';
	while (width--) {
		to[width] = (char)('0' + value % 8);
		value /= 8;
	}
}

static void header_fill(struct tar_header *header, const char *path, size_t size)
{
	unsigned int sum = 0;

	memset(header, 0, sizeof(*header));
	snprintf(header->name, sizeof(header->name), "%s", path + 1);
	octal(header->mode, sizeof(header->mode), 0644);
	octal(header->uid, sizeof(header->uid), 0);
	octal(header->gid, sizeof(header->gid), 0);
	octal(header->size, sizeof(header->size), size);
	octal(header->mtime, sizeof(header->mtime), 0);
	memset(header->checksum, ' ', sizeof(header->checksum));
	header->type = '0';
	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += ((unsigned char *)header)[i];
	octal(header->checksum, sizeof(header->checksum) - 1, sum);
}

static void archive_add(struct archive *archive, const char *path)
{
	struct tar_header *header = (void *)(archive->data + archive->used);
	char *data = (char *)(header + 1);
	size_t room = SNAPSHOT_BYTES - archive->used - 3 * TAR_BLOCK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got;

	if (fd < 0)
		lab_die(path);
	/* /proc/kpageflags answers at most one buffer's worth of page frames a call. */
	while (size < room && (got = read(fd, data + size, room - size)) > 0)
		size += (size_t)got;
	if (size >= room || got < 0)
		lab_die(path);
	close(fd);
	header_fill(header, path, size);
	archive->used += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

static void archive_write(const struct archive *archive, const char *device)
{
	size_t total = (archive->used + 2 * TAR_BLOCK + DISK_CHUNK - 1) / DISK_CHUNK * DISK_CHUNK;
	int fd = open(device, O_WRONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		lab_die(device);
	for (size_t at = 0; at < total; at += DISK_CHUNK)
		if (write(fd, archive->data + at, DISK_CHUNK) != (ssize_t)DISK_CHUNK)
			lab_die(device);
	if (fsync(fd))
		lab_die(device);
	close(fd);
}

int snapshot_main(int argc, char **argv)
{
	struct archive archive = { 0 };

	if (argc < 4)
		return 2;
	archive.data = mmap(NULL, SNAPSHOT_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (archive.data == MAP_FAILED)
		lab_die("mmap");
	while (access(argv[2], F_OK))
		usleep(50000);
	for (int i = 3; i < argc; i++)
		archive_add(&archive, argv[i]);
	archive_write(&archive, argv[1]);
	printf("MDFLAB snapshot %zu\n", archive.used);
	fflush(stdout);
	for (;;)
		pause();
}
