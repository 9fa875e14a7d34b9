/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record buffer of v3.5 to v5.9 (struct printk_log, called struct log before
 * v3.11): a header, the text, a dictionary and padding, one record behind another;
 * one of length 0 says that the next is at the start.
 */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/klog_job.h"

#define AREA_MIN 4096u
#define AREA_MAX (UINT32_C(1) << 31)
#define HEADER_MAX 256u

struct records {
	struct klog_job *job;
	struct klog_area area;
	uint32_t first, next;	/* byte indices into the area */
	uint64_t header;	/* bytes */
	uint64_t off_ts, off_len, off_text_len, off_caller;
	bool has_caller;
};

/* A record, and where the one behind it is. */
struct entry {
	uint32_t at;
	uint32_t end;
	struct klog_record record;
};

struct err *klog_read_variable(struct kreader *reader, const char *name, uint32_t *ret)
{
	uint64_t va;

	if (!fact_symbol(&kreader_kernel(reader)->facts, name, &va))
		return err_new(ERR_NOT_FOUND, "kernel log: SYMBOL(%s) is not known", name);
	return err_prepend(kread_u32(reader, va, ret), "kernel log: SYMBOL(%s)", name);
}

struct err *klog_find_area(struct kreader *reader, struct klog_area *ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct klog_area area = { .va = 0 };
	uint64_t va;

	TRY(klog_read_variable(reader, "log_buf_len", &area.len));
	if (area.len < AREA_MIN || area.len > AREA_MAX ||
	    area.len > kernel->dump->max_mapnr << kernel->page_shift)
		return err_new(ERR_BAD_INPUT, "kernel log: log_buf_len is %u, not %u to %u and within "
			       "memory", area.len, AREA_MIN, AREA_MAX);
	if (!fact_symbol(&kernel->facts, "log_buf", &va))
		return err_new(ERR_NOT_FOUND, "kernel log: SYMBOL(log_buf) is not known");
	TRY(err_prepend(kread_word(reader, va, &area.va), "kernel log: SYMBOL(log_buf)"));
	*ret = area;
	return NULL;
}

/* The struct's own name first. */
static bool member(const struct facts *facts, const char *name, uint64_t width,
		   const struct records *recs, uint64_t *ret)
{
	char key[64];

	snprintf(key, sizeof(key), "printk_log.%s", name);
	if (!fact_offset(facts, key, ret) && !fact_offset(facts, key + strlen("printk_"), ret))
		return false;
	return range_fits(*ret, width, recs->header);
}

static struct err *find_layout(struct records *recs, const struct facts *facts)
{
	if (!fact_size(facts, "printk_log", &recs->header) &&
	    !fact_size(facts, "log", &recs->header))
		return err_new(ERR_NOT_FOUND, "kernel log: SIZE(printk_log) is not known");
	if (recs->header > HEADER_MAX)
		return err_new(ERR_BAD_INPUT, "kernel log: SIZE(printk_log)=%llu is more than %u",
			       (unsigned long long)recs->header, HEADER_MAX);
	if (!member(facts, "ts_nsec", 8, recs, &recs->off_ts) ||
	    !member(facts, "len", 2, recs, &recs->off_len) ||
	    !member(facts, "text_len", 2, recs, &recs->off_text_len))
		return err_new(ERR_NOT_FOUND, "kernel log: OFFSET(printk_log.ts_nsec, len or text_len) is "
			       "not known or outside SIZE(printk_log)=%llu",
			       (unsigned long long)recs->header);
	recs->has_caller = member(facts, "caller_id", 4, recs, &recs->off_caller);
	return NULL;
}

static struct err *open_records(struct records *recs)
{
	struct kreader *reader = recs->job->reader;

	TRY(find_layout(recs, &kreader_kernel(reader)->facts));
	TRY(klog_find_area(reader, &recs->area));
	TRY(klog_read_variable(reader, "log_first_idx", &recs->first));
	TRY(klog_read_variable(reader, "log_next_idx", &recs->next));
	if (recs->first >= recs->area.len || recs->next > recs->area.len)
		return err_new(ERR_BAD_INPUT, "kernel log: log_first_idx %u or log_next_idx %u lies outside "
			       "log_buf_len %u", recs->first, recs->next, recs->area.len);
	return NULL;
}

