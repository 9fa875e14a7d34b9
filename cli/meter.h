/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run costs: seconds per phase and peak memory. */
#ifndef CLI_METER_H
#define CLI_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/progress.h"

struct meter {
	uint64_t started_ns;			/* of the running phase */
	uint64_t phase_ns[PHASE_COUNT];		/* time spent; 0 = did not run */
	/*
	 * Largest RssAnon + VmPTE seen, in KiB: memory that is this program's own,
	 * page tables included, mapped pages of the dump not. Sampled, so a
	 * short peak between two samples can be missed. 0: /proc is not there.
	 */
	uint64_t peak_anon_kb;
};

/* Monotonic time in nanoseconds. */
uint64_t meter_now_ns(void);

void meter_start(struct meter *meter);
/* Ends what meter_start() began; returns its nanoseconds. */
uint64_t meter_stop(struct meter *meter, enum phase phase);

/* Look at memory now. Costs some 50 microseconds. */
void meter_sample(struct meter *meter);

/* RssAnon + VmPTE now, in KiB; 0 without /proc. */
uint64_t meter_own_kb(void);

/* Peak of all resident pages, mapped pages of the dump included, in KiB. */
uint64_t meter_peak_resident_kb(void);

/* MemAvailable (before 3.14: MemFree) of the machine in bytes; 0 when unknown. */
uint64_t meter_free_memory(void);

#endif
