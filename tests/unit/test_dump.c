// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a dump and what is said of its pages: loads, index, page sets, foreign files. */
#include "input/dump.h"

#include "input/index.h"
#include "tests/unit/core_model.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/unit.h"

static struct log_catch caught;

/* Open @len bytes of the model's file. */
static struct err *open_core(const struct core_model *core, size_t len, struct dump **ret)
{
	struct dump_options options = { .log = &caught.log };
	struct source *src = NULL;
	struct err *e = source_open_memory(core->file, len, &src);

	log_catch_init(&caught);
	return e ? e : dump_open_source(src, &options, ret);
}

static void check_refused(const struct core_model *core, enum err_kind kind, const char *part)
{
	struct dump *dump = NULL;
	struct err *e = open_core(core, core->len, &dump);

	CHECK_EQ(err_kind(e), kind);
	CHECK(e && strstr(err_text(e), part) && strstr(err_text(e), "memory"));
	if (!e || !strstr(err_text(e), part))
		printf("# expected \"%s\", got \"%s\"\n", part, e ? err_text(e) : "success");
	err_free(e);
	dump_close(dump);
}

static const struct elf_form le64 = { 8, ORDER_LITTLE };

static void test_loads_become_segments(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_segment loads[] = {
			{ .paddr = 0x1000, .vaddr = 0xc0001000, .filesz = 4096, .memsz = 4096 },
			{ .paddr = UINT64_MAX, .vaddr = 0xd0000000, .filesz = 100, .memsz = 100 },
			{ .paddr = 0x9000, .vaddr = UINT64_MAX, .filesz = 0, .memsz = 0 },
			{ .paddr = 0x5000, .vaddr = 0x5000, .filesz = 0, .memsz = 77 },
			{ .paddr = 0x8000, .vaddr = UINT64_MAX, .flags = 0x17, .filesz = 10, .memsz = 4 },
		};
		struct core_model core;
		struct dump *dump = NULL;

		core_build(&core, elf_forms[i], loads, ARRAY_LEN(loads), 0);
		put_e_flags(core.file, core.form, 1);
		CHECK_OK(open_core(&core, core.len, &dump));
		if (!dump)
			return;
		CHECK_EQ(dump->word, core.form.word);
		CHECK_EQ(dump->order, core.form.order);
		CHECK_EQ(dump->machine, 62);
		CHECK(dump->incomplete);
		CHECK_EQ(dump->segment_count, 3);
		CHECK_EQ(dump->segments[0].vaddr, 0xc0001000);
		CHECK(dump->segments[0].has_vaddr);
		CHECK(!dump->segments[0].is_pmem);
		CHECK_EQ(dump->segments[1].paddr, 0x5000);
		CHECK(!dump->segments[1].has_vaddr);
		CHECK_EQ(dump->segments[2].memsz, 10);
		CHECK(!dump->segments[2].has_vaddr);
		CHECK(dump->segments[2].is_pmem);
		CHECK(log_caught(&caught, "store more than they span"));
		CHECK(log_caught(&caught, "first LOAD[4]"));
		CHECK(log_caught(&caught, "no PT_NOTE"));
		CHECK_EQ(caught.warnings, 2);
		dump_close(dump);
		core_free(&core);
	}
}

static void test_table_at_debug_level(void)
{
	struct elf_segment loads[] = {
		{ .paddr = 0x1000, .vaddr = 0xffff888000001000, .filesz = 0x2000, .memsz = 0x2000 },
		{ .paddr = 0x140000000, .vaddr = UINT64_MAX, .flags = 0x17, .memsz = 0x1000 },
	};
	struct core_model core;
	struct dump *dump = NULL;

	core_build(&core, le64, loads, ARRAY_LEN(loads), 0);
	CHECK_OK(open_core(&core, core.len, &dump));
	CHECK(log_caught(&caught,
		"               phys_start         phys_end       virt_start         virt_end  is_pmem\n"
		"LOAD[ 0]             1000             3000 ffff888000001000 ffff888000003000    false\n"
		"LOAD[ 1]        140000000        140001000 ffffffffffffffff              fff     true\n"));
	dump_close(dump);
	core_free(&core);
}

