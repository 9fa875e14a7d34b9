/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option table and the command-line parser. */
#include <stdlib.h>

#include "base/log.h"
#include "cli/option_table.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 48

/* Parse a blank-separated line; *options as options_parse() leaves it. */
static struct err *parse(const char *line, struct options *options)
{
	static char copy[512];	/* options borrow their words */
	char *argv[WORDS_MAX + 1] = { (char *)"makedumpfile" };
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(argc, argv, options);
}

static void test_defaults(void)
{
	struct options o;

	CHECK_OK(parse("vmcore dump", &o));
	CHECK_EQ(o.action, ACTION_CREATE);
	CHECK_EQ(o.codec, 0);
	CHECK_EQ(o.level, 0);
	CHECK_EQ(o.message_level, 7);
	CHECK_EQ(o.threads, THREADS_AUTO);
	CHECK_EQ(o.max_memory, 0);
	CHECK(!o.force && !o.dry_run && !o.show_stats && !o.non_mmap && !o.debug);
	CHECK(!strcmp(o.vmcore, "vmcore") && !strcmp(o.dumpfile, "dump"));
}

static void test_options_behind_words(void)
{
	struct options o;

	CHECK_OK(parse("vmcore -l dump -d 31 --num-threads=8 --message-level 21", &o));
	CHECK_EQ(o.codec, 'l');
	CHECK_EQ(o.level, 31);
	CHECK_EQ(o.threads, 8);
	CHECK_EQ(o.message_level, 21);
	CHECK(!strcmp(o.vmcore, "vmcore") && !strcmp(o.dumpfile, "dump"));
}

static void test_every_flag(void)
{
	struct options o;

	CHECK_OK(parse("-cf -D --dry-run --show-stats --non-mmap --cyclic-buffer 4 -d63 a b", &o));
	CHECK(o.force && o.dry_run && o.show_stats && o.non_mmap && o.debug);
	CHECK_EQ(o.cyclic_buffer_kb, 4);
	CHECK_EQ(o.level, 63);
	CHECK_EQ(o.message_level, 7 | LOG_DEBUG | LOG_REPORT);
}

static void test_last_codec_wins(void)
{
	struct options o;

	CHECK_OK(parse("-c -l -p -z a b", &o));
	CHECK_EQ(o.codec, 'z');
	CHECK_OK(parse("-z -c -c a b", &o));
	CHECK_EQ(o.codec, 'c');
}

static void test_actions(void)
{
	struct options o;

	CHECK_OK(parse("--dump-dmesg vmcore log", &o));
	CHECK_EQ(o.action, ACTION_DUMP_DMESG);
	CHECK_OK(parse("--check-params --dump-dmesg vmcore log", &o));
	CHECK_EQ(o.action, ACTION_CHECK_PARAMS);
	CHECK_OK(parse("-v -h", &o));
	CHECK_EQ(o.action, ACTION_HELP);
	CHECK_OK(parse("-hv", &o));
	CHECK_EQ(o.action, ACTION_HELP);
	CHECK_OK(parse("-v a b c", &o));
	CHECK_EQ(o.action, ACTION_VERSION);
	CHECK_OK(parse("--check-params --message-level 0 a b", &o));
	CHECK_EQ(o.message_level, 7);
}

static void test_numbers(void)
{
	static const char *const good[] = {
		"-d 0 a b", "-d 32 a b", "--num-threads -3 a b", "--num-threads 0 a b",
		"--cyclic-buffer 0 a b", "--message-level 0 a b", "--message-level 31 a b",
		"-b 8 a b", "--work-dir /tmp a b", "--num 2 a b", "--max-memory 0 a b",
		"--max-memory 1048576 a b", "--max-memory 4G a b", "--max-memory=64m a b",
	};
	static const char *const bad[] = {
		"-d 64 a b", "-d -1 a b", "-d x a b", "-d 3x a b", "-d 0x1f a b",
		"-d 99999999999999999999 a b", "-d= a b", "--num-threads x a b",
		"--num-threads 2,3 a b", "--cyclic-buffer -1 a b", "--cyclic-buffer 1M a b",
		"--message-level 32 a b", "--message-level -1 a b", "--message-level x a b",
		"-b x a b", "--max-memory M a b", "--max-memory 1MB a b", "--max-memory -1 a b",
		"--max-memory 1T a b", "--max-memory= a b", "--max-memory 18446744073709551616 a b",
		"--max-memory 17179869184G a b", "--max-memory +1 a b",
	};
	struct options o;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_OK(parse(good[i], &o));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ERR(parse(bad[i], &o), ERR_USAGE);
	CHECK_OK(parse("--num-threads -3 a b", &o));
	CHECK_EQ(o.threads, 0);
	CHECK_OK(parse("--max-memory 3 a b", &o));
	CHECK_EQ(o.max_memory, 3);
	CHECK_OK(parse("--max-memory 5k a b", &o));
	CHECK_EQ(o.max_memory, 5 << 10);
	CHECK_OK(parse("--max-memory 7M a b", &o));
	CHECK_EQ(o.max_memory, 7 << 20);
	CHECK_OK(parse("--max-memory 9G a b", &o));
	CHECK_EQ(o.max_memory, UINT64_C(9) << 30);
}

