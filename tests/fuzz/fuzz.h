/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

/* libFuzzer calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A finding when it does not hold. */
static inline void require(bool holds)
{
	if (!holds)
		abort();
}

/* A log's emit(): lines are lines. */
static inline void fuzz_discard(const struct log *log, enum log_level level, const char *line)
{
	(void)log;
	(void)level;
	require(strchr(line, '\n') == NULL);
}

/* A klog_out's write(): text as it may be shown; *(uint64_t *)@ctx counts its bytes. */
static inline struct err *fuzz_look(void *ctx, const char *text, size_t len)
{
	uint64_t *total = ctx;

	for (size_t i = 0; i < len; i++)
		require((text[i] >= ' ' && text[i] <= '~') || (text[i] >= '\t' && text[i] <= '\r'));
	*total += len;
	return NULL;
}

#endif
