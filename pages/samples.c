/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages/samples.h"

#include "base/checked.h"

static uint64_t stride_of(const struct class_samples *samples)
{
	return samples->stride ? samples->stride : 1;
}

/* Keep every second sample. */
static void thin_out(struct class_samples *samples)
{
	for (unsigned int i = 0; i < SAMPLES_MAX / 2; i++)
		samples->pfn[i] = samples->pfn[2 * i];
	samples->count = SAMPLES_MAX / 2;
	samples->stride = stride_of(samples) * 2;
}

void class_samples_take(struct class_samples *samples, uint64_t pfn, uint64_t n)
{
	uint64_t at = samples->until;

	while (at < n) {
		if (samples->count == SAMPLES_MAX)
			thin_out(samples);
		samples->pfn[samples->count++] = pfn + at;
		at += stride_of(samples);
	}
	samples->until = at - n;
}

/* Each of @from stands for as many pages as lie between two of them. */
static void merge_class(struct class_samples *to, const struct class_samples *from)
{
	uint64_t step = stride_of(from);

	for (unsigned int i = 0; i < from->count; i++) {
		if (to->until) {
			to->until -= min_u64(to->until, step);
			continue;
		}
		class_samples_take(to, from->pfn[i], 1);
		to->until -= min_u64(to->until, step - 1);
	}
}

void scan_samples_merge(struct scan_samples *sum, const struct scan_samples *samples)
{
	for (unsigned int class = 0; class < PAGE_CLASSES; class++)
		merge_class(&sum->of[class], &samples->of[class]);
	merge_class(&sum->hugetlb, &samples->hugetlb);
}
