/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How large a dump would be at any level with any codec, from the number of
 * pages of each class and a sample of them.
 *
 * A file is headers, bitmaps and descriptors, which follow from counts, and
 * page data, which is the sum over classes of pages times the mean stored size
 * of the pages of that class that were looked at. The mean's uncertainty is
 * the interval.
 *
 * Cost: a few thousand pages read and compressed, whatever the machine's size.
 */
#ifndef OUTPUT_ESTIMATE_H
#define OUTPUT_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "codec/codec.h"
#include "pages/scan.h"

/* All codecs, and pages stored as they are. */
#define ESTIMATE_CODECS_MAX 8

struct estimate_params {
	const struct scan_job *job;	/* its level: the bits that are told apart */
	/*
	 * What a scan at job->level dropped and kept; NULL: the counts too are
	 * estimated, from the chunks of memory that are looked at.
	 */
	const struct scan_counts *counts;
	uint64_t kept;
	unsigned int threads;		/* the seconds are for so many workers */
	const struct progress *progress;
};

struct estimate;

/* The sampler, without codecs. Pages can always be stored as they are: that is codec 0. */
struct err *estimate_create(const struct estimate_params *params, struct estimate **ret)
	__attribute__((warn_unused_result));
void estimate_destroy(struct estimate *estimate);

/* Add an available codec; its memory is in use afterwards. */
struct err *estimate_add_codec(struct estimate *estimate, const struct codec *codec)
	__attribute__((warn_unused_result));

/* Take the sample. Once, when all codecs are there. ERR_STOPPED when asked to. */
struct err *estimate_sample(struct estimate *estimate) __attribute__((warn_unused_result));

/* What was looked at of a class. */
struct estimate_class {
	uint64_t pages;		/* of the machine; counted, or estimated */
	uint64_t sampled;
	uint64_t zero;		/* of these, filled with zeros */
};
void estimate_class_of(const struct estimate *estimate, enum page_class class,
		       struct estimate_class *ret);

/* A file that would be written. */
struct estimate_file {
	const struct codec *codec;	/* NULL: stored as they are */
	uint64_t pages;			/* with a descriptor, zero pages too */
	double bytes;			/* size of the file */
	double low, high;		/* the size lies between these with 95 % probability */
	double copy_seconds;		/* reading and compressing, as fast as the sample was */
};

/*
 * Estimate dump level @level with codec number @codec, in the order of adding;
 * false when there are no more codecs. ERR_* as kdump_geometry_init().
 */
struct err *estimate_file_at(const struct estimate *estimate, unsigned int level, size_t codec,
			     struct estimate_file *ret) __attribute__((warn_unused_result));
size_t estimate_codecs(const struct estimate *estimate);

/*
 * Seconds of judging all pages at one level, as fast as the sample was judged;
 * for machines that were not scanned.
 */
double estimate_judge_seconds(const struct estimate *estimate);

/* Bytes that a copy needs beside codec contexts: windows, queue, writer. */
uint64_t estimate_copy_memory(const struct estimate *estimate);

#endif
