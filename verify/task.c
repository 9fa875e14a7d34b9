/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One task: its struct, its stack, and what it points to. */
#include <ctype.h>
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/symbols.h"
#include "verify/task.h"

/* include/uapi/linux/magic.h: in the last word of a stack, since 2.6.28. */
#define STACK_END_MAGIC UINT64_C(0x57ac6e9d)

#define FILES_MAX (1u << 20)	/* fs.nr_open allows more; nobody's open files are worth more time */

/* Pointers of a task, and the structs behind them: what ps, bt, files, vm and sig begin with. */
static const struct {
	const char *member, *structure;
} pointers[TASK_POINTERS] = {
	{ "mm", "mm_struct" },
	{ "active_mm", "mm_struct" },
	{ "real_parent", "task_struct" },
	{ "group_leader", "task_struct" },
	{ "real_cred", "cred" },
	{ "cred", "cred" },
	{ "signal", "signal_struct" },
	{ "sighand", "sighand_struct" },
	{ "fs", "fs_struct" },
	{ "files", "files_struct" },
	{ "nsproxy", "nsproxy" },
	{ "thread_pid", "pid" },
};

uint64_t verify_thread_size(struct verify *v)
{
	/* What the linker script says of the first task's stack: named so since 6.10, and before. */
	static const char *const starts[] = { "__start_init_stack", "__start_init_task" };
	static const char *const ends[] = { "__end_init_stack", "__end_init_task" };
	uint64_t size = verify_size(v, "thread_union"), start, end;

	for (size_t i = 0; !size && i < ARRAY_LEN(starts); i++) {
		if (ksymbol(v->reader, starts[i], &start) && ksymbol(v->reader, ends[i], &end))
			size = end - start;
	}
	/* 4 KiB to 256 KiB: whatever else that is, it is no stack. */
	return size >= 4096 && size <= UINT64_C(256) << 10 && !(size & (size - 1)) ? size : 0;
}

static void fill_pointers(struct verify *v, struct task_layout *layout)
{
	for (size_t i = 0; i < TASK_POINTERS; i++) {
		struct task_pointer *pointer = &layout->pointer[i];

		pointer->name = pointers[i].member;
		pointer->bytes = verify_size(v, pointers[i].structure);
		if (!verify_member(v, "task_struct", pointers[i].member, &pointer->at))
			pointer->bytes = 0;
		/* Not a gap: thread_pid came with 4.19, and kernels without namespaces have no nsproxy. */
	}
}

struct err *task_layout_create(struct verify *v, struct task_layout **ret)
{
	struct task_layout *layout = calloc(1, sizeof(*layout));
	struct member thread_info;

	if (!layout)
		return err_nomem;
	layout->size = verify_size(v, "task_struct");
	if (!verify_member(v, "task_struct", "tasks", &layout->tasks) ||
	    !verify_member(v, "task_struct", "pid", &layout->pid) ||
	    !verify_member(v, "task_struct", "comm", &layout->comm) ||
	    !verify_member(v, "task_struct", "stack", &layout->stack) ||
	    layout->size > TASK_BYTES_MAX) {
		free(layout);
		return err_new(ERR_NOT_FOUND, "struct task_struct is not known");
	}
	layout->has_thread_info = verify_member(v, "task_struct", "thread_info", &thread_info);
	verify_member(v, "task_struct", "signal", &layout->signal);
	verify_member(v, "task_struct", "thread_node", &layout->thread_node);
	verify_member(v, "signal_struct", "thread_head", &layout->thread_head);
	verify_member(v, "task_struct", "thread_group", &layout->thread_group);
	verify_member(v, "mm_struct", "pgd", &layout->pgd);
	fill_pointers(v, layout);
	layout->stack_size = verify_thread_size(v);
	if (!verify_member(v, "task_struct", "stack_vm_area", &layout->stack_area) ||
	    !verify_member(v, "vm_struct", "nr_pages", &layout->area_pages))
		layout->stack_area.size = 0;
	if (!layout->stack_size && !layout->stack_area.size)
		verify_gap(v, "stacks: their size is not known");
	*ret = layout;
	return NULL;
}

void task_layout_destroy(struct task_layout *layout)
{
	free(layout);
}

/* Untrusted bytes: none of them may steer the terminal. */
static void name_task(struct verify *v, struct task_layout *layout, uint64_t task)
{
	const uint8_t *comm = layout->raw + layout->comm.offset;
	char name[32];
	size_t i;

	for (i = 0; i < min_u64(layout->comm.size, sizeof(name) - 1) && comm[i]; i++)
		name[i] = isprint(comm[i]) && comm[i] != '"' ? (char)comm[i] : '?';
	name[i] = '\0';
	snprintf(layout->name, sizeof(layout->name), "task \"%s\" (pid %d, %#llx)", name,
		 (int32_t)get_u32(layout->raw + layout->pid.offset, v->kernel->order),
		 (unsigned long long)task);
}

static uint64_t raw_word(const struct verify *v, const struct task_layout *layout,
			 const struct member *member)
{
	return get_word(layout->raw + member->offset, v->kernel->word, v->kernel->order);
}

