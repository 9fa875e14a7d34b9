/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --verify finds on a small machine, whole and with pages taken away. */
#include "tests/unit/verifyrig.h"

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

/* Lines of an area have an end, which is said, also when all are about what is broken. */
static void test_many_broken(void)
{
	struct rig r;

	rig_open(&r, 0xf0000, 1, false, true);
	put_u32(machine_mem(&r.m, FILES_AT + 0x1000), 64, ORDER_LITTLE);
	for (unsigned int i = 0; i < 64; i++)
		machine_word(&r.m, FILES_AT + 0x2000 + 8 * i, UINT64_MAX - 7);
	rig_verify(&r);
	CHECK_EQ(area(&r, "tasks")->counts.broken, 64);
	CHECK(log_caught(&r.log, "broken: open file 39 of"));
	CHECK(!log_caught(&r.log, "broken: open file 40 of"));
	CHECK(log_caught(&r.log, "tasks: further findings are counted, not listed"));
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
	RUN(test_many_broken);
	RUN(test_overrun);
	return unit_status();
}
