/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The progress line, and the clock of the phases. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/progress.h"
#include "cli/console.h"
#include "cli/meter.h"

struct progress_line {
	struct progress progress;	/* hand out &line->progress; ctx points back here */
	struct console *console;
	struct meter *meter;
	uint64_t unit_bytes;		/* bytes per unit of progress, for the rate; 0: no rate */
	enum phase phase;
	uint64_t started_ns;
	uint64_t shown_ns;
	uint64_t sampled_ns;
	uint64_t looked_ns;		/* last look at the clock */
	unsigned int skip;		/* ticks to let pass between two looks */
	unsigned int skipped;
	unsigned int turns;		/* of the spinner */
	uint64_t total;			/* of the last tick */
};

/* @stop as in struct progress. The line must not move afterwards. Ticks come from one thread. */
void progress_line_init(struct progress_line *line, struct console *console, struct meter *meter,
			const volatile sig_atomic_t *stop);

void progress_begin(struct progress_line *line, enum phase phase);
/* The phase ended as @e says, which is returned: stops its clock; NULL shows 100.0 % and the STEP line. */
struct err *progress_end(struct progress_line *line, struct err *e) __attribute__((warn_unused_result));
/* Stops its clock only. */
void progress_abandon(struct progress_line *line);

/* Name of a phase as callers know it, static: "Copying data". */
const char *phase_name(enum phase phase);

/* What one progress line says. */
struct progress_view {
	enum phase phase;
	uint64_t done;
	uint64_t total;
	uint64_t elapsed_ns;
	uint64_t unit_bytes;
	unsigned int turns;
};

/*
 * The line for a terminal ("\r" not included) or for a log file. Writes at most
 * @len bytes with NUL.
 */
void progress_format(const struct progress_view *view, bool terminal, char *buf, size_t len);

#endif
