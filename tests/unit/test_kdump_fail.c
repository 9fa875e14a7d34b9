// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run that fails leaves behind: a header that says so, and no
 * descriptor without its data.
 */
#include "output/kdump.h"

#include "diskdump_mod.h"
#include "pages/class.h"
#include "tests/unit/kdumpread.h"

static const struct memdump_params small = {
	.word = 8, .order = ORDER_LITTLE, .machine = EM_X86_64, .page_shift = 12,
	.low_pfn = 1, .low_pages = 300, .high_pfn = 0x2000, .high_pages = 3600,
	.plan_budget = 1 << 20,
};

struct run {
	const struct codec *codec;
	unsigned int level;
	unsigned int threads;
	const struct progress *progress;
};

static struct err *write_dump(const struct memdump *m, const struct run *run, struct memsink *out,
			      struct copy_stats *stats)
{
	struct writer_params params = {
		.kernel = &m->kernel,
		.level = run->level,
		.copy = { .dump = m->dump, .plan = m->plan, .codec = run->codec,
			  .share_zero = run->level & LEVEL_ZERO, .threads = run->threads,
			  .progress = run->progress },
	};

	return kdump_write(&params, &out->sink, stats);
}

/* The offset at which the descriptors of @m begin: the bitmaps end there. */
static uint64_t descs_offset(const struct memdump *m)
{
	struct memsink *out = memsink_create(true);
	struct run run = { NULL, 0, 0, NULL };
	struct copy_stats stats;
	struct kdumpread r;

	CHECK_OK(write_dump(m, &run, out, &stats));
	kdumpread_init(&r, m, out);
	memsink_destroy(&out->sink);
	return r.descs;
}

/* The invariants of a file whose bitmaps were complete; returns its pages. */
static uint64_t check_stump(const struct memdump *m, const struct run *run,
			    const struct memsink *out, struct err *e)
{
	uint32_t status = 8 | (run->codec ? run->codec->page_flag : 0);
	char claim[80];
	struct kdumpread r;

	kdumpread_init(&r, m, out);
	kdumpread_check_headers(&r, status, run->level);
	kdumpread_check_pages(&r);
	snprintf(claim, sizeof(claim), "memory: has %" PRIu64 " of %" PRIu64 " pages and is marked",
		 r.stored, r.pages);
	if (!strstr(err_text(e), claim)) {
		printf("# \"%s\" lacks \"%s\"\n", err_text(e), claim);
		unit_current++;
	}
	CHECK(!out->finished);
	return r.stored;
}

static bool has_bitmaps(const struct memsink *out, uint64_t descs)
{
	/* Of small, every block of the bitmaps has memory: the last byte is written. */
	return out->count[descs - 1] != 0;
}

static void check_failed(const struct memdump *m, const struct run *run, const struct memsink *out,
			 struct err *e, uint64_t descs)
{
	if (has_bitmaps(out, descs))
		check_stump(m, run, out, e);
	else if (out->count[0])
		CHECK(strstr(err_text(e), out->sink.zero_filled ? "has no pages and is marked" :
								  "cannot be opened"));
}

/* Fail at every write there is. @on: the device stays broken. */
static void fail_everywhere(const struct memdump *m, const struct run *run, bool file, int errnum,
			    bool partly, bool on)
{
	enum err_kind kind = errnum == EIO ? ERR_IO : errnum == EFBIG ? ERR_LIMIT : ERR_NO_SPACE;
	uint64_t at, descs = descs_offset(m), stumps = 0;
	struct copy_stats stats;
	struct memsink *out;
	struct err *e;

	for (at = 0;; at++) {
		out = memsink_create(file);
		out->fail_at = at;
		out->fail_errno = errnum;
		out->fail_partly = partly;
		out->fail_on = on;
		e = write_dump(m, run, out, &stats);
		if (!e)
			break;
		CHECK_EQ(err_kind(e), kind);
		if (on) {
			/* It has said so since its first bytes. */
			if (out->count[0])
				CHECK(get_u32(out->data + 424, ORDER_LITTLE) & KDUMP_INCOMPLETE);
		} else if (!partly || at > 2) {
			check_failed(m, run, out, e, descs);
			stumps += has_bitmaps(out, descs);
		}
		err_free(e);
		memsink_destroy(&out->sink);
	}
	memsink_destroy(&out->sink);
	/* Descriptors and data were hit, not only the front. */
	CHECK(at > 8);
	if (!on)
		CHECK(stumps > 5);
}

