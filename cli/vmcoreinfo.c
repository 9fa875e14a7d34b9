/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -g: what a vmlinux says about its kernel, as text for -i. */
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/run.h"
#include "dwarf_info.h"

/*
 * No debug information says it. Where the architecture has one size it is that;
 * else this machine's, which is the kernel's when the file is made where it runs.
 */
static uint64_t page_size_of(const struct vmlinux *vmlinux)
{
	switch (vmlinux->machine) {
	case EM_X86_64:
	case EM_386:
	case EM_S390:
		return arch_machine_min_page(vmlinux->machine);
	default:
		return (uint64_t)sysconf(_SC_PAGESIZE);
	}
}

static struct err *save(const struct run *run, const char *text, size_t len)
{
	struct sink *sink = NULL;
	struct err *e;

	TRY(run_open_output(run, &sink));
	e = sink_write(sink, 0, text, len);
	if (!e)
		e = sink_finish(sink);
	sink_destroy(sink);
	/* Half of it would pass for a whole one. */
	if (e)
		run_remove_output(run);
	return e;
}

static struct err *write_facts(const struct run *run, const struct vmlinux *vmlinux,
			       struct facts *facts)
{
	char *text = NULL;
	size_t len;
	struct err *e;

	TRY(vmlinux_add_symbols(vmlinux, facts));
	TRY(dwarf_info_add(vmlinux, facts));
	if (!fact_has(facts, "OSRELEASE"))
		return err_new(ERR_BAD_INPUT, "%s: no release of a kernel in it (linux_banner)",
			       run->options->vmlinux);
	TRY(facts_format_vmcoreinfo(facts, page_size_of(vmlinux), &text, &len));
	e = save(run, text, len);
	free(text);
	return e;
}

struct err *action_vmcoreinfo(const struct run *run)
{
	struct vmlinux *vmlinux;
	struct facts facts;
	struct err *e;

	TRY(run_check_output(run));
	TRY(vmlinux_open(run->options->vmlinux, &run->console->log, &vmlinux));
	facts_init(&facts);
	e = write_facts(run, vmlinux, &facts);
	facts_deinit(&facts);
	vmlinux_close(vmlinux);
	if (!e)
		log_common(&run->console->log, "\nThe vmcoreinfo is saved to %s.",
			   run_output_name(run));
	return e;
}
