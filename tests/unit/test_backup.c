/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that kexec moved, what tells of it, and what must not be believed. */
#include "kernel/backup.h"
#include "kernel/corehdr.h"
#include "kernel/recover_running.h"
#include "tests/unit/kdumpworld.h"
#include "tests/unit/unit.h"

/* Whether low memory is read from its copy; its first and its last byte, and the neighbours' first. */
static void check_moved(struct kdumpworld *w, bool moved)
{
	struct dump_view *view = NULL;
	uint8_t byte = 0;
	int want = moved ? KW_FILL_COPY : KW_FILL_LOW;

	CHECK_OK(kw_open(w));
	CHECK(w->kernel && !w->kernel->no_arch);
	CHECK_EQ(log_caught(&w->log, "a capture kernel ran"), moved);
	CHECK_EQ(w->mk.dump->segment_count, moved ? 4 : 3);
	CHECK_OK(dump_view_create(w->mk.dump, 0, &view));
	CHECK_OK(dump_view_read(view, KW_LOW_PA, &byte, 1));
	CHECK_EQ(byte, want);
	CHECK_OK(dump_view_read(view, KW_LOW_PA + KW_LOW_LEN - 1, &byte, 1));
	CHECK_EQ(byte, want);
	dump_view_destroy(view);
	kw_close(w);
}

static void test_moved(void)
{
	struct kdumpworld w;

	kw_init(&w);
	check_moved(&w, true);
	CHECK_EQ(w.log.warnings, 1);
}

static void test_not_moved(void)
{
	struct kdumpworld w;

	/* The CPU still runs this kernel. */
	kw_init(&w);
	w.mk.cr3 = KW_IMAGE_PA + KW_ROOT;
	check_moved(&w, false);
	/* Purgatory did not run. */
	kw_init(&w);
	kw_fill(&w, KW_COPY_PA, KW_COPY_ROOM, 0);
	check_moved(&w, false);
	/* No capture kernel is loaded. */
	kw_init(&w);
	memkernel_put_u64(&w.mk, KW_IMAGE_PA + KW_POINTER, 0);
	check_moved(&w, false);
	/* Nothing is elsewhere, as with kexec_file_load since 5.5. */
	kw_init(&w);
	kw_corehdr(&w, KW_LOW_PA, KW_LOW_LEN);
	check_moved(&w, false);
	/* The copy would be outside its segment. */
	kw_init(&w);
	kw_corehdr(&w, KW_COPY_PA + 0x2000, KW_LOW_LEN);
	check_moved(&w, false);
	/* What the segment has is no ELF header. */
	kw_init(&w);
	kw_fill(&w, KW_HEADER_PA, KW_HEADER_LEN, 0x7f);
	check_moved(&w, false);
}

static void test_no_segments(void)
{
	struct kdumpworld w;

	kw_init(&w);
	memkernel_put_u64(&w.mk, KW_IMAGE_PA + KW_KIMAGE + 56 + 16, 123);
	check_moved(&w, false);
	CHECK(log_caught(&w.log, "no segments in the struct kimage"));
}

/* Words of a struct kimage with @count segments behind @before others. */
static size_t put_kimage(uint8_t *at, unsigned int word, enum byte_order order, size_t before, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < before; i++)
		put_word(at + word * n++, 0xc0000001 + i, word, order);
	put_word(at + word * n++, count, word, order);
	for (size_t i = 0; i < count; i++) {
		const uint64_t v[4] = { 0x1234567, 0x1001, 0x100000 + 0x10000 * i, 0x2000 };

		for (size_t k = 0; k < 4; k++)
			put_word(at + word * n++, v[k], word, order);
	}
	return n * word;
}

static size_t segments(const uint8_t *raw, size_t len, struct kimage_segment *v)
{
	return kimage_segments(raw, len, 8, ORDER_LITTLE, 0x10000000, v);
}

