/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crashed kernel's own bitmap instead of its struct pages: -q. */
#include "pages/scanner.h"

static const enum page_class classes[CRASH_BITMAP_COUNTERS] = {
	[CRASH_BITMAP_CACHE] = PAGE_CACHE,
	[CRASH_BITMAP_CACHE_PRIVATE] = PAGE_CACHE_PRIVATE,
	[CRASH_BITMAP_USER] = PAGE_USER,
	[CRASH_BITMAP_FREE] = PAGE_FREE,
	[CRASH_BITMAP_HWPOISON] = PAGE_HWPOISON,
};

void scanner_bitmap(struct scanner *scanner, uint64_t from, uint64_t to)
{
	struct crash_bitmap_piece *piece = &scanner->piece;
	struct dump_view *view = kreader_view(scanner->reader);

	while (from < to) {
		uint64_t base = round_down(from, CRASH_BITMAP_PIECE);
		uint64_t end = min_u64(to, base + CRASH_BITMAP_PIECE), clear, set;
		struct err *e = crash_bitmap_load(scanner->job->bitmap, view, from, piece);

		if (e)
			scanner_settle(scanner, from, end, verdict_keep(KEEP_UNREADABLE));
		for (set = from; !e && set < end;) {
			clear = base + bits_next_clear(piece->bits, set - base, end - base);
			set = base + bits_next_set(piece->bits, clear - base, end - base);
			scanner_settle(scanner, clear, set, verdict_of(PAGE_BY_KERNEL, 0));
		}
		err_free(e);
		from = end;
	}
}

static struct err *take_nothing(void *ctx, uint64_t block, const uint8_t *keep)
{
	(void)ctx;
	(void)block;
	(void)keep;
	return NULL;
}

static struct err *check_level(const struct scan_job *job)
{
	for (unsigned int i = 0; i < CRASH_BITMAP_COUNTERS; i++) {
		if (job->bitmap->pages[i] && page_class_stays(job->level, classes[i]))
			return err_new(ERR_UNSUPPORTED, "the kernel left out more than -d %u does: "
				       "crash_dump_bitmap_info.%s is %llu", job->level,
				       crash_bitmap_counter_name(i),
				       (unsigned long long)job->bitmap->pages[i]);
	}
	return NULL;
}

struct err *scan_check_bitmap(const struct scan_job *job)
{
	const struct scan_taker taker = { .take = take_nothing };
	uint64_t counted = crash_bitmap_total(job->bitmap), found;
	struct scan_job only = *job;
	struct scan_counts counts = { 0 };

	TRY(check_level(job));
	only.unused_vmemmap = NULL;
	TRY(scan_each(&only, 0, &taker, &counts, NULL));
	found = counts.dropped[PAGE_BY_KERNEL];
	if (counts.kept_for[KEEP_UNREADABLE])
		return err_new(ERR_BAD_INPUT, "the bits of %llu pages cannot be read",
			       (unsigned long long)counts.kept_for[KEEP_UNREADABLE]);
	/* It may have left out pages that are not in the dump, but not half of all it counted. */
	if (found > counted || found < counted / 2)
		return err_new(ERR_BAD_INPUT, "%llu bits for pages of this dump are 0, and the counters "
			       "of crash_dump_bitmap_info say %llu", (unsigned long long)found,
			       (unsigned long long)counted);
	return NULL;
}

void scan_name_classes(const struct crash_bitmap *bitmap, struct scan_counts *counts)
{
	static const enum crash_bitmap_counter missing_first[] = {
		CRASH_BITMAP_FREE, CRASH_BITMAP_CACHE, CRASH_BITMAP_USER,
		CRASH_BITMAP_CACHE_PRIVATE, CRASH_BITMAP_HWPOISON,
	};
	uint64_t total = crash_bitmap_total(bitmap);
	uint64_t missing = total - min_u64(total, counts->dropped[PAGE_BY_KERNEL]);

	for (unsigned int i = 0; i < ARRAY_LEN(missing_first); i++) {
		uint64_t pages = bitmap->pages[missing_first[i]];
		uint64_t less = min_u64(pages, missing);

		missing -= less;
		counts->dropped[classes[missing_first[i]]] += pages - less;
	}
	counts->dropped[PAGE_BY_KERNEL] = 0;
}
