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
struct err *action_dump_dmesg(const struct run *run) __attribute__((warn_unused_result));
struct err *action_vmcoreinfo(const struct run *run) __attribute__((warn_unused_result));
struct err *action_vtop(const struct run *run) __attribute__((warn_unused_result));

/* --vtop beside another action: show the translation, if it was asked for. */
void run_show_vtop(const struct run *run, struct kernel *kernel);

/* Open the input and show its VMCOREINFO at debug level. */
struct err *run_open_input(const struct run *run, struct dump **ret)
	__attribute__((warn_unused_result));

/* Learn what is known of the kernel of @dump, -x and -i included. Errors name VMCORE. */
struct err *run_open_kernel(const struct run *run, struct dump *dump, struct kernel **ret)
	__attribute__((warn_unused_result));

/*
 * Refuse an output that exists without -f, and one that is the input itself,
 * before any long work. Creates nothing.
 */
struct err *run_check_output(const struct run *run) __attribute__((warn_unused_result));

/* The name of the output in messages: STDOUT with -F. */
const char *run_output_name(const struct run *run);

/* Create the output; the error has the text that callers know. With -F that is standard output as it is, for text. */
struct err *run_open_output(const struct run *run, struct sink **ret)
	__attribute__((warn_unused_result));

/* Take away an output of this run that holds nothing: a regular file of no use to anyone. */
void run_remove_output(const struct run *run);

/* The output says in its header that it is incomplete, and is long enough to be opened. */
bool run_output_is_incomplete(const struct run *run, const struct kernel *kernel);

#endif
