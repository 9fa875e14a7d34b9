// SPDX-License-Identifier: GPL-2.0-or-later
/* Log records that readers get wrong, and the log as the kernel itself shows it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workload.h"

static int kmsg_open(int flags)
{
	int fd = open("/dev/kmsg", flags | O_CLOEXEC);

	if (fd < 0)
		lab_die("/dev/kmsg");
	return fd;
}

static void record_write(int fd, const void *text, size_t size)
{
	/* Kernels up to 6.1 refuse records of about 1000 bytes: that is one of the cases. */
	if (write(fd, text, size) != (ssize_t)size)
		fprintf(stderr, "mdflab: record of %zu bytes: %m\n", size);
}

int torture_main(int argc, char **argv)
{
	static const char *const records[] = {
		"mdflab escape \033[1m bell \a utf-8 \303\251\342\202\254 tab \t backslash \\ \\x41 end",
		"mdflab line one\nmdflab line two\nmdflab line three",
		"mdflab trailing newline\n",
		"<3>mdflab error level",
		"<15>mdflab user facility",
		"\n",
		"",
		"mdflab percent %s %n %d end",
	};
	int fd = kmsg_open(O_WRONLY);
	char line[1000] = "mdflab long ";

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		record_write(fd, records[i], strlen(records[i]));
	for (size_t i = strlen(line); i < sizeof(line); i++)
		line[i] = (char)('a' + i % 26);
	record_write(fd, line, sizeof(line));
	record_write(fd, line, 900);
	close(fd);
	return 0;
}

int flood_main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int fd = kmsg_open(O_WRONLY);
	char text[96];

	for (unsigned long i = 0; i < count; i++) {
		int size = snprintf(text, sizeof(text), "mdflab flood %07lu %.*s", i,
				    (int)(i % 40), "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");

		record_write(fd, text, (size_t)size);
	}
	close(fd);
	return 0;
}

int kmsg_main(int argc, char **argv)
{
	int in = kmsg_open(O_RDONLY | O_NONBLOCK);
	FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
	static char record[16384];
	ssize_t size;

	if (!out)
		lab_die("kmsg");
	for (;;) {
		size = read(in, record, sizeof(record));
		if (size > 0)
			fwrite(record, 1, (size_t)size, out);
		else if (size < 0 && errno == EPIPE)
			continue;	/* records were overwritten meanwhile; go on with the next */
		else
			break;
	}
	if (size < 0 && errno != EAGAIN)
		lab_die("/dev/kmsg");
	close(in);
	return fclose(out) ? 1 : 0;
}
