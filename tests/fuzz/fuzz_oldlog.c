// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A log buffer from before the ring that nobody can trust. The first byte
 * chooses word size, byte order, kind and --partial-dmesg; then variables and buffer.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/oldlog.h"

#define VARIABLES 112

static void dump_log(struct flatkernel *fk, bool since_clear)
{
	uint64_t total = 0, records = 0, lost = 0;
	struct klog_out out = { fuzz_look, &total };
	struct err *e = klog_dump(fk->reader, since_clear, &out, &records, &lost);

	require(!e || strlen(err_text(e)) > 0);
	require(records <= 2 * OLDLOG_BUF_LEN && total <= 64ull << 20);
	err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct flatkernel fk;

	if (len < 1)
		return 0;
	oldlog_init(&fk, elf_forms[data[0] & 3]);
	if (len > 1)
		memkernel_put(&fk.mk, OLDLOG_MEM, data + 1, (size_t)min_u64(len - 1, VARIABLES));
	if (len > 1 + VARIABLES)
		memkernel_put(&fk.mk, OLDLOG_BUF, data + 1 + VARIABLES,
			      (size_t)min_u64(len - 1 - VARIABLES, OLDLOG_BUF_LEN));
	if (flatkernel_open(&fk, data[0] & 4 ? oldlog_text_facts : oldlog_records_facts))
		dump_log(&fk, data[0] & 8);
	flatkernel_close(&fk);
	return 0;
}
