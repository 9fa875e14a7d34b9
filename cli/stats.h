/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run learned and did, as far as it came: for --json.
 *
 * An action tells what it knows before it frees it; the file is written when
 * the run is over, whether it failed or not.
 */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/audit_summary.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/meter.h"
#include "cli/options.h"
#include "cli/report.h"
#include "input/dump.h"
#include "kernel/kernel.h"
#include "pages/layout.h"

/* Room for what a dump may not tell about its struct pages. */
#define STATS_MISSING_MAX 16

struct stats {
	/* The input; NULL: was not understood. */
	const char *format;
	uint16_t machine;
	unsigned int word_bits;
	bool little_endian;
	bool incomplete;
	/* The kernel; page_size 0: was not understood. */
	uint64_t page_size;
	uint64_t max_mapnr;
	uint64_t present;
	char release[65];

	bool has_layout;	/* the struct page was understood, as far as missing[] allows */
	const char *missing[STATS_MISSING_MAX];	/* static texts */
	unsigned int missing_count;

	/* A run that judges pages. */
	const char *codec;	/* static; NULL: pages are stored as they are */
	uint64_t plan_budget;	/* bytes */
	bool classified;	/* report.scan counts */
	bool has_report;
	struct report report;	/* points to the four below */
	struct scan_counts scan;
	struct copy_stats copy;
	struct audit_summary audit;
	struct meter meter;

	/* A run that erases: objects found in all, their bytes, and what could not be looked at. */
	bool has_erased;
	uint64_t erased_objects;
	uint64_t erased_bytes;
	uint64_t erase_unknown;

	/* A run that reads the log. */
	bool has_log;
	uint64_t log_records;
	uint64_t log_lost;
	uint64_t log_bytes;

	/* Adds what only one action has, as members of the outermost object; NULL: nothing. */
	void (*more)(const void *ctx, struct json *json);
	void *more_ctx;		/* owned through free_more */
	void (*free_more)(void *ctx);
};

void stats_init(struct stats *stats);
void stats_deinit(struct stats *stats);

/* Either may be NULL: not known. */
void stats_take_input(struct stats *stats, const struct dump *dump, const struct kernel *kernel);

/* What @layout does not know. */
void stats_take_layout(struct stats *stats, const struct page_layout *layout);

/* Copies what @report points to. */
void stats_take_report(struct stats *stats, const struct report *report);

/* How the run ended, and what it was. */
struct stats_run {
	const struct options *options;
	char *const *argv;
	int argc;
	int status;
	const struct err *err;		/* NULL: none */
	const struct console *console;	/* for the warnings */
};

/* Write the whole document. */
void stats_write(const struct stats *stats, const struct stats_run *run, FILE *out);

/*
 * The file of --json. It is created before any work, so that one that cannot be
 * made costs nothing, and filled when all is over. An existing file is refused
 * without -f, and so is VMCORE or DUMPFILE itself. On success *ret is the
 * stream to write to.
 */
struct err *stats_open_file(const struct options *options, FILE **ret)
	__attribute__((warn_unused_result));

/* Closes @out in any case; the error says that not everything arrived. */
struct err *stats_close_file(const struct options *options, FILE *out)
	__attribute__((warn_unused_result));

#endif
