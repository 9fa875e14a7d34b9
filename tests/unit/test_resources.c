// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads and memory: what a run takes of what there is. */
#include "cli/resources.h"

#include <sched.h>

#include "base/checked.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/unit.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

static struct resources decide(unsigned int threads, uint64_t max_memory, uint64_t cyclic_kb,
			       uint64_t free_memory, unsigned int cpus)
{
	struct options options = { .threads = threads, .max_memory = max_memory,
				   .cyclic_buffer_kb = cyclic_kb };
	struct machine_room room = { .free_memory = free_memory, .cpus = cpus };
	struct resources r = resources_decide(&options, &room);

	/* Whatever was asked for: the parts fit into the whole, if the program itself does. */
	CHECK(r.plan + r.threads * MEMORY_PER_THREAD <= r.memory - min_u64(r.memory, MEMORY_BASE));
	CHECK(!free_memory || r.memory <= free_memory / 2);
	CHECK(!max_memory || r.memory <= max_memory);
	return r;
}

static void test_large_machine(void)
{
	struct resources r = decide(THREADS_AUTO, 0, 0, 1 << 30, 64);

	CHECK_EQ(r.threads, 64);
	CHECK_EQ(r.plan, PLAN_BUDGET_DEFAULT);
	CHECK_EQ(r.memory, 512 * MIB);
	/* One CPU is the main thread's. */
	CHECK_EQ(decide(THREADS_AUTO, 0, 0, 1 << 30, 1).threads, 0);
	CHECK_EQ(decide(THREADS_AUTO, 0, 0, 1 << 30, 2).threads, 2);
	CHECK_EQ(decide(THREADS_AUTO, 0, 0, 1 << 30, 0).threads, 0);
	/* As asked for, whatever there is. */
	CHECK_EQ(decide(5, 0, 0, 1 << 30, 1).threads, 5);
	CHECK_EQ(decide(0, 0, 0, 1 << 30, 64).threads, 0);
}

static void test_nothing_known(void)
{
	struct resources r = decide(THREADS_AUTO, 0, 0, 0, 8);

	CHECK_EQ(r.memory, UINT64_MAX);
	CHECK_EQ(r.threads, 8);
	CHECK_EQ(r.plan, PLAN_BUDGET_DEFAULT);
	CHECK_EQ(decide(THREADS_AUTO, 20 * MIB, 0, 0, 8).memory, 20 * MIB);
}

/* Less and less: threads go down one by one, the plan keeps its half, nothing fails. */
static void test_small_memory(void)
{
	unsigned int threads = 9;
	struct resources r;

	for (uint64_t memory = 64 * MIB; memory; memory -= 64 * KIB) {
		r = decide(THREADS_AUTO, memory, 0, UINT64_C(1) << 40, 8);
		CHECK(r.threads <= threads && threads - r.threads <= 1);
		threads = r.threads;
		if (memory > MEMORY_BASE)
			CHECK(r.plan >= min_u64(PLAN_BUDGET_DEFAULT, (memory - MEMORY_BASE) / 2));
	}
	CHECK_EQ(r.threads, 0);
	CHECK_EQ(r.plan, 0);
	CHECK_EQ(decide(8, 20 * MIB, 0, 0, 8).threads, 8);
	CHECK_EQ(decide(8, 19 * MIB, 0, 0, 8).threads, 7);
	CHECK_EQ(decide(8, 19 * MIB, 0, 0, 8).plan, 8 * MIB);
}

/* A plan size that was asked for goes before threads. */
static void test_cyclic_buffer(void)
{
	CHECK_EQ(decide(8, 20 * MIB, 1, 0, 8).plan, 1024);
	CHECK_EQ(decide(8, 20 * MIB, 12 * 1024, 0, 8).plan, 12 * MIB);
	CHECK_EQ(decide(8, 20 * MIB, 12 * 1024, 0, 8).threads, 4);
	CHECK_EQ(decide(8, 20 * MIB, 64 * 1024, 0, 8).plan, 16 * MIB);
	CHECK_EQ(decide(8, 20 * MIB, 64 * 1024, 0, 8).threads, 0);
	CHECK_EQ(decide(8, 0, UINT64_MAX, 40 * MIB, 8).plan, 16 * MIB);
	CHECK_EQ(decide(8, 0, 64 * 1024, 0, 8).plan, 64 * MIB);
}

static void test_system(void)
{
	cpu_set_t set, one;

	CHECK(machine_room_get().free_memory > 0);
	CHECK(sched_getaffinity(0, sizeof(set), &set) == 0);
	CHECK_EQ(machine_room_get().cpus, CPU_COUNT(&set));
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &set))
			CPU_SET(cpu, &one);
	CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
	CHECK_EQ(machine_room_get().cpus, 1);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
}

/* Getting less than was asked for is told; sharing out defaults is not. */
static void test_what_is_told(void)
{
	static const struct {
		unsigned int threads;
		uint64_t cyclic_kb;
		const char *told;	/* NULL: nothing at the usual level */
	} cases[] = {
		{ THREADS_AUTO, 0, NULL },
		{ 2, 1, NULL },
		{ 8, 0, "number of threads is cut to 3" },
		{ 0, 16384, "cyclic mode is cut to 6144 KB" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct options options = { .threads = cases[i].threads, .max_memory = 10 * MIB,
					   .cyclic_buffer_kb = cases[i].cyclic_kb };
		struct machine_room room = { .cpus = 8 };
		struct resources r = resources_decide(&options, &room);
		struct log_catch caught;

		log_catch_init(&caught);
		caught.log.mask = LOG_COMMON;
		resources_log(&r, &options, &caught.log);
		CHECK_EQ(caught.lines, cases[i].told != NULL);
		CHECK(!cases[i].told || log_caught(&caught, cases[i].told));
	}
}

int main(void)
{
	RUN(test_large_machine);
	RUN(test_nothing_known);
	RUN(test_small_memory);
	RUN(test_cyclic_buffer);
	RUN(test_system);
	RUN(test_what_is_told);
	return unit_status();
}
