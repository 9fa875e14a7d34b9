/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. One table feeds getopt_long, the usage text and the
 * checks; an option is one row there and one field here.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What the run is to do; decided once all words are read. */
enum action {
	ACTION_CREATE,
	ACTION_DUMP_DMESG,
	ACTION_ESTIMATE,
	ACTION_REARRANGE,
	ACTION_REASSEMBLE,
	ACTION_MEM_USAGE,
	ACTION_VMCOREINFO,
	ACTION_VTOP,
	ACTION_VERIFY,
	ACTION_FACTS,
	ACTION_CHECK_PARAMS,
	ACTION_VERSION,
	ACTION_HELP,
	ACTION_COUNT,
};

/* More disks than any set has: the room that reads them says so. */
#define OPTION_DISKS_MAX 32

/* One worker thread per CPU, if there are several. */
#define THREADS_AUTO UINT32_MAX

/* Dump levels to try in turn; as many as the original takes. */
#define LEVELS_MAX 32

/* Const after options_parse(), which sets the defaults. */
struct options {
	enum action action;
	char codec;			/* 'c', 'l', 'p', 'z'; 0 for none */
	unsigned int level;		/* 0 .. 63; the first of -d */
	unsigned int levels[LEVELS_MAX];	/* all of -d, to be tried in turn */
	size_t level_count;		/* of them, at least 1 */
	bool elf;			/* -E: an ELF core, not a kdump-compressed dump */
	bool split;			/* --split: several DUMPFILEs, each with a part of the pages */
	uint64_t splitblock_kb;		/* pieces are cut at multiples of this; 0 when not given */
	bool flatten;			/* -F: a flattened stream to standard output */
	uint64_t size_limit;		/* -L: bytes; 0 when not given */
	unsigned int message_level;	/* 0 .. 31 */
	unsigned int threads;		/* as given; THREADS_AUTO when not given */
	uint64_t max_memory;		/* bytes; 0 when not given */
	uint64_t cyclic_buffer_kb;	/* 0 when not given */
	bool force;			/* -f */
	bool exclude_vmemmap;		/* -e */
	bool kernel_bitmap;		/* -q */
	bool dry_run;
	bool strict;			/* --strict: a failed audit is an error */
	bool show_stats;
	bool non_mmap;
	bool exclude_guests;		/* -X */
	const char *xen_vmcoreinfo;	/* borrowed from argv; NULL when not given */
	const char *xen_syms;		/* the same */
	bool has_xen_phys_start;
	uint64_t xen_phys_start;
	bool debug;			/* -D: adds message level 8 */
	const char *vmlinux;		/* -x; borrowed from argv, as all names here; NULL: none */
	const char *vmcoreinfo;		/* -i */
	const char *make_vmcoreinfo;	/* -g */
	bool vtop;			/* --vtop */
	uint64_t vtop_address;
	bool partial_dmesg;
	const char *config;		/* --config: what to erase; borrowed from argv; NULL: none */
	unsigned int scrub;		/* --scrub: bits of enum scrub_set */
	const char *json;		/* borrowed from argv; NULL: no file of statistics */
	const char *disks[OPTION_DISKS_MAX];	/* --diskset, in the order given; borrowed from argv */
	size_t disk_count;
	char *const *words;		/* all words beside the options; borrowed from argv */
	int word_count;
	const char *vmcore;		/* the first of them; -g: VMLINUX; NULL where there is no input file */
	const char *const *vmcores;	/* all input files, of which vmcore is the first */
	size_t vmcore_count;
	const char *dumpfile;		/* the first output; -g: VMCOREINFO; NULL: none, or standard output */
	char *const *dumpfiles;		/* all of them */
	size_t dumpfile_count;		/* several for --split */
};

/*
 * Parse. ERR_USAGE carries the line for the user ("Commandline parameter is
 * invalid." is printed by the caller), ERR_UNSUPPORTED names an option that
 * this version does not have. *ret is filled as far as it could be, so that
 * message_level and action are usable then too. @argv is permuted: words that
 * are not options move to the end.
 */
struct err *options_parse(int argc, char **argv, struct options *ret)
	__attribute__((warn_unused_result));

/* The usage text, printed from the table; malloc'd, NULL without memory. */
char *options_usage(void);

#endif
