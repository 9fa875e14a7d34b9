/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a long loop tells how far it is and learns that it should end.
 *
 * Loops call progress_tick() every few hundred microseconds of work at most;
 * cli/ decides when to show something. Never called per page.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <signal.h>
#include <stdint.h>

#include "base/err.h"

/* The phases of a run, in order; cli/ has their names. */
enum phase {
	PHASE_HOLES,		/* finding present pages: "Checking for memory holes" */
	PHASE_CLASSIFY,		/* "Excluding unnecessary pages" */
	PHASE_COPY,		/* "Copying data" */
	PHASE_VERIFY,		/* "Checking stored pages" */
	PHASE_COUNT,
};

struct progress {
	/* Set by a signal handler; NULL when nobody can stop the loop. */
	const volatile sig_atomic_t *stop;
	/* NULL: show nothing. @done of @total units (pfns); bytes_out is 0 unless copying. */
	void (*tick)(const struct progress *progress, enum phase phase, uint64_t done,
		     uint64_t total);
	void *ctx;
};

/* Report and ask: err_stopped when the run should end. NULL @progress is fine. */
struct err *progress_tick(const struct progress *progress, enum phase phase, uint64_t done,
			  uint64_t total) __attribute__((warn_unused_result));

#endif
