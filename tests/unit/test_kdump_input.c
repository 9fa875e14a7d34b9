// SPDX-License-Identifier: GPL-2.0-or-later
/* Kdump-compressed input: what the reader makes of files built by hand. */
#include <stdlib.h>

#include "tests/unit/kdumpbuild.h"
#include "tests/unit/unit.h"

static struct err *open_pieces(struct kdumpbuild *const *pieces, size_t count, struct dump **ret)
{
	char paths[3][64];
	const char *names[3] = { NULL };
	struct err *e;

	for (size_t i = 0; i < count; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/tmp/test_kdump_input.%d.%zu", getpid(), i);
		kdumpbuild_save(pieces[i], paths[i]);
		names[i] = paths[i];
	}
	e = dump_open_set(names, count, NULL, ret);
	for (size_t i = 0; i < count; i++)
		unlink(paths[i]);
	return e;
}

/* Page @pfn through @view holds what was stored as @pfn. */
static bool page_is(struct dump_view *view, uint64_t pfn, unsigned int shift)
{
	const void *got = NULL;
	uint8_t want[4096];
	struct err *e = dump_view_get(view, pfn << shift, sizeof(want), &got);

	kdumpbuild_content(pfn, want);
	if (e) {
		err_free(e);
		return false;
	}
	return !memcmp(got, want, sizeof(want));
}

static enum err_kind kind_at(struct dump_view *view, uint64_t paddr, size_t len)
{
	const void *got;
	struct err *e = dump_view_get(view, paddr, len, &got);
	enum err_kind kind = err_kind(e);

	err_free(e);
	return kind;
}

static void test_every_layout(void)
{
	for (size_t i = 0; i < KDUMPBUILD_FORMS; i++) {
		struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[i], 100);
		struct dump_view *view = NULL;
		struct dump *dump = NULL;

		kdumpbuild_drop(b, 10, 20);
		kdumpbuild_finish(b);
		CHECK_OK(kdumpbuild_open(b, &dump));
		if (!dump)
			return;
		CHECK_EQ(dump->word, kdumpbuild_forms[i].word);
		CHECK_EQ(dump->order, kdumpbuild_forms[i].order);
		CHECK_EQ(dump->dump_level, 17);
		CHECK_EQ(dump->phys_base, 0x1000);
		CHECK_EQ(dump->crash_time, 1700000000);
		CHECK(!strcmp(dump->uts->field[4], kdumpbuild_forms[i].machine));
		CHECK(dump->vmcoreinfo_len == 14 && !memcmp(dump->vmcoreinfo, "PAGESIZE=4096\n", 14));
		CHECK(!dump->incomplete && dump->no_vmemmap);
		CHECK_OK(dump_set_page_size(dump, 4096));
		CHECK_EQ(dump->max_mapnr, 100);
		CHECK_EQ(dump->present_count, 100);
		CHECK_EQ(dump->stored_count, 90);
		CHECK_OK(dump_view_create(dump, 0, &view));
		for (uint64_t pfn = 0; pfn < 100; pfn++) {
			if (pfn >= 10 && pfn < 20)
				CHECK_EQ(kind_at(view, pfn << 12, 4096), ERR_EXCLUDED);
			else
				CHECK(page_is(view, pfn, 12));
		}
		CHECK_EQ(kind_at(view, 100 << 12, 1), ERR_NOT_PRESENT);
		dump_view_destroy(view);
		dump_close(dump);
		kdumpbuild_destroy(b);
	}
}

static void test_reads_across_and_inside_pages(void)
{
	struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[0], 64);
	struct dump_view *view = NULL;
	struct dump *dump = NULL;
	uint8_t all[64 * 4096], got[9000];

	kdumpbuild_finish(b);
	CHECK_OK(kdumpbuild_open(b, &dump));
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_OK(dump_view_create(dump, 0, &view));
	for (uint64_t pfn = 0; pfn < 64; pfn++)
		kdumpbuild_content(pfn, all + pfn * 4096);
	for (uint64_t at = 0; at + sizeof(got) <= sizeof(all); at += 3001) {
		CHECK_OK(dump_view_read(view, at, got, sizeof(got)));
		CHECK(!memcmp(got, all + at, sizeof(got)));
		/* Back to a page of before, as walks of page tables do. */
		CHECK_OK(dump_view_read(view, at / 2, got, 8));
		CHECK(!memcmp(got, all + at / 2, 8));
	}
	dump_view_destroy(view);
	dump_close(dump);
	kdumpbuild_destroy(b);
}