static void test_fail_every_write(void)
{
	struct memdump m;
	struct run zlib = { codecs[0], 31, 0, NULL }, raw = { NULL, 0, 2, NULL };

	if (!memdump_open(&m, &small))
		return;
	fail_everywhere(&m, &zlib, true, EIO, false, false);
	fail_everywhere(&m, &zlib, true, ENOSPC, true, false);
	fail_everywhere(&m, &zlib, false, EIO, true, false);
	fail_everywhere(&m, &raw, true, EFBIG, false, false);
	fail_everywhere(&m, &raw, true, EIO, false, true);
	memdump_close(&m);
}

/*
 * A disk with room for so many bytes. @reserves: it can set space aside, and
 * then all data that fits has its descriptors.
 */
static void full_disk(bool reserves)
{
	struct memdump m;
	struct run run = { NULL, 0, 0, NULL };
	uint64_t space, descs, total, stored, last = 0;
	struct copy_stats stats;
	struct memsink *out;
	struct err *e = NULL;

	if (!memdump_open(&m, &small))
		return;
	descs = descs_offset(&m);
	total = descs + plan_kept(m.plan) * (24 + 4096);
	for (space = 0; space <= total + (1 << 20); space += 700001) {
		out = memsink_create(true);
		out->space = space;
		if (!reserves)
			out->ops.reserve = NULL;
		e = write_dump(&m, &run, out, &stats);
		CHECK_EQ(err_kind(e), space < total ? ERR_NO_SPACE : 0);
		if (e && has_bitmaps(out, descs)) {
			stored = check_stump(&m, &run, out, e);
			/* What is lost is at most one data buffer. */
			if (reserves && space > descs + plan_kept(m.plan) * 24)
				CHECK(stored * 4096 + (1 << 20) + 4096 >=
				      space - descs - plan_kept(m.plan) * 24);
			CHECK(stored >= last || !reserves);
			last = max_u64(last, stored);
		}
		memsink_destroy(&out->sink);
		err_free(e);
	}
	CHECK(last * 4096 > total / 2);
	memdump_close(&m);
}

static void test_full_disk(void)
{
	full_disk(true);
	full_disk(false);
}

