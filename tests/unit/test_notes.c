// SPDX-License-Identifier: GPL-2.0-or-later
/* The notes that an output file has of those of its input. */
#include "output/notes.h"

#include "base/checked.h"
#include "tests/unit/elf_build.h"
#include "tests/unit/unit.h"

#define INFO "PAGESIZE=4096\nOSRELEASE=6.1.0\n"
#define ERASED "erase a size 8\nerase b size 16\n"
#define CPU "registers of a CPU"

/* Notes of a dump: two runs erased something, the second told what the first did, too. */
static size_t put_input(uint8_t *at, enum byte_order order, const char *first, size_t *info)
{
	size_t len = put_note(at, order, "CORE", 1, CPU, strlen(CPU));

	len += put_note(at + len, order, "ERASEINFO", 0, first, strlen(first));
	*info = len + 12 + 12;
	len += put_note(at + len, order, "VMCOREINFO", 0, INFO, strlen(INFO));
	len += put_note(at + len, order, "ERASEINFO", 0, ERASED "\0\0\0", strlen(ERASED) + 3);
	/* What is no note stays as it is. */
	memset(at + len, 0xff, 20);
	return len + 20;
}

/* What comes of it, and what should. */
static void check(const struct dump *dump, const uint8_t *want, size_t len, uint64_t info)
{
	uint8_t got[1024] = { 0 };

	CHECK_EQ(dump_notes_size(dump), len);
	CHECK_EQ(dump_notes_put(dump, dump->order, got), info);
	CHECK(!memcmp(got, want, len));
	CHECK_EQ(got[len], 0);
}

static void test_what_was_erased_is_told_once(void)
{
	for (size_t i = 0; i < ELF_FORMS; i++) {
		enum byte_order order = elf_forms[i].order;
		uint8_t in[1024], want[1024];
		size_t info, len;
		struct dump dump = { .order = order, .notes = in, .eraseinfo = ERASED,
				     .eraseinfo_len = strlen(ERASED), .vmcoreinfo_len = strlen(INFO) };

		dump.notes_len = put_input(in, order, "erase a size 8\n", &info);
		dump.vmcoreinfo = (const char *)in + info;
		len = put_note(want, order, "CORE", 1, CPU, strlen(CPU));
		info = len + 12 + 12;
		len += put_note(want + len, order, "VMCOREINFO", 0, INFO, strlen(INFO));
		memset(want + len, 0xff, 20);
		check(&dump, want, len + 20, info);
	}
}

/* A text that nothing else tells stays; and without any such text so do all notes. */
static void test_what_is_told_nowhere_else_stays(void)
{
	struct dump dump = { .order = ORDER_LITTLE, .eraseinfo = ERASED,
			     .eraseinfo_len = strlen(ERASED), .vmcoreinfo_len = strlen(INFO) };
	uint8_t in[1024], want[1024];
	size_t info, len;

	dump.notes = in;
	dump.notes_len = put_input(in, ORDER_LITTLE, "erase z size 8\n", &info);
	dump.vmcoreinfo = (const char *)in + info;
	len = info + round_up(strlen(INFO), 4);
	memcpy(want, in, len);
	memset(want + len, 0xff, 20);
	check(&dump, want, len + 20, info);
	dump.eraseinfo = NULL;
	dump.eraseinfo_len = 0;
	check(&dump, in, dump.notes_len, info);
}

/* None at all, and VMCOREINFO from elsewhere. */
static void test_no_notes(void)
{
	struct dump dump = { .order = ORDER_BIG };
	uint8_t want[1024] = { 0 };

	check(&dump, want, 0, 0);
	dump.vmcoreinfo = INFO;
	dump.vmcoreinfo_len = strlen(INFO);
	check(&dump, want, put_note(want, ORDER_BIG, "VMCOREINFO", 0, INFO, strlen(INFO)), 24);
}

int main(void)
{
	RUN(test_what_was_erased_is_told_once);
	RUN(test_what_is_told_nowhere_else_stays);
	RUN(test_no_notes);
	return unit_status();
}
