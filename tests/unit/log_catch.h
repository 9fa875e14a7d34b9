/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A struct log that keeps all lines in memory, for tests that look for one. */
#ifndef TESTS_UNIT_LOG_CATCH_H
#define TESTS_UNIT_LOG_CATCH_H

#include <stdio.h>
#include <string.h>

#include "base/log.h"

struct log_catch {
	struct log log;
	unsigned int lines;
	unsigned int warnings;
	char text[16384];	/* lines with newlines; cut off when full */
};

static inline void log_catch_emit(const struct log *log, enum log_level level, const char *line)
{
	struct log_catch *caught = log->ctx;
	size_t used = strlen(caught->text);

	caught->lines++;
	caught->warnings += level == LOG_ERROR;
	snprintf(caught->text + used, sizeof(caught->text) - used, "%s\n", line);
}

static inline void log_catch_init(struct log_catch *caught)
{
	caught->log = (struct log){ .mask = 0x1f, .emit = log_catch_emit, .ctx = caught };
	caught->lines = 0;
	caught->warnings = 0;
	caught->text[0] = 0;
}

static inline bool log_caught(const struct log_catch *caught, const char *part)
{
	return strstr(caught->text, part) != NULL;
}

#endif
