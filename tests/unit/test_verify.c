/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --verify looks at: a machine with four tasks on two CPUs, types from BTF, and pages taken away. */
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

static void member(struct btfbuild *b, const char *name, uint32_t type, uint32_t offset)
{
	btfbuild_member(b, name, type, offset * 8);
}

static uint8_t *build_types(size_t *len)
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
static void link_all(struct machine *m, const uint64_t *at, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t next = at[(i + 1) % count];

		machine_word(m, at[i], LINEAR(next));
		machine_word(m, next + 8, LINEAR(at[i]));
	}
}

/* Task 0 is init_task, 1 and 2 are processes, 3 is a thread of 2. */
static void fill_tasks(struct machine *m)
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
static void fill_files(struct machine *m)
{
	machine_word(m, TASK(1) + FILES, LINEAR(FILES_AT));
	machine_word(m, FILES_AT, LINEAR(FILES_AT + 0x1000));
	put_u32(machine_mem(m, FILES_AT + 0x1000), 4, ORDER_LITTLE);
	machine_word(m, FILES_AT + 0x1008, LINEAR(FILES_AT + 0x2000));
	machine_word(m, FILES_AT + 0x2010, LINEAR(FILES_AT + 0x3f80));
}

/* CPU 1 runs task 3. */
static void fill_cpus(struct machine *m)
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
static void rig_open(struct rig *r, uint64_t hole, uint64_t pages, bool no_data, bool typed)
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

static void rig_verify(struct rig *r)
{
	const struct verify_params params = { .kernel = &r->m.kernel, .log = &r->log.log };

	r->log.text[0] = '\0';
	CHECK_OK(verify_dump(&params, &r->result));
}

static void rig_close(struct rig *r)
{
	verify_result_deinit(&r->result);
	machine_deinit(&r->m);
}

static const struct verify_area_result *area(const struct rig *r, const char *name)
{
	for (size_t i = 0; i < r->result.area_count; i++) {
		if (!strcmp(r->result.area[i].name, name))
			return &r->result.area[i];
	}
	abort();
}

static bool has_gap(const struct rig *r, const char *name)
{
	for (size_t i = 0; i < r->result.gap_count; i++) {
		if (!strcmp(r->result.gap[i].area, name))
			return true;
	}
	return false;
}

/* The hole is where nothing is. */
static void test_whole(void)
{
	struct rig r;
	struct verify_counts total;

	rig_open(&r, 0xf0000, 1, false, true);
	rig_verify(&r);
	total = verify_total(&r.result);
	CHECK_EQ(total.missing + total.damaged + total.unmapped + total.broken + total.zeros, 0);
	CHECK_EQ(area(&r, "stored pages")->counts.pages, MEMORY / MACHINE_PAGE - 1);
	CHECK_EQ(area(&r, "tasks")->counts.objects, TASKS);
	/* Two run queues, and what runs on them. */
	CHECK_EQ(area(&r, "run queues")->counts.objects, 4);
	CHECK_EQ(area(&r, "per-CPU data")->counts.objects, 2);
	CHECK(has_gap(&r, "modules") && has_gap(&r, "kernel image") && !has_gap(&r, "tasks"));
	CHECK(!area(&r, "modules")->checked);
	rig_close(&r);
}

static void test_stack_missing(void)
{
	struct rig r;

	rig_open(&r, STACKS(3) + 0x1000, 2, false, true);
	rig_verify(&r);
	CHECK_EQ(area(&r, "tasks")->counts.missing, 2);
	CHECK_EQ(area(&r, "tasks")->counts.broken, 0);
	CHECK_EQ(area(&r, "run queues")->counts.missing, 2);
	CHECK(log_caught(&r.log, "missing: stack of task \"sh3\" (pid 3, 0xffff888000013000): "
				 "va 0xffff88800002d000 pfn 0x2d and 1 more pages"));
	rig_close(&r);
}

/* An ELF dump does not tell zeros from what was left out, but the end of a stack is never zero. */
static void test_no_data(void)
{
	struct rig r;

	rig_open(&r, STACKS(1), 2, true, true);
	rig_verify(&r);
	CHECK_EQ(area(&r, "tasks")->counts.missing, 1);
	CHECK_EQ(area(&r, "tasks")->counts.zeros, 1);
	CHECK(log_caught(&r.log, "missing: stack of task \"sh1\""));
	rig_close(&r);
}

static void test_task_missing(void)
{
	struct rig r;

	rig_open(&r, TASK(3), 1, false, true);
	rig_verify(&r);
	/* The list cannot be followed, which is what there is to say. */
	CHECK_EQ(area(&r, "tasks")->counts.objects, 3);
	CHECK_EQ(area(&r, "tasks")->counts.broken, 1);
	CHECK(log_caught(&r.log, "broken: threads of task 0xffff888000012000: "));
	CHECK_EQ(area(&r, "run queues")->counts.missing, 1);
	rig_close(&r);
}

static void test_file_missing(void)
{
	struct rig r;

	rig_open(&r, FILES_AT + 0x4000, 1, false, true);
	rig_verify(&r);
	CHECK_EQ(area(&r, "tasks")->counts.missing, 1);
	CHECK(log_caught(&r.log, "missing: open file 2 of task \"sh1\""));
	rig_close(&r);
}

static void test_no_types(void)
{
	struct rig r;

	rig_open(&r, 0xf0000, 1, false, false);
	rig_verify(&r);
	CHECK(has_gap(&r, "tasks") && has_gap(&r, "run queues"));
	CHECK(!area(&r, "tasks")->checked);
	CHECK_EQ(verify_total(&r.result).broken, 0);
	rig_close(&r);
}

/* Lists that do not close, counts and lengths out of nowhere: told, and soon over. */
static void test_hostile(void)
{
	struct rig r;

	rig_open(&r, 0xf0000, 1, false, true);
	machine_word(&r.m, TASK(2) + 48, LINEAR(TASK(1) + 48));
	put_u32(machine_mem(&r.m, FILES_AT + 0x1000), UINT32_MAX, ORDER_LITTLE);
	machine_word(&r.m, OFFSETS + 8, 0x7777777777777777);
	machine_word(&r.m, TASK(2) + STACK, UINT64_MAX - 100);
	memcpy(machine_mem(&r.m, TASK(2) + COMM), "\033[2J\"\377", 6);
	rig_verify(&r);
	CHECK(area(&r, "tasks")->counts.broken >= 2);
	CHECK(log_caught(&r.log, "broken: task list from init_task on: "));
	CHECK(area(&r, "per-CPU data")->counts.unmapped);
	CHECK(!strpbrk(r.log.text, "\033\377"));
	rig_close(&r);
}

/* A stack that ran over is the kernel's fault and not the dump's. */
static void test_overrun(void)
{
	struct rig r;

	rig_open(&r, 0xf0000, 1, false, true);
	machine_word(&r.m, STACKS(1), 0x1122334455667788);
	rig_verify(&r);
	CHECK_EQ(verify_total(&r.result).broken, 0);
	CHECK(log_caught(&r.log, "note: stack of task \"sh1\""));
	rig_close(&r);
}

int main(void)
{
	RUN(test_whole);
	RUN(test_stack_missing);
	RUN(test_no_data);
	RUN(test_task_missing);
	RUN(test_file_missing);
	RUN(test_no_types);
	RUN(test_hostile);
	RUN(test_overrun);
	return unit_status();
}
