// SPDX-License-Identifier: GPL-2.0-or-later
/* sadump files made by hand: where pages are, zero pages, registers, what is missing. */
#include <elf.h>
#include <stdlib.h>

#include "elf_info.h"
#include "input/dump.h"
#include "input/sadump_layout.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/unit.h"

#define BLOCK 4096u
#define CPUS 2u
#define PFNS 40u
#define RAM_FIRST 3u		/* memory is [3, 40), of which pages 5 + 3 * n are stored */
#define STORED 12u
#define AT_DUMP BLOCK
#define AT_SUB (2 * BLOCK)
#define AT_RAM (3 * BLOCK)
#define AT_STORED (4 * BLOCK)
#define AT_DATA (5 * BLOCK)
#define FILE_LEN (AT_DATA + STORED * BLOCK)

static struct log_catch caught;
static uint8_t image[FILE_LEN];

static void put32(size_t at, uint32_t value)
{
	put_u32(image + at, value, ORDER_LITTLE);
}

static void put_part(uint32_t disk)
{
	uint32_t magic = 0xdeadbeef;

	memcpy(image, SADUMP_SIGNATURE, SADUMP_SIGNATURE_LEN);
	put32(SADUMP_PART_DISK, disk);
	for (size_t at = SADUMP_PART_MAGIC; at < BLOCK; at += 4, magic = SADUMP_NEXT_MAGIC(magic))
		put32(at, magic);
}

static void put_bits(void)
{
	for (unsigned int pfn = RAM_FIRST; pfn < PFNS; pfn++)
		image[AT_RAM + pfn / 8] |= (uint8_t)(0x80 >> pfn % 8);
	for (unsigned int n = 0; n < STORED; n++) {
		unsigned int pfn = 5 + 3 * n;

		image[AT_STORED + pfn / 8] |= (uint8_t)(0x80 >> pfn % 8);
		memset(image + AT_DATA + n * BLOCK, (int)pfn, BLOCK);
	}
}

static void put_states(bool wide)
{
	put32(AT_SUB, CPUS * SMRAM_LEN);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		size_t at = AT_SUB + SADUMP_SUB_IDS + CPUS * SADUMP_SUB_ID_LEN + cpu * SMRAM_LEN;

		put32(at + SMRAM_R15, 0x1500 + cpu);
		put32(at + SMRAM_RIP + 4, 0xffffffff);
		put32(at + SMRAM_RIP, 0x81000000 + cpu);
		put32(at + SMRAM_CS, 0x10);
		put32(at + SMRAM_SS, 0x18);
		put32(at + SMRAM_GS, 0x2b);
		put32(at + SMRAM_RSP, 0x5500 + cpu);
		put32(at + SMRAM_RBX, 0xb0);
		put32(at + SMRAM_CR0, 0x80000001);
		put32(at + SMRAM_EFER, wide ? 0x500 : 0);
	}
}

/* A good single partition in image. */
static void build(bool wide)
{
	memset(image, 0, sizeof(image));
	put_part(0);
	memcpy(image + AT_DUMP, SADUMP_SIGNATURE, SADUMP_SIGNATURE_LEN);
	put32(AT_DUMP + SADUMP_DUMP_VERSION, 1);
	put32(AT_DUMP + SADUMP_DUMP_BLOCK_SIZE, BLOCK);
	put32(AT_DUMP + SADUMP_DUMP_SUB_SIZE, 1);
	put32(AT_DUMP + SADUMP_DUMP_BITMAP, 1);
	put32(AT_DUMP + SADUMP_DUMP_DUMPABLE, 1);
	put32(AT_DUMP + SADUMP_DUMP_NR_CPUS, CPUS);
	put32(AT_DUMP + SADUMP_DUMP_MAX_MAPNR_64, PFNS);
	put_states(wide);
	put_bits();
}

static struct err *open_image(size_t len, struct dump **ret)
{
	struct dump_options options = { .log = &caught.log };
	struct source *src = NULL;
	struct err *e = source_open_memory(image, len, &src);

	log_catch_init(&caught);
	*ret = NULL;
	return e ? e : dump_open_source(src, &options, ret);
}