/* What the kernel mapped for it says as much as THREAD_SIZE; 0: unknown. */
static uint64_t stack_size_of(struct verify *v, const struct task_layout *layout)
{
	uint64_t area;
	uint32_t pages;
	struct err *e;

	if (layout->stack_size || !layout->stack_area.size)
		return layout->stack_size;
	area = raw_word(v, layout, &layout->stack_area);
	if (!area)
		return 0;
	e = verify_read_u32(v, area + layout->area_pages.offset, &pages);
	if (e) {
		verify_broken(v, e);
		return 0;
	}
	return pages * v->page_size;
}

/*
 * An overwritten end is the kernel's own doing and no fault of the dump, but
 * whoever looks at such a dump wants to know.
 */
static void look_at_stack(struct verify *v, const struct task_layout *layout, uint64_t stack)
{
	uint64_t end, size;
	struct err *e;

	verify_name(v, "stack of %s", layout->name);
	size = stack_size_of(v, layout);
	/* The mark at its end is not zero. */
	if (!size || !verify_object(v, stack, size) || !layout->has_thread_info)
		return;
	e = kread_word(v->reader, stack, &end);
	if (!e && end != STACK_END_MAGIC)
		log_common(v->log, "note: stack of %s: its end has %#llx where STACK_END_MAGIC was",
			   layout->name, (unsigned long long)end);
	err_free(e);
}

/* The root of a user address space: without it, no user address of the task can be translated. */
static void look_at_pgd(struct verify *v, const struct task_layout *layout, uint64_t mm)
{
	uint64_t pgd;

	verify_name(v, "pgd of %s", layout->name);
	if (layout->pgd.size && verify_pointer(v, mm + layout->pgd.offset, &pgd) && pgd)
		verify_range(v, pgd, v->kernel->word, CONTENT_ANY);
}

static void look_at_pointers(struct verify *v, const struct task_layout *layout)
{
	for (size_t i = 0; i < TASK_POINTERS; i++) {
		const struct task_pointer *pointer = &layout->pointer[i];
		uint64_t to = pointer->bytes ? raw_word(v, layout, &pointer->at) : 0;

		if (!to)
			continue;
		verify_name(v, "%s of %s", pointer->name, layout->name);
		if (!verify_range(v, to, pointer->bytes, CONTENT_ANY))
			continue;
		if (i == TASK_MM)
			look_at_pgd(v, layout, to);
		if (i == TASK_FILES)
			verify_files(v, to, layout->name);
	}
}

struct err *verify_task(struct verify *v, struct task_layout *layout, uint64_t task)
{
	struct err *e;
	uint64_t stack;

	if (!(v->area->counts.objects++ % 64))
		TRY(verify_tick(v));
	verify_name(v, "task_struct %#llx", (unsigned long long)task);
	if (!verify_object(v, task, layout->size))
		return NULL;
	e = verify_read(v, task, layout->raw, (size_t)layout->size);
	if (e)
		return verify_settle(v, e);
	name_task(v, layout, task);
	/* A task that has ended, and waits for its parent, has given its stack back. */
	stack = raw_word(v, layout, &layout->stack);
	if (stack)
		look_at_stack(v, layout, stack);
	look_at_pointers(v, layout);
	return NULL;
}

/* struct file of each open descriptor, through the table in use. */
static void look_at_table(struct verify *v, uint64_t array, uint64_t count, const char *name)
{
	uint64_t bytes = verify_size(v, "file");
	unsigned int word = v->kernel->word;

	verify_name(v, "table of open files of %s", name);
	if (count > FILES_MAX) {
		verify_gap(v, "open files of %s: only the first %u of %llu", name, FILES_MAX,
			   (unsigned long long)count);
		count = FILES_MAX;
	}
	if (!verify_range(v, array, count * word, CONTENT_ANY))
		return;
	for (uint64_t fd = 0; fd < count; fd++) {
		uint64_t file;

		if (!verify_pointer(v, array + fd * word, &file) || !file)
			continue;
		verify_name(v, "open file %llu of %s", (unsigned long long)fd, name);
		verify_range(v, file, bytes, CONTENT_ANY);
	}
}

void verify_files(struct verify *v, uint64_t va, const char *name)
{
	struct member fdt, max_fds, fd;
	uint64_t table, array;
	uint32_t count;
	struct err *e;

	if (!verify_member(v, "files_struct", "fdt", &fdt) ||
	    !verify_member(v, "fdtable", "max_fds", &max_fds) ||
	    !verify_member(v, "fdtable", "fd", &fd))
		return;
	if (!verify_pointer(v, va + fdt.offset, &table) ||
	    !verify_range(v, table, verify_size(v, "fdtable"), CONTENT_ANY) ||
	    !verify_pointer(v, table + fd.offset, &array))
		return;
	e = verify_read_u32(v, table + max_fds.offset, &count);
	if (e)
		verify_broken(v, e);
	else
		look_at_table(v, array, count, name);
}
