// SPDX-License-Identifier: GPL-2.0-or-later
/* The ELF writer, read back through the ELF reader: forms, threads, and runs that fail. */
#include "output/writer.h"

#include "elf_info.h"
#include "output/elf_header.h"
#include "output/zero.h"
#include "pages/class.h"
#include "tests/unit/memdump.h"
#include "tests/unit/memsink.h"

static const struct memdump_params usual = {
	.word = 8, .order = ORDER_LITTLE, .machine = EM_X86_64, .page_shift = 12,
	.low_pfn = 3, .low_pages = 500,
	/* A plan block without memory lies between. */
	.high_pfn = 0x50010, .high_pages = 3300, .plan_budget = 1 << 20,
};

struct way {
	unsigned int level;
	unsigned int threads;
	size_t budget;
	const struct progress *progress;
};

static struct err *write_elf(const struct memdump *m, const struct way *way, struct memsink *out,
			     struct copy_stats *stats)
{
	struct writer_params params = {
		.kernel = &m->kernel,
		.level = way->level,
		.plan_budget = way->budget,
		.copy = { .dump = m->dump, .plan = m->plan, .share_zero = way->level & LEVEL_ZERO,
			  .threads = way->threads, .progress = way->progress },
	};

	return dump_writer_elf.write(&params, &out->sink, stats);
}

/* A page that the file must have, in a file that was written to the end. */
static bool is_stored(const struct memdump_params *p, uint64_t pfn, unsigned int level)
{
	return memdump_kept(p, pfn) &&
	       !((level & LEVEL_ZERO) && pfn % 5 == 0 && !memdump_lost(p, pfn));
}

static void check_page(const struct memdump *m, struct dump_view *view, uint64_t pfn,
		       unsigned int level, bool whole)
{
	size_t size = (size_t)1 << m->p.page_shift;
	uint8_t *want = calloc(1, size);
	const void *got = NULL;
	struct err *e = dump_view_get(view, pfn << m->p.page_shift, size, &got);

	if (!memdump_present(&m->p, pfn)) {
		CHECK_EQ(err_kind(e), ERR_NOT_PRESENT);
	} else if (!is_stored(&m->p, pfn, level)) {
		CHECK_EQ(err_kind(e), ERR_EXCLUDED);
	} else if (whole || !e) {
		CHECK(!e);
		if (!memdump_lost(&m->p, pfn))
			memdump_content(pfn, want, size);
		CHECK(got && !memcmp(got, want, size));
	} else {
		CHECK_EQ(err_kind(e), ERR_LOST);
	}
	err_free(e);
	free(want);
}

/* Open what is in @out and check every page; lost pages are fine unless @whole. */
static void check_file(const struct memdump *m, const struct memsink *out, unsigned int level,
		       bool whole)
{
	struct dump_view *view;
	struct source *src;
	struct dump *dump;
	struct err *e = source_open_memory(out->data, (size_t)out->len, &src);

	if (!e)
		e = dump_open_source(src, NULL, &dump);
	CHECK_OK(e);
	if (e)
		return;
	CHECK_OK(dump_set_page_size(dump, UINT64_C(1) << m->p.page_shift));
	CHECK_EQ(dump->incomplete, !whole || m->dump->incomplete);
	CHECK_EQ(dump->word, m->p.word);
	CHECK_EQ(dump->machine, m->p.machine);
	CHECK_EQ(dump->nr_cpus, MEMDUMP_CPUS);
	CHECK(dump->vmcoreinfo && dump->vmcoreinfo_len == strlen(MEMDUMP_INFO));
	CHECK_EQ(dump->notes_len, m->dump->notes_len);
	CHECK_EQ(dump->max_mapnr, m->dump->max_mapnr);
	CHECK_OK(dump_view_create(dump, 0, &view));
	for (uint64_t pfn = 0; pfn < m->p.low_pfn + m->p.low_pages + 3; pfn++)
		check_page(m, view, pfn, level, whole);
	for (uint64_t i = 0; i < m->p.high_pages; i++)
		check_page(m, view, m->p.high_pfn + i, level, whole);
	dump_view_destroy(view);
	dump_close(dump);
}

/* Write @m and check it; the caller destroys the result. */
static struct memsink *write_and_check(const struct memdump *m, const struct way *way, bool file)
{
	struct memsink *out = memsink_create(file);
	struct copy_stats stats;
	uint64_t pages = 0;

