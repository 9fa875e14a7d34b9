/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What turns a plan into a file.
 *
 * To add a writer: output/NAME.c with a `const struct dump_writer
 * dump_writer_NAME`, declared below, and a line where cli/create.c chooses.
 */
#ifndef OUTPUT_WRITER_H
#define OUTPUT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ranges.h"
#include "kernel/kernel.h"
#include "output/copy.h"
#include "output/sink.h"

struct writer_params {
	const struct kernel *kernel;	/* header contents: utsname, notes, vmcoreinfo, phys_base, time */
	unsigned int level;		/* bits asked for; the input's own are added where they are stored */
	bool no_vmemmap;		/* struct pages were left out: the header says so, where it can */
	struct copy_params copy;
	size_t plan_budget;		/* bytes for a plan of the writer's own; any value */
	/*
	 * The file is one piece of a set and has the pages of copy.pfns; kdump-compressed
	 * only. All pieces of a set have the same main header and bitmaps.
	 */
	bool is_piece;
};

struct dump_writer {
	const char *name;	/* of the format, for --json */
	/*
	 * Write the whole file to @sink, each byte once, and call sink_finish(). When
	 * that fails for lack of space, a limit, a signal or a write error, the
	 * file is marked incomplete (where the sink can rewrite), names no data that
	 * is not there, opens if enough of it was written, and the error is
	 * returned. *stats is valid in either case.
	 */
	struct err *(*write)(const struct writer_params *params, struct sink *sink,
			     struct copy_stats *stats);
};

extern const struct dump_writer dump_writer_kdump;
extern const struct dump_writer dump_writer_elf;

#endif
