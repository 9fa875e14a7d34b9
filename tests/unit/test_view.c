// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading through views: windows, page assembly, lost pages. */
#include <errno.h>
#include <unistd.h>

#include "base/bytes.h"
#include "input/dump.h"
#include "input/stored.h"
#include "tests/unit/core_model.h"
#include "tests/unit/fault_source.h"
#include "tests/unit/unit.h"

static const struct elf_form le64 = { 8, ORDER_LITTLE };

static struct err *open_faulty(struct fault_source *src, const struct core_model *core,
			       struct dump **ret)
{
	fault_source_init(src, core->file, core->len);
	return dump_open_source(&src->base, NULL, ret);
}

/* One request equals byte-by-byte answers of the model; the first bad byte names the error. */
static bool agrees(struct dump_view *view, const struct core_model *core, uint64_t page,
		   uint64_t paddr, size_t len)
{
	static uint8_t want[DUMP_VIEW_MAX], copy[DUMP_VIEW_MAX];
	const void *got = NULL;
	struct err *e;
	int kind = 0;
	bool same;

	for (size_t i = 0; i < len && !kind; i++)
		kind = core_read(core, paddr + i, page, &want[i]);
	e = dump_view_get(view, paddr, len, &got);
	same = (int)err_kind(e) == kind && (kind ? got == NULL : memcmp(got, want, len) == 0);
	err_free(e);
	e = dump_view_read(view, paddr, copy, len);
	same = same && (int)err_kind(e) == kind && (kind || memcmp(copy, want, len) == 0);
	err_free(e);
	if (!same)
		printf("# paddr %#" PRIx64 " len %zu page %" PRIu64 " want kind %d\n", paddr, len,
		       page, kind);
	return same;
}

/* Sizes from single bytes to many pages, over a core full of edges. */
static void check_requests(struct dump_view *view, const struct core_model *core, uint64_t page,
			   uint64_t space, unsigned int count, uint64_t seed)
{
	unsigned int wrong = 0;

	while (count--) {
		uint64_t paddr = next_random(&seed) % space;
		size_t len = (size_t)(next_random(&seed) % 4 ? 4096 : next_random(&seed) % 20000 + 1);

		if (next_random(&seed) % 2)
			paddr &= ~UINT64_C(0xfff);
		wrong += !agrees(view, core, page, paddr, len);
	}
	CHECK_EQ(wrong, 0);
}

#define EDGY_LOADS 60

static void edgy_loads(struct elf_segment *loads, uint64_t space, uint64_t seed)
{
	for (size_t i = 0; i < EDGY_LOADS; i++) {
		uint64_t size = next_random(&seed) % (i % 5 ? 9000 : 200000) + 1;
		uint64_t paddr = next_random(&seed) % space;

		if (i % 3 == 0) {
			paddr &= ~UINT64_C(0xfff);
			size = (size + 0xfff) & ~UINT64_C(0xfff);
		}
		loads[i] = (struct elf_segment){ .paddr = paddr, .filesz = i % 4 ? size : size / 2,
						 .memsz = size };
	}
	loads[0].paddr |= 1;
}

/* Any mixture of loads, whole and cut off, before and after the page size is known. */
static void test_requests_against_naive(void)
{
	const uint64_t space = 2 << 20;
	struct elf_segment loads[EDGY_LOADS];

	for (uint64_t round = 1; round <= 12; round++) {
		struct fault_source src;
		struct core_model core;
		struct dump *dump = NULL;
		struct dump_view *view = NULL;

		edgy_loads(loads, space, round);
		core_build(&core, elf_forms[round % ELF_FORMS], loads, EDGY_LOADS, round * 13);
		if (round % 3 == 0)
			core.len -= 100001;
		CHECK_OK(open_faulty(&src, &core, &dump));
		src.base.no_map = round % 2;
		CHECK_OK(dump_view_create(dump, 64 << 10, &view));
		check_requests(view, &core, 0, space + 65536, 400, round);
		CHECK_OK(dump_set_page_size(dump, 4096));
		check_requests(view, &core, 4096, space + 65536, 1500, round);
		CHECK_OK(dump_set_page_size(dump, 16384));
		check_requests(view, &core, 16384, space + 65536, 400, round);
		CHECK(round % 2 ? src.maps == 0 : src.maps > 0);
		CHECK(src.most_mapped <= 1);
		dump_view_destroy(view);
		CHECK_EQ(src.mapped, 0);
		dump_close(dump);
		CHECK(src.destroyed);
		core_free(&core);
	}
}

