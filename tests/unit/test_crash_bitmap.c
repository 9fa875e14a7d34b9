/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crashed kernel's bitmap: what is read, what is refused, and what a scan makes of it. */
#include "kernel/crash_bitmap.h"

#include "base/bits.h"
#include "pages/scan.h"
#include "tests/unit/flatkernel.h"

#define PAGES UINT64_C(4096)
#define BYTES (PAGES / 8)
#define INFO UINT64_C(0x100000)
#define BITMAP UINT64_C(0x200000)
#define SYMBOL_INFO "SYMBOL(crash_dump_bitmap_info)=100000\n"

static const struct elf_form form64 = { 8, ORDER_LITTLE };

/* The fields as a C compiler would lay them out. */
struct info {
	uint32_t version;
	uint64_t bitmap;
	uint64_t size;
	uint64_t pages[CRASH_BITMAP_COUNTERS];
};

static const struct info good = { 1, BITMAP, BYTES, { 10, 20, 30, 40, 0 } };

static void put_info(const struct flatkernel *fk, const struct info *info, unsigned int align)
{
	unsigned int word = fk->mk.form.word;

	memkernel_put_u32(&fk->mk, INFO, info->version);
	memkernel_put_u64(&fk->mk, INFO + align, info->bitmap);
	memkernel_put_u64(&fk->mk, INFO + align + 8, info->size);
	for (unsigned int i = 0; i < CRASH_BITMAP_COUNTERS; i++)
		memkernel_put_word(&fk->mk, INFO + align + 16 + i * word, info->pages[i]);
}

/* 16 MiB whose bitmap leaves out pfns 1000 to 1099. */
static void init_form(struct flatkernel *fk, struct elf_form form, const struct info *info,
		      unsigned int align)
{
	const struct memseg seg = { .size = PAGES << 12, .vaddr = UINT64_MAX };
	uint8_t *bits;

	flatkernel_init(fk, form);
	memkernel_add(&fk->mk, &seg);
	bits = memkernel_at(&fk->mk, BITMAP, 2 * BYTES);
	memset(bits, 0xff, 2 * BYTES);
	bits_clear_range(bits, 1000, 1100);
	put_info(fk, info, align);
}

static void init(struct flatkernel *fk, const struct info *info)
{
	init_form(fk, form64, info, 8);
}

static void check_good(const struct crash_bitmap *bitmap)
{
	CHECK_EQ(bitmap->pa, BITMAP);
	CHECK_EQ(bitmap->pfns, PAGES);
	CHECK_EQ(crash_bitmap_total(bitmap), 100);
	CHECK_EQ(bitmap->pages[CRASH_BITMAP_CACHE], 10);
	CHECK_EQ(bitmap->pages[CRASH_BITMAP_CACHE_PRIVATE], 20);
	CHECK_EQ(bitmap->pages[CRASH_BITMAP_USER], 30);
	CHECK_EQ(bitmap->pages[CRASH_BITMAP_FREE], 40);
	CHECK_EQ(bitmap->pages[CRASH_BITMAP_HWPOISON], 0);
	CHECK_EQ(bitmap->info[0], INFO >> 12);
	CHECK_EQ(bitmap->info[1], INFO >> 12);
}

