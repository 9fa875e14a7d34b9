// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF headers and notes: elf_info. What a dump makes of the loads is test_dump_elf's. */
#include <stdlib.h>

#include "tests/unit/elf_build.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/unit.h"

static uint8_t file[16384];
static struct log_catch caught;

static struct err *read_file(size_t len, struct elf_info **ret)
{
	struct source *src = NULL;
	struct err *e = source_open_memory(file, len, &src);

	if (e)
		return e;
	log_catch_init(&caught);
	e = elf_info_read(src, &caught.log, ret);
	source_destroy(src);
	return e;
}

/* The error of reading, which must be @kind and mention @part. */
static void check_refused(size_t len, enum err_kind kind, const char *part)
{
	struct elf_info *info = NULL;
	struct err *e = read_file(len, &info);

	CHECK_EQ(err_kind(e), kind);
	CHECK(info == NULL);
	if (!e || !strstr(err_text(e), part) || (kind != ERR_NOT_MINE && !strstr(err_text(e), "memory")))
		printf("# expected \"%s\", got \"%s\"\n", part, e ? err_text(e) : "success");
	CHECK(e && strstr(err_text(e), part));
	err_free(e);
	elf_info_destroy(info);
}

/* A core with two program headers, a note and a load; returns its length. */
static size_t simple_core(struct elf_form form)
{
	size_t phoff = elf_ehdr_size(form), notes = 1024, len;

	memset(file, 0, sizeof(file));
	put_ehdr(file, form, 62, phoff, 2);
	len = put_note(file + notes, form.order, "VMCOREINFO", 0, "A=1\n", 4);
	put_phdr(file + phoff, form, &(struct elf_segment){ .type = 4, .offset = notes,
							    .filesz = len, .memsz = len });
	put_phdr(file + phoff + elf_phdr_size(form), form, &(struct elf_segment){
		.type = 1, .flags = 7, .offset = 4096, .vaddr = 0xc0100000, .paddr = 0x100000,
		.filesz = 4096, .memsz = 8192, .align = 16 });
	return 8192;
}

static void test_both_classes_and_orders(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_info *info = NULL;
		struct elf_note note;
		size_t pos = 0;

		CHECK_OK(read_file(simple_core(elf_forms[i]), &info));
		if (!info)
			return;
		CHECK_EQ(info->word, elf_forms[i].word);
		CHECK_EQ(info->order, elf_forms[i].order);
		CHECK_EQ(info->machine, 62);
		CHECK_EQ(info->flags, 0);
		CHECK_EQ(info->segment_count, 2);
		CHECK_EQ(info->segments[1].type, 1);
		CHECK_EQ(info->segments[1].flags, 7);
		CHECK_EQ(info->segments[1].offset, 4096);
		CHECK_EQ(info->segments[1].vaddr, 0xc0100000);
		CHECK_EQ(info->segments[1].paddr, 0x100000);
		CHECK_EQ(info->segments[1].filesz, 4096);
		CHECK_EQ(info->segments[1].memsz, 8192);
		CHECK_EQ(info->segments[1].align, 16);
		CHECK(elf_note_next(info->notes, info->notes_len, info->order, &pos, &note));
		CHECK(elf_note_is(&note, "VMCOREINFO", 0));
		CHECK(!elf_note_is(&note, "VMCOREINFO", 1));
		CHECK(!elf_note_is(&note, "VMCORE", 0));
		CHECK_EQ(note.name_len, 10);
		CHECK_EQ(note.desc_len, 4);
		CHECK(memcmp(note.desc, "A=1\n", 4) == 0);
		CHECK(!elf_note_next(info->notes, info->notes_len, info->order, &pos, &note));
		CHECK_EQ(caught.warnings, 0);
		elf_info_destroy(info);
	}
}