static void test_kimage(void)
{
	struct kimage_segment v[KIMAGE_SEGMENTS_MAX];
	uint8_t raw[KW_KIMAGE_LEN];
	size_t len;

	len = put_kimage(raw, 8, ORDER_LITTLE, 7, 5);
	CHECK_EQ(segments(raw, len, v), 5);
	CHECK_EQ(v[4].mem, 0x140000);
	CHECK_EQ(v[4].memsz, 0x2000);
	CHECK_EQ(segments(raw, len - 1, v), 0);
	CHECK_EQ(kimage_segments(raw, len, 8, ORDER_LITTLE, 0x141fff, v), 0);
	CHECK_EQ(kimage_segments(raw, len, 8, ORDER_BIG, 0x10000000, v), 0);
	/* bufsz beyond memsz; a place inside a page; no size. */
	put_u64(raw + 64 + 8, 0x2001, ORDER_LITTLE);
	CHECK_EQ(segments(raw, len, v), 0);
	put_u64(raw + 64 + 8, 0x2000, ORDER_LITTLE);
	CHECK_EQ(segments(raw, len, v), 5);
	put_u64(raw + 64 + 24, 0, ORDER_LITTLE);
	CHECK_EQ(segments(raw, len, v), 0);
	len = put_kimage(raw, 4, ORDER_BIG, 6, 16);
	CHECK_EQ(kimage_segments(raw, len, 4, ORDER_BIG, 0x10000000, v), 16);
	len = put_kimage(raw, 8, ORDER_LITTLE, 6, 17);
	CHECK_EQ(segments(raw, len, v), 0);
	CHECK_EQ(segments(raw, 0, v), 0);
}

static void test_command_line(void)
{
	uint64_t at = 1;

	CHECK(recover_elfcorehdr("elfcorehdr=0x1ef60000 panic=1", &at) && at == 0x1ef60000);
	CHECK(recover_elfcorehdr("quiet elfcorehdr=867704K", &at) && at == 867704ull << 10);
	CHECK(recover_elfcorehdr("a elfcorehdr=2M@0x30000000", &at) && at == 0x30000000);
	CHECK(recover_elfcorehdr("noelfcorehdr=1 elfcorehdr=2g", &at) && at == 2ull << 30);
	CHECK(!recover_elfcorehdr("noelfcorehdr=1", &at));
	CHECK(!recover_elfcorehdr("elfcorehdr=", &at));
	CHECK(!recover_elfcorehdr("elfcorehdr=2M@", &at));
	CHECK(!recover_elfcorehdr("", &at));
}

static void test_corehdr(void)
{
	struct elf_info *info = NULL;
	struct dump_view *view = NULL;
	struct kdumpworld w;

	kw_init(&w);
	CHECK_OK(kw_open(&w));
	CHECK_OK(dump_view_create(w.mk.dump, 0, &view));
	CHECK_OK(corehdr_read(view, KW_HEADER_PA, &info));
	CHECK_EQ(info->segment_count, 2);
	CHECK_EQ(info->segments[1].offset, KW_COPY_PA);
	elf_info_destroy(info);
	CHECK_ERR(corehdr_read(view, KW_COPY_PA, &info), ERR_NOT_MINE);
	CHECK_ERR(corehdr_read(view, 0x70000000, &info), ERR_NOT_PRESENT);
	dump_view_destroy(view);
	kw_close(&w);
}

static void test_move(void)
{
	struct kdumpworld w;

	kw_init(&w);
	CHECK_OK(kw_open(&w));
	CHECK_ERR(dump_move(w.mk.dump, KW_LOW_PA, KW_COPY_PA + 0x1ff000, 0x2000), ERR_LOST);
	CHECK_ERR(dump_move(w.mk.dump, KW_LOW_PA, KW_LOW_PA - 1, 1), ERR_LOST);
	CHECK_ERR(dump_move(w.mk.dump, KW_LOW_PA, KW_COPY_PA, 0), ERR_BAD_INPUT);
	CHECK_ERR(dump_move(w.mk.dump, UINT64_MAX, KW_COPY_PA, 2), ERR_BAD_INPUT);
	CHECK_EQ(w.mk.dump->segment_count, 4);
	kw_close(&w);
}

int main(void)
{
	RUN(test_moved);
	RUN(test_not_moved);
	RUN(test_no_segments);
	RUN(test_kimage);
	RUN(test_command_line);
	RUN(test_corehdr);
	RUN(test_move);
	return unit_status();
}
