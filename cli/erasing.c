/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/erasing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "erase/resolve.h"
#include "erase/scrub.h"

/* For symbols; whatever is wrong with the file was told when the kernel was brought up. */
static struct err *open_vmlinux(const struct run *run, struct vmlinux **ret)
{
	struct err *e;

	if (!run->options->vmlinux)
		return NULL;
	e = vmlinux_open(run->options->vmlinux, &run->console->log, ret);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	return NULL;
}

/* The rules of the file, then those that are built in. */
static struct err *run_rules(const struct run *run, struct erase_space *space)
{
	const struct options *options = run->options;
	struct erase_config *config = NULL;
	struct err *e = NULL;

	if (options->config) {
		TRY(erase_config_read(options->config, &config));
		e = erase_resolve(space, config);
		erase_config_destroy(config);
	}
	if (!e && options->scrub)
		e = err_prepend(scrub_run(space, options->scrub), "%s: --scrub", options->vmcore);
	return e ? e : erase_set_close(space->set);
}

/* What is known of names, for as long as rules are carried out. */
static struct err *with_names(const struct run *run, struct machine *machine,
			      struct erase_space *space)
{
	struct vmlinux *vmlinux = NULL;
	const struct types *types = NULL;
	struct err *e = open_vmlinux(run, &vmlinux);

	if (!e)
		e = machine_types(machine, &types);
	space->types = types;
	space->vmlinux = vmlinux;
	if (!e)
		e = run_rules(run, space);
	vmlinux_close(vmlinux);
	return e;
}

static uint64_t bytes_asked(const struct erase_set *set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set->object_count; i++)
		sum += set->objects[i].size;
	return sum;
}

struct err *erasing_find(const struct run *run, struct machine *machine, struct erasing *ret)
{
	struct erase_space space = { .reader = machine->reader, .log = &run->console->log,
				     .set = &ret->set };
	struct err *e;

	ret->wanted = run->options->config || run->options->scrub;
	if (!ret->wanted)
		return NULL;
	/* Who asks for it relies on it; what is in its guests cannot be found. */
	if (machine->dump->xen_info)
		return err_new(ERR_UNSUPPORTED, "%s: nothing can be erased: the dump of a Xen host has memory of "
			       "several systems", run->options->vmcore);
	if (!machine->reader)
		return err_new(ERR_UNSUPPORTED, "%s: nothing can be erased, because nothing can be found: %s",
			       run->options->vmcore, machine->kernel->no_arch ?
			       err_text(machine->kernel->no_arch) : "no address translation");
	e = with_names(run, machine, &space);
	ret->unknown = space.unknown;
	run->stats->has_erased = true;
	run->stats->erased_objects = ret->set.object_count;
	run->stats->erased_bytes = bytes_asked(&ret->set);
	run->stats->erase_unknown = ret->unknown;
	if (!e && space.unknown && run->options->strict)
		return err_new(ERR_BAD_INPUT, "%s: %" PRIu64 " objects that are to be erased, or parts of "
			       "them, could not be looked at (--strict)", run->options->vmcore,
			       space.unknown);
	if (!e && space.unknown)
		log_warn(space.log, "%s: %" PRIu64 " objects or parts of them could not be looked at and "
			 "may be in the dump", run->options->vmcore, space.unknown);
	return e;
}

void erasing_deinit(struct erasing *erasing)
{
	erase_set_deinit(&erasing->set);
	*erasing = (struct erasing){ 0 };
}

const struct erase_set *erasing_set(const struct erasing *erasing)
{
	return erasing->wanted ? &erasing->set : NULL;
}

static void tell_each(const struct log *log, enum log_level level, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line)
		log_line(log, level, "  %s", line);
}

struct err *erasing_tell(const struct erasing *erasing, const struct run *run,
			 const struct machine *machine, const struct plan *plan, bool each)
{
	const struct log *log = &run->console->log;
	const struct range all = { 0, 0 };
	char *text = NULL;
	size_t len = 0, lines = 0;

	if (!erasing->wanted)
		return NULL;
	TRY(erase_set_text(&erasing->set, plan, &all, machine->kernel->page_shift, &text, &len));
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	log_common(log, "Erased %zu objects in the dump (of %zu found, with %" PRIu64 " bytes).", lines,
		   erasing->set.object_count, bytes_asked(&erasing->set));
	if (text)
		tell_each(log, each ? LOG_COMMON : LOG_DEBUG, text);
	free(text);
	return NULL;
}

struct err *erasing_check_file(const struct options *options)
{
	struct erase_config *config = NULL;

	if (!options->config)
		return NULL;
	TRY(erase_config_read(options->config, &config));
	erase_config_destroy(config);
	return NULL;
}
