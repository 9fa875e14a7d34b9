// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A Xen host nobody can trust: its page tables, list of domains and frame
 * table. Whatever they hold, -X refuses, or judges each page once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "kernel/xen.h"
#include "pages/scan.h"
#include "tests/fuzz/fuzz.h"

/* A machine of more blocks than this only costs time. */
#define BLOCKS_MAX 8

static void scan(const struct kernel *kernel, const struct xen *xen)
{
	static uint8_t keep[PLAN_BLOCK / 8], present[PLAN_BLOCK / 8];
	const struct scan_job job = { .kernel = kernel, .xen = xen };
	struct scan_counts counts;
	struct scanner *scanner = NULL;
	uint64_t block;

	require(scanner_create(&job, &scanner) == NULL);
	for (block = 0; block < BLOCKS_MAX && block * PLAN_BLOCK < kernel->dump->max_mapnr; block++) {
		uint64_t from = block * PLAN_BLOCK, kept;
		uint64_t to = from + PLAN_BLOCK < kernel->dump->max_mapnr ? from + PLAN_BLOCK :
									    kernel->dump->max_mapnr;

		memset(&counts, 0, sizeof(counts));
		memset(present, 0, sizeof(present));
		require(scan_block(scanner, block, keep, &counts) == NULL);
		require(dump_stored_bits(kernel->dump, from, to, present) == NULL);
		kept = bits_count(keep, 0, PLAN_BLOCK);
		require(kept + counts.dropped[PAGE_FREE] + counts.dropped[PAGE_XEN_GUEST] ==
			bits_count(present, 0, PLAN_BLOCK));
	}
	scanner_destroy(scanner);
}

static void try_xen(struct dump *dump, const struct kernel *kernel)
{
	const struct xen_given given = { .vmcoreinfo = NULL };
	struct xen *xen = NULL;
	struct err *e = xen_create(dump, &given, NULL, &xen);

	if (e)
		require(strlen(err_text(e)) > 0);
	else
		scan(kernel, xen);
	err_free(e);
	xen_destroy(xen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct kernel *kernel = NULL;
	struct source *src = NULL;
	struct dump *dump = NULL;
	struct err *e = source_open_memory(data, len, &src);

	if (!e)
		e = dump_open_source(src, NULL, &dump);
	/* What is no dump of a Xen host is for other targets. */
	if (!e && dump->xen_info)
		e = kernel_create(dump, NULL, &kernel);
	if (!e && kernel)
		try_xen(dump, kernel);
	err_free(e);
	kernel_destroy(kernel);
	dump_close(dump);
	return 0;
}