static void test_kernel_options(void)
{
	struct options o;

	CHECK_OK(parse("-x v a b", &o));
	CHECK(o.action == ACTION_CREATE && !strcmp(o.vmlinux, "v") && !o.vmcoreinfo);
	CHECK_OK(parse("-i f a b", &o));
	CHECK(!o.vmlinux && !strcmp(o.vmcoreinfo, "f"));
	CHECK_OK(parse("-x v -g out", &o));
	CHECK(o.action == ACTION_VMCOREINFO && !strcmp(o.vmcore, "v") && !strcmp(o.dumpfile, "out"));
	CHECK_OK(parse("--vtop 0xfffffffffffffff0 a", &o));
	CHECK(o.action == ACTION_VTOP && o.vtop_address == 0xfffffffffffffff0ull);
	CHECK_OK(parse("--vtop 16 a b", &o));
	CHECK(o.action == ACTION_CREATE && o.vtop && o.vtop_address == 16);
	CHECK_OK(parse("--dump-dmesg --partial-dmesg a b", &o));
	CHECK(o.action == ACTION_DUMP_DMESG && o.partial_dmesg);
	CHECK_OK(parse("-F --dump-dmesg a", &o));
	CHECK(o.flattened && !o.dumpfile);
}

static void test_texts(void)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "-d 64 a b", "Dump_level(64) is invalid." },
		{ "--message-level 32 a b", "Message_level(32) is invalid." },
		{ "--foo a b", "unrecognized option '--foo'" },
		{ "--dry-run -Qc a b", "unrecognized option '-Q'" },
		{ "a b -d", "option '-d' requires an argument" },
		{ "a b --num-threads", "option '--num-threads' requires an argument" },
		{ "--dry-run=1 a b", "option '--dry-run=1' takes no argument" },
		{ "--help=1", "option '--help=1' takes no argument" },
		{ "-E -c a b", "options -E and -c exclude each other" },
		{ "a", "1 file name given; wanted: VMCORE and DUMPFILE" },
		{ "--eppic f -x v a b", "option --eppic is not in this version" },
		{ "-g out a", "option -g needs -x" },
		{ "-g out -x v a", "1 file name given; wanted: no file" },
		{ "-g out -x v -d 1", "options -g and -d exclude each other" },
		{ "--vtop ffff800000000000 a",
		  "option --vtop: 'ffff800000000000' is not an address (hexadecimal ones begin with 0x)" },
	};
	struct options o;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err *e = parse(cases[i].line, &o);

		CHECK(e && !strcmp(err_text(e), cases[i].text));
		err_free(e);
	}
}

/* Callers' configurations are checked with these; a contract since 1.6. */
static void test_rejected_forms(void)
{
	static const char *const lines[] = {
		"", "a", "a b c", "-E -c a b", "-E -l a b", "-E -p a b", "-E -z a b",
		"-F --split a b c", "-F a b", "--num-threads 2 -E a b",
		"--split --num-threads 2 a b c", "--dry-run --dump-dmesg a b",
		"--partial-dmesg a b", "-e a b", "--config f a b", "-E --split a b c",
		"-x v -i i a b", "--split a b", "--reassemble a", "-R a b", "--mem-usage a b",
		"--dump-dmesg a", "--dump-dmesg a b c", "--mem", "--m a b",
	};
	struct options o;
	char line[128];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK_ERR(parse(lines[i], &o), ERR_USAGE);
		snprintf(line, sizeof(line), "--check-params %s", lines[i]);
		CHECK_ERR(parse(line, &o), ERR_USAGE);
		CHECK_EQ(o.action, ACTION_CHECK_PARAMS);
	}
}

