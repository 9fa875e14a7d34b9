/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log as text. */
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/klog_job.h"

/* The buffer in use: what the variable prb points to. */
static struct err *open_current(struct kreader *reader, const struct klog_layout *lay,
				struct klog_ring *ring)
{
	const struct facts *facts = &kreader_kernel(reader)->facts;
	uint64_t variable, va;

	if (!fact_symbol(facts, "prb", &variable))
		return err_new(ERR_NOT_FOUND, "kernel log: SYMBOL(prb) is not known");
	TRY(err_prepend(kread_word(reader, variable, &va), "kernel log: SYMBOL(prb)"));
	return err_prepend(klog_ring_init(ring, reader, lay, va), "kernel log: printk_ringbuffer at %#llx",
			   (unsigned long long)va);
}

/* The one the kernel starts with, where the other cannot be had: it has the first messages at least. */
static struct err *open_ring(struct kreader *reader, const struct klog_layout *lay,
			     struct klog_ring *ring)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct err *e = open_current(reader, lay, ring);
	struct err *again;
	uint64_t va;

	if (!e || err_kind(e) == ERR_NOMEM || !fact_symbol(&kernel->facts, "printk_rb_static", &va))
		return e;
	again = klog_ring_init(ring, reader, lay, va);
	if (again) {
		err_free(again);
		return e;
	}
	log_warn(kernel->log, "%s; reading printk_rb_static instead", err_text(e));
	err_free(e);
	return NULL;
}

/*
 * The number of the first record after the log was cleared. A plain u64 until
 * v5.12; since 7d7a23a91c91 ("printk: use seqcount_latch for clear_seq", v5.13) two
 * of them behind a counter that says which is whole.
 */
static bool find_clear_seq(struct kreader *reader, uint64_t *ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	uint64_t va, val;
	uint32_t latch;
	struct err *e;

	if (!fact_symbol(&kernel->facts, "clear_seq", &va))
		return false;
	if (!fact_offset(&kernel->facts, "latched_seq.val", &val)) {
		e = kread_u64(reader, va, ret);
	} else {
		e = kread_u32(reader, va, &latch);
		if (!e)
			e = kread_u64(reader, va + val + 8 * (latch & 1), ret);
	}
	if (e)
		log_warn(kernel->log, "kernel log: SYMBOL(clear_seq): %s", err_text(e));
	err_free(e);
	return !e;
}

static struct err *dump_records(struct klog_ring *ring, uint64_t first_seq, struct klog_text *to,
				struct klog_job *job)
{
	uint64_t total = klog_ring_records(ring);

	for (uint64_t n = 0; n < total; n++) {
		struct klog_record record;

		TRY(klog_ring_read(ring, n, job->text, &record));
		if (record.kind == KLOG_SKIP || record.seq < first_seq)
			continue;
		if (record.kind == KLOG_LOST) {
			job->lost++;
			continue;
		}
		TRY(klog_text_record(to, &record, job->text, ring->lay.has_caller));
		job->records++;
	}
	return NULL;
}

static struct err *dump_ring(struct klog_job *job, struct klog_text *to)
{
	const struct kernel *kernel = kreader_kernel(job->reader);
	struct klog_ring ring = { .reader = job->reader };
	struct klog_layout lay;
	uint64_t first_seq = 0;
	struct err *e;

	TRY(klog_layout_init(&kernel->facts, kernel->word, &lay));
	if (job->since_clear && !(lay.has_seq && find_clear_seq(job->reader, &first_seq)))
		klog_warn_all(kernel->log);
	TRY(open_ring(job->reader, &lay, &ring));
	e = dump_records(&ring, first_seq, to, job);
	klog_ring_deinit(&ring);
	return e;
}

void klog_warn_all(const struct log *log)
{
	log_warn(log, "kernel log: when it was cleared is not known; all of it is written");
}

/* The kinds of buffer, newest first: each is known by a symbol that only it has. */
static const struct {
	const char *symbol;
	struct err *(*dump)(struct klog_job *job, struct klog_text *to);
} eras[] = {
	{ "SYMBOL(prb)", dump_ring },
	{ "SYMBOL(printk_rb_static)", dump_ring },
	{ "SYMBOL(log_first_idx)", klog_dump_buffer },
	{ "SYMBOL(log_end)", klog_dump_string },
};

static struct err *dump_era(struct klog_job *job, struct klog_text *to)
{
	const struct facts *facts = &kreader_kernel(job->reader)->facts;

	for (size_t i = 0; i < ARRAY_LEN(eras); i++) {
		if (fact_has(facts, eras[i].symbol))
			return eras[i].dump(job, to);
	}
	return err_new(ERR_NOT_FOUND, "kernel log: none of SYMBOL(prb), SYMBOL(log_first_idx) and "
		       "SYMBOL(log_end) is known");
}

struct err *klog_dump(struct kreader *reader, bool since_clear, const struct klog_out *out,
		      uint64_t *records, uint64_t *lost)
{
	struct klog_job job = { .reader = reader, .since_clear = since_clear };
	struct klog_text to = { .out = out };
	struct err *e, *flush;

	job.text = malloc(KLOG_TEXT_MAX);
	if (!job.text)
		return err_nomem;
	e = dump_era(&job, &to);
	/* What came before an error is worth having. */
	flush = klog_text_flush(&to);
	if (e)
		err_free(flush);
	else
		e = flush;
	free(job.text);
	*records = job.records;
	*lost = job.lost;
	return e;
}
