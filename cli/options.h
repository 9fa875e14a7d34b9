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
	ACTION_CHECK_PARAMS,
	ACTION_VERSION,
	ACTION_HELP,
	ACTION_COUNT,
};

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
	bool exclude_vmemmap;		/* -e */
	bool dry_run;
	bool show_stats;
	bool non_mmap;
	bool debug;			/* -D: adds message level 8 */
	const char *json;		/* borrowed from argv; NULL: no file of statistics */
	char *const *words;		/* all words beside the options; borrowed from argv */
	int word_count;
	const char *vmcore;		/* the first of them */
	const char *dumpfile;		/* the second; NULL where the action has none */
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
