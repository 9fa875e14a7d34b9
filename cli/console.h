/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place that prints. Common, debug and report lines go to stdout,
 * errors and progress to stderr; callers redirect and read them apart.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"

/* Warnings of a run, for who asks when it is over. */
#define CONSOLE_WARNINGS_MAX 64u

struct console_warnings {
	char *v[CONSOLE_WARNINGS_MAX];
	size_t count;
	uint64_t left_out;	/* further ones that are not kept */
};

struct console {
	struct log log;		/* hand out &console->log; ctx points back here */
	FILE *out;
	FILE *err;
	bool terminal;		/* err is a terminal: progress may redraw one line */
	pthread_mutex_t lock;	/* guards the streams and the fields below */
	bool line_open;		/* a progress line without newline stands on err */
	unsigned int shown;	/* bits of enum log_level to print; log.mask may have more */
	bool keeping;		/* warnings are kept, shown or not */
	bool holding;		/* they are shown later */
	size_t held_from;	/* of the kept ones, the first that is not shown yet */
	struct console_warnings warnings;
};

/*
 * @message_level: bits of enum log_level to show. @all_to_err: stdout carries
 * data, so every message goes to stderr. The console must not move afterwards.
 */
void console_init(struct console *console, unsigned int message_level, bool all_to_err);
void console_deinit(struct console *console);

/* From now on keep warnings in console->warnings, whether they are shown or not. */
void console_keep_warnings(struct console *console);

/*
 * Show warnings only at console_release_warnings(), for output that must come
 * first. No more of them than are kept.
 */
void console_hold_warnings(struct console *console);
void console_release_warnings(struct console *console);

/* Something that was printed did not reach the stream of common messages. */
bool console_lost_lines(const struct console *console);

/* Print @e as one error line; it is not among the warnings. Does not free it. */
void console_error(struct console *console, const struct err *e);

/* Print a block of several lines at @level; @text ends with a newline or is empty. */
void console_block(struct console *console, enum log_level level, const char *text);

/*
 * The same for the text that @write writes with @ctx, which is not called when @level is
 * not shown. ERR_NOMEM: nothing was printed.
 */
struct err *console_write(struct console *console, enum log_level level,
			  void (*write)(const void *ctx, FILE *out), const void *ctx)
	__attribute__((warn_unused_result));

/*
 * Show progress: on a terminal @text replaces the line shown before and stays
 * open, elsewhere it is a line of its own. Only when the level is wanted.
 */
void console_progress(struct console *console, const char *text);

#endif
