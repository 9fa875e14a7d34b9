// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a crashed kernel's memory says of its capture kernel: the input is a struct kimage,
 * then an ELF header with program headers, then a command line.
 */
#include "kernel/recover_running.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/kdumpworld.h"

#define HEADER_LEN 512u
#define LINE_LEN 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[LINE_LEN + 1] = "";
	size_t part = size < KW_KIMAGE_LEN ? size : KW_KIMAGE_LEN;
	struct kdumpworld w;
	uint64_t at;
	struct err *e;

	kw_init(&w);
	memkernel_put(&w.mk, KW_IMAGE_PA + KW_KIMAGE, data, part);
	data += part;
	size -= part;
	part = size < HEADER_LEN ? size : HEADER_LEN;
	memkernel_put(&w.mk, KW_HEADER_PA, data, part);
	memcpy(line, data + part, size - part < LINE_LEN ? size - part : LINE_LEN);
	(void)recover_elfcorehdr(line, &at);
	e = kw_open(&w);
	require(!e && w.kernel && !w.kernel->no_arch);
	require(w.mk.dump->segment_count >= 3 && w.mk.dump->segment_count <= 7);
	kw_close(&w);
	return 0;
}
