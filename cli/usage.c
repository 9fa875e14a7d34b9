/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The usage text, made from the option table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"
#include "codec/codec.h"

#define HELP_COLUMN 26

static const char *const group_titles[GROUP_COUNT] = {
	[GROUP_OUTPUT] = "What to write",
	[GROUP_KERNEL] = "The kernel",
	[GROUP_MESSAGES] = "Messages",
	[GROUP_RESOURCES] = "Memory and processors",
	[GROUP_OTHER] = "Other",
	[GROUP_COMPAT] = "Accepted, without effect",
};

/* Distributions' tests read these blocks; zlib has none because it once was always there. */
static void print_codecs(FILE *out)
{
	static const struct {
		char option;
		const char *title;
	} blocks[] = { { 'l', "LZO" }, { 'p', "snappy" }, { 'z', "zstd" }, { 'c', "zlib" } };

	fprintf(out, "\n");
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const struct codec *codec = codec_by_option(blocks[i].option);

		if (codec && codec->available)
			fprintf(out, "%s support:\n  enabled\n", blocks[i].title);
		else
			fprintf(out, "%s support:\n  disabled ('-%c' option will be ignored.)\n",
				blocks[i].title, blocks[i].option);
	}
}

static void print_row(FILE *out, const struct option_row *row)
{
	char left[64];
	const char *line = row->help;
	int len = 0;

	if (row->letter)
		len = snprintf(left, sizeof(left), "-%c", row->letter);
	if (row->name)
		len += snprintf(left + len, sizeof(left) - (size_t)len, "%s--%s",
				row->letter ? ", " : "", row->name);
	if (row->arg)
		snprintf(left + len, sizeof(left) - (size_t)len, " %s", row->arg);
	/* At least two blanks stand before the text: completion scripts read this. */
	if (strlen(left) > HELP_COLUMN - 4)
		fprintf(out, "  %s\n%-*s", left, HELP_COLUMN, "");
	else
		fprintf(out, "  %-*s", HELP_COLUMN - 2, left);
	while (line) {
		const char *end = strchr(line, '\n');

		fprintf(out, "%.*s\n", end ? (int)(end - line) : (int)strlen(line), line);
		line = end ? end + 1 : NULL;
		if (line)
			fprintf(out, "%-*s", HELP_COLUMN, "");
	}
}

static void print_group(FILE *out, enum option_group group)
{
	fprintf(out, "\n%s:\n", group_titles[group]);
	for (size_t i = 0; i < option_row_count; i++) {
		if (option_rows[i].help && option_rows[i].group == group)
			print_row(out, &option_rows[i]);
	}
}

char *options_usage(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print_codecs(out);
	fprintf(out, "\n"
		"Usage:\n"
		"  makedumpfile [OPTION]... VMCORE DUMPFILE      filter VMCORE into DUMPFILE\n"
		"  makedumpfile -F [OPTION]... VMCORE            the same, flattened, to standard output\n"
		"  makedumpfile -R DUMPFILE                      DUMPFILE from a flattened dump\n"
		"  makedumpfile --split [OPTION]... VMCORE DUMPFILE1 DUMPFILE2...\n"
		"  makedumpfile --reassemble DUMPFILE1 DUMPFILE2... DUMPFILE\n"
		"  makedumpfile --diskset VMCORE1 --diskset VMCORE2... [OPTION]... DUMPFILE\n"
		"  makedumpfile --dump-dmesg VMCORE LOGFILE      extract the kernel log\n"
		"  makedumpfile -F --dump-dmesg VMCORE           the same to standard output\n"
		"  makedumpfile -g VMCOREINFO -x VMLINUX         facts of a kernel as text\n"
		"  makedumpfile --vtop ADDRESS VMCORE            where does an address lead?\n"
		"  makedumpfile --facts VMCORE                   what is known about the kernel?\n"
		"  makedumpfile --estimate VMCORE                how large would DUMPFILE be?\n"
		"  makedumpfile --mem-usage KCORE                what takes the memory?\n"
		"  makedumpfile --verify DUMPFILE                what would a debugger miss?\n"
		"  makedumpfile --check-params [OPTION]... VMCORE DUMPFILE\n"
		"  makedumpfile -v | -h\n");
	for (enum option_group group = 0; group < GROUP_COUNT; group++)
		print_group(out, group);
	fprintf(out, "\n"
		"Exit status: 0 done, 1 failed, 2 facts of another kernel were given.\n"
		"See makedumpfile(8).\n");
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
