/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/console.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Caller holds the lock. Other text must not run into an open progress line. */
static void close_line(struct console *console)
{
	if (!console->line_open)
		return;
	fputc('\n', console->err);
	fflush(console->err);
	console->line_open = false;
}

static FILE *stream_of(const struct console *console, enum log_level level)
{
	return level & (LOG_ERROR | LOG_PROGRESS) ? console->err : console->out;
}

/* Caller holds the lock. */
static void keep_warning(struct console *console, const char *line)
{
	struct console_warnings *warnings = &console->warnings;
	char *copy = warnings->count < CONSOLE_WARNINGS_MAX ? strdup(line) : NULL;

	if (copy)
		warnings->v[warnings->count++] = copy;
	else
		warnings->left_out++;
}

/* Caller holds the lock. */
static void print_line(struct console *console, enum log_level level, const char *line)
{
	FILE *stream = stream_of(console, level);

	if (!(console->shown & level))
		return;
	close_line(console);
	fprintf(stream, "%s%s\n", level == LOG_ERROR ? "makedumpfile: " : "", line);
	/* Both streams often end in one console; keep their order. */
	fflush(stream);
}

static void console_emit(const struct log *log, enum log_level level, const char *line)
{
	struct console *console = log->ctx;

	pthread_mutex_lock(&console->lock);
	if ((console->keeping || console->holding) && level == LOG_ERROR)
		keep_warning(console, line);
	if (!console->holding || level != LOG_ERROR)
		print_line(console, level, line);
	pthread_mutex_unlock(&console->lock);
}

void console_init(struct console *console, unsigned int message_level, bool all_to_err)
{
	*console = (struct console){
		.log = { .mask = message_level, .emit = console_emit, .ctx = console },
		.shown = message_level,
		.out = all_to_err ? stderr : stdout,
		.err = stderr,
		.terminal = isatty(STDERR_FILENO),
	};
	pthread_mutex_init(&console->lock, NULL);
}

void console_deinit(struct console *console)
{
	close_line(console);
	for (size_t i = 0; i < console->warnings.count; i++)
		free(console->warnings.v[i]);
	pthread_mutex_destroy(&console->lock);
}

bool console_lost_lines(const struct console *console)
{
	return ferror(console->out);
}

void console_keep_warnings(struct console *console)
{
	console->keeping = true;
	console->log.mask |= LOG_ERROR;
}

void console_hold_warnings(struct console *console)
{
	console->holding = true;
	console->held_from = console->warnings.count;
}

void console_release_warnings(struct console *console)
{
	pthread_mutex_lock(&console->lock);
	for (size_t i = console->held_from; console->holding && i < console->warnings.count; i++)
		print_line(console, LOG_ERROR, console->warnings.v[i]);
	console->holding = false;
	pthread_mutex_unlock(&console->lock);
}

void console_error(struct console *console, const struct err *e)
{
	pthread_mutex_lock(&console->lock);
	print_line(console, LOG_ERROR, err_text(e));
	pthread_mutex_unlock(&console->lock);
}

void console_block(struct console *console, enum log_level level, const char *text)
{
	FILE *stream = stream_of(console, level);

	if (!(console->shown & level))
		return;
	pthread_mutex_lock(&console->lock);
	close_line(console);
	fputs(text, stream);
	fflush(stream);
	pthread_mutex_unlock(&console->lock);
}

struct err *console_write(struct console *console, enum log_level level,
			  void (*write)(const void *ctx, FILE *out), const void *ctx)
{
	char *text = NULL;
	size_t len;
	FILE *out;
	bool whole;

	if (!(console->shown & level))
		return NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return err_nomem;
	write(ctx, out);
	whole = !fclose(out);
	if (whole)
		console_block(console, level, text);
	free(text);
	return whole ? NULL : err_nomem;
}

void console_progress(struct console *console, const char *text)
{
	if (!(console->shown & LOG_PROGRESS))
		return;
	pthread_mutex_lock(&console->lock);
	if (console->terminal)
		fprintf(console->err, "\r%s", text);
	else
		fprintf(console->err, "%s\n", text);
	fflush(console->err);
	console->line_open = console->terminal;
	pthread_mutex_unlock(&console->lock);
}