/* The rule in one picture: a page put together from two loads, a hole and a tail left out. */
static void test_page_of_pieces(void)
{
	struct elf_segment loads[] = {
		{ .paddr = 0x3100, .filesz = 0x100, .memsz = 0x200 },
		/* Stores what the first only covers: wins there. */
		{ .paddr = 0x3280, .filesz = 0x100, .memsz = 0x100 },
		/* Stores what the first stores too: loses there. */
		{ .paddr = 0x3180, .filesz = 0x20, .memsz = 0x20 },
		{ .paddr = 0x4000, .filesz = 0, .memsz = 0x1000 },
	};
	struct fault_source src;
	struct core_model core;
	struct dump *dump = NULL;
	struct dump_view *view = NULL;
	const void *page = NULL, *none = NULL;
	uint8_t want[4096] = { 0 };

	core_build(&core, le64, loads, ARRAY_LEN(loads), 3);
	memcpy(want + 0x280, core.file + loads[1].offset, 0x100);
	memcpy(want + 0x100, core.file + loads[0].offset, 0x100);
	CHECK_OK(open_faulty(&src, &core, &dump));
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK_ERR(dump_view_get(view, 0x3000, 4096, &none), ERR_NOT_PRESENT);
	CHECK_ERR(dump_view_get(view, 0x3200, 8, &none), ERR_EXCLUDED);
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_OK(dump_view_get(view, 0x3000, 4096, &page));
	CHECK(page && memcmp(page, want, 4096) == 0);
	CHECK_ERR(dump_view_get(view, 0x4000, 4096, &none), ERR_EXCLUDED);
	CHECK_ERR(dump_view_get(view, 0x2000, 4096, &none), ERR_NOT_PRESENT);
	CHECK_ERR(dump_view_get(view, 0x5000, 4096, &none), ERR_NOT_PRESENT);
	CHECK_ERR(dump_view_get(view, 0x2ffc, 8, &none), ERR_NOT_PRESENT);
	CHECK_ERR(dump_view_get(view, 0x3ffc, 8, &none), ERR_EXCLUDED);
	CHECK_ERR(dump_view_get(view, UINT64_MAX - 2, 8, &none), ERR_NOT_PRESENT);
	CHECK_ERR(dump_view_get(view, 0x3000, 0, &none), ERR_OTHER);
	CHECK_ERR(dump_view_get(view, 0x3000, DUMP_VIEW_MAX + 1, &none), ERR_OTHER);
	CHECK(none == NULL);
	CHECK_EQ(dump_view_contiguous(view, 0x3000, 4096), 0);
	CHECK_EQ(dump_view_contiguous(view, 0x3100, 0x40), 0);
	dump_view_destroy(view);
	dump_close(dump);
	core_free(&core);
}

struct bad_spot {
	struct fault_source src;
	struct core_model core;
	struct elf_segment load;
	struct dump *dump;
	struct dump_view *view;
};

#define SPOT_PAGES 512

/* One load of SPOT_PAGES pages at 0x100000 whose page @bad cannot be read. */
static void bad_spot_init(struct bad_spot *spot, uint64_t bad, int errnum)
{
	memset(spot, 0, sizeof(*spot));
	spot->load = (struct elf_segment){ .paddr = 0x100000, .filesz = SPOT_PAGES * 4096,
					   .memsz = SPOT_PAGES * 4096 };
	core_build(&spot->core, le64, &spot->load, 1, 0);
	CHECK_OK(open_faulty(&spot->src, &spot->core, &spot->dump));
	CHECK_OK(dump_set_page_size(spot->dump, 4096));
	CHECK_OK(dump_view_create(spot->dump, 64 << 10, &spot->view));
	spot->src.bad_start = spot->load.offset + bad * 4096 + 17;
	spot->src.bad_end = spot->src.bad_start + 1;
	spot->src.bad_errno = errnum;
	spot->src.reads = 0;
}

static void bad_spot_deinit(struct bad_spot *spot)
{
	dump_view_destroy(spot->view);
	dump_close(spot->dump);
	core_free(&spot->core);
}

