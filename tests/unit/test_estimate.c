/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Estimates against files that are really written. */
#include "output/estimate.h"

#include <math.h>

#include "output/kdump.h"
#include "tests/unit/memdump.h"

static const struct memdump_params small = {
	.word = 8, .order = ORDER_LITTLE, .machine = EM_X86_64, .page_shift = 12,
	.low_pfn = 3, .low_pages = 500, .high_pfn = 0x100010, .high_pages = 3300, .cut_pages = 40,
};

struct setup {
	struct memdump m;
	struct ranges metadata;
	struct scan_job job;
	struct scan_counts counts;
	struct plan *plan;		/* every page that is present */
	struct estimate *estimate;
};

static void setup_open(struct setup *s, const struct memdump_params *params, bool counted)
{
	struct plan_judge judge = { .judge = memdump_judge };
	struct estimate_params estimate = { .job = &s->job, .threads = 2 };

	memset(s, 0, sizeof(*s));
	CHECK(memdump_open(&s->m, params));
	s->job = (struct scan_job){ .kernel = &s->m.kernel, .level = LEVEL_MAX,
				    .pmem_metadata = &s->metadata };
	CHECK_OK(plan_create(s->m.dump->max_mapnr, 1 << 20, &judge, &s->plan));
	CHECK_OK(scan_all(&s->job, 0, s->plan, &s->counts, NULL));
	estimate.counts = counted ? &s->counts : NULL;
	estimate.kept = plan_kept(s->plan);
	CHECK_OK(estimate_create(&estimate, &s->estimate));
	for (size_t i = 0; codecs[i]; i++) {
		if (codecs[i]->available)
			CHECK_OK(estimate_add_codec(s->estimate, codecs[i]));
	}
	CHECK_OK(estimate_sample(s->estimate));
}

static void setup_close(struct setup *s)
{
	estimate_destroy(s->estimate);
	plan_destroy(s->plan);
	memdump_close(&s->m);
}

static uint64_t really_written(const struct setup *s, const struct codec *codec, unsigned int level)
{
	struct writer_params params = {
		.kernel = &s->m.kernel,
		.level = level,
		.copy = { .dump = s->m.dump, .plan = s->plan, .codec = codec,
			  .share_zero = level & LEVEL_ZERO },
	};
	struct copy_stats stats;
	uint64_t written;
	struct sink *sink;

	CHECK_OK(sink_open_null(&sink));
	CHECK_OK(kdump_write(&params, sink, &stats));
	written = sink->written;
	sink_destroy(sink);
	return written;
}

/* Where every page is looked at, nothing is left to chance. */
static void check_exact(bool counted)
{
	struct estimate_file file;
	struct setup s;

	setup_open(&s, &small, counted);
	CHECK(estimate_codecs(s.estimate) >= 2);
	for (unsigned int level = 0; level < 2; level++) {
		for (size_t i = 0; i < estimate_codecs(s.estimate); i++) {
			CHECK_OK(estimate_file_at(s.estimate, level, i, &file));
			CHECK_EQ(file.pages, 3800);
			CHECK_EQ(llround(file.bytes), really_written(&s, file.codec, level));
			CHECK(file.low == file.bytes && file.high == file.bytes);
			CHECK(file.copy_seconds > 0);
		}
	}
	setup_close(&s);
}

static void test_all_pages_looked_at(void)
{
	check_exact(true);
}

/* The numbers of pages come from the chunks; all of them were looked at, too. */
static void test_counts_from_chunks(void)
{
	check_exact(false);
}

static void test_classes(void)
{
	struct estimate_class class;
	struct setup s;

	setup_open(&s, &small, true);
	estimate_class_of(s.estimate, PAGE_KEEP, &class);
	CHECK_EQ(class.pages, 3800);
	CHECK_EQ(class.sampled, 3800);
	/* Each fifth page is zero, and so are the 40 that are cut off, of which 8 are counted. */
	CHECK_EQ(class.zero, 760 + 40 - 8);
	estimate_class_of(s.estimate, PAGE_FREE, &class);
	CHECK_EQ(class.pages, 0);
	CHECK_EQ(class.sampled, 0);
	setup_close(&s);
}

/*
 * One page of five is looked at, and contents repeat every five pages: a
 * sample at equal distances would see one kind only.
 */
static void test_sample_of_periodic_memory(void)
{
	struct memdump_params params = small;
	struct estimate_file file;
	struct setup s;

	params.high_pages = 36000;
	setup_open(&s, &params, true);
	for (unsigned int level = 0; level < 2; level++) {
		for (size_t i = 0; i < estimate_codecs(s.estimate); i++) {
			double written;

			CHECK_OK(estimate_file_at(s.estimate, level, i, &file));
			written = (double)really_written(&s, file.codec, level);
			CHECK(file.low <= written && written <= file.high);
			CHECK(file.low <= file.bytes && file.bytes <= file.high);
			CHECK(file.high - file.low < written / 5);
		}
	}
	setup_close(&s);
}

static void test_stop(void)
{
	static const volatile sig_atomic_t stop = 1;
	const struct progress progress = { .stop = &stop };
	struct estimate_params params = { .progress = &progress };
	struct estimate *estimate;
	struct setup s;

	setup_open(&s, &small, true);
	params.job = &s.job;
	CHECK_OK(estimate_create(&params, &estimate));
	CHECK_ERR(estimate_sample(estimate), ERR_STOPPED);
	estimate_destroy(estimate);
	setup_close(&s);
}

int main(void)
{
	RUN(test_all_pages_looked_at);
	RUN(test_counts_from_chunks);
	RUN(test_classes);
	RUN(test_sample_of_periodic_memory);
	RUN(test_stop);
	return unit_status();
}