/* A limit behind the bitmaps: they are whole, and no page can be. */
static void test_limit(void)
{
	struct memdump_params p = small;
	struct memsink *out = memsink_create(true);
	struct run run = { NULL, 0, 0, NULL };
	struct copy_stats stats;
	struct memdump m;
	struct err *e;

	p.page_shift = 16;
	p.low_pages = 20;
	p.high_pages = 20;
	if (!memdump_open(&m, &p))
		return;
	out->limit = descs_offset(&m);
	e = write_dump(&m, &run, out, &stats);
	CHECK_EQ(err_kind(e), ERR_LIMIT);
	CHECK_EQ(out->len, out->limit);
	CHECK(strstr(err_text(e), "has 0 of 34 pages and is marked incomplete"));
	err_free(e);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

struct stopper {
	volatile sig_atomic_t stop;
	uint64_t ticks_left;
};

static void stop_later(const struct progress *progress, enum phase phase, uint64_t done,
		       uint64_t total)
{
	struct stopper *stopper = progress->ctx;

	CHECK_EQ(phase, PHASE_COPY);
	CHECK(done <= total);
	if (!stopper->ticks_left--)
		stopper->stop = 1;
}

/* A signal loses nothing that was done. */
static void test_stopped(void)
{
	static const uint64_t when[] = { 0, 1, 2, 3, 10, 30 };
	struct stopper stopper;
	struct progress progress = { .stop = &stopper.stop, .tick = stop_later, .ctx = &stopper };
	struct run run = { codecs[0], 1, 2, &progress };
	struct copy_stats stats;
	struct memsink *out;
	struct memdump m;
	uint64_t descs;
	struct err *e;
	size_t i;

	if (!memdump_open(&m, &small))
		return;
	descs = descs_offset(&m);
	for (i = 0; i < ARRAY_LEN(when); i++) {
		stopper = (struct stopper){ .ticks_left = when[i] };
		out = memsink_create(true);
		e = write_dump(&m, &run, out, &stats);
		CHECK_EQ(err_kind(e), ERR_STOPPED);
		check_failed(&m, &run, out, e, descs);
		if (has_bitmaps(out, descs))
			CHECK_EQ(check_stump(&m, &run, out, e), stats.pages);
		CHECK_EQ(has_bitmaps(out, descs), when[i] >= 2);
		CHECK(when[i] < 10 || stats.pages > 100);
		err_free(e);
		memsink_destroy(&out->sink);
	}
	memdump_close(&m);
}

static struct err *finish_fails(struct sink *sink)
{
	(void)sink;
	return err_sys(ENOSPC, "delayed");
}

/* A device that tells only at the end: the file is marked. */
static void test_finish_fails(void)
{
	struct memsink *out = memsink_create(true);
	struct run run = { codecs[0], 1, 0, NULL };
	struct copy_stats stats;
	struct memdump m;
	struct err *e;

	if (!memdump_open(&m, &small))
		return;
	out->ops.finish = finish_fails;
	e = write_dump(&m, &run, out, &stats);
	CHECK_EQ(err_kind(e), ERR_NO_SPACE);
	CHECK_EQ(check_stump(&m, &run, out, e), plan_kept(m.plan));
	err_free(e);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

/* A sink that takes each byte once: the error says that the mark is missing. */
static void test_cannot_rewrite(void)
{
	struct memsink *out = memsink_create(true);
	struct run run = { codecs[0], 1, 0, NULL };
	struct copy_stats stats;
	struct memdump m;
	struct err *e;

	if (!memdump_open(&m, &small))
		return;
	out->ops.can_rewrite = false;
	out->space = 1 << 20;
	e = write_dump(&m, &run, out, &stats);
	CHECK_EQ(err_kind(e), ERR_NO_SPACE);
	CHECK(strstr(err_text(e), "could not be marked incomplete"));
	err_free(e);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

struct judge {
	const struct memdump_params *params;
	uint64_t calls_left;
};

static struct err *judge_or_fail(void *ctx, uint64_t block, uint8_t *keep)
{
	struct judge *judge = ctx;

	if (!judge->calls_left)
		return err_new(ERR_IO, "cannot judge block %" PRIu64, block);
	judge->calls_left--;
	return memdump_judge((void *)judge->params, block, keep);
}

/* A plan that fails when block 4 is copied: what comes before it is stored. */
static void test_plan_fails(void)
{
	struct memdump_params p = small;
	struct memsink *out = memsink_create(true);
	struct run run = { codecs[0], 1, 1, NULL };
	uint8_t *keep = malloc(PLAN_BLOCK / 8);
	struct memdump m;
	/* bitmap2 asks for both blocks with memory, and so does the copy. */
	struct judge own = { .params = &m.p, .calls_left = 3 };
	struct plan_judge judge = { .judge = judge_or_fail, .ctx = &own };
	struct copy_stats stats;
	struct err *e;
	uint64_t b, low = 0;

	p.high_pfn = 4 * PLAN_BLOCK;
	if (!memdump_open(&m, &p))
		return;
	plan_destroy(m.plan);
	CHECK_OK(plan_create(m.dump->max_mapnr, 0, &judge, &m.plan));
	for (b = 0; b < plan_blocks(m.plan); b++) {
		CHECK_OK(memdump_judge(&m.p, b, keep));
		CHECK_OK(plan_put(m.plan, b, keep));
	}
	e = write_dump(&m, &run, out, &stats);
	CHECK_EQ(err_kind(e), ERR_IO);
	CHECK(strstr(err_text(e), "cannot judge block 4"));
	CHECK_EQ(check_stump(&m, &run, out, e), stats.pages);
	for (b = 0; b < PLAN_BLOCK; b++)
		low += memdump_kept(&p, b);
	CHECK_EQ(stats.pages, low);
	err_free(e);
	memsink_destroy(&out->sink);
	memdump_close(&m);
	free(keep);
}

int main(void)
{
	RUN(test_fail_every_write);
	RUN(test_full_disk);
	RUN(test_limit);
	RUN(test_stopped);
	RUN(test_finish_fails);
	RUN(test_cannot_rewrite);
	RUN(test_plan_fails);
	return unit_status();
}
