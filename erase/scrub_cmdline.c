// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arguments and environment of processes: where the kernel reads /proc/PID/cmdline and
 * environ from. Memory of the process, so it is found through its own page tables.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/checked.h"
#include "erase/scrub_internal.h"
#include "erase/tasks.h"

/* The kernel lets them be a quarter of the stack, and that 8 MiB by default. */
#define AREA_MAX (UINT64_C(1) << 30)

enum { PGD, ARG_START, ARG_END, ENV_START, ENV_END, FIELDS };

static const struct field_name names[FIELDS] = {
	[PGD] = { .type = "mm_struct", .path = "pgd" },
	[ARG_START] = { .type = "mm_struct", .path = "arg_start" },
	[ARG_END] = { .type = "mm_struct", .path = "arg_end" },
	[ENV_START] = { .type = "mm_struct", .path = "env_start" },
	[ENV_END] = { .type = "mm_struct", .path = "env_end" },
};

struct processes {
	struct scrub *scrub;
	struct field fields[FIELDS];
	uint64_t last_mm;	/* threads of a process follow each other */
	uint64_t root_pa;	/* of the page tables of the one at hand */
};

static struct err *translate(void *ctx, uint64_t va, struct mapping *ret)
{
	const struct processes *p = ctx;
	struct kreader *reader = p->scrub->space->reader;
	const struct kernel *kernel = kreader_kernel(reader);
	const struct pt_form *form;
	struct mapping map;
	uint64_t root, plain;

	form = kernel->arch->tables(kernel->arch_state, va, &root, &plain);
	TRY(pt_walk_hidden(form, kreader_view(reader), p->root_pa, plain, &map));
	*ret = (struct mapping){ .va = va, .pa = mapping_pa(&map, plain),
				 .len = map.len - (plain - map.va) };
	return NULL;
}

static struct err *scrub_area(struct processes *p, const struct task *task, unsigned int start_field,
			      unsigned int end_field, const char *what)
{
	struct erase_space *space = p->scrub->space;
	uint64_t start, end;
	char text[64];

	TRY(field_read(space->reader, &p->fields[start_field], task->mm, &start));
	TRY(field_read(space->reader, &p->fields[end_field], task->mm, &end));
	if (start == end)
		return NULL;
	if (start > end || end - start > AREA_MAX) {
		erase_doubt(space, "%s of process %" PRIu64 ": %#" PRIx64 " to %#" PRIx64, what,
			    task->pid, start, end);
		return NULL;
	}
	snprintf(text, sizeof(text), "process.%" PRIu64 ".%s", task->pid, what);
	TRY(erase_set_rule(space->set, text));
	return erase_object(space, translate, p, start, end - start, ERASE_BYTE);
}

static struct err *scrub_mm(struct processes *p, const struct task *task)
{
	struct erase_space *space = p->scrub->space;
	struct mapping map;
	uint64_t pgd;

	TRY(field_read(space->reader, &p->fields[PGD], task->mm, &pgd));
	TRY(kread_vtop(space->reader, pgd, &map));
	p->root_pa = map.pa;
	TRY(scrub_area(p, task, ARG_START, ARG_END, "arguments"));
	return scrub_area(p, task, ENV_START, ENV_END, "environment");
}

static struct err *take_task(void *ctx, const struct task *task)
{
	struct processes *p = ctx;

	if (!task->mm || task->mm == p->last_mm)
		return NULL;
	p->last_mm = task->mm;
	return erase_forgive(p->scrub->space, err_prepend(scrub_mm(p, task), "process %" PRIu64,
							  task->pid));
}

struct err *scrub_cmdline(struct scrub *scrub)
{
	const struct kernel *kernel = kreader_kernel(scrub->space->reader);
	struct processes p = { .scrub = scrub };

	if (!kernel->arch->tables)
		return err_new(ERR_UNSUPPORTED, "page tables of processes are not read on %s",
			       kernel->arch->name);
	TRY(fields_find(scrub->space->types, names, FIELDS, p.fields));
	return tasks_each(scrub->space, take_task, &p);
}