/* All pages in turn; only page @bad is lost. */
static void check_all_but(struct bad_spot *spot, uint64_t bad)
{
	unsigned int wrong = 0;

	for (uint64_t i = 0; i < SPOT_PAGES; i++) {
		const void *got = NULL;
		struct err *e = dump_view_get(spot->view, 0x100000 + i * 4096, 4096, &got);

		if (i == bad)
			wrong += err_kind(e) != ERR_LOST || got;
		else
			wrong += e || memcmp(got, spot->core.file + spot->load.offset + i * 4096, 4096);
		err_free(e);
	}
	CHECK_EQ(wrong, 0);
}

static void test_bad_page_is_alone(void)
{
	static const int errnums[] = { EIO, EFAULT, EHWPOISON };

	for (size_t i = 0; i < ARRAY_LEN(errnums); i++) {
		struct bad_spot spot;

		bad_spot_init(&spot, 200, errnums[i]);
		check_all_but(&spot, 200);
		/*
		 * One attempt per window of 16 pages (the load is not aligned in the file, so
		 * windows straddle), the bad one included, and only its pages are read.
		 */
		CHECK(spot.src.maps <= SPOT_PAGES / 16 + 2);
		CHECK(spot.src.reads <= 16 + 8);
		CHECK_EQ(spot.src.most_mapped, 1);
		bad_spot_deinit(&spot);

		bad_spot_init(&spot, 200, errnums[i]);
		spot.src.base.no_map = true;
		check_all_but(&spot, 200);
		CHECK_EQ(spot.src.maps, 0);
		/* Reading ahead 64 pages at a time, but only the pages around the bad one singly. */
		CHECK(spot.src.reads <= SPOT_PAGES / 64 + 64 + 4);
		bad_spot_deinit(&spot);
	}
}

/* Other refusals concern the device, not the page: they are passed on. */
static void test_other_errors_stay(void)
{
	struct bad_spot spot;
	const void *got = NULL;

	bad_spot_init(&spot, 3, ENXIO);
	spot.src.base.no_map = true;
	CHECK_ERR(dump_view_get(spot.view, 0x103000, 4096, &got), ERR_IO);
	bad_spot_deinit(&spot);
}

static void test_mapping_refused_for_good(void)
{
	struct bad_spot spot;

	bad_spot_init(&spot, SPOT_PAGES, EIO);
	spot.src.refuse_map = true;
	check_all_but(&spot, SPOT_PAGES);
	CHECK_EQ(spot.src.maps, 1);
	bad_spot_deinit(&spot);
}

/* Small reads neither map nor move a window. */
static void test_small_reads_do_not_map(void)
{
	struct bad_spot spot;
	unsigned int maps;
	uint64_t word, seed = 5;
	const void *got = NULL;

	bad_spot_init(&spot, SPOT_PAGES, EIO);
	for (int i = 0; i < 100; i++)
		CHECK_OK(dump_view_read(spot.view, 0x100000 + next_random(&seed) % 0x1ffff8, &word, 8));
	CHECK_EQ(spot.src.maps, 0);
	CHECK_OK(dump_view_get(spot.view, 0x180000, 4096, &got));
	maps = spot.src.maps;
	for (int i = 0; i < 100; i++)
		CHECK_OK(dump_view_read(spot.view, 0x100000 + next_random(&seed) % 0x1ffff8, &word, 8));
	CHECK_EQ(spot.src.maps, maps);
	CHECK(memcmp(got, spot.core.file + spot.load.offset + 0x80000, 4096) == 0);
	bad_spot_deinit(&spot);
}

/* The 8 bytes at page @page and @off of it are right. */
static void check_word(struct bad_spot *spot, uint64_t page, uint64_t off)
{
	uint64_t at = page * 4096 + off;
	uint8_t word[8] = { 0 };
	const void *got = NULL;

	CHECK_OK(dump_view_read(spot->view, 0x100000 + at, word, sizeof(word)));
	CHECK(memcmp(word, spot->core.file + spot->load.offset + at, sizeof(word)) == 0);
	CHECK_OK(dump_view_get(spot->view, 0x100000 + at, sizeof(word), &got));
	CHECK(got && memcmp(got, word, sizeof(word)) == 0);
}

