/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input and the output of a run, as files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "cli/input_set.h"
#include "cli/run.h"

/*
 * "  KEY=VALUE" lines behind this title: a distribution's collector reads
 * OSRELEASE and CRASHTIME from them (openSUSE kdump, kdump-save).
 */
static void show_vmcoreinfo(const struct log *log, const struct dump *dump)
{
	const char *text = dump->vmcoreinfo;
	size_t left = text ? strnlen(text, dump->vmcoreinfo_len) : 0;

	if (!log_wants(log, LOG_DEBUG) || !left)
		return;
	log_debug(log, "VMCOREINFO   :");
	while (left) {
		const char *end = memchr(text, '\n', left);
		size_t len = end ? (size_t)(end - text) : left;
		char line[256];
		size_t n = len < sizeof(line) ? len : sizeof(line) - 1;

		/* Untrusted bytes: none of them may steer the terminal. */
		for (size_t i = 0; i < n; i++)
			line[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
		log_debug(log, "  %.*s", (int)n, line);
		text += len + (end != NULL);
		left -= len + (end != NULL);
	}
	log_debug(log, "%s", "");
}

struct err *run_open_input(const struct run *run, struct dump **ret)
{
	struct dump_options options = {
		.no_mmap = run->options->non_mmap,
		.log = &run->console->log,
	};
	struct input_set set;
	struct err *e;

	TRY(input_set_init(&set, run->options->vmcores, run->options->vmcore_count));
	e = dump_open_set(set.paths, set.count, &options, ret);
	input_set_deinit(&set);
	TRY(e);
	show_vmcoreinfo(&run->console->log, *ret);
	return NULL;
}

struct err *run_open_kernel(const struct run *run, struct dump *dump, struct kernel **ret)
{
	const struct kernel_files files = {
		.vmlinux = run->options->vmlinux,
		.vmcoreinfo = run->options->vmcoreinfo,
	};

	return err_prepend(kernel_create_with(dump, &files, &run->console->log, ret), "%s",
			   run->options->vmcore);
}

struct err *run_on_kernel(const struct run *run,
			  struct err *(*fn)(const struct run *run, struct kernel *kernel))
{
	struct kernel *kernel = NULL;
	struct dump *dump = NULL;
	struct err *e;

	TRY(run_open_input(run, &dump));
	e = run_open_kernel(run, dump, &kernel);
	if (!e)
		e = fn(run, kernel);
	stats_take_input(run->stats, dump, kernel);
	kernel_destroy(kernel);
	dump_close(dump);
	return e;
}

/* The words a caller greps for, whatever the room below said. */
static struct err *open_error(const char *name, int errnum)
{
	return err_new(ERR_IO, "Can't open the dump file (%s). %s", name, strerror(errnum));
}

const char *run_output_name(const struct run *run)
{
	return run->options->flatten ? "STDOUT" : run->options->dumpfile;
}

/* Without it the input, opened next, would get its number and be written to. */
static struct err *check_standard(int fd, const char *name)
{
	return fcntl(fd, F_GETFL) < 0 ? err_sys(errno, "%s: is not open", name) : NULL;
}

/* The output is none of the files that are read: those of VMCORE, and those that options name. */
static struct err *check_apart(const struct options *options, const struct stat *out,
			       const char *output)
{
	/* With -g VMLINUX is no word, but in vmcore. */
	const char *const others[] = { options->vmcore, options->vmlinux, options->vmcoreinfo,
				       options->config, options->xen_vmcoreinfo };
	struct input_set set;
	const char *input;
	struct err *e;
	struct stat st;

	TRY(input_set_init(&set, options->vmcores, options->vmcore_count));
	input = input_set_holds(&set, out);
	for (size_t i = 0; !input && i < ARRAY_LEN(others); i++) {
		if (others[i] && !stat(others[i], &st) && is_same_file(&st, out))
			input = others[i];
	}
	e = input ? err_new(ERR_OTHER, "%s and %s are the same file: it would be lost", input,
			    output) : NULL;
	input_set_deinit(&set);
	return e;
}

struct err *run_check_output(const struct run *run, const char *name)
{
	const struct options *options = run->options;
	struct stat out;

	if (options->flatten) {
		TRY(check_standard(STDOUT_FILENO, name));
		if (fstat(STDOUT_FILENO, &out))
			return err_sys(errno, "%s: cannot get its type", name);
	} else {
		if (lstat(name, &out))
			return errno == ENOENT ? NULL : open_error(name, errno);
		if (!options->force)
			return open_error(name, EEXIST);
		if (stat(name, &out))
			return NULL;
	}
	return check_apart(options, &out, name);
}

static struct err *open_output(const struct run *run, const char *name, struct sink **ret)
{
	struct err *e;
	int errnum;

	/* The log is a text, which has no holes and needs no positions. */
	if (run->options->flatten && run->options->action == ACTION_DUMP_DMESG)
		return sink_open_stream(STDOUT_FILENO, name, run->stop, ret);
	if (run->options->flatten)
		return sink_open_flat(STDOUT_FILENO, name, run->stop, ret);
	e = sink_open_file(name, run->options->force, ret);
	errnum = err_errnum(e);
	if (!e || !errnum)
		return e;
	err_free(e);
	return open_error(name, errnum);
}

struct err *run_open_output(const struct run *run, const char *name, struct sink **ret)
{
	TRY(open_output(run, name, ret));
	(*ret)->limit = run->options->size_limit;
	return NULL;
}

void run_tell_limit(const struct run *run, const struct err *e)
{
	if (err_kind(e) == ERR_LIMIT && run->options->size_limit)
		log_common(&run->console->log, "\nCan't write the dump file(%s). Size limit(%" PRIu64
			   ") reached.", run_output_name(run), run->options->size_limit);
}

void run_remove_output(const char *name)
{
	struct stat st;

	if (name && !lstat(name, &st) && S_ISREG(st.st_mode))
		unlink(name);
}