/* Known options of the original are refused by name, with their argument skipped. */
static void test_not_in_this_version(void)
{
	static const char *const lines[] = {
		"-E a b", "-L 1G a b", "-R a", "-e --work-dir /tmp a b",
		"--config f -x v a b",
		"--eppic f -x v a b", "--extension f a b", "--mem-usage a",
		"--reassemble a b", "--split a b c", "--splitblock-size 4 a b",
		"--xen-syms f a b", "-d 1,31 a b",
	};
	struct options o;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECK_ERR(parse(lines[i], &o), ERR_UNSUPPORTED);
}

/* The disks stand for VMCORE, whatever else is asked for. */
static void test_disks(void)
{
	char line[500] = "out";
	struct options o;

	CHECK_OK(parse("--diskset a --diskset=b out -d 1", &o));
	CHECK_EQ(o.disk_count, 2);
	CHECK(!strcmp(o.disks[0], "a") && !strcmp(o.disks[1], "b"));
	CHECK(!strcmp(o.vmcore, "a"));
	CHECK(!strcmp(o.dumpfile, "out"));
	CHECK_OK(parse("--dump-dmesg --diskset a log", &o));
	CHECK(!strcmp(o.dumpfile, "log"));
	CHECK_OK(parse("--estimate --diskset a", &o));
	CHECK(!o.dumpfile);
	CHECK_ERR(parse("--diskset a", &o), ERR_USAGE);
	CHECK_ERR(parse("--diskset a b c", &o), ERR_USAGE);
	CHECK_ERR(parse("--estimate --diskset a b", &o), ERR_USAGE);
	for (int i = 0; i < 33; i++)
		strcat(line, " --diskset=d");
	CHECK_ERR(parse(line, &o), ERR_USAGE);
}

/* An error does not hide what decides how it is printed. */
static void test_filled_despite_error(void)
{
	struct options o;

	CHECK_ERR(parse("-d 99 --bogus --message-level 4 a", &o), ERR_USAGE);
	CHECK_EQ(o.message_level, 4);
	CHECK_ERR(parse("-d 99 a b --check-params", &o), ERR_USAGE);
	CHECK_EQ(o.action, ACTION_CHECK_PARAMS);
}

static void test_table(void)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		char spelling[32];

		CHECK(row->name || row->letter);
		/* No two rows share a spelling. */
		CHECK(option_row_find(option_row_spelling(row, spelling, sizeof(spelling))) == row);
		if (row->name) {
			snprintf(spelling, sizeof(spelling), "--%s", row->name);
			CHECK(option_row_find(spelling) == row);
		}
		/* What works is in the usage text, and nothing else. */
		CHECK(!row->set == !row->help);
	}
	for (size_t i = 0; i < option_rule_count; i++) {
		CHECK(option_row_find(option_rules[i].option) != NULL);
		CHECK(option_row_find(option_rules[i].other) != NULL);
	}
}

static void test_usage(void)
{
	char *text = options_usage();

	CHECK(text != NULL);
	if (!text)
		return;
	/* As distributions' tests look for it. */
	CHECK(strstr(text, "LZO support:\n  ") != NULL);
	CHECK(strstr(text, "snappy support:\n  ") != NULL);
	CHECK(strstr(text, "zstd support:\n  ") != NULL);
	for (size_t i = 0; i < option_row_count; i++)
		CHECK(!option_rows[i].help || !option_rows[i].name ||
		      strstr(text, option_rows[i].name));
	CHECK(!strstr(text, "reassemble"));
	free(text);
}

int main(void)
{
	RUN(test_defaults);
	RUN(test_options_behind_words);
	RUN(test_every_flag);
	RUN(test_last_codec_wins);
	RUN(test_actions);
	RUN(test_numbers);
	RUN(test_kernel_options);
	RUN(test_texts);
	RUN(test_rejected_forms);
	RUN(test_not_in_this_version);
	RUN(test_disks);
	RUN(test_filled_despite_error);
	RUN(test_table);
	RUN(test_usage);
	return unit_status();
}
