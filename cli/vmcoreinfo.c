/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -g: what a vmlinux says about its kernel, as text for -i, or xen-syms about Xen, for --xen-vmcoreinfo. */
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/run.h"
#include "dwarf_info.h"
#include "kernel/xen_syms.h"

/* Of x86_64, which is all that xen_syms_read() takes. */
#define XEN_PAGE_SIZE 4096

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

	TRY(run_open_output(run, run->options->dumpfile, &sink));
	e = sink_write(sink, 0, text, len);
	if (!e)
		e = sink_finish(sink);
	sink_destroy(sink);
	/* Half of it would pass for a whole one. */
	if (e)
		run_remove_output(run->options->dumpfile);
	return e;
}

static struct err *save_facts(const struct run *run, const struct facts *facts, uint64_t page_size,
			      struct err *(*format)(const struct facts *facts, uint64_t page_size,
						    char **ret, size_t *ret_len))
{
	char *text = NULL;
	size_t len;
	struct err *e;

	TRY(format(facts, page_size, &text, &len));
	e = save(run, text, len);
	free(text);
	return e;
}

static struct err *write_vmlinux(const struct run *run, struct facts *facts)
{
	struct vmlinux *vmlinux;
	uint64_t page_size;
	struct err *e;

	TRY(vmlinux_open(run->options->vmlinux, &run->console->log, &vmlinux));
	page_size = page_size_of(vmlinux);
	e = vmlinux_add_symbols(vmlinux, facts);
	if (!e)
		e = dwarf_info_add(vmlinux, facts);
	vmlinux_close(vmlinux);
	if (e)
		return e;
	if (!fact_has(facts, "OSRELEASE"))
		return err_new(ERR_BAD_INPUT, "%s: no release of a kernel in it (linux_banner)",
			       run->options->vmlinux);
	return save_facts(run, facts, page_size, facts_format_vmcoreinfo);
}

static struct err *write_xen(const struct run *run, struct facts *facts)
{
	const char *path = run->options->xen_syms;

	TRY(xen_syms_read(path, &run->console->log, facts));
	if (!fact_has(facts, "SIZE(page_info)"))
		return err_new(ERR_BAD_INPUT, "%s: no debug information with a struct page_info in it", path);
	return save_facts(run, facts, XEN_PAGE_SIZE, facts_format_all);
}

struct err *action_vmcoreinfo(const struct run *run)
{
	struct facts facts;
	struct err *e;

	TRY(run_check_output(run, run->options->dumpfile));
	facts_init(&facts);
	e = run->options->xen_syms ? write_xen(run, &facts) : write_vmlinux(run, &facts);
	facts_deinit(&facts);
	if (!e)
		log_common(&run->console->log, "\nThe vmcoreinfo is saved to %s.",
			   run_output_name(run));
	return e;
}