static void test_all_ones_widen(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];
		struct elf_info *info = NULL;
		size_t len = simple_core(form);

		put_phdr(file + elf_ehdr_size(form) + elf_phdr_size(form), form,
			 &(struct elf_segment){ .type = 1, .offset = UINT64_MAX, .vaddr = UINT64_MAX,
						.paddr = UINT64_MAX, .memsz = 1 });
		CHECK_OK(read_file(len, &info));
		if (!info)
			return;
		CHECK_EQ(info->segments[1].paddr, UINT64_MAX);
		CHECK_EQ(info->segments[1].vaddr, UINT64_MAX);
		CHECK_EQ(info->segments[1].offset, form.word == 8 ? UINT64_MAX : UINT32_MAX);
		elf_info_destroy(info);
	}
}

/* QEMU since 7.2: section headers come first, and 7.2 itself writes e_ehsize 8. */
static void test_phoff_behind_sections(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];
		struct elf_info *info = NULL;
		size_t phoff = form.word == 8 ? 192 : 132;

		memset(file, 0, sizeof(file));
		put_ehdr(file, form, 62, phoff, 1);
		put_u16(file + (form.word == 8 ? 52 : 40), 8, form.order);
		put_e_shoff(file, form, elf_ehdr_size(form), form.word == 8 ? 64 : 40);
		put_u16(file + (form.word == 8 ? 60 : 48), 2, form.order);
		put_phdr(file + phoff, form, &(struct elf_segment){ .type = 1, .paddr = 0x5000,
								    .memsz = 1 });
		CHECK_OK(read_file(512, &info));
		if (!info)
			return;
		CHECK_EQ(info->segment_count, 1);
		CHECK_EQ(info->segments[0].paddr, 0x5000);
		elf_info_destroy(info);
	}
}

static void test_phentsize_is_the_stride(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];
		struct elf_info *info = NULL;

		memset(file, 0xee, sizeof(file));
		put_ehdr(file, form, 62, 101, 3);
		put_e_phentsize(file, form, 71);
		for (unsigned int n = 0; n < 3; n++)
			put_phdr(file + 101 + n * 71, form, &(struct elf_segment){
				.type = 1, .paddr = 0x1000 * n, .memsz = 7 });
		CHECK_OK(read_file(101 + 3 * 71, &info));
		if (!info)
			return;
		for (unsigned int n = 0; n < 3; n++) {
			CHECK_EQ(info->segments[n].paddr, 0x1000 * n);
			CHECK_EQ(info->segments[n].memsz, 7);
		}
		elf_info_destroy(info);
	}
}

/* More program headers than 16 bits count; section header 0 lies behind everything else. */
static void test_pn_xnum(void)
{
	const uint32_t count = 70000;

	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];
		size_t phoff = elf_ehdr_size(form), phdr = elf_phdr_size(form);
		size_t shoff = phoff + count * phdr + 4096 + 2, len = shoff + 64;
		uint8_t *big = calloc(1, len);
		struct elf_info *info = NULL;
		struct source *src = NULL;

		if (!big)
			return;
		put_ehdr(big, form, 62, phoff, 0xffff);
		put_e_shoff(big, form, shoff, form.word == 8 ? 64 : 40);
		put_shdr_info(big + shoff, form, count);
		for (uint32_t n = 0; n < count; n++)
			put_phdr(big + phoff + n * phdr, form, &(struct elf_segment){
				.type = 1, .paddr = n * 0x1000ull, .memsz = 0x1000 });
		CHECK_OK(source_open_memory(big, len, &src));
		CHECK_OK(elf_info_read(src, NULL, &info));
		if (info) {
			CHECK_EQ(info->segment_count, count);
			for (uint32_t n = 0; n < count; n++)
				if (info->segments[n].paddr != n * 0x1000ull)
					CHECK_EQ(info->segments[n].paddr, n * 0x1000ull);
		}
		elf_info_destroy(info);
		source_destroy(src);
		free(big);
	}
}

