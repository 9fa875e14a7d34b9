/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All tasks: the list of processes from init_task on, and the threads of each. */
#include "verify/task.h"

/* PID_MAX_LIMIT: there cannot be more. */
#define TASKS_MAX (UINT64_C(4) << 20)

struct task_walk {
	struct verify *v;
	struct task_layout *layout;
	uint64_t left;		/* tasks that there may still be */
	uint64_t leader;	/* the process whose threads are being looked at */
	uint64_t link;		/* offset of the list_head that its threads are in */
};

static struct err *take_task(struct task_walk *walk, uint64_t task)
{
	if (!walk->left--)
		return err_new(ERR_BAD_INPUT, "more than %llu tasks", (unsigned long long)TASKS_MAX);
	return verify_task(walk->v, walk->layout, task);
}

static struct err *look_at_thread(void *ctx, uint64_t node)
{
	struct task_walk *walk = ctx;
	uint64_t task = node - walk->link;

	return task == walk->leader ? NULL : take_task(walk, task);
}

/*
 * The head that threads of @leader hang on: in its signal_struct since 3.14
 * (0c740d0afc3b "introduce for_each_thread() to replace the buggy
 * while_each_thread()"), and until 6.7 (8e1f385104ac) each other's as well. 0: not to be had.
 */
static uint64_t threads_of(struct task_walk *walk, uint64_t leader)
{
	const struct task_layout *layout = walk->layout;
	uint64_t signal;

	if (layout->thread_node.size && layout->thread_head.size && layout->signal.size) {
		walk->link = layout->thread_node.offset;
		if (verify_pointer(walk->v, leader + layout->signal.offset, &signal) && signal)
			return signal + layout->thread_head.offset;
	} else if (layout->thread_group.size) {
		walk->link = layout->thread_group.offset;
		return leader + walk->link;
	}
	return 0;
}

static struct err *look_at_process(struct task_walk *walk, uint64_t leader)
{
	struct verify *v = walk->v;
	uint64_t head;
	struct err *e;

	TRY(take_task(walk, leader));
	verify_name(v, "threads of task %#llx", (unsigned long long)leader);
	walk->leader = leader;
	head = threads_of(walk, leader);
	if (!head)
		return NULL;
	e = klist_for_each(v->reader, head, TASKS_MAX, look_at_thread, walk);
	/* Names of the threads have taken the place of the list's. */
	verify_name(v, "threads of task %#llx", (unsigned long long)leader);
	return verify_settle(v, e);
}

static struct err *look_at_leader(void *ctx, uint64_t node)
{
	struct task_walk *walk = ctx;

	return look_at_process(walk, node - walk->layout->tasks.offset);
}

static struct err *look_at_list(struct verify *v, struct task_layout *layout, uint64_t init_task)
{
	struct task_walk walk = { .v = v, .layout = layout, .left = TASKS_MAX };
	struct err *e;

	if (!layout->thread_group.size && !(layout->thread_node.size && layout->thread_head.size))
		verify_gap(v, "threads: the lists they are in are not known");
	TRY(look_at_process(&walk, init_task));
	e = klist_for_each(v->reader, init_task + layout->tasks.offset, TASKS_MAX, look_at_leader,
			   &walk);
	verify_name(v, "task list from init_task on");
	return e;
}

struct err *verify_tasks(struct verify *v)
{
	struct task_layout *layout;
	uint64_t init_task;
	struct err *e;

	TRY(task_layout_create(v, &layout));
	e = find_init_task(v, layout, &init_task);
	if (!e)
		e = look_at_list(v, layout, init_task);
	task_layout_destroy(layout);
	return e;
}