static void test_notes_are_found(void)
{
	struct elf_segment loads[] = { { .paddr = 0x1000, .filesz = 4096, .memsz = 4096 }, { 0 } };
	struct core_model core;
	struct dump *dump = NULL;
	size_t at, len = 0;

	core_build(&core, le64, loads, 2, 256);
	at = 64 + 2 * 56;
	len += put_note(core.file + at + len, le64.order, "CORE", 1, "abcdefg", 7);
	len += put_note(core.file + at + len, le64.order, "LINUX", 0x700, "dev", 3);
	len += put_note(core.file + at + len, le64.order, "VMCOREINFO", 0, "OSRELEASE=6.1\n", 14);
	len += put_note(core.file + at + len, le64.order, "CORE", 1, "hijklmn", 7);
	len += put_note(core.file + at + len, le64.order, "VMCOREINFO", 0, "second\n", 7);
	put_phdr(core.file + 64 + 56, le64, &(struct elf_segment){ .type = 4, .offset = at,
								   .filesz = len });
	CHECK_OK(open_core(&core, core.len, &dump));
	if (!dump)
		return;
	CHECK_EQ(dump->nr_cpus, 2);
	CHECK_EQ(dump->notes_len, len);
	CHECK_EQ(dump->vmcoreinfo_len, 14);
	CHECK(dump->vmcoreinfo && memcmp(dump->vmcoreinfo, "OSRELEASE=6.1\n", 14) == 0);
	CHECK(!dump->incomplete);
	CHECK_EQ(caught.warnings, 0);
	dump_close(dump);
	core_free(&core);
}

static void test_loads_that_make_no_sense(void)
{
	struct elf_segment loads[] = {
		{ .paddr = 0x1000, .filesz = 16, .memsz = 16 },
		{ .paddr = UINT64_MAX - 15, .filesz = 0, .memsz = 16 },
		{ .paddr = 0x5000, .filesz = 0, .memsz = 4096 },
	};
	struct core_model core;
	struct dump *dump = NULL;

	core_build(&core, le64, loads, 3, 0);
	loads[2].offset = UINT64_MAX - 1;
	loads[2].filesz = 4096;
	put_phdr(core.file + 64 + 2 * 56, le64, &loads[2]);
	CHECK_OK(open_core(&core, core.len, &dump));
	if (!dump)
		return;
	CHECK_EQ(dump->segment_count, 1);
	CHECK_EQ(caught.warnings, 2);
	CHECK(log_caught(&caught, "2 PT_LOAD(s) wrap"));
	CHECK(log_caught(&caught, "first LOAD[1]"));
	dump_close(dump);

	loads[2].filesz = 0;
	loads[2].paddr = (UINT64_C(1) << 57) - 4096;
	put_phdr(core.file + 64 + 2 * 56, le64, &loads[2]);
	dump = NULL;
	CHECK_OK(open_core(&core, core.len, &dump));
	dump_close(dump);
	loads[2].memsz++;
	put_phdr(core.file + 64 + 2 * 56, le64, &loads[2]);
	check_refused(&core, ERR_BAD_INPUT, "LOAD[2]: p_paddr 0x1fffffffffff000");
	core_free(&core);
}

static void test_files_without_physical_memory(void)
{
	struct elf_segment loads[] = {
		{ .vaddr = 0x400000, .filesz = 16, .memsz = 16 },
		{ .vaddr = 0x600000, .filesz = 16, .memsz = 16 },
	};
	struct core_model core;
	struct dump *dump = NULL;

	core_build(&core, le64, loads, 2, 0);
	check_refused(&core, ERR_UNSUPPORTED, "p_paddr is 0 in all 2 PT_LOADs");
	put_ehdr(core.file, le64, 62, 64, 1);
	CHECK_OK(open_core(&core, core.len, &dump));
	dump_close(dump);
	put_ehdr(core.file, le64, 62, 64, 2);
	loads[0].paddr = loads[1].paddr = UINT64_MAX;
	put_phdr(core.file + 64, le64, &loads[0]);
	put_phdr(core.file + 64 + 56, le64, &loads[1]);
	check_refused(&core, ERR_BAD_INPUT, "none of 2 PT_LOADs");
	loads[0].type = loads[1].type = 5;
	put_phdr(core.file + 64, le64, &loads[0]);
	put_phdr(core.file + 64 + 56, le64, &loads[1]);
	check_refused(&core, ERR_BAD_INPUT, "no PT_LOAD");
	put_u16(core.file + 16, 3, le64.order);
	check_refused(&core, ERR_UNSUPPORTED, "e_type is 3");
	core_free(&core);
}

static void test_truncated(void)
{
	struct elf_segment loads[] = {
		{ .paddr = 0x1000, .filesz = 8192, .memsz = 8192 },
		{ .paddr = 0x8000, .filesz = 4096, .memsz = 4096 },
		{ .paddr = 0xa000, .filesz = 4096, .memsz = 4096 },
	};
	struct core_model core;
	struct dump *dump = NULL;

	core_build(&core, le64, loads, 3, 0);
	CHECK_OK(open_core(&core, core.len - 5000, &dump));
	if (!dump)
		return;
	CHECK(dump->incomplete);
	CHECK_EQ(dump->segment_count, 3);
	CHECK_EQ(caught.warnings, 2);
	CHECK(log_caught(&caught, "2 PT_LOAD(s) have data beyond the end of the file"));
	dump_close(dump);
	core_free(&core);
}

