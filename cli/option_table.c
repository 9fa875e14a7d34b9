/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/option_table.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#define FLAG(member) .set = option_set_flag, .field = offsetof(struct options, member)
#define ACTION(which) .set = option_set_action, .value = (which)

const struct option_row option_rows[] = {
	{ .letter = 'c', .group = GROUP_OUTPUT, .set = option_set_codec,
	  .help = "compress each page with zlib" },
	{ .letter = 'l', .group = GROUP_OUTPUT, .set = option_set_codec,
	  .help = "compress each page with lzo" },
	{ .letter = 'p', .group = GROUP_OUTPUT, .set = option_set_codec,
	  .help = "compress each page with snappy" },
	{ .letter = 'z', .group = GROUP_OUTPUT, .set = option_set_codec,
	  .help = "compress each page with zstd" },
	{ .letter = 'd', .arg = "LEVEL", .group = GROUP_OUTPUT, .set = option_set_level,
	  .help = "leave out pages; sum of 1 zero pages, 2 page cache,\n"
		  "4 page cache with private data, 8 user pages, 16 free pages,\n"
		  "32 metadata of persistent memory (default 0, up to 63)" },
	{ .letter = 'e', .group = GROUP_OUTPUT, FLAG(exclude_vmemmap),
	  .help = "leave out the struct pages of pages that are left out (needs\n"
		  "--work-dir)" },
	{ .letter = 'f', .group = GROUP_OUTPUT, FLAG(force),
	  .help = "overwrite an existing output file" },
	{ .name = "dump-dmesg", .group = GROUP_OUTPUT, ACTION(ACTION_DUMP_DMESG),
	  .help = "write the kernel log of VMCORE to LOGFILE as text" },
	{ .name = "estimate", .group = GROUP_OUTPUT, ACTION(ACTION_ESTIMATE),
	  .help = "show size, time and memory of a dump of VMCORE at each level\n"
		  "with each codec, from a sample of its pages" },
	{ .name = "dry-run", .group = GROUP_OUTPUT, FLAG(dry_run),
	  .help = "do everything but write the output file" },

	{ .name = "message-level", .arg = "LEVEL", .group = GROUP_MESSAGES,
	  .set = option_set_message_level,
	  .help = "what to print; sum of 1 progress, 2 common, 4 errors,\n"
		  "8 debug, 16 report (default 7, up to 31)" },
	{ .name = "show-stats", .group = GROUP_MESSAGES, FLAG(show_stats),
	  .help = "print the report whatever the message level" },
	{ .name = "json", .arg = "FILE", .group = GROUP_MESSAGES, .set = option_set_json,
	  .help = "write all statistics of the run to FILE, also when it fails" },
	{ .letter = 'D', .group = GROUP_MESSAGES, FLAG(debug),
	  .help = "print debug messages too" },

	{ .name = "num-threads", .arg = "N", .group = GROUP_RESOURCES, .set = option_set_threads,
	  .help = "use N worker threads beside the main one (default: one for each\n"
		  "CPU, none where there is only one)" },
	{ .name = "max-memory", .arg = "SIZE", .group = GROUP_RESOURCES,
	  .set = option_set_max_memory,
	  .help = "memory to get along with, with a suffix K, M or G (default half\n"
		  "of the free memory; some 16M and 1M per thread is enough)" },
	{ .name = "cyclic-buffer", .arg = "KB", .group = GROUP_RESOURCES,
	  .set = option_set_cyclic_buffer,
	  .help = "memory for the page plan (default up to 8192); what does not\n"
		  "fit is worked out again, with the same result" },
	{ .name = "non-mmap", .group = GROUP_RESOURCES, FLAG(non_mmap),
	  .help = "never map VMCORE, read it" },

	{ .name = "check-params", .group = GROUP_OTHER, ACTION(ACTION_CHECK_PARAMS),
	  .help = "check the command line and nothing else; no file is opened" },
	{ .letter = 'v', .group = GROUP_OTHER, ACTION(ACTION_VERSION),
	  .help = "print the version" },
	{ .name = "help", .letter = 'h', .group = GROUP_OTHER, ACTION(ACTION_HELP),
	  .help = "print this text" },

	/* Tuning whose subject does not exist here: the result is what was asked for. */
	{ .letter = 'b', .arg = "ORDER", .group = GROUP_COMPAT, .set = option_check_number,
	  .help = "the write buffer has a fixed size" },
	{ .name = "work-dir", .arg = "DIR", .group = GROUP_COMPAT, .set = option_ignore,
	  .help = "there are no temporary files" },

	/* Not in this version. */
	{ .letter = 'E' },
	{ .letter = 'F' },
	{ .letter = 'L', .arg = "SIZE" },
	{ .letter = 'R' },
	{ .letter = 'X' },
	{ .letter = 'g', .arg = "VMCOREINFO" },
	{ .letter = 'i', .arg = "VMCOREINFO" },
	{ .letter = 'x', .arg = "VMLINUX" },
	{ .name = "config", .arg = "FILE" },
	{ .name = "diskset", .arg = "VMCORE" },
	{ .name = "eppic", .arg = "FILE" },
	{ .name = "extension", .arg = "FILE" },
	{ .name = "mem-usage" },
	{ .name = "partial-dmesg" },
	{ .name = "reassemble" },
	{ .name = "split" },
	{ .name = "splitblock-size", .arg = "KB" },
	{ .name = "vtop", .arg = "ADDRESS" },
	{ .name = "xen-syms", .arg = "FILE" },
	{ .name = "xen-vmcoreinfo", .arg = "FILE" },
	{ .name = "xen_phys_start", .arg = "ADDRESS" },
};

