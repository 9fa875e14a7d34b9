/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"

/* The three codecs that may be missing, as callers parse them. */
static void print_version(struct console *console, enum log_level level)
{
	static const char letters[] = { 'l', 'p', 'z' };

	log_line(&console->log, level, "makedumpfile: version %s (released on %s)",
		 MAKEDUMPFILE_VERSION, MAKEDUMPFILE_DATE);
	for (size_t i = 0; i < sizeof(letters); i++) {
		const struct codec *codec = codec_by_option(letters[i]);

		log_line(&console->log, level, "%s\t%s", codec->name,
			 codec->available ? "enabled" : "disabled");
	}
	log_line(&console->log, level, "%s", "");
}

static void print_command_line(struct console *console, int argc, char **argv)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!log_wants(&console->log, LOG_DEBUG))
		return;
	print_version(console, LOG_DEBUG);
	out = open_memstream(&text, &len);
	if (!out)
		return;
	for (int i = 0; i < argc; i++)
		fprintf(out, "%s ", argv[i]);
	if (!fclose(out))
		log_debug(&console->log, "command line: %s", text);
	free(text);
}

static enum exit_status print_usage(struct console *console)
{
	char *text = options_usage();

	if (!text) {
		log_warn(&console->log, "no memory for the usage text");
		return EXIT_FAILED;
	}
	console_block(console, LOG_COMMON, text);
	free(text);
	return EXIT_OK;
}

static void print_failure(struct console *console, const struct err *e)
{
	console_error(console, e);
	if (err_kind(e) == ERR_USAGE) {
		log_common(&console->log, "Commandline parameter is invalid.");
		log_common(&console->log, "Try `makedumpfile --help' for more information.");
	}
}

static enum exit_status status_of(const struct err *e)
{
	if (!e)
		return EXIT_OK;
	return err_kind(e) == ERR_WRONG_RELEASE ? EXIT_WRONG_RELEASE : EXIT_FAILED;
}

typedef struct err *action_fn(const struct run *run);

/* The actions that end with the closing line; the others are answered at once. */
static action_fn *const actions[] = {
	[ACTION_CREATE] = action_create,
	[ACTION_DUMP_DMESG] = action_dump_dmesg,
	[ACTION_ESTIMATE] = action_estimate,
	[ACTION_REARRANGE] = action_rearrange,
	[ACTION_REASSEMBLE] = action_reassemble,
	[ACTION_MEM_USAGE] = action_mem_usage,
	[ACTION_VMCOREINFO] = action_vmcoreinfo,
	[ACTION_VTOP] = action_vtop,
	[ACTION_VERIFY] = action_verify,
	[ACTION_FACTS] = action_facts,
	[ACTION_COUNT] = NULL,
};

/*
 * Fill the file of --json. A dump that was written is worth more than its
 * statistics: losing them is said, but does not make the run a failure.
 */
static void save_stats(const struct run *run, const struct stats_run *how, FILE *out)
{
	struct err *e;

	stats_write(run->stats, how, out);
	e = stats_close_file(run->options, out);
	if (e)
		console_error(run->console, e);
	err_free(e);
}

/* The action with whatever --json asks for around it. */
static enum exit_status run_recorded(const struct run *run, int argc, char **argv)
{
	enum exit_status status;
	FILE *json = NULL;
	struct err *e = NULL;

	if (run->options->json) {
		console_keep_warnings(run->console);
		e = stats_open_file(run->options, &json);
	}
	if (!e)
		e = actions[run->options->action](run);
	if (e)
		print_failure(run->console, e);
	status = status_of(e);
	if (json)
		save_stats(run, &(struct stats_run){
			.options = run->options, .argv = argv, .argc = argc,
			.status = (int)status, .err = e, .console = run->console }, json);
	err_free(e);
	return status;
}

/* The closing line; who asked for a table of --mem-usage knows an empty one. */
static void print_end(const struct run *run, enum exit_status status)
{
	const struct log *log = &run->console->log;

	if (status == EXIT_OK && run->options->action == ACTION_MEM_USAGE)
		log_common(log, "%s", "");
	else
		log_common(log, "\nmakedumpfile %s.", status == EXIT_OK ? "Completed" : "Failed");
}

static enum exit_status run_parsed(const struct run *run, int argc, char **argv)
{
	enum exit_status status;

	switch (run->options->action) {
	case ACTION_HELP:
		return print_usage(run->console);
	case ACTION_VERSION:
		print_version(run->console, LOG_COMMON);
		return EXIT_OK;
	case ACTION_CHECK_PARAMS:
		return EXIT_OK;
	default:
		break;
	}
	print_command_line(run->console, argc, argv);
	status = run_recorded(run, argc, argv);
	print_end(run, status);
	return status;
}

/*
 * What most actions print is all that they do: lost on its way, and not in the file of
 * --json either, it is no success.
 */
static bool answer_was_lost(const struct run *run)
{
	if (run->options->json)
		return false;
	switch (run->options->action) {
	case ACTION_CREATE:
	case ACTION_DUMP_DMESG:
	case ACTION_REARRANGE:
	case ACTION_REASSEMBLE:
	case ACTION_VMCOREINFO:
	case ACTION_CHECK_PARAMS:
		return false;
	default:
		return console_lost_lines(run->console);
	}
}

/* Standard output has the data: with -F, or as an output file by another name (/dev/stdout). */
static bool data_to_stdout(const struct options *options)
{
	struct stat out, file;

	if (options->flatten)
		return true;
	if (fstat(STDOUT_FILENO, &out) || S_ISCHR(out.st_mode))
		return false;
	for (size_t i = 0; i < options->dumpfile_count; i++) {
		if (!stat(options->dumpfiles[i], &file) && file.st_dev == out.st_dev &&
		    file.st_ino == out.st_ino)
			return true;
	}
	return false;
}

enum exit_status cli_run(int argc, char **argv, const volatile sig_atomic_t *stop)
{
	struct options options;
	struct console console;
	struct stats stats;
	struct run run = { .options = &options, .console = &console, .stats = &stats,
			   .stop = stop };
	struct err *e = options_parse(argc, argv, &options);
	enum exit_status status = EXIT_FAILED;

	stats_init(&stats);
	/* Also when the command line was wrong: who pipes -F expects no text there. */
	console_init(&console, options.message_level, data_to_stdout(&options));
	if (e) {
		print_failure(&console, e);
		if (options.action != ACTION_CHECK_PARAMS)
			log_common(&console.log, "\nmakedumpfile Failed.");
	} else {
		status = run_parsed(&run, argc, argv);
		if (status == EXIT_OK && answer_was_lost(&run)) {
			log_warn(&console.log, "STDOUT: cannot write: the answer is not complete");
			status = EXIT_FAILED;
		}
	}
	err_free(e);
	stats_deinit(&stats);
	console_deinit(&console);
	return status;
}