static void test_foreign_files(void)
{
	static const struct {
		const char *start;
		size_t len;
		const char *part;
	} files[] = {
		{ "DISKDUMP", 8, "diskdump" },
		{ "sadump\0\0", 8, "sadump" },
		{ "LibvirtQemudSave", 16, "libvirt" },
		{ "QEVM\0\0\0\3", 8, "migration" },
		{ "\xed\x23\x8f\x61\x73\x01\x19\xa8", 8, "LKCD" },
		{ "\xa8\x19\x01\x73\x61\x8f\x23\xfd", 8, "zgetdump" },
		{ "PAGEDU64", 8, "Windows" },
		{ "\x1f\x8b\x08", 3, "gzip" },
		{ "hello, world", 12, "68 65 6c 6c 6f 2c 20 77" },
		{ "\x7f" "ELF", 4, "7f 45 4c 46 00 00 00 00" },
	};
	struct core_model core = { 0 };
	uint8_t media[8192] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		uint8_t copy[32];

		memcpy(copy, files[i].start, files[i].len);
		core.file = copy;
		core.len = files[i].len;
		check_refused(&core, ERR_UNSUPPORTED, files[i].part);
	}
	memcpy(media + 4096, "sadump\0\0", 8);
	core.file = media;
	core.len = sizeof(media);
	check_refused(&core, ERR_UNSUPPORTED, "sadump");
	core.len = 0;
	check_refused(&core, ERR_BAD_INPUT, "is empty");
	CHECK_ERR(dump_open("/nonexistent/vmcore", NULL, &(struct dump *){ NULL }), ERR_IO);
}

static void check_ranges(const struct ranges *set, const struct range *want, size_t count)
{
	CHECK_EQ(set->count, count);
	for (size_t i = 0; i < count && i < set->count; i++) {
		CHECK_EQ(set->v[i].start, want[i].start);
		CHECK_EQ(set->v[i].end, want[i].end);
	}
}

static void test_page_sets(void)
{
	struct elf_segment loads[] = {
		/* A fractional page at either end; the second half of page 4 in another load. */
		{ .paddr = 0x1c00, .filesz = 0x2c00, .memsz = 0x2c00 },
		{ .paddr = 0x4800, .filesz = 0x100, .memsz = 0x4000 },
		/* Nothing stored: pages 0x10 and 0x11 are missing, 0x12 has the next load's data. */
		{ .paddr = 0x10000, .filesz = 0, .memsz = 0x2800 },
		{ .paddr = 0x12800, .filesz = 1, .memsz = 1 },
		/* pmem: whole pages 0x21 .. 0x23 in two loads that meet inside 0x22. */
		{ .paddr = 0x20800, .filesz = 0, .memsz = 0x2000, .flags = 0x17 },
		{ .paddr = 0x22800, .filesz = 0, .memsz = 0x1fff, .flags = 0x17 },
	};
	static const struct range present[] = { { 1, 9 }, { 0x10, 0x13 }, { 0x20, 0x25 } };
	static const struct range missing[] = { { 5, 9 }, { 0x10, 0x12 }, { 0x20, 0x25 } };
	static const struct range pmem[] = { { 0x21, 0x24 } };
	static const struct range present_64k[] = { { 0, 3 } }, missing_64k[] = { { 2, 3 } };
	struct core_model core;
	struct dump *dump = NULL;

	core_build(&core, le64, loads, ARRAY_LEN(loads), 0);
	CHECK_OK(open_core(&core, core.len, &dump));
	if (!dump)
		return;
	CHECK_ERR(dump_set_page_size(dump, 0), ERR_BAD_INPUT);
	CHECK_ERR(dump_set_page_size(dump, 2048), ERR_BAD_INPUT);
	CHECK_ERR(dump_set_page_size(dump, 12288), ERR_BAD_INPUT);
	CHECK_ERR(dump_set_page_size(dump, 524288), ERR_BAD_INPUT);
	CHECK_EQ(dump->page_shift, 0);
	CHECK_OK(dump_set_page_size(dump, 4096));
	CHECK_EQ(dump->page_shift, 12);
	CHECK_EQ(dump->max_mapnr, 0x25);
	check_ranges(&dump->present, present, ARRAY_LEN(present));
	check_ranges(&dump->missing, missing, ARRAY_LEN(missing));
	check_ranges(&dump->pmem, pmem, ARRAY_LEN(pmem));
	CHECK_OK(dump_set_page_size(dump, 65536));
	CHECK_EQ(dump->max_mapnr, 3);
	check_ranges(&dump->present, present_64k, 1);
	check_ranges(&dump->missing, missing_64k, 1);
	CHECK_EQ(dump->pmem.count, 0);
	dump_close(dump);
	core_free(&core);
}