/* Blocks of 4 KiB as pages of 16 KiB: one block makes the page exist, missing ones are zeros. */
static void test_blocks_smaller_than_pages(void)
{
	struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[0], 41);
	struct dump_view *view = NULL;
	struct dump *dump = NULL;
	uint8_t want[4096], bits[8];
	const void *got = NULL;

	kdumpbuild_drop(b, 1, 3);
	kdumpbuild_drop(b, 8, 20);
	kdumpbuild_remove(b, 12, 14);
	kdumpbuild_remove(b, 16, 20);
	kdumpbuild_finish(b);
	CHECK_OK(kdumpbuild_open(b, &dump));
	CHECK_OK(dump_set_page_size(dump, 16384));
	CHECK_EQ(dump->max_mapnr, 11);
	CHECK_EQ(dump->present_count, 10);
	CHECK_EQ(dump->stored_count, 8);
	CHECK_OK(dump_stored_bits(dump, 0, 11, bits));
	CHECK_EQ(get_u64(bits, ORDER_LITTLE), 0x7e3);
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK_OK(dump_view_get(view, 0, 16384, &got));
	kdumpbuild_content(3, want);
	CHECK(got && !memcmp((const uint8_t *)got + 3 * 4096, want, 4096));
	memset(want, 0, sizeof(want));
	CHECK(got && !memcmp((const uint8_t *)got + 4096, want, 4096));
	CHECK_EQ(kind_at(view, 2 * 16384, 16384), ERR_EXCLUDED);
	/* The page exists, but its first block does not. */
	CHECK_EQ(kind_at(view, 3 * 16384, 16384), ERR_EXCLUDED);
	CHECK_EQ(kind_at(view, 4 * 16384, 16384), ERR_NOT_PRESENT);
	dump_view_destroy(view);
	dump_close(dump);
	kdumpbuild_destroy(b);
}

static void test_bad_descriptors_are_lost(void)
{
	static const struct kdump_desc bad[] = {
		{ 0, 0, 0 }, { 1, 0, 0 }, { UINT64_MAX, 4096, 0 }, { 8192, 4097, 1 }, { 8192, 17, 0 },
		{ 8192, 4095, 0x40 }, { UINT64_C(1) << 62, 4096, 0 }, { 4096, 100, 1 }, { 4096, 100, 2 },
		{ 4096, 4000, 4 }, { 4096, 9, 0x20 },
		{ 8192, 0x7fffffff, 1 },
	};
	struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[0], 64);
	struct dump_view *view = NULL;
	struct dump *dump = NULL;

	kdumpbuild_finish(b);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		kdumpbuild_put_desc(b, 2 * i, &bad[i]);
	CHECK_OK(kdumpbuild_open(b, &dump));
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_OK(dump_view_create(dump, 0, &view));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_EQ(kind_at(view, 2 * i << 12, 4096), ERR_LOST);
		CHECK(page_is(view, 2 * i + 1, 12));
	}
	dump_view_destroy(view);
	dump_close(dump);
	kdumpbuild_destroy(b);
}

static struct kdumpbuild *make_piece(uint64_t first, uint64_t end)
{
	struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[0], 192);

	kdumpbuild_split(b, first, end);
	kdumpbuild_drop(b, 100, 110);
	kdumpbuild_finish(b);
	return b;
}

static void test_split_set(void)
{
	struct kdumpbuild *pieces[3] = { make_piece(128, 192), make_piece(0, 64), make_piece(64, 128) };
	struct dump_view *view = NULL;
	struct dump *dump = NULL;
	uint8_t bits[24];

	CHECK_OK(open_pieces(pieces, 3, &dump));
	if (!dump)
		return;
	CHECK(!dump->incomplete);
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK_OK(dump_stored_bits(dump, 0, 192, bits));
	for (uint64_t i = 0; i < 192; i++) {
		uint64_t pfn = i * 77 % 192;

		CHECK_EQ(bits[pfn / 8] >> pfn % 8 & 1, pfn < 100 || pfn >= 110);
		if (pfn >= 100 && pfn < 110)
			CHECK_EQ(kind_at(view, pfn << 12, 4096), ERR_EXCLUDED);
		else
			CHECK(page_is(view, pfn, 12));
	}
	dump_view_destroy(view);
	dump_close(dump);
	dump = NULL;
	/* One is missing: what the others have can be used, the rest is lost and not excluded. */
	CHECK_OK(open_pieces(pieces, 2, &dump));
	CHECK(dump && dump->incomplete);
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK(page_is(view, 63, 12) && page_is(view, 128, 12));
	CHECK_EQ(kind_at(view, 70 << 12, 4096), ERR_LOST);
	CHECK_EQ(kind_at(view, 105 << 12, 4096), ERR_EXCLUDED);
	dump_view_destroy(view);
	dump_close(dump);
	for (size_t i = 0; i < 3; i++)
		kdumpbuild_destroy(pieces[i]);
}

