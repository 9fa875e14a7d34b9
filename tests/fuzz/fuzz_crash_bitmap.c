// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A crash_dump_bitmap_info that nobody can trust, and a bitmap. The first byte chooses
 * word size and byte order, the second the level; then the struct, then the bitmap.
 */
#include "pages/scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/flatkernel.h"

#define INFO UINT64_C(0x1000)
#define INFO_BYTES 64
#define BITMAP UINT64_C(0x2000)
#define LOW_PAGES 16
#define HIGH_PAGE UINT64_C(40000)	/* in the second piece of the bitmap */
#define HIGH_PAGES 8

/* Whatever was accepted leaves out no more than the kernel counted, and never the bitmap. */
static void scan(struct flatkernel *fk, const struct crash_bitmap *bitmap, unsigned int level)
{
	const struct scan_job job = { .kernel = &fk->kernel, .bitmap = bitmap, .level = level };
	struct plan_judge judge = { 0 };
	struct scan_counts counts = { 0 };
	struct plan *plan = NULL;
	struct err *e = scan_check_bitmap(&job);
	uint64_t dropped = 0, stored = fk->mk.dump->stored_count;

	require(!e || strlen(err_text(e)) > 0);
	if (!e) {
		require(!plan_create(fk->mk.dump->max_mapnr, 1 << 20, &judge, &plan));
		require(!scan_all(&job, 0, plan, &counts, NULL));
		for (unsigned int i = 0; i < PAGE_CLASSES; i++)
			dropped += counts.dropped[i];
		require(dropped <= crash_bitmap_total(bitmap));
		require(plan_kept(plan) + dropped == stored);
		require(plan_kept(plan) > 0);
		plan_destroy(plan);
	}
	err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct elf_form forms[] = { { 8, ORDER_LITTLE }, { 8, ORDER_BIG },
						 { 4, ORDER_LITTLE }, { 4, ORDER_BIG } };
	const struct memseg low = { .size = LOW_PAGES << 12, .vaddr = UINT64_MAX };
	const struct memseg high = { .paddr = HIGH_PAGE << 12, .size = HIGH_PAGES << 12,
				     .vaddr = UINT64_MAX };
	static struct flatkernel fk;
	struct crash_bitmap bitmap;
	struct err *e;

	if (len < 2 + INFO_BYTES)
		return 0;
	flatkernel_init(&fk, forms[data[0] & 3]);
	fk.mk.machine = data[0] & 4 ? EM_386 : EM_X86_64;
	memkernel_add(&fk.mk, &low);
	memkernel_add(&fk.mk, &high);
	memkernel_put(&fk.mk, INFO, data + 2, INFO_BYTES);
	memkernel_put(&fk.mk, BITMAP, data + 2 + INFO_BYTES,
		      (size_t)min_u64(len - 2 - INFO_BYTES, (LOW_PAGES << 12) - BITMAP));
	if (flatkernel_open(&fk, "SYMBOL(crash_dump_bitmap_info)=1000\n")) {
		e = crash_bitmap_read(fk.reader, NULL, &bitmap);
		require(!e || strlen(err_text(e)) > 0);
		if (!e)
			scan(&fk, &bitmap, data[1] & LEVEL_MAX);
		err_free(e);
	}
	flatkernel_close(&fk);
	return 0;
}
