/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "diskdump_mod.h"
#include "output/batch.h"
#include "output/kdump.h"
#include "output/kdump_header.h"
#include "output/sample.h"
#include "output/zero.h"

/*
 * Pages looked at in a class, as bytes of 4 KiB pages: some 100 MB are
 * compressed in a second or two by the slowest codec. What always stays decides
 * the size at the usual levels, so more of it is looked at.
 */
#define WANT_KEPT 8192u
#define WANT_OTHER 4096u
#define WANT_MIN_KEPT 1024u	/* whatever the page size */
#define WANT_MIN_OTHER 512u

/* Half the width of the interval that holds 95 % of a normal distribution, in deviations. */
#define DEVIATIONS 1.96

/* Where reading is timed: so many places, so many bytes each. */
#define READ_PLACES 16u
#define READ_BYTES (4u << 20)

/* Stored sizes of the pages of one class with one codec: [1] counts zero pages as nothing. */
struct tally {
	double sum[2];
	double squares[2];
	uint64_t ns;		/* of compressing what is not zero */
};

struct class_sample {
	double pages;		/* of the machine */
	double variance;	/* of that number, when it is estimated */
	uint64_t sampled;
	uint64_t zero;
	struct tally tally[ESTIMATE_CODECS_MAX];
};

struct estimate {
	struct estimate_params params;
	const struct dump *dump;
	size_t page_size;
	struct sorter *sorter;
	struct sample sample;
	struct dump_view *view;		/* for single pages */
	uint8_t *page;			/* the one that is looked at; zeros before */
	uint8_t *dst;
	size_t dst_size;
	struct {
		const struct codec *codec;	/* NULL: stored as they are */
		void *ctx;
	} codecs[ESTIMATE_CODECS_MAX];
	size_t codec_count;
	struct class_sample classes[PAGE_CLASSES];
	uint64_t places[READ_PLACES];	/* pfns */
	unsigned int place_count;
	uint64_t place_step;
	uint64_t looks;
	double read_ns;			/* a page read in passing and tested for zero */
};

static struct err *make_room(struct estimate *est, size_t bytes)
{
	uint8_t *room;

	if (bytes <= est->dst_size)
		return NULL;
	room = realloc(est->dst, bytes);
	if (!room)
		return err_nomem;
	est->dst = room;
	est->dst_size = bytes;
	return NULL;
}

static struct err *estimate_init(struct estimate *est)
{
	const struct scan_job *job = est->params.job;

	est->dump = job->kernel->dump;
	est->page_size = (size_t)1 << est->dump->page_shift;
	est->codec_count = 1;
	TRY(sorter_create(job, &est->sorter));
	est->sample = (struct sample){ .sorter = est->sorter, .dump = est->dump,
				       .progress = est->params.progress };
	est->page = calloc(1, est->page_size);
	if (!est->page)
		return err_nomem;
	TRY(make_room(est, est->page_size));
	return dump_view_create(job->kernel->dump, 0, &est->view);
}

struct err *estimate_create(const struct estimate_params *params, struct estimate **ret)
{
	struct estimate *est = calloc(1, sizeof(*est));
	struct err *e;

	if (!est)
		return err_nomem;
	est->params = *params;
	e = estimate_init(est);
	if (e) {
		estimate_destroy(est);
		return e;
	}
	*ret = est;
	return NULL;
}

void estimate_destroy(struct estimate *estimate)
{
	if (!estimate)
		return;
	for (size_t i = 0; i < estimate->codec_count; i++) {
		if (estimate->codecs[i].ctx)
			estimate->codecs[i].codec->destroy(estimate->codecs[i].ctx);
	}
	dump_view_destroy(estimate->view);
	sorter_destroy(estimate->sorter);
	free(estimate->dst);
	free(estimate->page);
	free(estimate);
}

struct err *estimate_add_codec(struct estimate *estimate, const struct codec *codec)
{
	size_t i = estimate->codec_count;
	void *ctx = NULL;

	if (i == ESTIMATE_CODECS_MAX)
		return err_new(ERR_OTHER, "more than %d codecs", ESTIMATE_CODECS_MAX);
	TRY(make_room(estimate, codec->bound(estimate->page_size)));
	TRY(codec->create(estimate->page_size, &ctx));
	/* Some allocate when they are first used. */
	codec->compress(ctx, estimate->page, estimate->page_size, estimate->dst);
	estimate->codecs[i].codec = codec;
	estimate->codecs[i].ctx = ctx;
	estimate->codec_count++;
	return NULL;
}

size_t estimate_codecs(const struct estimate *estimate)
{
	return estimate->codec_count;
}