static void test_pages(void)
{
	uint8_t buf[3 * BLOCK], want[3 * BLOCK];
	struct dump_view *view = NULL;
	struct dump *dump = NULL;

	build(true);
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(caught.warnings, 0);
	CHECK(!strcmp(dump->format->name, "sadump"));
	CHECK_EQ(dump->page_shift, 12);
	CHECK_EQ(dump->dump_level, 1);
	CHECK(!dump->incomplete);
	CHECK_OK(dump_set_page_size(dump, BLOCK));
	CHECK_EQ(dump->max_mapnr, PFNS);
	CHECK_OK(dump_view_create(dump, 0, &view));
	for (unsigned int pfn = RAM_FIRST; pfn < PFNS; pfn++) {
		memset(want, pfn >= 5 && (pfn - 5) % 3 == 0 ? (int)pfn : 0, BLOCK);
		memset(buf, 0xaa, sizeof(buf));
		CHECK_OK(dump_view_read(view, (uint64_t)pfn * BLOCK, buf, BLOCK));
		CHECK(!memcmp(buf, want, BLOCK));
	}
	/* Over several blocks, none of them whole. */
	memset(want, 0, sizeof(want));
	memset(want, 8, 100);
	memset(want + 100 + 2 * BLOCK, 11, sizeof(want) - 2 * BLOCK - 100);
	CHECK_OK(dump_view_read(view, 9 * BLOCK - 100, buf, sizeof(buf)));
	CHECK(!memcmp(buf, want, sizeof(buf)));
	CHECK_ERR(dump_view_read(view, 2 * BLOCK, buf, BLOCK), ERR_NOT_PRESENT);
	CHECK_ERR(dump_view_read(view, PFNS * BLOCK, buf, BLOCK), ERR_NOT_PRESENT);
	dump_view_destroy(view);
	dump_close(dump);
}

/* The two PRSTATUS notes and one register of each, by its place in struct elf_prstatus. */
static void check_notes(const struct dump *dump, size_t size, size_t reg, uint64_t value)
{
	struct elf_note note;
	size_t pos = 0;
	unsigned int cpu = 0;

	for (; elf_note_next(dump->notes, dump->notes_len, dump->order, &pos, &note); cpu++) {
		CHECK(elf_note_is(&note, "CORE", 1));
		CHECK_EQ(note.desc_len, size);
		CHECK_EQ(get_word(note.desc + reg, dump->word, dump->order), value + cpu);
	}
	CHECK_EQ(cpu, CPUS);
	CHECK_EQ(dump->nr_cpus, CPUS);
}

static void test_registers_64(void)
{
	struct dump *dump = NULL;
	size_t note = 20 + 336;

	build(true);
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(dump->machine, EM_X86_64);
	check_notes(dump, 336, 112, 0x1500);				/* r15 */
	check_notes(dump, 336, 112 + 16 * 8, 0xffffffff81000000);	/* rip */
	check_notes(dump, 336, 112 + 19 * 8, 0x5500);			/* rsp */
	CHECK_EQ(get_u64(dump->notes + 20 + 112 + 5 * 8, ORDER_LITTLE), 0xb0);		/* rbx */
	CHECK_EQ(get_u64(dump->notes + note + 20 + 112 + 17 * 8, ORDER_LITTLE), 0x10);	/* cs */
	CHECK_EQ(get_u64(dump->notes + note + 20 + 112 + 20 * 8, ORDER_LITTLE), 0x18);	/* ss */
	CHECK_EQ(get_u64(dump->notes + note + 20 + 112 + 21 * 8, ORDER_LITTLE), 0);	/* fs_base */
	CHECK_EQ(get_u64(dump->notes + note + 20 + 112 + 26 * 8, ORDER_LITTLE), 0x2b);	/* gs */
	dump_close(dump);
}

static void test_registers_32(void)
{
	struct dump *dump = NULL;

	build(false);
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(dump->machine, EM_386);
	CHECK_EQ(dump->word, 4);
	check_notes(dump, 144, 72 + 12 * 4, 0x81000000);	/* eip */
	check_notes(dump, 144, 72 + 15 * 4, 0x5500);		/* esp */
	CHECK_EQ(get_u32(dump->notes + 20 + 72, ORDER_LITTLE), 0xb0);		/* ebx */
	CHECK_EQ(get_u32(dump->notes + 20 + 72 + 16 * 4, ORDER_LITTLE), 0x18);	/* ss */
	dump_close(dump);
}

static void test_no_registers(void)
{
	static const uint32_t cpus[] = { 0, 3, 4, 5, UINT32_MAX };

	for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		struct dump *dump = NULL;

		build(true);
		put32(AT_DUMP + SADUMP_DUMP_NR_CPUS, cpus[i]);
		CHECK_OK(open_image(FILE_LEN, &dump));
		CHECK_EQ(dump->nr_cpus, 0);
		CHECK_EQ(dump->notes_len, 0);
		CHECK_EQ(dump->machine, EM_X86_64);
		CHECK(log_caught(&caught, "no registers"));
		dump_close(dump);
	}
}

