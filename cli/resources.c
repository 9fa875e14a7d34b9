/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>

#include "base/checked.h"
#include "cli/meter.h"

/* The kernel refuses sets that are smaller than its own; none is larger than this. */
#define CPUS_MAX 65536

/* CPUs that this process may run on; 0 when the system does not tell. */
static unsigned int usable_cpus(void)
{
	unsigned int count = 0;
	cpu_set_t *set;
	size_t size;
	int rc = -1;

	errno = EINVAL;
	for (int cpus = 1024; rc < 0 && errno == EINVAL && cpus <= CPUS_MAX; cpus *= 4) {
		set = CPU_ALLOC(cpus);
		if (!set)
			return 0;
		size = CPU_ALLOC_SIZE(cpus);
		rc = sched_getaffinity(0, size, set);
		if (!rc)
			count = (unsigned int)CPU_COUNT_S(size, set);
		CPU_FREE(set);
	}
	return count;
}

struct machine_room machine_room_get(void)
{
	return (struct machine_room){ .free_memory = meter_free_memory(), .cpus = usable_cpus() };
}

static uint64_t memory_budget(const struct options *options, const struct machine_room *room)
{
	uint64_t budget = options->max_memory ? options->max_memory : UINT64_MAX;

	return room->free_memory ? min_u64(budget, room->free_memory / 2) : budget;
}

struct resources resources_decide(const struct options *options, const struct machine_room *room)
{
	uint64_t kb = options->cyclic_buffer_kb, spare, plan;
	struct resources r = { .memory = memory_budget(options, room) };

	r.threads_wanted = options->threads;
	/* A worker beside a main thread that waits for it gains nothing on one CPU. */
	if (options->threads == THREADS_AUTO)
		r.threads_wanted = room->cpus > 1 ? room->cpus : 0;
	r.plan_wanted = PLAN_BUDGET_DEFAULT;
	if (kb && !checked_mul(kb, 1024, &r.plan_wanted))
		r.plan_wanted = UINT64_MAX;
	spare = r.memory - min_u64(r.memory, MEMORY_BASE);
	plan = min_u64(r.plan_wanted, kb ? spare : spare / 2);
	r.threads = (unsigned int)min_u64(r.threads_wanted, (spare - plan) / MEMORY_PER_THREAD);
	spare -= r.threads * MEMORY_PER_THREAD;
	r.plan = (size_t)min_u64(min_u64(r.plan_wanted, spare), SIZE_MAX);
	return r;
}

void resources_log(const struct resources *r, const struct options *options, const struct log *log)
{
	if (options->cyclic_buffer_kb && r->plan < r->plan_wanted)
		log_common(log, "The buffer size for the cyclic mode is cut to %zu KB: there is "
			   "memory for no more.", r->plan / 1024);
	if (options->threads != THREADS_AUTO && r->threads < r->threads_wanted)
		log_common(log, "The number of threads is cut to %u: there is memory for no more.",
			   r->threads);
	log_debug(log, "Buffer size for the cyclic mode: %zu", r->plan);
	log_debug(log, "Memory: %" PRIu64 " KiB, %u of %u worker threads, %zu KiB for the page plan",
		  r->memory / 1024, r->threads, r->threads_wanted, r->plan / 1024);
}
