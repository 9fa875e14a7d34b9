/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a dump have what a debugger reads first? Every area (a row in verify/verify.c) is
 * virtual or physical memory that crash, drgn or gdb cannot do without, found
 * the way they find it, and looked at page by page. Nothing is written.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "kernel/kernel.h"

/* What was found in one area. A page is counted as often as something that needs it is looked at. */
struct verify_counts {
	uint64_t objects;	/* whatever the area has: tasks, modules, tables */
	uint64_t pages;		/* looked at */
	uint64_t missing;	/* of these, left out of the dump, or no memory that it knows of */
	uint64_t damaged;	/* in the dump, but cannot be unpacked, or cut off */
	uint64_t unmapped;	/* the page tables have no such address */
	uint64_t zeros;		/* without data in a format in which that reads as zeros (ELF) */
	uint64_t broken;	/* lists, registers and pointers that make no sense: what is behind them was not seen */
};

struct verify_area_result {
	const char *name;	/* static */
	struct verify_counts counts;
	bool checked;		/* at least in part */
};

/* Something that could not be looked at for lack of symbols, types or facts. */
struct verify_gap {
	const char *area;	/* static */
	char *why;		/* owned; may be NULL without memory */
};

#define VERIFY_AREAS_MAX 16
#define VERIFY_GAPS_MAX 64

struct verify_result {
	struct verify_area_result area[VERIFY_AREAS_MAX];
	size_t area_count;
	struct verify_gap gap[VERIFY_GAPS_MAX];
	size_t gap_count;
	uint64_t gaps_left_out;	/* further ones */
	bool untranslated;	/* virtual addresses lead nowhere: only pages as such were looked at */
};

struct verify_params {
	const struct kernel *kernel;
	/* Each finding is a line at LOG_COMMON: "missing: stack of task "sh" (pid 12): ...". */
	const struct log *log;
	const struct progress *progress;	/* NULL: none */
};

/*
 * Look at all areas. @result is filled as far as it went also on failure, and
 * to be deinited. What a dump lacks is a result and no error; errors are those
 * of memory, a stopped run, and a dump that cannot tell which pages it has.
 */
struct err *verify_dump(const struct verify_params *params, struct verify_result *result)
	__attribute__((warn_unused_result));
void verify_result_deinit(struct verify_result *result);

/* All areas together; objects stay 0. */
struct verify_counts verify_total(const struct verify_result *result);

#endif
