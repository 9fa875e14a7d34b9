/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for --verify: four tasks on two CPUs, an open file, types in BTF, and
 * pages that can be taken away.
 */
#ifndef TESTS_UNIT_VERIFYRIG_H
#define TESTS_UNIT_VERIFYRIG_H

#include <string.h>

#include "tests/unit/btfbuild.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/machine.h"
#include "verify/verify.h"

enum { INT = 1, PTR, ARRAY, STRUCT, UNION };

#define LINEAR(pa) (MACHINE_LINEAR + (pa))
#define STACK_BYTES 16384u
#define PID 64u
#define COMM 68u
#define STACK 88u
#define SIGNAL 96u
#define NODE 104u
#define FILES 120u
#define INIT_TASK 0x10000u	/* tasks are a page apart, each in the middle of its own */
#define TASK(n) (INIT_TASK + (n) * 0x1000u)
#define STACKS(n) (0x20000u + (n) * STACK_BYTES)
#define SIGNALS(n) (0x40000u + (n) * 0x40u)
#define RUN_QUEUES 0x50000u	/* of CPU 0; that of CPU 1 is a page behind */
#define OFFSETS 0x60000u
#define BTF_AT 0x70000u
#define FILES_AT 0x80000u
#define MEMORY 0x100000u
#define TASKS 4u

struct rig {
	struct machine m;
	struct log_catch log;
	struct verify_result result;
};

static inline void member(struct btfbuild *b, const char *name, uint32_t type, uint32_t offset)
{
	btfbuild_member(b, name, type, offset * 8);
}

static inline uint8_t *build_types(size_t *len)
{
	struct btfbuild b;
	uint32_t int_id, char_id, ptr, list, comm, stack;

	btfbuild_init(&b, ORDER_LITTLE);
	/* Says how long a pointer is. */
	btfbuild_int(&b, "long unsigned int", 8, 0, 64);
	int_id = btfbuild_int(&b, "int", 4, 1, 32);
	char_id = btfbuild_int(&b, "char", 1, 2, 8);
	ptr = btfbuild_record(&b, "", PTR, false, 0, 0);
	list = btfbuild_record(&b, "list_head", STRUCT, false, 2, 16);
	member(&b, "next", ptr, 0);
	member(&b, "prev", ptr, 8);
	comm = btfbuild_array(&b, char_id, int_id, 16);
	stack = btfbuild_array(&b, char_id, int_id, STACK_BYTES);
	btfbuild_record(&b, "task_struct", STRUCT, false, 8, 128);
	member(&b, "thread_info", int_id, 0);
	member(&b, "tasks", list, 48);
	member(&b, "pid", int_id, PID);
	member(&b, "comm", comm, COMM);
	member(&b, "stack", ptr, STACK);
	member(&b, "signal", ptr, SIGNAL);
	member(&b, "thread_node", list, NODE);
	member(&b, "files", ptr, FILES);
	btfbuild_record(&b, "signal_struct", STRUCT, false, 1, 32);
	member(&b, "thread_head", list, 16);
	btfbuild_record(&b, "rq", STRUCT, false, 3, 32);
	member(&b, "curr", ptr, 0);
	member(&b, "idle", ptr, 8);
	member(&b, "stop", ptr, 16);
	btfbuild_record(&b, "thread_union", UNION, false, 1, STACK_BYTES);
	member(&b, "stack", stack, 0);
	btfbuild_record(&b, "files_struct", STRUCT, false, 1, 32);
	member(&b, "fdt", ptr, 0);
	btfbuild_record(&b, "fdtable", STRUCT, false, 2, 32);
	member(&b, "max_fds", int_id, 0);
	member(&b, "fd", ptr, 8);
	btfbuild_record(&b, "file", STRUCT, false, 1, 256);
	member(&b, "f_mode", int_id, 0);
	return btfbuild_blob(&b, 24, len);
}

/* Links @count list heads at @at[] to a circle. */
static inline void link_all(struct machine *m, const uint64_t *at, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t next = at[(i + 1) % count];

		machine_word(m, at[i], LINEAR(next));
		machine_word(m, next + 8, LINEAR(at[i]));
	}
}

