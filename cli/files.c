/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input and the output of a run, as files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input_set.h"
#include "cli/run.h"
#include "diskdump_mod.h"

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

	TRY(input_set_init(&set, run->options));
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

/* The words a caller greps for, whatever the room below said. */
static struct err *open_error(const char *name, int errnum)
{
	return err_new(ERR_IO, "Can't open the dump file (%s). %s", name, strerror(errnum));
}

const char *run_output_name(const struct run *run)
{
	return run->options->flattened ? "STDOUT" : run->options->dumpfile;
}

struct err *run_check_output(const struct run *run)
{
	const struct options *options = run->options;
	struct input_set set;
	const char *input;
	struct err *e;
	struct stat out;

	if (options->flattened)
		return NULL;
	if (lstat(options->dumpfile, &out))
		return errno == ENOENT ? NULL : open_error(options->dumpfile, errno);
	if (!options->force)
		return open_error(options->dumpfile, EEXIST);
	if (stat(options->dumpfile, &out))
		return NULL;
	TRY(input_set_init(&set, options));
	input = input_set_holds(&set, &out);
	e = input ? err_new(ERR_OTHER, "%s and %s are the same file: it would be lost", input,
			    options->dumpfile) : NULL;
	input_set_deinit(&set);
	return e;
}

struct err *run_open_output(const struct run *run, struct sink **ret)
{
	const char *name = run->options->dumpfile;
	struct err *e;
	int errnum;

	if (run->options->flattened)
		return sink_open_stdout(ret);
	e = sink_open_file(name, run->options->force, ret);
	errnum = err_errnum(e);
	if (!e || !errnum)
		return e;
	err_free(e);
	return open_error(name, errnum);
}

void run_remove_output(const struct run *run)
{
	struct stat st;

	if (!run->options->flattened && !lstat(run->options->dumpfile, &st) && S_ISREG(st.st_mode))
		unlink(run->options->dumpfile);
}

bool run_output_is_incomplete(const struct run *run, const struct kernel *kernel)
{
	const struct kdump_header_layout *layout = kernel->word == 8 ? &kdump_header_64 :
								       &kdump_header_32;
	uint8_t header[512];
	struct stat st;
	bool answer = false;
	int fd = open(run->options->dumpfile, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (pread(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) && !fstat(fd, &st) &&
	    !memcmp(header, KDUMP_SIGNATURE, KDUMP_SIGNATURE_LEN)) {
		uint64_t blocks = UINT64_C(1) +
				  get_u32(header + layout->sub_hdr_size, kernel->order) +
				  get_u32(header + layout->bitmap_blocks, kernel->order);

		answer = get_u32(header + layout->status, kernel->order) & KDUMP_INCOMPLETE &&
			 (!S_ISREG(st.st_mode) || (uint64_t)st.st_size >> kernel->page_shift >= blocks);
	}
	close(fd);
	return answer;
}