/* Every word size, byte order and alignment. */
static void test_forms(void)
{
	static const struct {
		struct elf_form form;
		uint16_t machine;
		unsigned int align;
	} forms[] = {
		{ { 8, ORDER_LITTLE }, EM_X86_64, 8 }, { { 8, ORDER_BIG }, EM_PPC64, 8 },
		{ { 4, ORDER_LITTLE }, EM_386, 4 }, { { 4, ORDER_LITTLE }, EM_ARM, 8 },
		{ { 4, ORDER_BIG }, EM_PPC, 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct crash_bitmap bitmap;
		struct flatkernel fk;

		init_form(&fk, forms[i].form, &good, forms[i].align);
		fk.mk.machine = forms[i].machine;
		if (flatkernel_open(&fk, SYMBOL_INFO)) {
			CHECK_OK(crash_bitmap_read(fk.reader, NULL, &bitmap));
			check_good(&bitmap);
		}
		flatkernel_close(&fk);
	}
}

/* crash_bitmap_read() refuses with a text that has @part in it. */
static void check_refused(struct flatkernel *fk, const char *info, enum err_kind kind,
			  const char *part)
{
	struct crash_bitmap bitmap;

	if (flatkernel_open(fk, info)) {
		struct err *e = crash_bitmap_read(fk->reader, NULL, &bitmap);

		CHECK_EQ(err_kind(e), kind);
		if (!e || !strstr(err_text(e), part)) {
			printf("# %s, not %s\n", e ? err_text(e) : "accepted", part);
			unit_current++;
		}
		err_free(e);
	}
	flatkernel_close(fk);
}

static void test_hostile_fields(void)
{
	static const struct {
		struct info info;
		enum err_kind kind;
		const char *part;
	} bad[] = {
		{ { 0, BITMAP, BYTES, { 1 } }, ERR_UNSUPPORTED, "crash_dump_bitmap_info.version is 0, not 1" },
		{ { 2, BITMAP, BYTES, { 1 } }, ERR_UNSUPPORTED, "version is 2" },
		{ { 1, 0, BYTES, { 1 } }, ERR_BAD_INPUT, "crash_dump_bitmap_info.bitmap is 0" },
		{ { 1, BITMAP, 0, { 1 } }, ERR_BAD_INPUT, "bitmap_size is 0" },
		{ { 1, UINT64_MAX - 10, BYTES, { 1 } }, ERR_BAD_INPUT, "bitmap is 0xfffffffffffffff5, .bitmap_size is 0x200" },
		{ { 1, UINT64_MAX - BYTES + 1, BYTES, { 1 } }, ERR_BAD_INPUT, "is not in the dump" },
		{ { 1, BITMAP, UINT64_MAX - BITMAP, { 1 } }, ERR_BAD_INPUT, "page frame 0x1000 of it" },
		{ { 1, BITMAP, UINT64_MAX, { 1 } }, ERR_BAD_INPUT, ".bitmap_size is 0xffff" },
		{ { 1, PAGES << 12, BYTES, { 1 } }, ERR_BAD_INPUT, "page frame 0x1000 of it" },
		/* Its last byte is behind the end of memory. */
		{ { 1, (PAGES << 12) - BYTES + 1, BYTES, { 1 } }, ERR_BAD_INPUT, "page frame 0x1000 of it" },
		{ { 1, BITMAP, BYTES, { 1, 1, 1, PAGES + 1 } }, ERR_BAD_INPUT, "free_pages is 4097" },
		{ { 1, BITMAP, BYTES, { 0, 0, UINT64_MAX } }, ERR_BAD_INPUT, "user_pages is 1844" },
		{ { 1, BITMAP, BYTES, { 0 } }, ERR_BAD_INPUT, "did not fill its bitmap" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct flatkernel fk;

		init(&fk, &bad[i].info);
		check_refused(&fk, SYMBOL_INFO, bad[i].kind, bad[i].part);
	}
}

static void test_no_struct(void)
{
	struct flatkernel fk;

	init(&fk, &good);
	check_refused(&fk, "PAGESIZE=4096\n", ERR_NOT_FOUND, "no symbol crash_dump_bitmap_info");
	init(&fk, &good);
	check_refused(&fk, "SYMBOL(crash_dump_bitmap_info)=1000000\n", ERR_NOT_PRESENT,
		      "crash_dump_bitmap_info: kernel address 0x1000000");
	/* All but its last bytes are there. */
	init(&fk, &good);
	check_refused(&fk, "SYMBOL(crash_dump_bitmap_info)=ffffd0\n", ERR_NOT_PRESENT, "0x1000000");
}

/* A dump that was filtered before, and a running system. */
static void test_unsuitable_dumps(void)
{
	const struct memseg gone = { .paddr = PAGES << 12, .size = 4096, .vaddr = UINT64_MAX,
				     .excluded = true };
	struct crash_bitmap bitmap;
	struct flatkernel fk;

	init(&fk, &good);
	memkernel_add(&fk.mk, &gone);
	check_refused(&fk, SYMBOL_INFO, ERR_UNSUPPORTED, "left out of this dump before");
	init(&fk, &good);
	if (flatkernel_open(&fk, SYMBOL_INFO)) {
		fk.mk.dump->live = true;
		CHECK_ERR(crash_bitmap_read(fk.reader, NULL, &bitmap), ERR_UNSUPPORTED);
	}
	flatkernel_close(&fk);
}

/* A page in the middle of the bitmap is in no segment. */
static void test_hole(void)
{
	const struct memseg low = { .size = 0x204000, .vaddr = UINT64_MAX };
	const struct memseg high = { .paddr = 0x205000, .size = 0x10000, .vaddr = UINT64_MAX };
	const struct info info = { 1, 0x203004, 0x2000, { 1 } };
	struct flatkernel fk;

	flatkernel_init(&fk, form64);
	memkernel_add(&fk.mk, &low);
	memkernel_add(&fk.mk, &high);
	put_info(&fk, &info, 8);
	check_refused(&fk, SYMBOL_INFO, ERR_BAD_INPUT, "page frame 0x204 of it is not in the dump");
}

/* Of pages with symbols pfn 1050 is left out, pfn 768 is not. */
static void test_kernel_stays(void)
{
	struct crash_bitmap bitmap;
	struct flatkernel fk;

	init(&fk, &good);
	check_refused(&fk, SYMBOL_INFO "SYMBOL(init_uts_ns)=300000\nSYMBOL(_stext)=41a010\n",
		      ERR_BAD_INPUT, "leaves out page frame 0x41a, which holds _stext");
	init(&fk, &good);
	if (flatkernel_open(&fk, SYMBOL_INFO "SYMBOL(_stext)=300000\nSYMBOL(init_uts_ns)=fff0000000\n"))
		CHECK_OK(crash_bitmap_read(fk.reader, NULL, &bitmap));
	flatkernel_close(&fk);
}

struct scan {
	struct flatkernel fk;
	struct crash_bitmap bitmap;
	struct scan_job job;
	struct scan_counts counts;
	uint8_t keep[PLAN_BLOCK / 8] __attribute__((aligned(8)));
};

static struct err *take(void *ctx, uint64_t block, const uint8_t *keep)
{
	struct scan *s = ctx;

	CHECK_EQ(block, 0);
	memcpy(s->keep, keep, sizeof(s->keep));
	return NULL;
}

/* False when the struct could not be read. */
static bool scan_open(struct scan *s, unsigned int level)
{
	struct err *e = NULL;

	memset(&s->counts, 0, sizeof(s->counts));
	s->job = (struct scan_job){ .kernel = &s->fk.kernel, .bitmap = &s->bitmap, .level = level };
	if (!flatkernel_open(&s->fk, SYMBOL_INFO))
		return false;
	e = crash_bitmap_read(s->fk.reader, NULL, &s->bitmap);
	CHECK_OK(e);
	return !e;
}

static uint64_t dropped(const struct scan *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < PAGE_CLASSES; i++)
		sum += s->counts.dropped[i];
	return sum;
}

static void scan_run(struct scan *s)
{
	const struct scan_taker taker = { .take = take, .ctx = s };

	CHECK_OK(scan_each(&s->job, 0, &taker, &s->counts, NULL));
}

static void scan_close(struct scan *s)
{
	flatkernel_close(&s->fk);
}

static void test_scan(void)
{
	struct scan s;

	init(&s.fk, &good);
	if (scan_open(&s, 31)) {
		CHECK_OK(scan_check_bitmap(&s.job));
		scan_run(&s);
		CHECK_EQ(dropped(&s), 100);
		CHECK_EQ(bits_count(s.keep, 0, PLAN_BLOCK), PAGES - 100);
		CHECK_EQ(bits_count(s.keep, 1000, 1100), 0);
	}
	scan_close(&s);
}

/* Pages of the bitmap and the struct, bits beyond the machine, and pages without a bit. */
static void test_bits_passed_over(void)
{
	struct info info = good;
	struct scan s;
	uint8_t *bits;

	info.size = 130;	/* 1040 bits */
	info.pages[CRASH_BITMAP_CACHE_PRIVATE] = 2;
	info.pages[CRASH_BITMAP_FREE] = 0;
	init(&s.fk, &info);
	bits = memkernel_at(&s.fk.mk, BITMAP, 256);
	bits_clear_range(bits, BITMAP >> 12, (BITMAP >> 12) + 2);
	bits_clear_range(bits, INFO >> 12, (INFO >> 12) + 1);
	if (scan_open(&s, 15)) {
		CHECK_EQ(s.bitmap.pfns, 1040);
		CHECK_OK(scan_check_bitmap(&s.job));
		scan_run(&s);
		CHECK_EQ(dropped(&s), 41);
		CHECK(bits_test(s.keep, BITMAP >> 12) && bits_test(s.keep, INFO >> 12));
		CHECK(!bits_test(s.keep, (BITMAP >> 12) + 1));
		CHECK_EQ(bits_count(s.keep, 1000, 1040), 0);
		CHECK_EQ(bits_count(s.keep, 1040, PAGES), PAGES - 1040);
		CHECK_EQ(bits_count(s.keep, PAGES, PLAN_BLOCK), 0);
	}
	scan_close(&s);
}

/* The check refuses, with @part in its text. */
static void check_unfit(const struct info *info, unsigned int level, const char *part)
{
	struct err *e;
	struct scan s;

	init(&s.fk, info);
	if (scan_open(&s, level)) {
		e = scan_check_bitmap(&s.job);
		CHECK(e && strstr(err_text(e), part));
		err_free(e);
	}
	scan_close(&s);
}

static void test_level(void)
{
	static const struct {
		unsigned int level;
		const char *part;	/* NULL: obeyed */
	} levels[] = {
		{ 31, NULL }, { 30, NULL }, { 63, NULL }, { 28, NULL },
		{ 15, "free_pages is 40" }, { 23, "user_pages is 30" },
		{ 26, "cache_private_pages is 20" }, { 24, "-d 24 does: crash_dump_bitmap_info.cache_pages" },
		{ 0, "cache_pages is 10" }, { 1, "cache_pages is 10" },
	};
	struct scan s;

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (levels[i].part) {
			check_unfit(&good, levels[i].level, levels[i].part);
			continue;
		}
		init(&s.fk, &good);
		if (scan_open(&s, levels[i].level))
			CHECK_OK(scan_check_bitmap(&s.job));
		scan_close(&s);
	}
}

