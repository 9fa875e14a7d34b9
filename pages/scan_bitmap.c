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

/* Bits that are 0: in the whole bitmap, and those that @job would obey. */
static struct err *count_bits(const struct scan_job *job, uint64_t *ret_all, uint64_t *ret_found)
{
	const struct scan_taker taker = { .take = take_nothing };
	struct scan_counts counts = { 0 };
	struct dump_view *view;
	struct err *e;

	TRY(dump_view_create(job->kernel->dump, job->window, &view));
	e = crash_bitmap_count_zero(job->bitmap, view, ret_all);
	dump_view_destroy(view);
	TRY(e);
	TRY(scan_unnamed(job, 0, &taker, &counts, NULL));
	*ret_found = counts.dropped[PAGE_BY_KERNEL];
	return NULL;
}

struct err *scan_check_bitmap(const struct scan_job *job)
{
	uint64_t counted = crash_bitmap_total(job->bitmap), all = 0, found = 0;

	TRY(check_level(job));
	TRY(err_prepend(count_bits(job, &all, &found), "crash_dump_bitmap_info.bitmap"));
	/* It may have left out pages that are not in the dump, and have bits for pages that do not exist. */
	if (found > counted || all < counted)
		return err_new(ERR_BAD_INPUT, "%llu bits of the bitmap are 0, %llu of them for pages of "
			       "this dump, and the counters of crash_dump_bitmap_info say %llu",
			       (unsigned long long)all, (unsigned long long)found,
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
