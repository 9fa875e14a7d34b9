/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log: its memory page by page, and whether each record can be read. */
#include "kernel/klog_ring.h"
#include "verify/internal.h"

static struct err *no_text(void *ctx, const char *text, size_t len)
{
	(void)text;
	(void)len;
	return verify_tick(ctx);
}

/* Descriptors, infos and text of the lockless ring (since 5.10). */
static struct err *look_at_ring(struct verify *v, uint64_t variable)
{
	const struct kernel *kernel = v->kernel;
	struct klog_ring ring = { .reader = v->reader };
	struct klog_layout layout;
	uint64_t va;

	verify_name(v, "log buffer");
	TRY(klog_layout_init(&kernel->facts, kernel->word, &layout));
	if (!verify_pointer(v, variable, &va))
		return NULL;
	TRY(klog_ring_init(&ring, v->reader, &layout, va));
	verify_name(v, "log descriptors");
	verify_range(v, ring.descs.va, ring.count * ring.descs.size, CONTENT_ANY);
	verify_name(v, "log record heads");
	verify_range(v, ring.infos.va, ring.count * ring.infos.size, CONTENT_ANY);
	verify_name(v, "log text");
	verify_range(v, ring.text_va, UINT64_C(1) << ring.size_bits, CONTENT_ANY);
	klog_ring_deinit(&ring);
	return NULL;
}

/* Records or text in one buffer (up to 5.9). */
static void look_at_buffer(struct verify *v, uint64_t variable)
{
	uint64_t len_at, va;
	uint32_t len;
	struct err *e;

	verify_name(v, "log buffer");
	if (!fact_symbol(&v->kernel->facts, "log_buf_len", &len_at))
		return;
	e = verify_read_u32(v, len_at, &len);
	if (e)
		verify_broken(v, e);
	else if (verify_pointer(v, variable, &va))
		verify_range(v, va, len, CONTENT_ANY);
}

static struct err *look_at_memory(struct verify *v)
{
	uint64_t variable;

	if (fact_symbol(&v->kernel->facts, "prb", &variable))
		return look_at_ring(v, variable);
	if (fact_symbol(&v->kernel->facts, "log_buf", &variable))
		look_at_buffer(v, variable);
	return NULL;
}

struct err *verify_log(struct verify *v)
{
	const struct klog_out out = { .write = no_text, .ctx = v };
	uint64_t records = 0, lost = 0;
	struct err *e;

	TRY(verify_settle(v, look_at_memory(v)));
	verify_name(v, "kernel log");
	e = klog_dump(v->reader, false, &out, &records, &lost);
	v->area->counts.objects = records;
	if (lost)
		verify_broken(v, err_new(ERR_BAD_INPUT, "%llu of %llu records cannot be read",
					 (unsigned long long)lost,
					 (unsigned long long)(records + lost)));
	return e;
}
