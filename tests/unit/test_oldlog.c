/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log before the ring, of every word size and byte order. The recipes have the rest. */
#include "tests/unit/oldlog.h"

struct out {
	char text[4096];
	size_t len;
};

static struct err *take(void *ctx, const char *text, size_t len)
{
	struct out *out = ctx;

	if (len >= sizeof(out->text) - out->len)
		return err_new(ERR_LIMIT, "too much text");
	memcpy(out->text + out->len, text, len);
	out->len += len;
	out->text[out->len] = '\0';
	return NULL;
}

/* Dump and close. @kind 0: success. */
static void dump(struct flatkernel *fk, const char *facts, bool since_clear, int kind,
		 struct out *out, uint64_t *records)
{
	struct klog_out to = { take, out };
	uint64_t lost = 0;
	struct err *e;

	out->len = 0;
	out->text[0] = '\0';
	if (!flatkernel_open(fk, facts))
		return;
	e = klog_dump(fk->reader, since_clear, &to, records, &lost);
	CHECK_EQ(err_kind(e), kind);
	CHECK_EQ(lost, 0);
	err_free(e);
	flatkernel_close(fk);
}

static void put_var(struct flatkernel *fk, enum oldlog_variable which, uint32_t value)
{
	memkernel_put_u32(&fk->mk, oldlog_variable_at(which), value);
}

/* Three records, the last behind a mark at the start; the log was cleared before the second. */
static void init_records(struct flatkernel *fk, struct elf_form form)
{
	uint32_t at;

	oldlog_init(fk, form);
	put_var(fk, OLDLOG_FIRST, 8000);
	at = oldlog_put_record(fk, 8000, "one", 3);
	put_var(fk, OLDLOG_CLEAR, at);
	oldlog_put_record(fk, at, "two\nlines\x01", 10);
	put_var(fk, OLDLOG_NEXT, oldlog_put_record(fk, 0, "three", 5));
}

static void test_records(void)
{
	struct flatkernel fk;
	struct out out;
	uint64_t records;

	for (unsigned int i = 0; i < 4; i++) {
		init_records(&fk, elf_forms[i]);
		dump(&fk, oldlog_records_facts, false, 0, &out, &records);
		CHECK_EQ(records, 3);
		CHECK(!strcmp(out.text, "[    1.508000] one\n[    1.508020] two\n"
			      "               lines\\x01\n[    1.500000] three\n"));
		init_records(&fk, elf_forms[i]);
		dump(&fk, oldlog_records_facts, true, 0, &out, &records);
		CHECK_EQ(records, 2);
		CHECK(!strncmp(out.text, "[    1.508020] two\n", 19));
	}
}

/* clear_idx is no index of a record that is left: all of them. */
static void test_cleared_long_ago(void)
{
	struct flatkernel fk;
	struct out out;
	uint64_t records;

	init_records(&fk, elf_forms[0]);
	put_var(&fk, OLDLOG_CLEAR, 4000);
	dump(&fk, oldlog_records_facts, true, 0, &out, &records);
	CHECK_EQ(records, 3);
	init_records(&fk, elf_forms[0]);
	put_var(&fk, OLDLOG_CLEAR, 24);
	dump(&fk, oldlog_records_facts, true, 0, &out, &records);
	CHECK_EQ(records, 0);
}

static void test_broken_chain(void)
{
	struct flatkernel fk;
	struct out out;
	uint64_t records;

	init_records(&fk, elf_forms[0]);
	put_var(&fk, OLDLOG_NEXT, 20);
	dump(&fk, oldlog_records_facts, false, ERR_BAD_INPUT, &out, &records);
	CHECK_EQ(records, 2);
	CHECK(strstr(out.text, "lines"));
}

static void test_text(void)
{
	static const char first[] = "tail of a line\n<6>[    1.0] six\n<4>four <5>\n<", last[] = "12>wrapped\n";
	struct flatkernel fk;
	struct out out;
	uint64_t records;
	uint32_t end = 3 * OLDLOG_BUF_LEN + (uint32_t)strlen(last);

	for (unsigned int i = 0; i < 4; i++) {
		for (int partial = 0; partial < 2; partial++) {
			oldlog_init(&fk, elf_forms[i]);
			memkernel_put(&fk.mk, OLDLOG_BUF + OLDLOG_BUF_LEN - strlen(first), first,
				      strlen(first));
			memkernel_put(&fk.mk, OLDLOG_BUF, last, strlen(last));
			memset(memkernel_at(&fk.mk, OLDLOG_BUF + strlen(last), 1), 'x',
			       OLDLOG_BUF_LEN - strlen(first) - strlen(last));
			put_var(&fk, OLDLOG_END, end);
			put_var(&fk, OLDLOG_CHARS, (uint32_t)(strlen(last) + 13));
			/* All of it is more than the room for it here: only its end counts. */
			if (!partial)
				put_var(&fk, OLDLOG_CHARS, (uint32_t)(strlen(first) + strlen(last)));
			dump(&fk, oldlog_text_facts, true, 0, &out, &records);
			CHECK_EQ(records, partial ? 2 : 4);
			CHECK(!strcmp(out.text, partial ? "four <5>\nwrapped\n" :
				      "tail of a line\n[    1.0] six\nfour <5>\nwrapped\n"));
		}
	}
}

static void test_text_not_full(void)
{
	struct flatkernel fk;
	struct out out;
	uint64_t records;

	oldlog_init(&fk, elf_forms[0]);
	memkernel_put(&fk.mk, OLDLOG_BUF, "<0>a\n<", 6);
	put_var(&fk, OLDLOG_END, 6);
	dump(&fk, oldlog_text_facts, false, 0, &out, &records);
	CHECK(!strcmp(out.text, "a\n<\n"));
	oldlog_init(&fk, elf_forms[0]);
	dump(&fk, oldlog_text_facts, false, 0, &out, &records);
	CHECK(!strcmp(out.text, "") && records == 0);
}

int main(void)
{
	RUN(test_records);
	RUN(test_cleared_long_ago);
	RUN(test_broken_chain);
	RUN(test_text);
	RUN(test_text_not_full);
	return unit_status();
}
