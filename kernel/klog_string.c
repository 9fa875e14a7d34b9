/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log up to v3.4: characters in a circular buffer, log_end of them since
 * boot. Lines begin with the level in "<>"; a time stamp is part of the text.
 */
#include "base/checked.h"
#include "kernel/klog_job.h"

/* Digits of a level with its facility, "<191>". */
#define LEVEL_DIGITS 3

/* A piece of the buffer at a time, as large as a record of the other eras. */
#define PIECE (KLOG_TEXT_MAX & ~UINT32_C(4095))

/* State of the lines while pieces go by. */
struct lines {
	struct klog_job *job;
	struct klog_text *to;
	char level[LEVEL_DIGITS + 2];	/* what may be one, until it is known: "<6" */
	size_t level_len;
	bool at_start;		/* of a line */
};

static struct err *put_plain(struct lines *lines, char c)
{
	lines->at_start = c == '\n';
	lines->job->records += c == '\n';
	return klog_text_bytes(lines->to, (const uint8_t *)&c, 1);
}

/* What was held back is no level after all. */
static struct err *put_held(struct lines *lines)
{
	size_t len = lines->level_len;

	lines->level_len = 0;
	for (size_t i = 0; i < len; i++)
		TRY(put_plain(lines, lines->level[i]));
	return NULL;
}

static bool may_be_level(const struct lines *lines, char c)
{
	if (lines->level_len == 0)
		return lines->at_start && c == '<';
	return c >= '0' && c <= '9' && lines->level_len <= LEVEL_DIGITS;
}

static struct err *take_char(struct lines *lines, char c)
{
	if (lines->level_len > 1 && c == '>') {
		lines->level_len = 0;
		lines->at_start = false;
		return NULL;
	}
	if (may_be_level(lines, c)) {
		lines->level[lines->level_len++] = c;
		return NULL;
	}
	TRY(put_held(lines));
	return put_plain(lines, c);
}

/* How many of the last characters: all there are, or those since the log was cleared. */
static uint32_t wanted_chars(struct klog_job *job, uint32_t end, uint32_t len)
{
	uint32_t all = end < len ? end : len, since;
	struct err *e;

	if (!job->since_clear)
		return all;
	e = klog_read_variable(job->reader, "logged_chars", &since);
	if (e) {
		klog_warn_all(kreader_kernel(job->reader)->log);
		err_free(e);
		return all;
	}
	return since < all ? since : all;
}

/* @len characters at index @at, which do not wrap. A piece that cannot be read counts as one loss. */
static struct err *take_run(struct lines *lines, uint64_t va, uint32_t len)
{
	struct klog_job *job = lines->job;

	while (len) {
		uint32_t now = len < PIECE ? len : PIECE;
		struct err *e = kread(job->reader, va, job->text, now);

		if (e && !err_is_unreadable(e))
			return e;
		for (uint32_t i = 0; !e && i < now; i++)
			TRY(take_char(lines, (char)job->text[i]));
		job->lost += e != NULL;
		err_free(e);
		va += now;
		len -= now;
	}
	return NULL;
}

struct err *klog_dump_string(struct klog_job *job, struct klog_text *to)
{
	struct lines lines = { .job = job, .to = to, .at_start = true };
	struct klog_area area;
	uint32_t end, count, start, head;

	TRY(klog_find_area(job->reader, &area));
	if (!is_pow2(area.len))
		return err_new(ERR_BAD_INPUT, "kernel log: log_buf_len is %u, no power of two", area.len);
	TRY(klog_read_variable(job->reader, "log_end", &end));
	count = wanted_chars(job, end, area.len);
	start = (end - count) & (area.len - 1);
	head = area.len - start < count ? area.len - start : count;
	TRY(take_run(&lines, area.va + start, head));
	TRY(take_run(&lines, area.va, count - head));
	TRY(put_held(&lines));
	return lines.at_start ? NULL : put_plain(&lines, '\n');
}
