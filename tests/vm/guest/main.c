// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "workload", workload_main },
	{ "snapshot", snapshot_main },
	{ "torture", torture_main },
	{ "flood", flood_main },
	{ "kmsg", kmsg_main },
};

void lab_die(const char *text)
{
	fprintf(stderr, "mdflab: %s: %m\n", text);
	exit(1);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	fprintf(stderr, "mdflab: no such command\n");
	return 2;
}
