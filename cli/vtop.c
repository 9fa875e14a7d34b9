/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --vtop: where a virtual address of the kernel leads. */
#include <inttypes.h>

#include "cli/run.h"

static void show_steps(const struct log *log, struct kreader *reader, uint64_t va)
{
	const struct kernel *kernel = kreader_kernel(reader);
	const struct pt_form *form;
	struct pt_step steps[5];
	uint64_t root, plain;
	unsigned int count;

	if (!kernel->arch->tables)
		return;
	form = kernel->arch->tables(kernel->arch_state, va, &root, &plain);
	count = pt_trace(form, kreader_view(reader), root, plain, steps);
	for (unsigned int i = 0; i < count; i++)
		log_common(log, "  %s : %16" PRIx64 " => %16" PRIx64, pt_level_name(form, i),
			   steps[i].pa, steps[i].entry);
}

/* The lines are the original's, an address without translation as all ones included. */
static void show(const struct log *log, struct kreader *reader, uint64_t va)
{
	struct mapping map = { .pa = UINT64_MAX };
	struct err *e = kread_vtop(reader, va, &map);

	log_common(log, "\nTranslating virtual address %" PRIx64 " to physical address.", va);
	show_steps(log, reader, va);
	log_common(log, "VIRTUAL           PHYSICAL");
	log_common(log, "%16" PRIx64 "  %" PRIx64 "\n", va, map.pa);
	if (e)
		log_warn(log, "virtual address %#" PRIx64 ": %s", va, err_text(e));
	err_free(e);
}

static struct err *show_vtop(const struct run *run, struct kernel *kernel)
{
	struct kreader *reader;

	if (kernel->no_arch)
		return err_new(ERR_UNSUPPORTED, "%s: --vtop: the kernel's memory cannot be translated: %s",
			       run->options->vmcore, err_text(kernel->no_arch));
	TRY(kreader_create(kernel, &reader));
	show(&run->console->log, reader, run->options->vtop_address);
	kreader_destroy(reader);
	return NULL;
}

void run_show_vtop(const struct run *run, struct kernel *kernel)
{
	struct err *e;

	if (!run->options->vtop)
		return;
	/* The other action may do without. */
	e = show_vtop(run, kernel);
	if (e)
		log_warn(&run->console->log, "%s", err_text(e));
	err_free(e);
}

struct err *action_vtop(const struct run *run)
{
	return run_on_kernel(run, show_vtop);
}
