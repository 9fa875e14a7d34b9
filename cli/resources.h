/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many threads and how much memory a run takes. Neither changes a byte of
 * the output.
 */
#ifndef CLI_RESOURCES_H
#define CLI_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "cli/options.h"

/* Memory for the plan unless --cyclic-buffer says otherwise. */
#define PLAN_BUDGET_DEFAULT (UINT64_C(8) << 20)

/*
 * What a run has besides plan and threads: the program, write buffers, the
 * index of the dump. Measured: 2.2 MiB (Debian 6.12, 1 GiB of memory).
 */
#define MEMORY_BASE (UINT64_C(4) << 20)

/*
 * What a worker thread adds: two jobs of pages, the buffer of its view, tables
 * of the codec, its stack. Measured: 0.6 MiB with zlib and zstd; larger pages need
 * larger tables.
 */
#define MEMORY_PER_THREAD (UINT64_C(1) << 20)

/* What the machine has. */
struct machine_room {
	uint64_t free_memory;	/* bytes; 0: unknown */
	unsigned int cpus;	/* that this process may use; 0: unknown */
};

struct resources {
	uint64_t memory;	/* bytes for all of the run; UINT64_MAX: not limited */
	unsigned int threads;	/* workers; 0: the main thread does it */
	size_t plan;		/* bytes of it for the page plan */
	unsigned int threads_wanted;
	uint64_t plan_wanted;
};

/* Ask the system. */
struct machine_room machine_room_get(void);

/*
 * Share out the memory: --max-memory, and never more than half of what is
 * free. A plan size that was asked for comes first, then threads (as asked for,
 * else one per CPU if there are several), as long as half is left for the plan.
 * There is always a result: a run without threads and with a plan of no bytes
 * works, too.
 */
struct resources resources_decide(const struct options *options, const struct machine_room *room);

/* Tell what was decided: less than asked for as a common message, all else for debugging. */
void resources_log(const struct resources *resources, const struct options *options,
		   const struct log *log);

#endif