static void test_refusals(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];
		size_t len = simple_core(form);

		check_refused(10, ERR_NOT_MINE, "");
		check_refused(40, ERR_BAD_INPUT, "ends after 40");
		file[4] = 3;
		check_refused(len, ERR_BAD_INPUT, "EI_CLASS] is 3");
		simple_core(form);
		file[5] = 0;
		check_refused(len, ERR_BAD_INPUT, "EI_DATA] is 0");
		simple_core(form);
		put_u16(file + 16, 2, form.order);
		check_refused(len, ERR_UNSUPPORTED, "e_type is 2");
		simple_core(form);
		put_u32(file + 20, 7, form.order);
		check_refused(len, ERR_BAD_INPUT, "e_version is 7");
		simple_core(form);
		put_e_phentsize(file, form, 31);
		check_refused(len, ERR_BAD_INPUT, "e_phentsize is 31");
		put_e_phentsize(file, form, 0);
		check_refused(len, ERR_BAD_INPUT, "e_phentsize is 0");
		put_ehdr(file, form, 62, elf_ehdr_size(form), 0);
		check_refused(len, ERR_BAD_INPUT, "program headers is 0");
		put_ehdr(file, form, 62, len - 40, 2);
		check_refused(len, ERR_BAD_INPUT, "e_phoff is");
		put_ehdr(file, form, 62, UINT64_MAX - 3, 2);
		check_refused(len, ERR_BAD_INPUT, "e_phoff is");
		file[0] = 'x';
		check_refused(len, ERR_NOT_MINE, "");
	}
}

static void test_pn_xnum_refusals(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];
		uint16_t shdr = form.word == 8 ? 64 : 40;
		size_t len = simple_core(form);

		put_ehdr(file, form, 62, elf_ehdr_size(form), 0xffff);
		check_refused(len, ERR_BAD_INPUT, "e_shoff is 0");
		put_e_shoff(file, form, len - shdr, (uint16_t)(shdr - 1));
		check_refused(len, ERR_BAD_INPUT, "e_shentsize is");
		put_e_shoff(file, form, len - shdr + 1, shdr);
		check_refused(len, ERR_BAD_INPUT, "e_shoff is");
		put_e_shoff(file, form, len - shdr, shdr);
		put_shdr_info(file + len - shdr, form, 0);
		check_refused(len, ERR_BAD_INPUT, "program headers is 0");
		put_shdr_info(file + len - shdr, form, 0xffffffff);
		check_refused(len, ERR_BAD_INPUT, "program headers is 4294967295");
		put_shdr_info(file + len - shdr, form, 1000);
		check_refused(len, ERR_BAD_INPUT, "e_phoff is");
		put_shdr_info(file + len - shdr, form, 2);
		{
			struct elf_info *info = NULL;

			CHECK_OK(read_file(len, &info));
			elf_info_destroy(info);
		}
	}
}

static void put_note_phdr(struct elf_form form, unsigned int n, uint64_t offset, uint64_t len)
{
	put_phdr(file + elf_ehdr_size(form) + n * elf_phdr_size(form), form,
		 &(struct elf_segment){ .type = 4, .offset = offset, .filesz = len });
}

/*
 * Three PT_NOTEs among loads: the first with a zero area in the middle and
 * zeros at its end, the second broken after one note, the third good.
 */