/* What lies around a small read is not read again, unless memory may have changed. */
static void test_small_reads_are_kept(void)
{
	struct bad_spot spot;
	uint8_t word[8];

	bad_spot_init(&spot, 200, EIO);
	for (uint64_t off = 0; off + 8 <= 512; off += 8) {
		check_word(&spot, 3, off);
		check_word(&spot, 7, 1024 + off);
	}
	CHECK_EQ(spot.src.reads, 2);
	/* Over the end of what is kept. */
	check_word(&spot, 3, 508);
	/* A byte that is lost takes none of those beside it along. */
	check_word(&spot, 200, 8);
	CHECK_ERR(dump_view_read(spot.view, 0x100000 + 200 * 4096 + 16, word, 8), ERR_LOST);
	spot.src.reads = 0;
	spot.dump->live = true;
	for (unsigned int i = 0; i < 4; i++)
		CHECK_OK(dump_view_read(spot.view, 0x103000, word, 8));
	CHECK_EQ(spot.src.reads, 4);
	bad_spot_deinit(&spot);
}

/* Long runs come in pieces that one window serves, and never less than progress. */
static void test_contiguous_runs(void)
{
	struct bad_spot spot;
	uint64_t at = 0x100000, end = at + SPOT_PAGES * 4096;
	unsigned int runs = 0, single = 0;

	bad_spot_init(&spot, SPOT_PAGES, EIO);
	while (at < end) {
		size_t len = dump_view_contiguous(spot.view, at, end - at);
		const void *got = NULL;

		CHECK_EQ(len % 4096, 0);
		runs++;
		single += len == 0;
		len = len ? len : 4096;
		CHECK_OK(dump_view_get(spot.view, at, len, &got));
		CHECK(memcmp(got, spot.core.file + spot.load.offset + (at - 0x100000), len) == 0);
		at += len;
	}
	/* The first window is less than is worth mapping, so up to 16 pages of it come alone. */
	CHECK(single <= 16 + 1);
	CHECK(runs - single <= SPOT_PAGES / 16);
	CHECK_EQ(dump_view_contiguous(spot.view, 0x110000, 100), 100);
	CHECK_EQ(dump_view_contiguous(spot.view, end, 4096), 0);
	bad_spot_deinit(&spot);
}

/* What cannot be mapped is read in long runs too, each in one read. */
static void test_contiguous_reads(void)
{
	struct bad_spot spot;
	const void *got = NULL;

	bad_spot_init(&spot, SPOT_PAGES, EIO);
	spot.src.base.no_map = true;
	CHECK_EQ(dump_view_contiguous(spot.view, 0x103000, 20 * 4096), 20 * 4096);
	CHECK_EQ(dump_view_contiguous(spot.view, 0x103000, SPOT_PAGES * 4096), DUMP_VIEW_MAX);
	CHECK_EQ(dump_view_contiguous(spot.view, 0x2fe000, DUMP_VIEW_MAX), 2 * 4096);
	CHECK_EQ(spot.src.reads + spot.src.maps, 0);
	CHECK_OK(dump_view_get(spot.view, 0x103000, 20 * 4096, &got));
	CHECK_EQ(spot.src.reads, 1);
	bad_spot_deinit(&spot);
}

/* Of a running system nothing is read that was not asked for. */
static void test_no_reading_ahead_of_live_memory(void)
{
	struct bad_spot spot;

	bad_spot_init(&spot, 200, EIO);
	spot.src.base.no_map = true;
	spot.dump->live = true;
	check_all_but(&spot, 200);
	CHECK_EQ(spot.src.reads, SPOT_PAGES);
	bad_spot_deinit(&spot);
}

/* A real file, mapped and read, gives the same bytes as the model. */
static void test_mapped_equals_read(void)
{
	const uint64_t space = 2 << 20;
	struct elf_segment loads[EDGY_LOADS];
	char path[] = "/tmp/test_view.XXXXXX";
	struct core_model core;
	int fd = mkstemp(path);

	edgy_loads(loads, space, 4242);
	core_build(&core, le64, loads, EDGY_LOADS, 11);
	CHECK(fd >= 0 && write(fd, core.file, core.len) == (ssize_t)core.len);
	for (int no_mmap = 0; no_mmap < 2; no_mmap++) {
		struct dump_options options = { .no_mmap = no_mmap };
		struct dump *dump = NULL;
		struct dump_view *view = NULL;

		CHECK_OK(dump_open(path, &options, &dump));
		if (!dump)
			break;
		CHECK_OK(dump_set_page_size(dump, 4096));
		CHECK_OK(dump_view_create(dump, 0, &view));
		check_requests(view, &core, 4096, space + 65536, 1500, 77);
		dump_view_destroy(view);
		dump_close(dump);
	}
	close(fd);
	unlink(path);
	core_free(&core);
}

/*
 * A load between others, cut off by the end of the file: only its own whole
 * host pages are mapped, and no mapping is tried that must fail.
 */
