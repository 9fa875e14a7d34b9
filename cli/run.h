/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of the program: from the command line to the exit status. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <signal.h>

#include "base/err.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/stats.h"
#include "input/dump.h"
#include "kernel/kernel.h"
#include "makedumpfile.h"
#include "output/sink.h"

/* What every action gets. */
struct run {
	const struct options *options;
	struct console *console;
	struct stats *stats;	/* to be told what is known, for --json */
	const volatile sig_atomic_t *stop;	/* not 0: end soon */
};

/* Do what the command line says, print, and return the exit status. */
enum exit_status cli_run(int argc, char **argv, const volatile sig_atomic_t *stop);

/* The actions. On success each has printed where its result is. */
struct err *action_create(const struct run *run) __attribute__((warn_unused_result));
struct err *action_estimate(const struct run *run) __attribute__((warn_unused_result));
struct err *action_mem_usage(const struct run *run) __attribute__((warn_unused_result));
struct err *action_dump_dmesg(const struct run *run) __attribute__((warn_unused_result));
struct err *action_vmcoreinfo(const struct run *run) __attribute__((warn_unused_result));
struct err *action_vtop(const struct run *run) __attribute__((warn_unused_result));
struct err *action_verify(const struct run *run) __attribute__((warn_unused_result));
struct err *action_facts(const struct run *run) __attribute__((warn_unused_result));

/* --vtop beside another action: show the translation, if it was asked for. */
void run_show_vtop(const struct run *run, struct kernel *kernel);

struct err *action_reassemble(const struct run *run) __attribute__((warn_unused_result));
struct err *action_rearrange(const struct run *run) __attribute__((warn_unused_result));

/* Open the input and show its VMCOREINFO at debug level. */
struct err *run_open_input(const struct run *run, struct dump **ret)
	__attribute__((warn_unused_result));

/* Learn what is known of the kernel of @dump, -x and -i included. Errors name VMCORE. */
struct err *run_open_kernel(const struct run *run, struct dump *dump, struct kernel **ret)
	__attribute__((warn_unused_result));

/* For actions that need the kernel and nothing else: open both, call @fn, tell --json of the input. */
struct err *run_on_kernel(const struct run *run,
			  struct err *(*fn)(const struct run *run, struct kernel *kernel))
	__attribute__((warn_unused_result));

/*
 * Refuse an output that exists without -f, and one (standard output, too) that is
 * a file this run reads, before any long work. Creates nothing.
 */
struct err *run_check_output(const struct run *run, const char *name)
	__attribute__((warn_unused_result));

/* The first output as messages name it: STDOUT for -F. */
const char *run_output_name(const struct run *run);

/*
 * Create one output, or take standard output for -F: as a flattened stream, for
 * the log as plain text. With the limit of -L. The error has the text that callers
 * know.
 */
struct err *run_open_output(const struct run *run, const char *name, struct sink **ret)
	__attribute__((warn_unused_result));

/* Tell that the limit of -L was what ended an output with @e; nothing for other errors and NULL. */
void run_tell_limit(const struct run *run, const struct err *e);

/* Take away an output of this run that holds nothing: a regular file of no use to anyone. NULL is fine. */
void run_remove_output(const char *name);

#endif
