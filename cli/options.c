/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/log.h"
#include "cli/option_table.h"

/* getopt_long's value for the long name of row i is VAL_BASE + i, above every letter. */
#define VAL_BASE 256

#define MESSAGE_LEVEL_DEFAULT 7

struct parse {
	struct options *options;
	uint64_t given;		/* bit i: option_rows[i] was given */
	struct err *first;	/* the first thing that was wrong */
};

/* The tables that getopt_long wants. */
struct getopt_tables {
	char letters[3 * OPTION_ROWS_MAX + 2];
	struct option longs[OPTION_ROWS_MAX + 1];
};

static void getopt_tables_init(struct getopt_tables *tables)
{
	size_t letters = 0, longs = 0;

	memset(tables, 0, sizeof(*tables));
	tables->letters[letters++] = ':';	/* tell a missing argument from an unknown option */
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->letter) {
			tables->letters[letters++] = row->letter;
			if (row->arg)
				tables->letters[letters++] = ':';
		}
		if (row->name) {
			tables->longs[longs++] = (struct option){
				.name = row->name,
				.has_arg = row->arg ? required_argument : no_argument,
				.val = VAL_BASE + (int)i,
			};
		}
	}
}

/* Keep the first error; those behind it often follow from it. */
static void note_error(struct parse *parse, struct err *e)
{
	if (parse->first)
		err_free(e);
	else
		parse->first = e;
}

/* What getopt_long did not like. @word: the word before optind, which a long option is. */
static struct err *getopt_error(int val, const char *word)
{
	bool is_long = optopt == 0 || optopt >= VAL_BASE;
	char letter[3] = { '-', (char)optopt, 0 };
	const char *name = is_long ? word : letter;

	if (val == ':')
		return err_new(ERR_USAGE, "option '%s' requires an argument", name);
	if (optopt >= VAL_BASE)
		return err_new(ERR_USAGE, "option '%s' takes no argument", name);
	return err_new(ERR_USAGE, "unrecognized option '%s'", name);
}

static void take_option(struct parse *parse, int val)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (val != row->letter && val != VAL_BASE + (int)i)
			continue;
		parse->given |= UINT64_C(1) << i;
		if (row->set)
			note_error(parse, row->set(parse->options, row, optarg));
		return;
	}
}

static bool is_given(const struct parse *parse, const char *spelling)
{
	const struct option_row *row = option_row_find(spelling);

	return row && parse->given >> (row - option_rows) & 1;
}

/* The first of the spellings, with blanks between them, that was given: into @first. */
static bool find_given(const struct parse *parse, const char *spellings, char *first, size_t len)
{
	while (*spellings) {
		size_t end = strcspn(spellings, " ");

		snprintf(first, len, "%.*s", (int)end, spellings);
		if (is_given(parse, first))
			return true;
		spellings += end + strspn(spellings + end, " ");
	}
	return false;
}

static struct err *needs(const struct option_rule *rule)
{
	int end = (int)strcspn(rule->other, " ");
	const char *rest = rule->other + end;

	if (!*rest)
		return err_new(ERR_USAGE, "option %s needs %s", rule->option, rule->other);
	return err_new(ERR_USAGE, "option %s needs %.*s or%s", rule->option, end, rule->other, rest);
}

static struct err *check_rules(const struct parse *parse)
{
	char first[32];

	for (size_t i = 0; i < option_rule_count; i++) {
		const struct option_rule *rule = &option_rules[i];
		bool other;

		if (!is_given(parse, rule->option))
			continue;
		other = find_given(parse, rule->other, first, sizeof(first));
		if (rule->kind == RULE_CONFLICT && other)
			return err_new(ERR_USAGE, "options %s and %s exclude each other",
				       rule->option, first);
		if (rule->kind == RULE_NEEDS && !other)
			return needs(rule);
	}
	return NULL;
}

/* How many words beside the options each way of calling takes. First match wins. */
static const struct {
	const char *option;	/* NULL: otherwise */
	int min, max;
	const char *words;
} word_counts[] = {
	{ "-g", 0, 0, "no file" },
	{ "-R", 1, 1, "DUMPFILE" },
	{ "--mem-usage", 1, 1, "KCORE" },
	{ "--verify", 1, 1, "DUMPFILE" },
	{ "--reassemble", 2, INT32_MAX, "the parts and DUMPFILE" },
	{ "--split", 3, INT32_MAX, "VMCORE and at least two DUMPFILEs" },
	{ "-F", 1, 1, "VMCORE" },
	{ "--estimate", 1, 1, "VMCORE" },
	{ "--facts", 1, 1, "VMCORE" },
	{ "--dump-dmesg", 2, 2, "VMCORE and LOGFILE" },
	{ "--vtop", 1, 2, "VMCORE, or VMCORE and DUMPFILE" },
	{ NULL, 2, 2, "VMCORE and DUMPFILE" },
};

