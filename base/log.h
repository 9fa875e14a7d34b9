/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages on their way to cli/.
 *
 * Rooms below cli/ never print. They hand a line to the struct log they were
 * given; cli/ decides by message level and stream. The levels are those of
 * --message-level (bits 1, 2, 4, 8, 16), a contract with callers.
 *
 * Thread safety: emit() is called from any thread; cli/'s implementation locks.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_PROGRESS = 0x01,
	LOG_COMMON = 0x02,
	LOG_ERROR = 0x04,	/* warnings too: anything the user should see */
	LOG_DEBUG = 0x08,
	LOG_REPORT = 0x10,
};

struct log {
	/* Bits of enum log_level that are wanted; others may be skipped early. */
	unsigned int mask;
	/* One line without newline. Required. */
	void (*emit)(const struct log *log, enum log_level level, const char *line);
	void *ctx;
};

/* Format and emit one line; does nothing when the level is not wanted. NULL @log is fine. */
void log_line(const struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(log, ...) log_line((log), LOG_DEBUG, __VA_ARGS__)
#define log_warn(log, ...) log_line((log), LOG_ERROR, __VA_ARGS__)
#define log_common(log, ...) log_line((log), LOG_COMMON, __VA_ARGS__)

/* True when a line of @level would be shown: for callers that must gather it first. */
bool log_wants(const struct log *log, enum log_level level);

#endif