/* A piece may be empty: it begins where another one does, whichever is named first. */
static void test_set_with_an_empty_piece(void)
{
	struct kdumpbuild *pieces[3] = { make_piece(64, 192), make_piece(64, 64), make_piece(0, 64) };
	struct dump_view *view = NULL;
	struct dump *dump = NULL;

	CHECK_OK(open_pieces(pieces, 3, &dump));
	if (!dump)
		return;
	CHECK(!dump->incomplete);
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK(page_is(view, 63, 12) && page_is(view, 64, 12));
	dump_view_destroy(view);
	dump_close(dump);
	for (size_t i = 0; i < 3; i++)
		kdumpbuild_destroy(pieces[i]);
}

/* The end of the data is missing, and the last pages all have their data at its beginning. */
static void test_cut_off_before_shared_pages(void)
{
	struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[0], 2600);
	struct kdump_desc first, last;

	kdumpbuild_finish(b);
	first = kdumpbuild_desc(b, 0);
	last = kdumpbuild_desc(b, 99);
	for (uint64_t number = 100; number < b->pages; number++)
		kdumpbuild_put_desc(b, number, &first);
	for (size_t lost = 0; lost < 2; lost++) {
		struct dump *dump = NULL;

		b->len = (size_t)last.off + last.len - lost;
		CHECK_OK(kdumpbuild_open(b, &dump));
		CHECK(dump && dump->incomplete == (lost == 1));
		dump_close(dump);
	}
	kdumpbuild_destroy(b);
}

static void check_set_refused(struct kdumpbuild *a, struct kdumpbuild *b, const char *part)
{
	struct kdumpbuild *pieces[] = { a, b };
	struct dump *dump = NULL;
	struct err *e = open_pieces(pieces, 2, &dump);

	CHECK_EQ(err_kind(e), ERR_BAD_INPUT);
	CHECK(e && strstr(err_text(e), part));
	err_free(e);
	dump_close(dump);
}

static void test_sets_that_do_not_fit(void)
{
	struct kdumpbuild *first = make_piece(0, 64), *second = make_piece(32, 192);
	struct kdumpbuild *whole = kdumpbuild_create(kdumpbuild_forms[0], 192);
	struct kdumpbuild *other = kdumpbuild_create(kdumpbuild_forms[0], 100);

	kdumpbuild_finish(whole);
	kdumpbuild_split(other, 64, 100);
	kdumpbuild_finish(other);
	check_set_refused(first, second, "both have the page frames from 0x20 on");
	check_set_refused(first, whole, "a whole one");
	check_set_refused(first, other, "is no piece of the dump");
	kdumpbuild_destroy(second);
	second = make_piece(64, 192);
	put_u32(second->file + 4096 + second->form.split - 4, 31, second->form.order);
	check_set_refused(first, second, "dump_level 31, not 17");
	kdumpbuild_destroy(first);
	kdumpbuild_destroy(second);
	kdumpbuild_destroy(whole);
	kdumpbuild_destroy(other);
}

/* The stored form of a page is what the file has; nothing is handed out for pages of another size. */
static void test_stored_form(void)
{
	struct kdumpbuild *b = kdumpbuild_create(kdumpbuild_forms[0], 64);
	struct dump_stored stored = { 0 };
	struct dump_view *view = NULL;
	struct dump *dump = NULL;
	const void *got = NULL;

	kdumpbuild_finish(b);
	CHECK_OK(kdumpbuild_open(b, &dump));
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_OK(dump_view_create(dump, 0, &view));
	for (uint64_t pfn = 0; pfn < 64; pfn++) {
		struct kdump_desc desc = kdumpbuild_desc(b, pfn);

		CHECK_OK(dump_view_get(view, pfn << 12, 4096, &got));
		CHECK(dump_view_stored(view, pfn, &stored));
		CHECK(page_is(view, pfn, 12));
		CHECK_EQ(stored.len, desc.len);
		CHECK_EQ(stored.flags, desc.flags);
		CHECK(dump_view_stored(view, pfn, &stored));
		CHECK(!memcmp(stored.data, b->file + desc.off, desc.len));
	}
	CHECK(!dump_view_stored(view, 64, &stored));
	CHECK_OK(dump_set_page_size(dump, 8192));
	CHECK(!dump_view_stored(view, 1, &stored));
	dump_view_destroy(view);
	dump_close(dump);
	kdumpbuild_destroy(b);
}

int main(void)
{
	RUN(test_every_layout);
	RUN(test_reads_across_and_inside_pages);
	RUN(test_blocks_smaller_than_pages);
	RUN(test_bad_descriptors_are_lost);
	RUN(test_split_set);
	RUN(test_set_with_an_empty_piece);
	RUN(test_cut_off_before_shared_pages);
	RUN(test_sets_that_do_not_fit);
	RUN(test_stored_form);
	return unit_status();
}
