// SPDX-License-Identifier: GPL-2.0-or-later
/* A vmlinux nobody can trust: symbols, and debug information through libdw. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dwarf_info.h"
#include "tests/fuzz/fuzz.h"

static void read_all(const char *path)
{
	struct vmlinux *vmlinux;
	struct facts facts;
	struct err *e = vmlinux_open(path, NULL, &vmlinux);

	if (e) {
		require(strstr(err_text(e), path) != NULL);
		err_free(e);
		return;
	}
	facts_init(&facts);
	e = vmlinux_add_symbols(vmlinux, &facts);
	require(!e || strlen(err_text(e)) > 0);
	err_free(e);
	e = dwarf_info_add(vmlinux, &facts);
	require(!e || strlen(err_text(e)) > 0);
	err_free(e);
	facts_deinit(&facts);
	vmlinux_close(vmlinux);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("vmlinux", MFD_CLOEXEC);
	char path[64];

	require(fd >= 0);
	if (write(fd, data, len) == (ssize_t)len) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		read_all(path);
	}
	close(fd);
	return 0;
}
