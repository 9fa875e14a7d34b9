/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a run writes: one, or the pieces of a split set. */
#ifndef CLI_OUTPUTS_H
#define CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/run.h"
#include "output/sink.h"

/* All zero: none is open. */
struct outputs {
	struct sink **v;
	size_t count;
};

/*
 * Refuse outputs that exist without -f, that are the input itself or each other,
 * before any long work. Creates nothing.
 */
struct err *outputs_check(const struct run *run) __attribute__((warn_unused_result));

/*
 * Create all outputs, or take standard output for -F, or drop what is written for
 * --dry-run; outputs that are open already are begun anew. The error has the
 * text that callers know. What was created is in *outputs in either case.
 */
struct err *outputs_open(const struct run *run, struct outputs *outputs)
	__attribute__((warn_unused_result));
void outputs_destroy(struct outputs *outputs);

/* What was written can be taken back, see outputs_open(). */
bool outputs_can_restart(const struct outputs *outputs);

/* Bytes in all of them. */
uint64_t outputs_written(const struct outputs *outputs);

/*
 * The run failed: take away what holds nothing, mark all pieces of a set as incomplete
 * when one is, and tell when what is left can be opened.
 */
void outputs_settle(const struct run *run, const struct outputs *outputs);

/* All names as messages have them: "A", "A, and B", "A, B, and C"; malloc'd, NULL without memory. */
char *outputs_names(const struct run *run);

/* Tell where the result is. */
void outputs_tell(const struct run *run);

#endif