static struct err *check_words(const struct parse *parse, int given)
{
	bool has_disks = parse->options->disk_count != 0;
	int count = given + has_disks;
	size_t i = 0;

	while (word_counts[i].option && !is_given(parse, word_counts[i].option))
		i++;
	if (count >= word_counts[i].min && count <= word_counts[i].max)
		return NULL;
	return err_new(ERR_USAGE, "%d file name%s given; wanted: %s%s", given,
		       given == 1 ? "" : "s", word_counts[i].words,
		       has_disks ? ", where VMCORE are the disks of --diskset" : "");
}

static struct err *check_present(const struct parse *parse)
{
	char spelling[32];

	for (size_t i = 0; i < option_row_count; i++) {
		if (parse->given >> i & 1 && !option_rows[i].set)
			return err_new(ERR_UNSUPPORTED, "option %s is not in this version",
				       option_row_spelling(&option_rows[i], spelling,
							   sizeof(spelling)));
	}
	return NULL;
}

/* Checks over the whole command line, once every word was read. */
static struct err *check_whole(const struct parse *parse, int words)
{
	if (parse->options->action == ACTION_HELP || parse->options->action == ACTION_VERSION)
		return NULL;
	TRY(check_rules(parse));
	TRY(check_words(parse, words));
	return check_present(parse);
}

static void set_derived(struct options *options)
{
	if (options->debug)
		options->message_level |= LOG_DEBUG;
	if (options->show_stats)
		options->message_level |= LOG_REPORT;
	/* Whoever asks for a check wants to hear the answer. */
	if (options->action == ACTION_CHECK_PARAMS)
		options->message_level = MESSAGE_LEVEL_DEFAULT;
}

/* A dump of nothing but the translation. */
static void choose_vtop(struct options *options)
{
	int given = options->word_count + (options->disk_count != 0);

	if (options->action == ACTION_CREATE && options->vtop && given == 1 && !options->flatten)
		options->action = ACTION_VTOP;
}

/*
 * -R has its input from standard input, --reassemble from all words but the
 * last; others from the first, or from the disks of --diskset.
 */
static int name_inputs(struct options *options)
{
	int next = 0;

	if (options->action == ACTION_REASSEMBLE)
		next = options->word_count - 1;
	else if (options->action != ACTION_REARRANGE && !options->disk_count)
		next = options->word_count ? 1 : 0;
	options->vmcores = options->disk_count ? options->disks :
						 (const char *const *)options->words;
	options->vmcore_count = options->disk_count ? options->disk_count : (size_t)next;
	if (options->vmcore_count)
		options->vmcore = options->vmcores[0];
	return next;
}

static void name_files(struct options *options)
{
	int next = name_inputs(options);

	options->dumpfiles = options->words + next;
	options->dumpfile_count = (size_t)(options->word_count - next);
	if (options->dumpfile_count)
		options->dumpfile = options->dumpfiles[0];
	if (options->action == ACTION_VMCOREINFO) {
		options->vmcore = options->xen_syms ? options->xen_syms : options->vmlinux;
		options->dumpfile = options->make_vmcoreinfo;
	}
}

struct err *options_parse(int argc, char **argv, struct options *ret)
{
	struct getopt_tables tables;
	struct parse parse = { .options = ret };
	int val;

	*ret = (struct options){ .message_level = MESSAGE_LEVEL_DEFAULT, .threads = THREADS_AUTO,
				  .level_count = 1 };
	getopt_tables_init(&tables);
	opterr = 0;
	optind = 0;	/* glibc: start over, also after an earlier call */
	while ((val = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		if (val == '?' || val == ':')
			note_error(&parse, getopt_error(val, argv[optind - 1]));
		else
			take_option(&parse, val);
	}
	set_derived(ret);
	if (!parse.first)
		note_error(&parse, check_whole(&parse, argc - optind));
	if (parse.first)
		return parse.first;
	ret->words = argv + optind;
	ret->word_count = argc - optind;
	choose_vtop(ret);
	name_files(ret);
	return NULL;
}