	CHECK_OK(write_elf(m, way, out, &stats));
	CHECK(out->finished);
	if (!file)
		out->len = out->sink.written;
	/* The mark is taken away, unless it was in the input. */
	for (uint64_t off = 0, flags = elf_flags_offset(m->p.word); off < out->len; off++)
		CHECK(out->count[off] == 1 + (off >= flags && off < flags + 4 && !m->dump->incomplete));
	CHECK_EQ(out->sink.written, out->len);
	check_file(m, out, way->level, true);
	for (uint64_t pfn = 0; pfn < m->dump->max_mapnr; pfn++)
		pages += is_stored(&m->p, pfn, way->level);
	CHECK_EQ(stats.elf_pages, pages);
	CHECK_EQ(stats.pages, plan_kept(m->plan));
	CHECK_EQ(stats.zero, plan_kept(m->plan) - pages);
	return out;
}

static void check_form(unsigned int word, enum byte_order order, uint16_t machine,
		       unsigned int page_shift)
{
	struct memdump_params p = usual;
	struct memdump m;

	p.word = word;
	p.order = order;
	p.machine = machine;
	p.page_shift = page_shift;
	p.low_pages = 50;
	p.high_pfn = word == 4 ? 0x3000 : 0x50000;
	p.high_pages = page_shift > 16 ? 10 : 60;
	p.cut_pages = 3;
	if (!memdump_open(&m, &p))
		return;
	memsink_destroy(&write_and_check(&m, &(struct way){ .level = 0 }, true)->sink);
	memsink_destroy(&write_and_check(&m, &(struct way){ .level = 1, .threads = 1 }, false)->sink);
	memdump_close(&m);
}

static void test_forms(void)
{
	check_form(8, ORDER_LITTLE, EM_X86_64, 12);
	check_form(8, ORDER_BIG, EM_S390, 12);
	check_form(8, ORDER_LITTLE, EM_AARCH64, 16);
	check_form(8, ORDER_BIG, EM_PPC64, 18);
	check_form(4, ORDER_LITTLE, EM_386, 12);
	check_form(4, ORDER_BIG, EM_PPC, 12);
}

/* Every byte is the same, whatever the number of threads and the memory of both plans. */
static void test_threads(void)
{
	struct memdump_params poor = usual;
	struct memsink *one, *many;
	struct memdump m, again;

	poor.plan_budget = 0;
	if (!memdump_open(&m, &usual) || !memdump_open(&again, &poor))
		return;
	one = write_and_check(&m, &(struct way){ .level = 31, .budget = 1 << 20 }, true);
	for (unsigned int threads = 0; threads < 8; threads = 2 * threads + 1) {
		many = write_and_check(&again, &(struct way){ .level = 31, .threads = threads }, true);
		CHECK(many->len == one->len && !memcmp(many->data, one->data, one->len));
		memsink_destroy(&many->sink);
	}
	memsink_destroy(&one->sink);
	memdump_close(&m);
	memdump_close(&again);
}