/* More bits than the kernel counted, and fewer. */
static void test_counters(void)
{
	struct info info = good;

	info.pages[CRASH_BITMAP_USER]--;
	check_unfit(&info, 31, "100 bits of the bitmap are 0, 100 of them for pages of this dump");
	info.pages[CRASH_BITMAP_USER] = 31;
	check_unfit(&info, 31, "say 101");
}

/* The kernel counted pages that the dump does not have. */
static void test_classes(void)
{
	static const uint64_t counted[][CRASH_BITMAP_COUNTERS] = {
		{ 10, 20, 30, 40, 0 }, { 10, 20, 30, 90, 0 }, { 70, 20, 30, 40, 2 },
	};
	static const uint64_t want[][CRASH_BITMAP_COUNTERS] = {
		{ 10, 20, 30, 40, 0 }, { 10, 20, 30, 40, 0 }, { 48, 20, 30, 0, 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		struct info info = good;
		struct plan_judge judge = { 0 };
		struct plan *plan = NULL;
		struct scan s;

		memcpy(info.pages, counted[i], sizeof(info.pages));
		info.size *= 2;
		init(&s.fk, &info);
		bits_clear_range(memkernel_at(&s.fk.mk, BITMAP, info.size), PAGES, PAGES + 62);
		if (scan_open(&s, 31)) {
			CHECK_OK(scan_check_bitmap(&s.job));
			CHECK_OK(plan_create(PAGES, 1 << 20, &judge, &plan));
			CHECK_OK(scan_all(&s.job, 0, plan, &s.counts, NULL));
			CHECK_EQ(plan_kept(plan), PAGES - 100);
			CHECK_EQ(s.counts.dropped[PAGE_BY_KERNEL], 0);
			CHECK_EQ(s.counts.dropped[PAGE_CACHE], want[i][CRASH_BITMAP_CACHE]);
			CHECK_EQ(s.counts.dropped[PAGE_CACHE_PRIVATE],
				 want[i][CRASH_BITMAP_CACHE_PRIVATE]);
			CHECK_EQ(s.counts.dropped[PAGE_USER], want[i][CRASH_BITMAP_USER]);
			CHECK_EQ(s.counts.dropped[PAGE_FREE], want[i][CRASH_BITMAP_FREE]);
			CHECK_EQ(s.counts.dropped[PAGE_HWPOISON], want[i][CRASH_BITMAP_HWPOISON]);
			plan_destroy(plan);
		}
		scan_close(&s);
	}
}

/* A bitmap of more than one piece, not aligned to anything, in parts of blocks. */
static void test_pieces(void)
{
	const struct memseg low = { .size = 1 << 20, .vaddr = UINT64_MAX };
	const struct memseg high = { .paddr = 65500ull << 12, .size = 100 << 12, .vaddr = UINT64_MAX };
	const struct info info = { 1, 0x10003, 65600 / 8, { 0, 0, 58 } };
	struct crash_bitmap_piece piece = { .first = UINT64_MAX };
	struct scan s;
	uint8_t *bits;

	flatkernel_init(&s.fk, form64);
	memkernel_add(&s.fk.mk, &low);
	memkernel_add(&s.fk.mk, &high);
	bits = memkernel_at(&s.fk.mk, 0x10003, 65600 / 8);
	memset(bits, 0xff, 65600 / 8);
	/* Not in this dump: 65488 to 65499. */
	bits[65488 / 8] = bits[65496 / 8] = 0;
	for (unsigned int i = 65504 / 8; i < 65552 / 8; i++)
		bits[i] = 0;
	memkernel_put_u32(&s.fk.mk, 0x8000, info.version);
	memkernel_put_u64(&s.fk.mk, 0x8008, info.bitmap);
	memkernel_put_u64(&s.fk.mk, 0x8010, info.size);
	memkernel_put_u64(&s.fk.mk, 0x8028, info.pages[CRASH_BITMAP_USER]);
	s.job = (struct scan_job){ .kernel = &s.fk.kernel, .bitmap = &s.bitmap, .level = 8 };
	memset(&s.counts, 0, sizeof(s.counts));
	if (flatkernel_open(&s.fk, "SYMBOL(crash_dump_bitmap_info)=8000\n")) {
		CHECK_OK(crash_bitmap_read(s.fk.reader, NULL, &s.bitmap));
		CHECK_OK(scan_check_bitmap(&s.job));
		scan_run(&s);
		CHECK_EQ(dropped(&s), 52);
		CHECK_EQ(bits_count(s.keep, 65500, 65600), 48);
		CHECK_OK(crash_bitmap_load(&s.bitmap, kreader_view(s.fk.reader), 65535, &piece));
		CHECK_EQ(piece.first, 32768);
		CHECK_OK(crash_bitmap_load(&s.bitmap, kreader_view(s.fk.reader), 65536, &piece));
		CHECK_EQ(piece.first, 65536);
		CHECK_EQ(bits_next_clear(piece.bits, 16, CRASH_BITMAP_PIECE), CRASH_BITMAP_PIECE);
	}
	scan_close(&s);
}

int main(void)
{
	RUN(test_forms);
	RUN(test_hostile_fields);
	RUN(test_no_struct);
	RUN(test_unsuitable_dumps);
	RUN(test_hole);
	RUN(test_kernel_stays);
	RUN(test_scan);
	RUN(test_bits_passed_over);
	RUN(test_level);
	RUN(test_counters);
	RUN(test_classes);
	RUN(test_pieces);
	return unit_status();
}
