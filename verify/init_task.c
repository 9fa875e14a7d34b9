/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first task: by its symbol, else by what it looks like, because a kernel
 * without CONFIG_KALLSYMS_ALL names its functions only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/symbols.h"
#include "verify/task.h"

/* From _stext on; and what no image has in a row without memory. */
#define IMAGE_BYTES_MAX (UINT64_C(256) << 20)
#define IMAGE_HOLE_MAX (UINT64_C(8) << 20)

/* INIT_TASK_COMM, and the number of the CPU once there are several. */
static const char comm_start[] = "swapper";

struct task_search {
	struct verify *v;
	struct task_layout *layout;
	uint8_t *page;
	uint64_t found;		/* 0: not yet */
};

/* A task of that name at @task: number 0, and in the list of tasks. */
static bool is_init_task(struct task_search *search, uint64_t task)
{
	const struct task_layout *layout = search->layout;
	struct kreader *reader = search->v->reader;
	uint64_t next = 0, back = 0;
	uint32_t pid = 1;
	struct err *e = kread_u32(reader, task + layout->pid.offset, &pid);

	if (!e)
		e = kread_word(reader, task + layout->tasks.offset, &next);
	/* struct list_head: next, prev. */
	if (!e)
		e = kread_word(reader, next + search->v->kernel->word, &back);
	err_free(e);
	return !e && pid == 0 && back == task + layout->tasks.offset &&
	       next != task + layout->tasks.offset;
}

/* A name across two pages is not seen; comm follows pointers, so in 64-bit kernels there is none. */
static void search_page(struct task_search *search, uint64_t va)
{
	size_t left = (size_t)search->v->page_size, len = sizeof(comm_start) - 1;
	const uint8_t *at = search->page, *hit;

	while (!search->found && (hit = memmem(at, left, comm_start, len))) {
		uint64_t task = va + (uint64_t)(hit - search->page) - search->layout->comm.offset;

		if (is_init_task(search, task))
			search->found = task;
		left -= (size_t)(hit + 1 - at);
		at = hit + 1;
	}
}

static struct err *search_image(struct task_search *search, uint64_t start)
{
	struct verify *v = search->v;
	uint64_t hole = 0;

	for (uint64_t at = 0; at < IMAGE_BYTES_MAX && hole < IMAGE_HOLE_MAX && !search->found;
	     at += v->page_size) {
		struct err *e;

		TRY(verify_tick(v));
		if (start + at < start)
			break;
		e = kread(v->reader, start + at, search->page, (size_t)v->page_size);
		hole = e ? hole + v->page_size : 0;
		if (!e)
			search_page(search, start + at);
		err_free(e);
	}
	return NULL;
}

struct err *find_init_task(struct verify *v, struct task_layout *layout, uint64_t *ret)
{
	struct task_search search = { .v = v, .layout = layout };
	uint64_t stext;
	struct err *e;

	if (ksymbol(v->reader, "init_task", ret))
		return NULL;
	if (!ksymbol(v->reader, "_stext", &stext))
		return err_new(ERR_NOT_FOUND, "symbols init_task and _stext are not known");
	search.page = malloc((size_t)v->page_size);
	if (!search.page)
		return err_nomem;
	e = search_image(&search, round_down(stext, v->page_size));
	free(search.page);
	TRY(e);
	if (!search.found)
		return err_new(ERR_NOT_FOUND, "symbol init_task is not known, nor does the image have "
			       "a task \"%s\"", comm_start);
	*ret = search.found;
	return NULL;
}