/* Loads of every kind of overlap in a small space, so that each address has many. */
static void random_loads(struct elf_segment *loads, size_t count, uint64_t space, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t size = next_random(&seed) % (space / 4) + 1;

		loads[i] = (struct elf_segment){ .paddr = next_random(&seed) % space, .memsz = size };
		switch (next_random(&seed) % 4) {
		case 0:
			break;
		case 1:
			loads[i].filesz = next_random(&seed) % size;
			break;
		default:
			loads[i].filesz = size;
		}
	}
	loads[0].paddr = 1;
}

static void check_index(const struct dump_index *index, size_t segments)
{
	CHECK(index->count < 3 * segments + 1);
	for (size_t i = 0; i < index->count; i++) {
		const struct dump_piece *piece = &index->v[i];

		CHECK(piece->start < piece->end);
		CHECK(i == 0 || index->v[i - 1].end <= piece->start);
		CHECK(i == 0 || index->v[i - 1].end < piece->start ||
		      index->v[i - 1].segment != piece->segment ||
		      index->v[i - 1].stored != piece->stored);
	}
}

/* The index against a look at every load, at every address. */
static void test_overlaps_against_naive(void)
{
	static const size_t counts[] = { 1, 2, 3, 5, 8, 40, 200 };
	struct elf_segment loads[200];

	for (size_t round = 0; round < 140; round++) {
		size_t count = counts[round % ARRAY_LEN(counts)];
		struct core_model core;
		struct dump *dump = NULL;
		unsigned int wrong = 0;

		random_loads(loads, count, 600, round + 1);
		core_build(&core, le64, loads, count, 0);
		CHECK_OK(open_core(&core, core.len, &dump));
		if (!dump)
			return;
		check_index(dump->index, count);
		for (uint64_t paddr = 0; paddr < 800; paddr++) {
			const struct dump_segment *got = dump_find(dump, paddr);
			bool stored;
			const struct elf_segment *want = core_find(&core, paddr, &stored);

			wrong += got ? !want || got - dump->segments != want - loads : want != NULL;
		}
		CHECK_EQ(wrong, 0);
		dump_close(dump);
		core_free(&core);
	}
}

/* 20000 loads, most of them in others: the looks at pages agree with the plain rules. */
static void test_thousands_of_loads(void)
{
	const size_t count = 20000;
	struct elf_segment *loads = calloc(count, sizeof(*loads));
	struct core_model core;
	struct dump *dump = NULL;
	uint64_t seed = 99, paddr, wrong = 0;

	if (!loads)
		return;
	for (size_t i = 0; i < count; i++)
		loads[i] = (struct elf_segment){
			.paddr = next_random(&seed) % 0x4000000, .filesz = i % 3 * (i % 50),
			.memsz = i % 7 ? i % 3 * (i % 50) + 1 : 0x10000 };
	core_build(&core, le64, loads, count, 0);
	CHECK_OK(open_core(&core, core.len, &dump));
	if (!dump)
		return;
	CHECK_OK(dump_set_page_size(dump, 4096));
	check_index(dump->index, count);
	for (int i = 0; i < 3000; i++) {
		bool stored, covered, page_stored, present;
		const struct elf_segment *want;
		const struct dump_segment *got;

		paddr = next_random(&seed) % 0x4020000;
		want = core_find(&core, paddr, &stored);
		got = dump_find(dump, paddr);
		wrong += got ? !want || got - dump->segments != want - loads : want != NULL;
		page_stored = core_page_stored(&core, paddr, 4096, &covered);
		present = page_stored || covered;
		wrong += ranges_contains(&dump->present, paddr >> 12) != present;
		wrong += ranges_contains(&dump->missing, paddr >> 12) != (present && !page_stored);
	}
	CHECK_EQ(wrong, 0);
	dump_close(dump);
	core_free(&core);
	free(loads);
}

int main(void)
{
	RUN(test_loads_become_segments);
	RUN(test_table_at_debug_level);
	RUN(test_notes_are_found);
	RUN(test_loads_that_make_no_sense);
	RUN(test_files_without_physical_memory);
	RUN(test_truncated);
	RUN(test_foreign_files);
	RUN(test_page_sets);
	RUN(test_overlaps_against_naive);
	RUN(test_thousands_of_loads);
	return unit_status();
}