/* Pages behind the end of the file are lost, alone; zero pages among them are not. */
static void test_cut_off(void)
{
	struct dump_view *view = NULL;
	struct dump *dump = NULL;
	uint8_t buf[BLOCK];

	build(true);
	CHECK_OK(open_image(AT_DATA + 3 * BLOCK + 1000, &dump));
	CHECK(dump->incomplete);
	CHECK(log_caught(&caught, "cut off"));
	CHECK_OK(dump_set_page_size(dump, BLOCK));
	CHECK_OK(dump_view_create(dump, 0, &view));
	CHECK_OK(dump_view_read(view, 11 * BLOCK, buf, BLOCK));
	CHECK_EQ(buf[5], 11);
	CHECK_OK(dump_view_read(view, 13 * BLOCK, buf, BLOCK));
	CHECK_ERR(dump_view_read(view, 14 * BLOCK, buf, BLOCK), ERR_LOST);
	CHECK_OK(dump_view_read(view, 15 * BLOCK, buf, BLOCK));
	dump_view_destroy(view);
	dump_close(dump);
}

/* Each byte of the headers wrong in turn, and each length: an error or a dump, never a crash. */
static void test_any_damage(void)
{
	struct dump *dump = NULL;

	build(true);
	for (size_t at = 0; at < AT_DATA; at += at < 200 || (at >= AT_DUMP && at < AT_DUMP + 130) ? 1 : 61) {
		uint8_t was = image[at];

		image[at] ^= 0xff;
		err_free(open_image(FILE_LEN, &dump));
		dump_close(dump);
		image[at] = was;
		err_free(open_image(at, &dump));
		dump_close(dump);
	}
	CHECK_OK(open_image(FILE_LEN, &dump));
	dump_close(dump);
}

static void test_time(void)
{
	static const uint8_t good[] = { 0xea, 0x07, 11, 26, 13, 40, 5, 0, 0, 0, 0, 0, 0x88, 0xff };
	struct dump *dump = NULL;

	build(true);
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(dump->crash_time, 0);
	dump_close(dump);
	/* 2026-11-26 13:40:05 two hours east of Greenwich. */
	memcpy(image + AT_DUMP + SADUMP_DUMP_TIME, good, sizeof(good));
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(dump->crash_time, 1795693205);
	dump_close(dump);
	put_u16(image + AT_DUMP + SADUMP_DUMP_TIME + EFI_TIME_ZONE, 2047, ORDER_LITTLE);
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(dump->crash_time, 1795693205 + 7200);
	dump_close(dump);
	image[AT_DUMP + SADUMP_DUMP_TIME + EFI_TIME_MONTH] = 13;
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK_EQ(dump->crash_time, 0);
	dump_close(dump);
}

static void check_refused(enum err_kind kind, const char *part)
{
	struct dump *dump = NULL;
	struct err *e = open_image(FILE_LEN, &dump);

	CHECK_EQ(err_kind(e), kind);
	CHECK(e && strstr(err_text(e), part));
	err_free(e);
	dump_close(dump);
}

static void test_refusals(void)
{
	build(true);
	put32(SADUMP_PART_MAGIC + 40, 1);
	check_refused(ERR_BAD_INPUT, "magic numbers end after 208 bytes");
	build(true);
	put32(SADUMP_PART_DISK, 2);
	check_refused(ERR_BAD_INPUT, "disk 2 of a sadump disk set");
	build(true);
	put32(SADUMP_PART_COMPRESS, 3);
	check_refused(ERR_UNSUPPORTED, "compress is 3");
	build(true);
	put32(AT_DUMP + SADUMP_DUMP_COMPRESS, 1);
	check_refused(ERR_UNSUPPORTED, "dump header: compress is 1");
	build(true);
	put32(AT_DUMP + SADUMP_DUMP_MAX_MAPNR_64, BLOCK * 8 + 1);
	check_refused(ERR_BAD_INPUT, "hold less than max_mapnr 0x8001");
	build(true);
	put32(AT_DUMP + SADUMP_DUMP_BLOCK_SIZE, 3 * BLOCK);
	check_refused(ERR_BAD_INPUT, "block_size 12288");
	build(true);
	memset(image + AT_RAM, 0, 2 * BLOCK);
	check_refused(ERR_BAD_INPUT, "bitmap of memory is empty");
}

static void test_fragments(void)
{
	struct dump *dump = NULL;

	/* Every second page of the largest bitmap of one block: still fine. */
	build(true);
	put32(AT_DUMP + SADUMP_DUMP_MAX_MAPNR_64, BLOCK * 8);
	memset(image + AT_RAM, 0x55, BLOCK);
	CHECK_OK(open_image(FILE_LEN, &dump));
	CHECK(dump && dump->segment_count > BLOCK * 4 - 10);
	CHECK(log_caught(&caught, "are stored and not among the memory"));
	dump_close(dump);
}

int main(void)
{
	RUN(test_pages);
	RUN(test_registers_64);
	RUN(test_registers_32);
	RUN(test_no_registers);
	RUN(test_cut_off);
	RUN(test_any_damage);
	RUN(test_time);
	RUN(test_refusals);
	RUN(test_fragments);
	return unit_status();
}