/* Bytes that a page would take in the file, as the copy stores it. */
static size_t stored_size(struct estimate *est, size_t codec, const void *data)
{
	const struct codec *c = est->codecs[codec].codec;
	size_t len;

	if (!c) {
		memcpy(est->dst, data, est->page_size);
		return est->page_size;
	}
	len = c->compress(est->codecs[codec].ctx, data, est->page_size, est->dst);
	return len && len < est->page_size ? len : est->page_size;
}

static void note_place(struct estimate *est, uint64_t pfn)
{
	if (est->looks++ % est->place_step == 0 && est->place_count < READ_PLACES)
		est->places[est->place_count++] = pfn;
}

/*
 * Read a page; zeros, as the copy stores, when that is not possible. In
 * halves: a view maps nothing for less than a page, and pages all over the
 * memory are not worth a mapping, and what the system reads with it, each.
 */
static void read_page(struct estimate *est, uint64_t pfn)
{
	uint64_t paddr = pfn << est->dump->page_shift;
	size_t half = est->page_size / 2;
	struct err *e = dump_view_read(est->view, paddr, est->page, half);

	if (!e)
		e = dump_view_read(est->view, paddr + half, est->page + half, half);
	if (e)
		memset(est->page, 0, est->page_size);
	err_free(e);
}

static void look_at(void *ctx, uint64_t pfn, enum page_class class)
{
	struct estimate *est = ctx;
	struct class_sample *sample = &est->classes[class];
	bool zero;

	read_page(est, pfn);
	zero = is_zero(est->page, est->page_size);
	note_place(est, pfn);
	sample->sampled++;
	sample->zero += zero;
	for (size_t i = 0; i < est->codec_count; i++) {
		struct tally *tally = &sample->tally[i];
		uint64_t started = sample_now_ns();
		double size = (double)stored_size(est, i, est->page);

		tally->ns += sample_now_ns() - started;
		tally->sum[0] += size;
		tally->squares[0] += size * size;
		tally->sum[1] += zero ? 0 : size;
		tally->squares[1] += zero ? 0 : size * size;
	}
}

/*
 * Read on from @pfn as a copy would; returns how many pages were had. Of a
 * running system the page alone: nobody asked what its neighbours are.
 */
static uint64_t read_place(struct estimate *est, struct dump_view *view, uint64_t pfn)
{
	uint64_t paddr = pfn << est->dump->page_shift, pages = 0;
	uint64_t end = paddr + (est->dump->live ? est->page_size : READ_BYTES);

	while (paddr < end) {
		size_t most = min_u64(end - paddr, DUMP_VIEW_MAX);
		size_t len = max_u64(dump_view_contiguous(view, paddr, most),
				     est->page_size) / est->page_size * est->page_size;
		const void *data;
		struct err *e = dump_view_get(view, paddr, len, &data);

		if (e) {
			err_free(e);
			break;
		}
		for (size_t at = 0; at < len; at += est->page_size)
			(void)is_zero((const uint8_t *)data + at, est->page_size);
		pages += len / est->page_size;
		paddr += len;
	}
	return pages;
}

static struct err *time_reading(struct estimate *est)
{
	uint64_t pages = 0, started;
	struct dump_view *view;

	TRY(dump_view_create(est->params.job->kernel->dump, 0, &view));
	started = sample_now_ns();
	for (unsigned int i = 0; i < est->place_count; i++)
		pages += read_place(est, view, est->places[i]);
	if (pages)
		est->read_ns = (double)(sample_now_ns() - started) / (double)pages;
	dump_view_destroy(view);
	return NULL;
}

/* How many pages of each class the machine has: counted, or as the chunks say. */
static void set_populations(struct estimate *est)
{
	const struct estimate_params *params = &est->params;
	double looked_at = (double)est->sample.looked_at, chunks = (double)est->sample.chunks;

	for (unsigned int c = 0; c < PAGE_CLASSES; c++) {
		const struct sample_count *count = &est->sample.counts[c];
		struct class_sample *class = &est->classes[c];
		double mean;

		if (params->counts) {
			class->pages = (double)(c == PAGE_KEEP ? params->kept :
						params->counts->dropped[c]);
		} else if (looked_at > 1) {
			mean = (double)count->pages / looked_at;
			class->pages = mean * chunks;
			class->variance = chunks * chunks / looked_at * (1 - looked_at / chunks) *
					  (count->squares - looked_at * mean * mean) /
					  (looked_at - 1);
		}
	}
}

struct err *estimate_sample(struct estimate *estimate)
{
	uint64_t want[PAGE_CLASSES], total = 0;

