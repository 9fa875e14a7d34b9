/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -R: a flattened dump from standard input to the file it carries. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input_set.h"
#include "cli/run.h"
#include "output/rearrange.h"

/* As for -F: large reads. */
#define PIPE_BYTES (1 << 20)

static struct err *read_stdin(void *ctx, void *buf, size_t len, size_t *ret)
{
	const struct run *run = ctx;
	ssize_t n;

	for (;;) {
		if (*run->stop)
			return err_stopped;
		n = read(STDIN_FILENO, buf, len);
		if (n >= 0)
			break;
		if (errno != EINTR)
			return err_sys(errno, "STDIN: cannot read");
	}
	*ret = (size_t)n;
	return NULL;
}

static struct err *check_stdin(void)
{
	if (fcntl(STDIN_FILENO, F_GETFL) < 0)
		return err_sys(errno, "STDIN: is not open");
	if (isatty(STDIN_FILENO))
		return err_new(ERR_UNSUPPORTED, "STDIN: is a terminal; -R reads a flattened dump from it");
	/* No pipe, or not allowed: slower, and that is all. */
	(void)fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
	return NULL;
}

/* With -f: the stream would be emptied before it is read. */
static struct err *check_apart(const char *output)
{
	struct stat in, out;

	if (!fstat(STDIN_FILENO, &in) && !stat(output, &out) && is_same_file(&in, &out))
		return err_new(ERR_OTHER, "STDIN and %s are the same file: it would be lost", output);
	return NULL;
}

static struct err *rearrange_to(const struct run *run, const struct flat_stream *in,
				struct sink *sink)
{
	struct err *e = rearrange(in, sink);

	run_tell_limit(run, e);
	if (e && !sink->written && !run->options->dry_run)
		run_remove_output(run->options->dumpfile);
	return e;
}

struct err *action_rearrange(const struct run *run)
{
	const struct flat_stream in = { .name = "STDIN", .read = read_stdin, .ctx = (void *)run };
	const struct options *options = run->options;
	struct sink *sink = NULL;
	struct err *e;

	TRY(check_stdin());
	if (!options->dry_run) {
		TRY(run_check_output(run, run_output_name(run)));
		TRY(check_apart(run_output_name(run)));
	}
	TRY(rearrange_header(&in));
	TRY(options->dry_run ? sink_open_null(&sink) : run_open_output(run, run_output_name(run), &sink));
	e = rearrange_to(run, &in, sink);
	sink_destroy(sink);
	if (!e && !options->dry_run)
		log_common(&run->console->log, "\nThe dumpfile is saved to %s.", run_output_name(run));
	return e;
}
