/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each CPU has of its own: variables, run queue with its tasks, interrupt stack. */
#include "base/checked.h"
#include "kernel/percpu.h"
#include "kernel/symbols.h"
#include "verify/internal.h"

struct err *verify_cpus(struct verify *v, struct cpus *ret)
{
	struct symbol_want wants[] = { { .name = "__per_cpu_offset" },
				       { .name = "__cpu_possible_mask" },
				       { .name = "nr_cpu_ids" } };

	TRY(ksymbols_find(v->reader, wants, ARRAY_LEN(wants)));
	*ret = (struct cpus){ .count = percpu_count(v->reader) };
	if (!wants[0].found || !ret->count)
		return err_new(ERR_NOT_FOUND, "symbols __per_cpu_offset and nr_cpu_ids are not known");
	ret->offsets = wants[0].address;
	if (wants[1].found)
		ret->possible = wants[1].address;
	return NULL;
}

/* CPUs that are not possible have no data: their offset is what was there at link time. */
static bool is_possible(struct verify *v, const struct cpus *cpus, unsigned int cpu)
{
	unsigned int word = v->kernel->word, bits = word * 8;
	uint64_t mask;

	if (!cpus->possible)
		return true;
	return verify_pointer(v, cpus->possible + (uint64_t)(cpu / bits) * word, &mask) &&
	       mask >> cpu % bits & 1;
}

bool verify_cpu_offset(struct verify *v, const struct cpus *cpus, unsigned int cpu, uint64_t *ret)
{
	verify_name(v, "%s of CPU %u", v->area->name, cpu);
	return is_possible(v, cpus, cpu) &&
	       verify_pointer(v, cpus->offsets + (uint64_t)cpu * v->kernel->word, ret);
}

/* [__per_cpu_start, __per_cpu_end) of each CPU; what modules and others allocate lies elsewhere. */
struct err *verify_percpu(struct verify *v)
{
	struct symbol_want wants[] = { { .name = "__per_cpu_start" }, { .name = "__per_cpu_end" } };
	struct cpus cpus;

	TRY(ksymbols_find(v->reader, wants, ARRAY_LEN(wants)));
	if (!wants[0].found || !wants[1].found || wants[0].address >= wants[1].address)
		return err_new(ERR_NOT_FOUND, "symbols __per_cpu_start and __per_cpu_end are not known");
	TRY(verify_cpus(v, &cpus));
	for (unsigned int cpu = 0; cpu < cpus.count; cpu++) {
		uint64_t offset;

		TRY(verify_tick(v));
		if (!verify_cpu_offset(v, &cpus, cpu, &offset))
			continue;
		v->area->counts.objects++;
		verify_range(v, wants[0].address + offset, wants[1].address - wants[0].address,
			     CONTENT_ANY);
	}
	return NULL;
}

/* Tasks that only a run queue leads to: those that run, idle tasks, the stopper. */
static struct err *look_at_run_queue(struct verify *v, uint64_t rq, unsigned int cpu,
				     struct task_layout *layout)
{
	static const char *const tasks[] = { "curr", "idle", "stop" };

	verify_name(v, "run queue of CPU %u", cpu);
	verify_range(v, rq, verify_size(v, "rq"), CONTENT_ANY);
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		struct member member;
		uint64_t task;

		verify_name(v, "rq.%s of CPU %u", tasks[i], cpu);
		if (!verify_member(v, "rq", tasks[i], &member))
			verify_gap(v, "rq.%s is not known", tasks[i]);
		else if (verify_pointer(v, rq + member.offset, &task) && task)
			TRY(verify_task(v, layout, task));
	}
	return NULL;
}

static struct err *look_at_run_queues(struct verify *v, struct task_layout *layout)
{
	uint64_t symbol, offset;
	struct cpus cpus;

	if (!ksymbol(v->reader, "runqueues", &symbol))
		return err_new(ERR_NOT_FOUND, "symbol runqueues is not known");
	if (!verify_size(v, "rq"))
		return err_new(ERR_NOT_FOUND, "struct rq is not known");
	TRY(verify_cpus(v, &cpus));
	for (unsigned int cpu = 0; cpu < cpus.count; cpu++) {
		TRY(verify_tick(v));
		if (!verify_cpu_offset(v, &cpus, cpu, &offset))
			continue;
		v->area->counts.objects++;
		TRY(look_at_run_queue(v, symbol + offset, cpu, layout));
	}
	return NULL;
}

struct err *verify_run_queues(struct verify *v)
{
	struct task_layout *layout;
	struct err *e;

	TRY(task_layout_create(v, &layout));
	e = look_at_run_queues(v, layout);
	task_layout_destroy(layout);
	return e;
}

/*
 * Per-CPU pointers to the stack that interrupts run on; @top: to its end, or a
 * word below that (x86_64 since 5.8). A pointer that is not to a page is of a kernel that
 * has the stack among its per-CPU variables (x86_64 up to 5.1).
 */
static const struct irq_stack {
	const char *symbol;
	const char *structure, *member;		/* NULL: the variable is the pointer */
	bool top;
} irq_stacks[] = {
	{ "hardirq_stack_ptr", NULL, NULL, true },
	{ "pcpu_hot", "pcpu_hot", "hardirq_stack_ptr", true },	/* 6.2 to 6.14 */
	{ "irq_stack_ptr", NULL, NULL, false },			/* arm64 */
};

/* The variable of the first row that this kernel has. */
static struct err *find_irq_stack(struct verify *v, const struct irq_stack **ret, uint64_t *ret_va)
{
	for (size_t i = 0; i < ARRAY_LEN(irq_stacks); i++) {
		const struct irq_stack *row = &irq_stacks[i];
		struct member member = { 0 };

		if (row->structure && !verify_member(v, row->structure, row->member, &member))
			continue;
		if (!ksymbol(v->reader, row->symbol, ret_va))
			continue;
		*ret = row;
		*ret_va += member.offset;
		return NULL;
	}
	return err_new(ERR_NOT_FOUND, "the kernel has none of the known pointers to them");
}

static void look_at_irq_stack(struct verify *v, const struct irq_stack *row, uint64_t pointer,
			      uint64_t size)
{
	uint64_t base = row->top ? round_up(pointer, v->page_size) - size : pointer;

	if (base % v->page_size)
		return;
	v->area->counts.objects++;
	verify_range(v, base, size, CONTENT_ANY);
}

/* They are as large as a task's stack on every architecture that has a row. */
struct err *verify_irq_stacks(struct verify *v)
{
	const struct irq_stack *row;
	uint64_t symbol, offset, pointer, size = verify_thread_size(v);
	struct cpus cpus;

	if (!size)
		return err_new(ERR_NOT_FOUND, "the size of a stack is not known");
	TRY(find_irq_stack(v, &row, &symbol));
	TRY(verify_cpus(v, &cpus));
	for (unsigned int cpu = 0; cpu < cpus.count; cpu++) {
		/* CPUs that never came up have none. */
		if (verify_cpu_offset(v, &cpus, cpu, &offset) &&
		    verify_pointer(v, symbol + offset, &pointer) && pointer)
			look_at_irq_stack(v, row, pointer, size);
	}
	return NULL;
}