/* Task 0 is init_task, 1 and 2 are processes, 3 is a thread of 2. */
static inline void fill_tasks(struct machine *m)
{
	const uint64_t processes[] = { TASK(0) + 48, TASK(1) + 48, TASK(2) + 48 };

	for (unsigned int i = 0; i < TASKS; i++) {
		uint64_t signal = SIGNALS(i == 3 ? 2 : i);
		const uint64_t lone[] = { signal + 16, TASK(i) + NODE };

		put_u32(machine_mem(m, TASK(i) + PID), i, ORDER_LITTLE);
		snprintf((char *)machine_mem(m, TASK(i) + COMM), 16, i ? "sh%u" : "swapper/0", i);
		machine_word(m, TASK(i) + STACK, LINEAR(STACKS(i)));
		machine_word(m, STACKS(i), 0x57ac6e9d);
		machine_word(m, TASK(i) + SIGNAL, LINEAR(signal));
		if (i < 2)
			link_all(m, lone, 2);
	}
	link_all(m, processes, 3);
	link_all(m, (const uint64_t[]){ SIGNALS(2) + 16, TASK(2) + NODE, TASK(3) + NODE }, 3);
}

/* Task 1 has a table of four open files, of which one is open. */
static inline void fill_files(struct machine *m)
{
	machine_word(m, TASK(1) + FILES, LINEAR(FILES_AT));
	machine_word(m, FILES_AT, LINEAR(FILES_AT + 0x1000));
	put_u32(machine_mem(m, FILES_AT + 0x1000), 4, ORDER_LITTLE);
	machine_word(m, FILES_AT + 0x1008, LINEAR(FILES_AT + 0x2000));
	machine_word(m, FILES_AT + 0x2010, LINEAR(FILES_AT + 0x3f80));
}

/* CPU 1 runs task 3. */
static inline void fill_cpus(struct machine *m)
{
	machine_word(m, OFFSETS, 0);
	machine_word(m, OFFSETS + 8, 0x1000);
	put_u32(machine_mem(m, OFFSETS + 16), 2, ORDER_LITTLE);
	machine_word(m, OFFSETS + 24, 3);
	machine_word(m, RUN_QUEUES, LINEAR(TASK(0)));
	machine_word(m, RUN_QUEUES + 0x1000, LINEAR(TASK(3)));
}

static const char info_format[] =
	"SYMBOL(init_task)=%llx\nSYMBOL(__per_cpu_offset)=%llx\nSYMBOL(nr_cpu_ids)=%llx\n"
	"SYMBOL(__cpu_possible_mask)=%llx\nSYMBOL(runqueues)=%llx\nSYMBOL(__per_cpu_start)=%llx\n"
	"SYMBOL(__per_cpu_end)=%llx\n%s";

/* Memory without pages [hole, hole + pages); with @no_data they are known and have no data. */
static inline void rig_open(struct rig *r, uint64_t hole, uint64_t pages, bool no_data, bool typed)
{
	char info[1024], btf[128] = "";
	size_t len;
	uint8_t *types = build_types(&len);

	log_catch_init(&r->log);
	machine_init(&r->m, MEMORY, 0);
	machine_segment(&r->m, 0, (hole + (no_data ? pages * MACHINE_PAGE : 0)) / MACHINE_PAGE);
	r->m.seg[0].missing = no_data ? pages : 0;
	machine_segment(&r->m, hole / MACHINE_PAGE + pages,
			(MEMORY - hole) / MACHINE_PAGE - pages);
	fill_tasks(&r->m);
	fill_files(&r->m);
	fill_cpus(&r->m);
	memcpy(machine_mem(&r->m, BTF_AT), types, len);
	free(types);
	if (typed)
		snprintf(btf, sizeof(btf), "SYMBOL(__start_BTF)=%llx\nSYMBOL(__stop_BTF)=%llx\n",
			 (unsigned long long)LINEAR(BTF_AT), (unsigned long long)LINEAR(BTF_AT + len));
	snprintf(info, sizeof(info), info_format, (unsigned long long)LINEAR(INIT_TASK),
		 (unsigned long long)LINEAR(OFFSETS), (unsigned long long)LINEAR(OFFSETS + 16),
		 (unsigned long long)LINEAR(OFFSETS + 24), (unsigned long long)LINEAR(RUN_QUEUES),
		 (unsigned long long)LINEAR(RUN_QUEUES), (unsigned long long)LINEAR(RUN_QUEUES + 64), btf);
	machine_open(&r->m, info, &r->log.log);
}

static inline void rig_verify(struct rig *r)
{
	const struct verify_params params = { .kernel = &r->m.kernel, .log = &r->log.log };

	r->log.text[0] = '\0';
	CHECK_OK(verify_dump(&params, &r->result));
}

static inline void rig_close(struct rig *r)
{
	verify_result_deinit(&r->result);
	machine_deinit(&r->m);
}

#endif