static void test_windows_stay_inside(void)
{
	struct elf_segment loads[] = {
		{ .paddr = 0x1000, .filesz = 100000, .memsz = 100000 },
		{ .paddr = 0x100000, .filesz = 1000000, .memsz = 1000000 },
		{ .paddr = 0x800000, .filesz = 100000, .memsz = 100000 },
	};

	for (int cut = 0; cut < 2; cut++) {
		struct fault_source src;
		struct core_model core;
		struct dump *dump = NULL;
		struct dump_view *view = NULL;
		uint64_t low, high;
		unsigned int wrong = 0;

		core_build(&core, le64, loads, ARRAY_LEN(loads), 10);
		if (cut)
			core.len = loads[1].offset + 777777;
		low = round_up(loads[1].offset, 4096);
		high = round_down(min_u64(loads[1].offset + loads[1].filesz, core.len), 4096);
		CHECK_OK(open_faulty(&src, &core, &dump));
		CHECK_OK(dump_set_page_size(dump, 4096));
		CHECK_OK(dump_view_create(dump, 0, &view));
		for (uint64_t paddr = 0x100000; paddr < 0x100000 + 1000000; paddr += 4096)
			wrong += !agrees(view, &core, 4096, paddr, 4096);
		CHECK_EQ(wrong, 0);
		CHECK_EQ(src.map_low, low);
		CHECK_EQ(src.map_high, high);
		CHECK_EQ(src.maps, 1);
		CHECK_EQ(src.maps_failed, 0);
		dump_view_destroy(view);
		dump_close(dump);
		core_free(&core);
	}
}

static struct err *count_pages(void *ctx, uint64_t pa, const uint8_t *bytes, size_t len, bool *done)
{
	(void)pa;
	(void)bytes;
	(void)done;
	*(uint64_t *)ctx += len / 4096;
	return NULL;
}

/* A load claims 2^44 bytes and 25 pages are there: what is not is no page of its own to a pass. */
static void test_pass_over_a_claim(void)
{
	struct elf_segment load = { .paddr = 0x1000, .filesz = 25 * 4096, .memsz = 25 * 4096 };
	uint64_t pages = 0;
	struct stored_pass pass = { .look = count_pages, .ctx = &pages };
	struct dump_view *view = NULL;
	struct dump *dump = NULL;
	struct fault_source src;
	struct core_model core;
	uint8_t *phdr;

	core_build(&core, le64, &load, 1, 11);
	phdr = core.file + get_u64(core.file + 32, ORDER_LITTLE);
	put_u64(phdr + 32, UINT64_C(1) << 44, ORDER_LITTLE);
	put_u64(phdr + 40, UINT64_C(1) << 44, ORDER_LITTLE);
	CHECK_OK(open_faulty(&src, &core, &dump));
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK_EQ(dump_view_cut_off(view, 0x1000), 0);
	CHECK_EQ(dump_view_cut_off(view, 0x1000 + 26 * 4096), (UINT64_C(1) << 44) - 26 * 4096);
	CHECK_OK(dump_pass_stored(dump, view, &pass));
	CHECK_EQ(pages, 25);
	dump_view_destroy(view);
	dump_close(dump);
	core_free(&core);
}

static void test_windows_are_sane(void)
{
	struct bad_spot spot;
	struct dump_view *view = NULL;

	bad_spot_init(&spot, SPOT_PAGES, EIO);
	CHECK_ERR(dump_view_create(spot.dump, 4096, &view), ERR_OTHER);
	CHECK_ERR(dump_view_create(spot.dump, (64 << 10) + 4096, &view), ERR_OTHER);
	CHECK(view == NULL);
	dump_view_destroy(NULL);
	bad_spot_deinit(&spot);
	dump_close(NULL);
}

int main(void)
{
	RUN(test_requests_against_naive);
	RUN(test_page_of_pieces);
	RUN(test_bad_page_is_alone);
	RUN(test_other_errors_stay);
	RUN(test_mapping_refused_for_good);
	RUN(test_small_reads_do_not_map);
	RUN(test_small_reads_are_kept);
	RUN(test_contiguous_runs);
	RUN(test_contiguous_reads);
	RUN(test_no_reading_ahead_of_live_memory);
	RUN(test_mapped_equals_read);
	RUN(test_windows_stay_inside);
	RUN(test_pass_over_a_claim);
	RUN(test_windows_are_sane);
	return unit_status();
}
