/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --dump-dmesg: the kernel log of a dump as a text file. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "kernel/kernel.h"

#define LOG_BUFFER (64u << 10)

/* Text on its way to the file, which is made when there is something to write. */
struct log_file {
	const struct run *run;
	struct sink *sink;	/* NULL until then */
	char *buf;		/* LOG_BUFFER bytes */
	size_t used;
};

static struct err *flush_log(struct log_file *file)
{
	if (!file->sink)
		TRY(run_open_output(file->run, &file->sink));
	TRY(sink_write(file->sink, file->sink->written, file->buf, file->used));
	file->used = 0;
	return NULL;
}

static struct err *take_text(void *ctx, const char *text, size_t len)
{
	struct log_file *file = ctx;

	if (*file->run->stop)
		return err_stopped;
	while (len) {
		size_t n = LOG_BUFFER - file->used;

		if (n > len)
			n = len;
		memcpy(file->buf + file->used, text, n);
		file->used += n;
		text += n;
		len -= n;
		if (file->used == LOG_BUFFER)
			TRY(flush_log(file));
	}
	return NULL;
}

/* What was read before an error is worth keeping; nothing at all leaves no file. */
static struct err *dump_log(struct kreader *reader, struct log_file *file)
{
	const struct klog_out out = { .write = take_text, .ctx = file };
	const struct log *log = &file->run->console->log;
	uint64_t records = 0, lost = 0;
	struct err *e = klog_dump(reader, file->run->options->partial_dmesg, &out, &records, &lost);
	struct err *flush;

	if (!e || file->used) {
		flush = flush_log(file);
		if (e)
			err_free(flush);
		else
			e = flush;
	}
	if (!e)
		e = sink_finish(file->sink);
	file->run->stats->has_log = true;
	file->run->stats->log_records = records;
	file->run->stats->log_lost = lost;
	file->run->stats->log_bytes = file->sink ? file->sink->written : 0;
	if (lost)
		log_warn(log, "%s: %" PRIu64 " of %" PRIu64 " log records could not be read",
			 file->run->options->vmcore, lost, records + lost);
	if (e && file->sink && !file->sink->written)
		run_remove_output(file->run);
	return e;
}

static struct err *dump_log_of(const struct run *run, const struct kernel *kernel)
{
	struct log_file file = { .run = run };
	struct kreader *reader;
	struct err *e;

	if (kernel->no_arch)
		return err_new(ERR_UNSUPPORTED, "%s: the kernel's memory cannot be translated: %s",
			       run->options->vmcore, err_text(kernel->no_arch));
	TRY(kreader_create(kernel, &reader));
	file.buf = malloc(LOG_BUFFER);
	e = file.buf ? dump_log(reader, &file) : err_nomem;
	sink_destroy(file.sink);
	free(file.buf);
	kreader_destroy(reader);
	return e;
}

struct err *action_dump_dmesg(const struct run *run)
{
	struct kernel *kernel = NULL;
	struct dump *dump = NULL;
	struct err *e;

	TRY(run_check_output(run));
	TRY(run_open_input(run, &dump));
	e = run_open_kernel(run, dump, &kernel);
	if (!e) {
		run_show_vtop(run, kernel);
		e = dump_log_of(run, kernel);
	}
	stats_take_input(run->stats, dump, kernel);
	kernel_destroy(kernel);
	dump_close(dump);
	if (!e)
		log_common(&run->console->log, "\nThe dmesg log is saved to %s.",
			   run_output_name(run));
	return e;
}
