// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/tasks.h"

#include "base/checked.h"
#include "erase/field.h"

enum { TASKS, PID, MM, FILES, SIGNAL, THREAD_NODE, THREAD_HEAD, FIELDS };

static const struct field_name names[FIELDS] = {
	[TASKS] = { .type = "task_struct", .path = "tasks" },
	[PID] = { .type = "task_struct", .path = "pid" },
	[MM] = { .type = "task_struct", .path = "mm" },
	[FILES] = { .type = "task_struct", .path = "files" },
	[SIGNAL] = { .type = "task_struct", .path = "signal" },
	/* Since v3.14, 0c740d0afc3b ("introduce for_each_thread()"). */
	[THREAD_NODE] = { .type = "task_struct", .path = "thread_node" },
	[THREAD_HEAD] = { .type = "signal_struct", .path = "thread_head" },
};

struct walk {
	struct erase_space *space;
	struct field fields[FIELDS];
	struct err *(*fn)(void *ctx, const struct task *task);
	void *ctx;
	uint64_t leader;
};

static struct err *read_task(struct walk *walk, uint64_t address, struct task *ret)
{
	struct kreader *reader = walk->space->reader;

	ret->address = address;
	TRY(field_read(reader, &walk->fields[PID], address, &ret->pid));
	TRY(field_read(reader, &walk->fields[MM], address, &ret->mm));
	return field_read(reader, &walk->fields[FILES], address, &ret->files);
}

static struct err *take_task(struct walk *walk, uint64_t address)
{
	struct task task;
	struct err *e = read_task(walk, address, &task);

	if (e)
		return erase_forgive(walk->space, err_prepend(e, "task"));
	return walk->fn(walk->ctx, &task);
}

static struct err *take_thread(void *ctx, uint64_t address)
{
	struct walk *walk = ctx;

	return address == walk->leader ? NULL : take_task(walk, address);
}

static struct err *take_process(void *ctx, uint64_t address)
{
	struct walk *walk = ctx;
	uint64_t signal = 0;
	struct err *e;

	TRY(take_task(walk, address));
	e = field_read(walk->space->reader, &walk->fields[SIGNAL], address, &signal);
	TRY(erase_forgive(walk->space, err_prepend(e, "task")));
	walk->leader = address;
	return signal ? list_each(walk->space, signal + walk->fields[THREAD_HEAD].offset,
				  walk->fields[THREAD_NODE].offset, "threads", take_thread, walk) : NULL;
}

struct err *tasks_each(struct erase_space *space,
		       struct err *(*fn)(void *ctx, const struct task *task), void *ctx)
{
	struct walk walk = { .space = space, .fn = fn, .ctx = ctx };
	uint64_t init_task;

	TRY(fields_find(space->types, names, FIELDS, walk.fields));
	if (erase_symbol(space, "init_task", &init_task) != 1)
		return err_new(ERR_UNSUPPORTED, "there is no symbol 'init_task' " ERASE_SYMBOL_HINT);
	return list_each(space, init_task + walk.fields[TASKS].offset, walk.fields[TASKS].offset,
			 "tasks", take_process, &walk);
}
