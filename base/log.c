// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool log_wants(const struct log *log, enum log_level level)
{
	return log && (log->mask & level);
}

void log_line(const struct log *log, enum log_level level, const char *fmt, ...)
{
	char fixed[512];
	char *line = fixed;
	va_list ap;
	int len;

	if (!log_wants(log, level))
		return;
	va_start(ap, fmt);
	len = vsnprintf(fixed, sizeof(fixed), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(fixed)) {
		line = malloc((size_t)len + 1);
		if (line) {
			va_start(ap, fmt);
			vsnprintf(line, (size_t)len + 1, fmt, ap);
			va_end(ap);
		} else {
			line = fixed;	/* cut, better than nothing */
		}
	}
	log->emit(log, level, line);
	if (line != fixed)
		free(line);
}
