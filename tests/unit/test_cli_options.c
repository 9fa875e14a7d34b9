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
		"-L 1 a b", "-L 7E a b", "-L 3p a b", "-d 11,31 a b", "-d 31,1 a b",
		"-d 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,31 a b",
	};
	static const char *const bad[] = {
		"-d 64 a b", "-d -1 a b", "-d x a b", "-d 3x a b", "-d 0x1f a b",
		"-d 99999999999999999999 a b", "-d= a b", "--num-threads x a b",
		"--num-threads 2,3 a b", "--cyclic-buffer -1 a b", "--cyclic-buffer 1M a b",
		"--message-level 32 a b", "--message-level -1 a b", "--message-level x a b",
		"-b x a b", "--max-memory M a b", "--max-memory 1MB a b", "--max-memory -1 a b",
		"--max-memory 1X a b", "--max-memory= a b", "--max-memory 18446744073709551616 a b",
		"--max-memory 17179869184G a b", "--max-memory +1 a b", "-L 0 a b", "-L x a b",
		"-L 8E a b", "-L -1 a b", "-L 1MB a b", "-L= a b", "-d 1, a b", "-d ,1 a b",
		"-d 1,,31 a b", "-d 1,64 a b", "-d 1;31 a b",
		"-d 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1 a b",
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
	CHECK_OK(parse("-L 2T a b", &o));
	CHECK_EQ(o.size_limit, UINT64_C(2) << 40);
}

static void test_levels(void)
{
	struct options o;

	CHECK_OK(parse("a b", &o));
	CHECK(o.level_count == 1 && o.levels[0] == 0 && o.level == 0);
	CHECK_OK(parse("-d 1,16,31 a b", &o));
	CHECK(o.level_count == 3 && o.level == 1);
	CHECK(o.levels[0] == 1 && o.levels[1] == 16 && o.levels[2] == 31);
	/* As every option: the last one counts. */
	CHECK_OK(parse("-d 1,16,31 -d 8 a b", &o));
	CHECK(o.level_count == 1 && o.levels[0] == 8 && o.level == 8);
}