const size_t option_row_count = ARRAY_LEN(option_rows);
_Static_assert(ARRAY_LEN(option_rows) <= OPTION_ROWS_MAX, "options given are bits of a u64");

/*
 * Callers check a configured command line with --check-params and rely on
 * these combinations being refused (kdump-utils mkdumprd; makedumpfile 1.7.2).
 */
const struct option_rule option_rules[] = {
	{ "-E", RULE_CONFLICT, "-c" },
	{ "-E", RULE_CONFLICT, "-l" },
	{ "-E", RULE_CONFLICT, "-p" },
	{ "-E", RULE_CONFLICT, "-z" },
	{ "-E", RULE_CONFLICT, "--split" },
	{ "-F", RULE_CONFLICT, "--split" },
	{ "--num-threads", RULE_CONFLICT, "-E" },
	{ "--num-threads", RULE_CONFLICT, "--split" },
	{ "--dry-run", RULE_CONFLICT, "--dump-dmesg" },
	{ "--dry-run", RULE_CONFLICT, "--reassemble" },
	{ "--estimate", RULE_CONFLICT, "--dry-run" },
	{ "--estimate", RULE_CONFLICT, "--dump-dmesg" },
	{ "--estimate", RULE_CONFLICT, "--split" },
	{ "--estimate", RULE_CONFLICT, "--reassemble" },
	{ "--dry-run", RULE_CONFLICT, "-g" },
	{ "-x", RULE_CONFLICT, "-i" },
	{ "--partial-dmesg", RULE_NEEDS, "--dump-dmesg" },
	{ "-e", RULE_NEEDS, "--work-dir" },
	{ "--config", RULE_NEEDS, "-x" },
};

const size_t option_rule_count = ARRAY_LEN(option_rules);

const struct option_row *option_row_find(const char *spelling)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!strncmp(spelling, "--", 2)) {
			if (row->name && !strcmp(row->name, spelling + 2))
				return row;
		} else if (row->letter && spelling[0] == '-' && spelling[1] == row->letter &&
			   !spelling[2]) {
			return row;
		}
	}
	return NULL;
}

const char *option_row_spelling(const struct option_row *row, char *buf, size_t len)
{
	if (row->letter)
		snprintf(buf, len, "-%c", row->letter);
	else
		snprintf(buf, len, "--%s", row->name);
	return buf;
}