static struct err *broken(const struct records *recs, uint32_t at, const char *why)
{
	return err_new(ERR_BAD_INPUT, "kernel log: record at index %u of %u %s; the rest cannot be found",
		       at, recs->area.len, why);
}

/* The header at index @at; *ret_len 0: the mark at the end. */
static struct err *read_header(struct records *recs, uint32_t at, struct entry *ret,
			       uint32_t *ret_len)
{
	enum byte_order order = kreader_kernel(recs->job->reader)->order;
	uint8_t raw[HEADER_MAX];

	if (!range_fits(at, recs->header, recs->area.len))
		return broken(recs, at, "does not fit before the end");
	TRY(err_prepend(kread(recs->job->reader, recs->area.va + at, raw, (size_t)recs->header),
			"kernel log: record at index %u", at));
	*ret_len = get_u16(raw + recs->off_len, order);
	*ret = (struct entry){
		.at = at,
		.end = at + *ret_len,
		.record = {
			.kind = KLOG_TEXT,
			.ts_nsec = get_u64(raw + recs->off_ts, order),
			.caller_id = recs->has_caller ? get_u32(raw + recs->off_caller, order) : 0,
			.len = get_u16(raw + recs->off_text_len, order),
		},
	};
	return NULL;
}

/* The record at *at, or behind the mark that is there; *at then is the index of the one after it. */
static struct err *next_record(struct records *recs, uint32_t *at, bool *wrapped,
			       struct entry *ret)
{
	uint32_t len;

	TRY(read_header(recs, *at, ret, &len));
	if (!len) {
		if (*wrapped)
			return broken(recs, *at, "sends back to the start a second time");
		*wrapped = true;
		*at = 0;
		if (recs->next == 0)
			return NULL;
		TRY(read_header(recs, 0, ret, &len));
	}
	if (len < recs->header + ret->record.len || !range_fits(ret->at, len, recs->area.len))
		return broken(recs, ret->at, "has a length that cannot be");
	/* The chain meets log_next_idx; one that steps over it would never end. */
	if (ret->at < recs->next ? ret->end > recs->next : *wrapped)
		return broken(recs, ret->at, "runs over log_next_idx");
	*at = ret->end;
	return NULL;
}

static struct err *write_record(struct records *recs, struct entry *entry, struct klog_text *to)
{
	struct klog_job *job = recs->job;
	struct err *e = NULL;

	if (entry->record.len)
		e = kread(job->reader, recs->area.va + entry->at + recs->header, job->text,
			  entry->record.len);
	if (e) {
		if (!err_is_unreadable(e))
			return e;
		err_free(e);
		job->lost++;
		return NULL;
	}
	job->records++;
	return klog_text_record(to, &entry->record, job->text, recs->has_caller);
}

/* From the oldest record to log_next_idx. @to NULL: only look for index @from, *found says whether a record begins there. */
static struct err *walk(struct records *recs, uint32_t from, struct klog_text *to, bool *found)
{
	bool wrapped = false, writing = from == recs->first;
	uint32_t at = recs->first;
	struct entry entry;

	while (at != recs->next) {
		TRY(next_record(recs, &at, &wrapped, &entry));
		if (at == 0)
			break;
		writing |= entry.at == from;
		if (writing && to)
			TRY(write_record(recs, &entry, to));
	}
	*found = writing || from == recs->next;
	return NULL;
}

/* Index of the first record after the log was cleared; clear_idx may be older than all there are. */
static uint32_t start_index(struct records *recs)
{
	const struct log *log = kreader_kernel(recs->job->reader)->log;
	uint32_t clear = 0;
	bool found = false;
	struct err *e;

	if (!recs->job->since_clear)
		return recs->first;
	e = klog_read_variable(recs->job->reader, "clear_idx", &clear);
	if (!e)
		e = walk(recs, clear, NULL, &found);
	if (e)
		klog_warn_all(log);
	err_free(e);
	return found ? clear : recs->first;
}

struct err *klog_dump_buffer(struct klog_job *job, struct klog_text *to)
{
	struct records recs = { .job = job };
	bool found;

	TRY(open_records(&recs));
	return walk(&recs, start_index(&recs), to, &found);
}
