/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kdump-compressed writer, header version 6. Layout: diskdump_mod.h. */
#ifndef OUTPUT_KDUMP_H
#define OUTPUT_KDUMP_H

#include "base/err.h"
#include "kernel/kernel.h"
#include "output/copy.h"
#include "output/sink.h"

/* Bytes that kdump_write() needs beside copy_pages(). */
#define KDUMP_WRITE_MEMORY ((1u << 20) + (64u << 10) + (unsigned int)(PLAN_BLOCK / 8))

struct kdump_params {
	const struct kernel *kernel;	/* header contents: utsname, notes, vmcoreinfo, phys_base, time */
	unsigned int level;		/* stored as dump_level, added to the input's own */
	bool no_vmemmap;		/* struct pages were left out: the status says so */
	struct copy_params copy;
};

/*
 * Write the whole file to @sink: headers, notes, bitmaps, descriptors, pages;
 * each byte once. When that fails for lack of space, a limit, a signal or a
 * write error, the header is rewritten with KDUMP_INCOMPLETE (where the sink
 * can), the descriptors on disk describe only data that is there, the file is
 * long enough to hold the bitmaps if space allowed, and the error is
 * returned. *stats is valid in either case. Calls sink_finish() on success.
 */
struct err *kdump_write(const struct kdump_params *params, struct sink *sink,
			struct copy_stats *stats) __attribute__((warn_unused_result));

#endif