/* Pages that cannot be read are zeros that were looked for: not left out, and counted. */
static void test_bad_pages(void)
{
	struct memdump_params p = usual;
	struct memsink *out = memsink_create(true);
	struct copy_stats stats;
	struct memdump m;

	p.bad_pfn = p.high_pfn + 100;
	p.bad_pages = 30;
	if (!memdump_open(&m, &p))
		return;
	CHECK_OK(write_elf(&m, &(struct way){ .level = 1, .threads = 2 }, out, &stats));
	check_file(&m, out, 1, true);
	CHECK(stats.lost > 20 && stats.lost <= 30);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

/* Nothing stays: headers, notes, and memory that was left out. */
static struct err *keep_nothing(void *ctx, uint64_t block, uint8_t *keep)
{
	(void)ctx;
	(void)block;
	memset(keep, 0, PLAN_BLOCK / 8);
	return NULL;
}

static void test_nothing_stays(void)
{
	struct plan_judge none = { .judge = keep_nothing };
	struct memsink *out = memsink_create(true);
	struct copy_stats stats;
	struct elf_info *info;
	struct source *src;
	struct memdump m;

	if (!memdump_open(&m, &usual))
		return;
	plan_destroy(m.plan);
	CHECK_OK(plan_create(m.dump->max_mapnr, 0, &none, &m.plan));
	CHECK_OK(write_elf(&m, &(struct way){ .level = 31 }, out, &stats));
	CHECK_EQ(stats.elf_pages, 0);
	CHECK_OK(source_open_memory(out->data, (size_t)out->len, &src));
	CHECK_OK(elf_info_read(src, NULL, &info));
	CHECK_EQ(info->segment_count, 3);
	for (size_t i = 1; i < info->segment_count; i++) {
		CHECK_EQ(info->segments[i].filesz, 0);
		CHECK(info->segments[i].offset != 0);
	}
	elf_info_destroy(info);
	source_destroy(src);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

/* A disk that is full somewhere: marked, and what is there is right, on a device too. */
static void check_stump(const struct memdump *m, uint64_t space, unsigned int level, bool file)
{
	struct memsink *out = memsink_create(file);
	struct copy_stats stats;
	struct err *e;

	out->space = space;
	e = write_elf(m, &(struct way){ .level = level, .threads = space & 1 }, out, &stats);
	CHECK_EQ(err_kind(e), ERR_NO_SPACE);
	CHECK(!out->finished);
	if (strstr(err_text(e), "cannot be opened") || !out->sink.written)
		CHECK(space < 64 << 10);
	else
		CHECK(strstr(err_text(e), "is marked incomplete") != NULL);
	if (strstr(err_text(e), "is marked incomplete") && file)
		check_file(m, out, level, false);
	err_free(e);
	memsink_destroy(&out->sink);
}

static void test_full(void)
{
	struct memdump m;

	if (!memdump_open(&m, &usual))
		return;
	for (uint64_t space = 100; space < UINT64_C(9) << 20; space = space * 2 + 4097) {
		check_stump(&m, space, 0, true);
		check_stump(&m, space, 31, true);
		check_stump(&m, space, 31, false);
	}
	memdump_close(&m);
}

/* On a device nothing points to what was there before. */
static void test_full_device(void)
{
	struct memsink *out = memsink_create(false);
	struct copy_stats stats;
	struct elf_info *info;
	struct source *src;
	struct memdump m;
	uint64_t bytes = 0;
	struct err *e;

	if (!memdump_open(&m, &usual))
		return;
	out->space = UINT64_C(5) << 20;
	e = write_elf(&m, &(struct way){ .level = 1 }, out, &stats);
	CHECK_EQ(err_kind(e), ERR_NO_SPACE);
	err_free(e);
	CHECK_OK(source_open_memory(out->data, (size_t)out->len, &src));
	CHECK_OK(elf_info_read(src, NULL, &info));
	CHECK_EQ(info->flags, ELF_FLAG_INCOMPLETE);
	for (size_t i = 1; i < info->segment_count; i++) {
		const struct elf_segment *load = &info->segments[i];

		bytes += load->filesz;
		for (uint64_t off = 0; off < load->filesz; off++)
			CHECK(out->count[load->offset + off] == 1);
	}
	CHECK(bytes > UINT64_C(3) << 20);
	elf_info_destroy(info);
	source_destroy(src);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

static void stop_later(const struct progress *progress, enum phase phase, uint64_t done,
		       uint64_t total)
{
	(void)phase;
	if (done * 4 > total * 3)
		*(volatile sig_atomic_t *)progress->ctx = 1;
}

/* A signal ends the run in the middle of the data. */
static void test_stop(void)
{
	volatile sig_atomic_t stop = 0;
	struct progress progress = { .stop = &stop, .tick = stop_later, .ctx = (void *)&stop };
	struct memsink *out = memsink_create(true);
	struct copy_stats stats;
	struct memdump m;
	struct err *e;

	if (!memdump_open(&m, &usual))
		return;
	e = write_elf(&m, &(struct way){ .level = 1, .progress = &progress }, out, &stats);
	CHECK_EQ(err_kind(e), ERR_STOPPED);
	CHECK(strstr(err_text(e), "is marked incomplete") != NULL);
	err_free(e);
	check_file(&m, out, 1, false);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

int main(void)
{
	RUN(test_forms);
	RUN(test_threads);
	RUN(test_bad_pages);
	RUN(test_nothing_stays);
	RUN(test_full);
	RUN(test_full_device);
	RUN(test_stop);
	return unit_status();
}
