/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log as text. */
#include <stdlib.h>

#include "kernel/klog_text.h"

/* Which buffer the kernel has, by the symbols VMCOREINFO names. */
static struct err *check_era(const struct facts *facts)
{
	if (fact_has(facts, "SYMBOL(prb)") || fact_has(facts, "SYMBOL(printk_rb_static)"))
		return NULL;
	if (fact_has(facts, "SYMBOL(log_first_idx)"))
		return err_new(ERR_UNSUPPORTED,
			       "kernel log: a buffer of variable-length records (kernels 3.5 to 5.9, "
			       "SYMBOL(log_first_idx)) cannot be read yet");
	if (fact_has(facts, "SYMBOL(log_end)"))
		return err_new(ERR_UNSUPPORTED,
			       "kernel log: a plain character buffer (kernels up to 3.4, SYMBOL(log_end)) "
			       "cannot be read yet");
	return err_new(ERR_NOT_FOUND, "kernel log: SYMBOL(prb) is not known");
}

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

static struct err *dump_records(struct klog_ring *ring, struct klog_text *to, uint8_t *text,
				uint64_t *records, uint64_t *lost)
{
	uint64_t total = klog_ring_records(ring);

	for (uint64_t n = 0; n < total; n++) {
		struct klog_record record;

		TRY(klog_ring_read(ring, n, text, &record));
		if (record.kind == KLOG_SKIP)
			continue;
		if (record.kind == KLOG_LOST) {
			++*lost;
			continue;
		}
		TRY(klog_text_record(to, &record, text, ring->lay.has_caller));
		++*records;
	}
	return klog_text_flush(to);
}

struct err *klog_dump(struct kreader *reader, const struct klog_out *out, uint64_t *records,
		      uint64_t *lost)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct klog_layout lay;
	struct klog_text to = { .out = out };
	struct klog_ring ring = { .reader = reader };
	uint8_t *text;
	struct err *e;

	*records = 0;
	*lost = 0;
	TRY(check_era(&kernel->facts));
	TRY(klog_layout_init(&kernel->facts, kernel->word, &lay));
	TRY(open_ring(reader, &lay, &ring));
	text = malloc(KLOG_TEXT_MAX);
	e = text ? dump_records(&ring, &to, text, records, lost) : err_nomem;
	free(text);
	klog_ring_deinit(&ring);
	return e;
}
