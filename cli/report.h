/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The statistics block that scripts read, and what the run cost. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/meter.h"
#include "output/copy.h"
#include "pages/scan.h"

struct audit_summary;

struct report {
	unsigned int level;
	uint64_t max_mapnr;		/* pfns are below this */
	uint64_t present;		/* pages the dump says exist */
	uint64_t left_out;		/* of these, left out by whoever wrote the input */
	bool without_vmemmap;		/* -e was given: its row is there */
	bool has_pmem;			/* the dump has persistent memory */
	bool is_elf;		/* copy->elf_pages counts */
	bool by_kernel;			/* -q: pages went by the kernel's own bitmap */
	bool has_xen;			/* pages were judged by Xen's frame table */
	uint64_t bytes_written;
	uint64_t page_size;
	unsigned int threads;		/* workers that there was memory for */
	uint64_t memory_budget;		/* bytes; UINT64_MAX: not limited */
	size_t plan_budget;		/* bytes of it for the page plan */
	uint64_t plan_bytes;		/* memory of the page plan */
	uint64_t plan_blocks;
	uint64_t plan_forgotten;	/* blocks judged once more for lack of it */
	const struct scan_counts *scan;
	const struct copy_stats *copy;
	const struct audit_summary *audit;	/* NULL: there was none */
	const struct meter *meter;
};

/* Write the text of the whole report to @out. */
void report_write(const struct report *report, FILE *out);

/*
 * The same numbers as members of the object @json is in: "pages",
 * "kept_for_lack_of_facts" and "written"; names are the labels of the text.
 */
void report_json(const struct report *report, struct json *json);

/* "seconds" per phase that ran, and the peak of memory. */
void report_json_cost(const struct report *report, struct json *json);

/* Print it at LOG_REPORT. Without memory for the text a line says so. */
void report_print(const struct report *report, struct console *console);

#endif