/* Which word is which file. */
static void test_files(void)
{
	struct options o;

	CHECK_OK(parse("a b", &o));
	CHECK(!strcmp(o.vmcore, "a") && !strcmp(o.dumpfile, "b") && !o.flatten);
	CHECK_OK(parse("-F -c a -F", &o));
	CHECK(!strcmp(o.vmcore, "a") && !o.dumpfile && o.flatten);
	CHECK_OK(parse("-R b", &o));
	CHECK_EQ(o.action, ACTION_REARRANGE);
	CHECK(!o.vmcore && !strcmp(o.dumpfile, "b"));
	CHECK_OK(parse("--check-params -R b", &o));
	CHECK_EQ(o.action, ACTION_CHECK_PARAMS);
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
	CHECK(o.flatten && !o.dumpfile);
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
		{ "-F a b", "2 file names given; wanted: VMCORE" },
		{ "--splitblock-size -1 --split a b c", "option --splitblock-size: '-1' is not a size in KB" },
		{ "-L 0 a b", "option -L: '0' is not a size (a number above 0, then K, M, G, T, P or E)" },
		{ "--extension f a b", "option --extension is not in this version" },
		{ "--eppic f -x v a b", "option --eppic: programs such as f are not run; --config FILE erases "
		  "what a file names, in loops over lists and arrays too (makedumpfile.conf(5)), and --scrub "
		  "keys,cmdline needs no file at all" },
		{ "--scrub keys,all a b", "option --scrub: 'all' is not one of keys, cmdline" },
		{ "-g out a", "option -g needs -x or --xen-syms" },
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
		"-F --split a b c", "-F a b", "--dry-run --dump-dmesg a b",
		"--partial-dmesg a b", "-e a b", "--scrub all a b", "--scrub keys, a b", "--scrub all a b",
		"--reassemble a b c --scrub keys", "--dump-dmesg --config f a b", "-E --split a b c",
		"-x v -i i a b", "--split a b", "--reassemble a", "-R a b", "--mem-usage a b",
		"-R", "-R -F a", "-R --split a b c", "-R --dump-dmesg a", "-R --estimate a",
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

/* What the original refuses, and works here. */
static void test_more_than_the_original(void)
{
	struct options o;

	CHECK_OK(parse("-E --num-threads 2 a b", &o));
	CHECK(o.elf && o.threads == 2);
	CHECK_OK(parse("--split --num-threads 2 a b c", &o));
	CHECK(o.split);
	CHECK_OK(parse("-F -E a", &o));
	CHECK(o.elf && o.flatten);
}

/* Which words are inputs and which outputs. */
static void test_words(void)
{
	struct options o;

	CHECK_OK(parse("--split --splitblock-size 1024 v a b c", &o));
	CHECK_EQ(o.splitblock_kb, 1024);
	CHECK_EQ(o.vmcore_count, 1);
	CHECK_EQ(o.dumpfile_count, 3);
	CHECK(!strcmp(o.vmcore, "v") && !strcmp(o.dumpfile, "a") && !strcmp(o.dumpfiles[2], "c"));
	CHECK_OK(parse("--reassemble a b c out", &o));
	CHECK_EQ(o.action, ACTION_REASSEMBLE);
	CHECK_EQ(o.vmcore_count, 3);
	CHECK_EQ(o.dumpfile_count, 1);
	CHECK(!strcmp(o.vmcore, "a") && !strcmp(o.dumpfile, "out"));
	CHECK_OK(parse("-F v", &o));
	CHECK_EQ(o.vmcore_count, 1);
	CHECK_EQ(o.dumpfile_count, 0);
	CHECK_OK(parse("-R out", &o));
	CHECK_EQ(o.vmcore_count, 0);
	CHECK(!strcmp(o.dumpfile, "out"));
}

/* Known options of the original are refused by name, with their argument skipped. */
static void test_not_in_this_version(void)
{
	static const char *const lines[] = {
		"--extension f a b",
	};
	struct options o;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECK_ERR(parse(lines[i], &o), ERR_UNSUPPORTED);
}

/* -g writes what one of two files says. */
static void test_xen(void)
{
	struct options o;

	CHECK_OK(parse("-X --xen-syms f a b", &o));
	CHECK(o.exclude_guests && !strcmp(o.xen_syms, "f"));
	CHECK_OK(parse("-g out --xen-syms f", &o));
	CHECK_EQ(o.action, ACTION_VMCOREINFO);
	CHECK(!strcmp(o.dumpfile, "out") && !strcmp(o.vmcore, "f"));
	CHECK_OK(parse("-g out -x v", &o));
	CHECK(!strcmp(o.vmcore, "v"));
	CHECK_OK(parse("-X --xen-vmcoreinfo f a b", &o));
	CHECK(!strcmp(o.xen_vmcoreinfo, "f"));
	CHECK_ERR(parse("-g out", &o), ERR_USAGE);
	CHECK_ERR(parse("-X --xen-syms f --xen-vmcoreinfo g a b", &o), ERR_USAGE);
	CHECK_ERR(parse("-X --xen-syms f -i g a b", &o), ERR_USAGE);
	CHECK_ERR(parse("-X --xen-vmcoreinfo f -x g a b", &o), ERR_USAGE);
	CHECK_ERR(parse("-g out --xen-vmcoreinfo f -x g", &o), ERR_USAGE);
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
}

static void test_rules(void)
{
	struct options o;

	for (size_t i = 0; i < option_rule_count; i++) {
		const char *at = option_rules[i].other;
		char spelling[32];
		int len;

		CHECK(option_row_find(option_rules[i].option) != NULL);
		for (; sscanf(at, "%31s%n", spelling, &len) == 1; at += len)
			CHECK(option_row_find(spelling) != NULL);
	}
	/* Each of several, the last too. */
	CHECK_ERR(parse("-R -c a", &o), ERR_USAGE);
	CHECK_ERR(parse("-R -x vmlinux a", &o), ERR_USAGE);
	CHECK_ERR(parse("-g file -x vmlinux -i file", &o), ERR_USAGE);
}

/* What completion scripts read: the text stands at least two blanks behind the argument. */
static bool has_usage_row(const char *text, const struct option_row *row)
{
	char left[64], spelling[32];
	const char *at;

	if (row->name)
		snprintf(spelling, sizeof(spelling), "--%s", row->name);
	else
		option_row_spelling(row, spelling, sizeof(spelling));
	snprintf(left, sizeof(left), "%s%s%s", spelling, row->arg ? " " : "", row->arg ? row->arg : "");
	for (at = strstr(text, left); at; at = strstr(at + 1, left)) {
		const char *end = at + strlen(left);

		if (at[-1] == ' ' && (*end == '\n' || !strncmp(end, "  ", 2)))
			return true;
	}
	return false;
}

static void test_usage_rows(void)
{
	char *text = options_usage();

	CHECK(text != NULL);
	for (size_t i = 0; text && i < option_row_count; i++) {
		if (option_rows[i].help)
			CHECK(has_usage_row(text, &option_rows[i]));
	}
	free(text);
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
	CHECK(!strstr(text, "extension"));
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
	RUN(test_levels);
	RUN(test_files);
	RUN(test_kernel_options);
	RUN(test_texts);
	RUN(test_rejected_forms);
	RUN(test_more_than_the_original);
	RUN(test_words);
	RUN(test_not_in_this_version);
	RUN(test_xen);
	RUN(test_disks);
	RUN(test_filled_despite_error);
	RUN(test_table);
	RUN(test_rules);
	RUN(test_usage_rows);
	RUN(test_usage);
	return unit_status();
}