	TRY(sample_count(&estimate->sample));
	set_populations(estimate);
	for (unsigned int c = 0; c < PAGE_CLASSES; c++) {
		bool kept = c == PAGE_KEEP;
		uint64_t pages = (kept ? WANT_KEPT : WANT_OTHER) * UINT64_C(4096) /
				 estimate->page_size;

		want[c] = max_u64(pages, kept ? WANT_MIN_KEPT : WANT_MIN_OTHER);
		total += min_u64(want[c], estimate->sample.counts[c].pages);
	}
	estimate->place_step = max_u64(total / READ_PLACES, 1);
	TRY(sample_pages(&estimate->sample, want, look_at, estimate));
	return time_reading(estimate);
}

/* The nearest whole number of pages; none is negative. */
static uint64_t whole(double pages)
{
	return (uint64_t)(pages + 0.5);
}

void estimate_class_of(const struct estimate *estimate, enum page_class class,
		       struct estimate_class *ret)
{
	const struct class_sample *sample = &estimate->classes[class];

	*ret = (struct estimate_class){
		.pages = whole(sample->pages),
		.sampled = sample->sampled,
		.zero = sample->zero,
	};
}

/*
 * Mean of what is stored per page, and the variance of the sum over the class.
 * One page as unlike the others as can be is assumed among those seen: a
 * sample of equal pages does not prove that all are equal.
 */
static void class_size(const struct estimate *est, const struct class_sample *class,
		       size_t codec, bool share_zero, double *mean, double *variance)
{
	const struct tally *tally = &class->tally[codec];
	double n = (double)class->sampled, page = (double)est->page_size, spread;

	if (!class->sampled) {
		*mean = page / 2;
		*variance = class->pages * class->pages * page * page / 4;
		return;
	}
	*mean = tally->sum[share_zero] / n;
	spread = (tally->squares[share_zero] - n * *mean * *mean + page * page) / n;
	*variance = n >= class->pages ? 0 : class->pages * class->pages * spread / n *
					    (1 - n / class->pages);
	*variance += class->variance * (*mean + PAGE_DESC_SIZE) * (*mean + PAGE_DESC_SIZE);
}

/* Nanoseconds of reading and compressing all pages of a class in one thread. */
static double class_time(const struct estimate *est, const struct class_sample *class,
			 size_t codec, bool share_zero)
{
	const struct tally *tally = &class->tally[codec];
	double each = 0;

	if (class->sampled)
		each = (double)tally->ns / (double)class->sampled;
	if (class->sampled && share_zero)
		each *= (double)(class->sampled - class->zero) / (double)class->sampled;
	return class->pages * (est->read_ns + each);
}

struct err *estimate_file_at(const struct estimate *estimate, unsigned int level, size_t codec,
			     struct estimate_file *ret)
{
	double data = 0, variance = 0, ns = 0, pages = 0, front, most, error;
	bool share = level & LEVEL_ZERO;
	struct kdump_geometry geo;

	for (unsigned int c = 0; c < PAGE_CLASSES; c++) {
		const struct class_sample *class = &estimate->classes[c];
		double mean, more;

		if (!page_class_stays(level, (enum page_class)c) || class->pages <= 0)
			continue;
		class_size(estimate, class, codec, share, &mean, &more);
		pages += class->pages;
		data += class->pages * mean;
		variance += more;
		ns += class_time(estimate, class, codec, share);
	}
	TRY(kdump_geometry_init(&geo, estimate->params.job->kernel, whole(pages),
				estimate->dump->eraseinfo_len));
	front = (double)geo.data + (share ? (double)estimate->page_size : 0);
	error = DEVIATIONS * sqrt(variance);
	ret->codec = estimate->codecs[codec].codec;
	ret->pages = geo.kept;
	ret->bytes = front + data;
	most = front + pages * (double)estimate->page_size;
	ret->low = ret->bytes - error > front ? ret->bytes - error : front;
	ret->high = ret->bytes + error < most ? ret->bytes + error : most;
	ret->copy_seconds = ns / 1e9 / (double)max_u64(estimate->params.threads, 1);
	return NULL;
}

double estimate_judge_seconds(const struct estimate *estimate)
{
	const struct sample *sample = &estimate->sample;
	unsigned int passes = 1;

	for (unsigned int bits = estimate->params.job->level & ~LEVEL_ZERO; bits; bits &= bits - 1)
		passes++;
	if (!sample->looked_at)
		return 0;
	return (double)sample->sort_ns / 1e9 / passes * (double)sample->chunks /
	       (double)sample->looked_at / (double)max_u64(estimate->params.threads, 1);
}

uint64_t estimate_copy_memory(const struct estimate *estimate)
{
	uint64_t threads = estimate->params.threads;
	uint64_t slots = threads ? 2 * threads + 1 : 1;
	uint64_t slot = BATCH_BYTES + BATCH_BYTES / estimate->page_size * sizeof(struct copy_page);

	return slots * slot + max_u64(threads, 1) * DUMP_VIEW_MAX + KDUMP_WRITE_MEMORY;
}
