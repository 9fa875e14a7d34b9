/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/option_table.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#define FLAG(member) .set = option_set_flag, .field = offsetof(struct options, member)
#define NAME(member) .set = option_set_name, .field = offsetof(struct options, member)
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
		  "32 metadata of persistent memory (default 0, up to 63); of a list\n"
		  "A,B,... the next is taken when the dump does not fit" },
	{ .letter = 'e', .group = GROUP_OUTPUT, FLAG(exclude_vmemmap),
	  .help = "leave out the struct pages of pages that are left out (needs\n"
		  "--work-dir)" },
	{ .letter = 'q', .group = GROUP_OUTPUT, FLAG(kernel_bitmap),
	  .help = "leave out the pages that the crashed kernel chose itself, where it\n"
		  "left a crash_dump_bitmap_info and that fits VMCORE and -d" },
	{ .letter = 'X', .group = GROUP_OUTPUT, FLAG(exclude_guests),
	  .help = "leave out pages of the guests of a Xen host (all domains but 0)\n"
		  "and its free pages; of -d only 1 has an effect then" },
	{ .letter = 'f', .group = GROUP_OUTPUT, FLAG(force),
	  .help = "overwrite an existing output file" },
	{ .letter = 'E', .group = GROUP_OUTPUT, FLAG(elf),
	  .help = "write an ELF core, uncompressed, for gdb and others" },
	{ .name = "split", .group = GROUP_OUTPUT, FLAG(split),
	  .help = "write several DUMPFILEs, each with a part of the pages" },
	{ .name = "splitblock-size", .arg = "KB", .group = GROUP_OUTPUT,
	  .set = option_set_splitblock,
	  .help = "cut the pieces of --split at multiples of so much memory" },
	{ .name = "reassemble", .group = GROUP_OUTPUT, ACTION(ACTION_REASSEMBLE),
	  .help = "write the pieces that --split made to one DUMPFILE, the last name" },
	{ .letter = 'F', .group = GROUP_OUTPUT, FLAG(flatten),
	  .help = "write a flattened dump to standard output, for a pipe or a raw\n"
		  "partition, the log as plain text; all messages go to standard error" },
	{ .letter = 'R', .group = GROUP_OUTPUT, ACTION(ACTION_REARRANGE),
	  .help = "read a flattened dump from standard input and write the file it\n"
		  "carries to DUMPFILE" },
	{ .letter = 'L', .arg = "SIZE", .group = GROUP_OUTPUT, .set = option_set_size_limit,
	  .help = "let DUMPFILE grow to SIZE bytes at most, with a suffix K, M, G, T,\n"
		  "P or E; a dump that does not fit is marked incomplete" },
	{ .name = "dump-dmesg", .group = GROUP_OUTPUT, ACTION(ACTION_DUMP_DMESG),
	  .help = "write the kernel log of VMCORE to LOGFILE as text" },
	{ .name = "partial-dmesg", .group = GROUP_OUTPUT, FLAG(partial_dmesg),
	  .help = "only what was logged since the log was last cleared (dmesg -c)" },
	{ .name = "estimate", .group = GROUP_OUTPUT, ACTION(ACTION_ESTIMATE),
	  .help = "show size, time and memory of a dump of VMCORE at each level\n"
		  "with each codec, from a sample of its pages" },
	{ .name = "mem-usage", .group = GROUP_OUTPUT, ACTION(ACTION_MEM_USAGE),
	  .help = "show how many pages of each class KCORE has (/proc/kcore: the\n"
		  "running system)" },
	{ .name = "verify", .group = GROUP_OUTPUT, ACTION(ACTION_VERIFY),
	  .help = "read every page of DUMPFILE, look for what a debugger needs first,\n"
		  "and say what is missing; nothing is written" },
	{ .name = "dry-run", .group = GROUP_OUTPUT, FLAG(dry_run),
	  .help = "do everything but write the output file" },
	{ .name = "strict", .group = GROUP_OUTPUT, FLAG(strict),
	  .help = "fail instead of keeping pages whose class does not stand up to\n"
		  "the audit" },

	{ .name = "config", .arg = "FILE", .group = GROUP_OUTPUT, NAME(config),
	  .help = "overwrite in the dump what FILE names, see makedumpfile.conf(5)" },
	{ .name = "scrub", .arg = "SETS", .group = GROUP_OUTPUT, .set = option_set_scrub,
	  .help = "overwrite in the dump what needs no file: keys (of key rings, crypto,\n"
		  "dm-crypt, TLS), cmdline (arguments and environment of processes);\n"
		  "several with commas" },

	{ .letter = 'x', .arg = "VMLINUX", .group = GROUP_KERNEL, NAME(vmlinux),
	  .help = "take what VMCORE does not say about its kernel from the symbols\n"
		  "and debug information of VMLINUX" },
	{ .letter = 'i', .arg = "VMCOREINFO", .group = GROUP_KERNEL, NAME(vmcoreinfo),
	  .help = "take it from a file that -g wrote" },
	{ .letter = 'g', .arg = "VMCOREINFO", .group = GROUP_KERNEL,
	  .set = option_set_name_action, .field = offsetof(struct options, make_vmcoreinfo),
	  .value = ACTION_VMCOREINFO,
	  .help = "write what -x VMLINUX says to VMCOREINFO, for -i; what --xen-syms\n"
		  "says, for --xen-vmcoreinfo" },
	{ .name = "facts", .group = GROUP_KERNEL, ACTION(ACTION_FACTS),
	  .help = "show all that is known about the kernel of VMCORE and who says so:\n"
		  "VMCOREINFO, VMLINUX, the dump's kallsyms and BTF; and what is unknown" },
	{ .name = "vtop", .arg = "ADDRESS", .group = GROUP_KERNEL, .set = option_set_vtop,
	  .help = "show the physical address of a virtual one and the page table\n"
		  "entries that lead there" },

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

	{ .name = "diskset", .arg = "VMCORE", .group = GROUP_OTHER, .set = option_add_disk,
	  .help = "a disk of a sadump disk set; given once for each disk, all of\n"
		  "them together stand for VMCORE" },
	{ .name = "xen-vmcoreinfo", .arg = "FILE", .group = GROUP_OTHER,
	  NAME(xen_vmcoreinfo),
	  .help = "with -X: text as in VMCOREINFO_XEN, instead of the dump's" },
	{ .name = "xen_phys_start", .arg = "ADDRESS", .group = GROUP_OTHER,
	  .set = option_set_xen_phys_start,
	  .help = "with -X: machine address of the hypervisor's image" },
	{ .name = "xen-syms", .arg = "FILE", .group = GROUP_OTHER, NAME(xen_syms),
	  .help = "with -X: take what VMCORE does not say of its hypervisor from its\n"
		  "ELF file with symbols and debug information" },

	{ .name = "eppic", .arg = "FILE", .group = GROUP_OTHER, .set = option_refuse_eppic,
	  .help = "refused: no programs are run; --config and --scrub erase" },

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
	{ .name = "extension", .arg = "FILE" },
};