static void test_notes_in_many_segments(void)
{
	static const char *const want[] = { "CORE", "LINUX", "VMCOREINFO", "CORE" };
	struct elf_form form = { 8, ORDER_BIG };
	size_t at = 2000, len, n = 0, pos = 0;
	struct elf_info *info = NULL;
	struct elf_note note;

	memset(file, 0, sizeof(file));
	put_ehdr(file, form, 22, 64, 5);
	len = put_note(file + at, form.order, "CORE", 1, "12345", 5);
	len += 40;
	len += put_note(file + at + len, form.order, "LINUX", 0x700, "", 0);
	put_note_phdr(form, 0, at, len + 50);
	put_phdr(file + 64 + 56, form, &(struct elf_segment){ .type = 1 });
	at = 3000;
	len = put_note(file + at, form.order, "VMCOREINFO", 0, "X=1\n", 3);
	put_u32(file + at + len, 5, form.order);
	put_u32(file + at + len + 4, 0xfffffff0, form.order);
	put_note_phdr(form, 2, at, len + 20);
	put_phdr(file + 64 + 3 * 56, form, &(struct elf_segment){ .type = 0x6474e551 });
	at = 4000;
	/* The last description's padding is not in the segment. */
	len = put_note(file + at, form.order, "CORE", 1, "abcde", 5);
	put_note_phdr(form, 4, at, len - 3);
	CHECK_OK(read_file(8192, &info));
	if (!info)
		return;
	while (elf_note_next(info->notes, info->notes_len, info->order, &pos, &note)) {
		CHECK(n < 4 && elf_note_is(&note, want[n], note.type));
		n++;
	}
	CHECK_EQ(n, 4);
	CHECK_EQ(note.desc_len, 5);
	CHECK(memcmp(note.desc, "abcde", 5) == 0);
	CHECK_EQ(caught.warnings, 1);
	CHECK(log_caught(&caught, "runs over the end"));
	elf_info_destroy(info);
}

static void test_notes_outside_the_file(void)
{
	struct elf_form form = { 8, ORDER_LITTLE };
	struct elf_info *info = NULL;
	struct elf_note note;
	size_t len, pos = 0;

	memset(file, 0, sizeof(file));
	put_ehdr(file, form, 62, 64, 4);
	put_note_phdr(form, 0, UINT64_MAX - 8, 100);
	put_note_phdr(form, 1, 5000, UINT64_MAX);
	put_note_phdr(form, 2, 8192, 4);
	len = put_note(file + 1000, form.order, "CORE", 1, "x", 1);
	put_note_phdr(form, 3, 1000, len);
	CHECK_OK(read_file(8192, &info));
	if (!info)
		return;
	CHECK(caught.warnings >= 3);
	CHECK(elf_note_next(info->notes, info->notes_len, info->order, &pos, &note));
	CHECK(elf_note_is(&note, "CORE", 1));
	CHECK(!elf_note_next(info->notes, info->notes_len, info->order, &pos, &note));
	elf_info_destroy(info);
}

/* Many PT_NOTEs that all name the same bytes take no more memory than the file has. */
static void test_notes_are_bounded_by_the_file(void)
{
	struct elf_form form = { 8, ORDER_LITTLE };
	struct elf_info *info = NULL;

	memset(file, 0, sizeof(file));
	put_ehdr(file, form, 62, 64, 100);
	for (unsigned int n = 0; n < 100; n++)
		put_note_phdr(form, n, 6000, 4000);
	for (size_t at = 6000; at < 10000; at += 20)
		put_note(file + at, form.order, "CORE", 6, "", 0);
	CHECK_OK(read_file(10000, &info));
	if (!info)
		return;
	CHECK(info->notes_len <= 10000 + 400);
	CHECK(info->notes_len >= 8000);
	elf_info_destroy(info);
}

static void test_flags(void)
{
	for (int i = 0; i < ELF_FORMS; i++) {
		struct elf_info *info = NULL;
		size_t len = simple_core(elf_forms[i]);

		put_e_flags(file, elf_forms[i], 0x80000001);
		CHECK_OK(read_file(len, &info));
		if (!info)
			return;
		CHECK_EQ(info->flags, 0x80000001);
		elf_info_destroy(info);
	}
}

int main(void)
{
	RUN(test_both_classes_and_orders);
	RUN(test_all_ones_widen);
	RUN(test_phoff_behind_sections);
	RUN(test_phentsize_is_the_stride);
	RUN(test_pn_xnum);
	RUN(test_refusals);
	RUN(test_pn_xnum_refusals);
	RUN(test_notes_in_many_segments);
	RUN(test_notes_outside_the_file);
	RUN(test_notes_are_bounded_by_the_file);
	RUN(test_flags);
	return unit_status();
}
