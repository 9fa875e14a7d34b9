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
	ACTION_VMCOREINFO,
	ACTION_VTOP,
	ACTION_CHECK_PARAMS,
	ACTION_VERSION,
	ACTION_HELP,
	ACTION_COUNT,
};

/* More disks than any set has: the room that reads them says so. */
#define OPTION_DISKS_MAX 32

/* One worker thread per CPU, if there are several. */
#define THREADS_AUTO UINT32_MAX

/* Const after options_parse(), which sets the defaults. */
struct options {
	enum action action;
	char codec;			/* 'c', 'l', 'p', 'z'; 0 for none */
	unsigned int level;		/* 0 .. 63 */
	unsigned int message_level;	/* 0 .. 31 */
	unsigned int threads;		/* as given; THREADS_AUTO when not given */
	uint64_t max_memory;		/* bytes; 0 when not given */
	uint64_t cyclic_buffer_kb;	/* 0 when not given */
	bool force;			/* -f */
	bool dry_run;
	bool show_stats;
	bool non_mmap;
	bool exclude_guests;		/* -X */
	const char *xen_vmcoreinfo;	/* borrowed from argv; NULL when not given */
	bool has_xen_phys_start;
	uint64_t xen_phys_start;
	bool debug;			/* -D: adds message level 8 */
	const char *vmlinux;		/* -x; borrowed from argv, as all names here; NULL: none */
	const char *vmcoreinfo;		/* -i */
	const char *make_vmcoreinfo;	/* -g */
	bool vtop;			/* --vtop */
	uint64_t vtop_address;
	bool flattened;			/* -F: the result goes to standard output, all messages to stderr */
	bool partial_dmesg;
	const char *json;		/* borrowed from argv; NULL: no file of statistics */
	const char *disks[OPTION_DISKS_MAX];	/* --diskset, in the order given; borrowed from argv */
	size_t disk_count;
	char *const *words;		/* all words beside the options; borrowed from argv */
	int word_count;
	const char *vmcore;		/* the first of them, or of the disks; -g: VMLINUX */
	const char *dumpfile;		/* the one behind VMCORE; -g: VMCOREINFO; NULL where the action has none */
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