const size_t option_row_count = ARRAY_LEN(option_rows);
_Static_assert(ARRAY_LEN(option_rows) <= OPTION_ROWS_MAX, "options given are bits of a u64");

/*
 * Callers check a configured command line with --check-params and rely on
 * these combinations being refused (kdump-utils mkdumprd; makedumpfile 1.7.2).
 * That one also refuses --num-threads with -E and with --split, which work here.
 */
const struct option_rule option_rules[] = {
	{ "-e", RULE_NEEDS, "--work-dir" },
	{ "-g", RULE_NEEDS, "-x --xen-syms" },
	{ "--partial-dmesg", RULE_NEEDS, "--dump-dmesg" },
	/* One form of output, one way to judge, one source of facts. */
	{ "-E", RULE_CONFLICT, "-c -l -p -z --split" },
	{ "-F", RULE_CONFLICT, "--split" },
	{ "-q", RULE_CONFLICT, "-X" },
	{ "-x", RULE_CONFLICT, "-i" },
	{ "--xen-syms", RULE_CONFLICT, "-i --xen-vmcoreinfo" },
	{ "--xen-vmcoreinfo", RULE_CONFLICT, "-g -x" },
	{ "--dry-run", RULE_CONFLICT, "-g --dump-dmesg --reassemble" },
	/* Modes: what would have no effect, and other modes. */
	{ "-R", RULE_CONFLICT, "-c -l -p -z -d -E -F -X -g -i -q -x --config --scrub --dump-dmesg "
	  "--estimate --mem-usage --reassemble --split" },
	{ "-g", RULE_CONFLICT, "-c -l -p -z -d -E -F -X -i -q --config --scrub" },
	{ "--reassemble", RULE_CONFLICT, "-c -l -p -z -d -E -F -X -g -i -q -x --config --scrub --split" },
	{ "--dump-dmesg", RULE_CONFLICT, "-X -q --config --scrub" },
	{ "--mem-usage", RULE_CONFLICT, "-q --config --scrub --dump-dmesg --estimate --reassemble --split" },
	/* Its sizes are those of one kdump-compressed file. */
	{ "--estimate", RULE_CONFLICT, "-E -X -q --dry-run --dump-dmesg --reassemble --split" },
	{ "--verify", RULE_CONFLICT, "-c -l -p -z -d -e -E -F -L -R -X -g -q --config --scrub --dry-run "
	  "--dump-dmesg --estimate --facts --mem-usage --reassemble --split" },
	{ "--facts", RULE_CONFLICT, "-c -l -p -z -d -e -E -F -L -R -X -g -q --config --scrub --dry-run "
	  "--dump-dmesg --estimate --mem-usage --reassemble --split" },
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
