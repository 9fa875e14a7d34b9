/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/outputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input_set.h"
#include "output/mark.h"

/* Number of files that the run writes; standard output is one. */
static size_t wanted(const struct run *run)
{
	return run->options->flatten ? 1 : run->options->dumpfile_count;
}

static const char *name_of(const struct run *run, size_t i)
{
	return run->options->flatten ? run_output_name(run) : run->options->dumpfiles[i];
}

static bool is_one_place(const char *first, const char *second)
{
	struct stat a, b;

	return !strcmp(first, second) ||
	       (!stat(first, &a) && !stat(second, &b) && is_same_file(&a, &b));
}

/* Output @i is none of those before it. */
static struct err *check_distinct(const struct run *run, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (is_one_place(name_of(run, k), name_of(run, i)))
			return err_new(ERR_USAGE, "%s and %s are the same file: each piece needs its own",
				       name_of(run, k), name_of(run, i));
	}
	return NULL;
}

struct err *outputs_check(const struct run *run)
{
	for (size_t i = 0; i < wanted(run); i++) {
		TRY(run_check_output(run, name_of(run, i)));
		TRY(check_distinct(run, i));
	}
	return NULL;
}

static struct err *open_one(const struct run *run, size_t i, struct sink **ret)
{
	if (run->options->dry_run)
		return sink_open_null(ret);
	return run_open_output(run, name_of(run, i), ret);
}

struct err *outputs_open(const struct run *run, struct outputs *outputs)
{
	size_t i;

	for (i = 0; i < outputs->count; i++)
		TRY(sink_restart(outputs->v[i]));
	if (outputs->v)
		return NULL;
	outputs->v = calloc(wanted(run), sizeof(struct sink *));
	if (!outputs->v)
		return err_nomem;
	for (i = 0; i < wanted(run); i++) {
		/* Two names of a file that was not there can be told only now. */
		if (!run->options->dry_run)
			TRY(check_distinct(run, i));
		TRY(open_one(run, i, &outputs->v[i]));
		outputs->count++;
	}
	return NULL;
}

void outputs_destroy(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		sink_destroy(outputs->v[i]);
	free(outputs->v);
	*outputs = (struct outputs){ 0 };
}

bool outputs_can_restart(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (!outputs->v[i]->ops->restart)
			return false;
	}
	return outputs->count;
}

uint64_t outputs_written(const struct outputs *outputs)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < outputs->count; i++)
		sum += outputs->v[i]->written;
	return sum;
}

/* The file is marked as incomplete and can be opened. @set: mark it if it is not. */
static bool is_marked(const char *name, bool set)
{
	int fd = open(name, (set ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	uint8_t front[MARK_FRONT];
	struct mark mark;
	struct stat st;
	bool ret = false;

	if (fd < 0)
		return false;
	if (pread(fd, front, sizeof(front), 0) == (ssize_t)sizeof(front) && !fstat(fd, &st) &&
	    mark_find(front, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : UINT64_MAX, &mark)) {
		ret = mark.is_set;
		if (!ret && set)
			ret = pwrite(fd, mark.word, sizeof(mark.word), (off_t)mark.offset) ==
			      (ssize_t)sizeof(mark.word) && !fdatasync(fd);
	}
	close(fd);
	return ret;
}

void outputs_settle(const struct run *run, const struct outputs *outputs)
{
	bool is_set = outputs->count > 1, usable = false;

	if (run->options->dry_run || run->options->flatten)
		return;
	for (size_t i = 0; i < outputs->count; i++) {
		if (!outputs->v[i]->written)
			run_remove_output(name_of(run, i));
		else if (is_marked(name_of(run, i), is_set))
			usable = true;
		else if (is_set)
			log_warn(&run->console->log, "%s: cannot be opened, or is not marked incomplete",
				 name_of(run, i));
	}
	if (usable)
		log_common(&run->console->log,
			   "This is an incomplete dumpfile, but might analyzable.");
}

char *outputs_names(const struct run *run)
{
	size_t count = wanted(run), len;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s%s", i ? ", " : "", i && i + 1 == count ? "and " : "",
			name_of(run, i));
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

void outputs_tell(const struct run *run)
{
	char *names = outputs_names(run);

	if (!run->options->dry_run)
		log_common(&run->console->log, "\nThe dumpfile%s saved to %s.",
			   wanted(run) > 1 ? "s are" : " is", names ? names : name_of(run, 0));
	free(names);
}
