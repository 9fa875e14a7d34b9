/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of options: getopt_long, the checks and the usage text read it.
 *
 * To add an option: a row in option_table.c and a field in struct options
 * (cli/options.h); a value that needs checking gets a setter in
 * option_values.c. An option that must not stand beside another, or that needs
 * one, gets a line in option_rules. An option of the original command line
 * that this version does not have is a row without a setter: it is recognised,
 * its argument is skipped, and the run is refused.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "cli/options.h"

enum option_group {
	GROUP_OUTPUT,
	GROUP_KERNEL,
	GROUP_MESSAGES,
	GROUP_RESOURCES,
	GROUP_OTHER,
	GROUP_COMPAT,		/* accepted, without effect */
	GROUP_COUNT,
};

/* Options with more rows than this would not fit the set of options given. */
#define OPTION_ROWS_MAX 64

struct option_row {
	const char *name;	/* long name without dashes; NULL: only a letter */
	char letter;		/* short option; 0: only a long name */
	const char *arg;	/* name of its argument in the usage text; NULL: takes none */
	enum option_group group;
	const char *help;	/* usage text, lines separated by '\n'; NULL: not shown */
	/*
	 * Stores into @options. @arg is NULL for an option without argument. NULL:
	 * this version does not have the option. The error is ERR_USAGE.
	 */
	struct err *(*set)(struct options *options, const struct option_row *row, const char *arg);
	size_t field;		/* offset in struct options of a bool (option_set_flag()) or a name (option_set_name()) */
	int value;		/* for setters shared by rows: what this row stands for */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* The row spelled "-x" or "--xyz" (whole name), or NULL. */
const struct option_row *option_row_find(const char *spelling);

/* "-d" or "--num-threads": how messages name a row. Writes into @buf, returns it. */
const char *option_row_spelling(const struct option_row *row, char *buf, size_t len);

/* What must not, or must, stand together. */
enum option_rule_kind { RULE_CONFLICT, RULE_NEEDS };

struct option_rule {
	const char *option;	/* spellings as option_row_find() takes them */
	enum option_rule_kind kind;
	const char *other;	/* one of several, with blanks between them */
};

extern const struct option_rule option_rules[];
extern const size_t option_rule_count;

/* Setters, for rows. Each checks its argument and says what is wrong with it. */
struct err *option_set_flag(struct options *options, const struct option_row *row,
			    const char *arg) __attribute__((warn_unused_result));
/* The name of a file, not empty. */
struct err *option_set_name(struct options *options, const struct option_row *row,
			    const char *arg) __attribute__((warn_unused_result));
/* row->value is an enum action. */
struct err *option_set_action(struct options *options, const struct option_row *row,
			      const char *arg) __attribute__((warn_unused_result));
/* Both: the name of a file and what is to be done with it. */
struct err *option_set_name_action(struct options *options, const struct option_row *row,
				   const char *arg) __attribute__((warn_unused_result));
struct err *option_set_vtop(struct options *options, const struct option_row *row,
			    const char *arg) __attribute__((warn_unused_result));
/* The codec of row->letter; the last one given wins. */
struct err *option_set_codec(struct options *options, const struct option_row *row,
			     const char *arg) __attribute__((warn_unused_result));
struct err *option_set_level(struct options *options, const struct option_row *row,
			     const char *arg) __attribute__((warn_unused_result));
struct err *option_set_message_level(struct options *options, const struct option_row *row,
				     const char *arg) __attribute__((warn_unused_result));
struct err *option_set_threads(struct options *options, const struct option_row *row,
			       const char *arg) __attribute__((warn_unused_result));
struct err *option_set_max_memory(struct options *options, const struct option_row *row,
				  const char *arg);
struct err *option_set_size_limit(struct options *options, const struct option_row *row,
				  const char *arg) __attribute__((warn_unused_result));
struct err *option_set_cyclic_buffer(struct options *options, const struct option_row *row,
				     const char *arg) __attribute__((warn_unused_result));
struct err *option_set_json(struct options *options, const struct option_row *row,
			    const char *arg) __attribute__((warn_unused_result));
struct err *option_set_splitblock(struct options *options, const struct option_row *row,
				  const char *arg) __attribute__((warn_unused_result));
/* One more file of a dump in several. */
struct err *option_add_disk(struct options *options, const struct option_row *row,
			    const char *arg) __attribute__((warn_unused_result));
/* An address in any base. */
struct err *option_set_xen_phys_start(struct options *options, const struct option_row *row,
				      const char *arg) __attribute__((warn_unused_result));
/* Always an error, which says what to give instead. */
struct err *option_refuse_eppic(struct options *options, const struct option_row *row,
				const char *arg) __attribute__((warn_unused_result));
/* Names of rule sets, with commas between them; those of several options add up. */
struct err *option_set_scrub(struct options *options, const struct option_row *row,
			     const char *arg) __attribute__((warn_unused_result));
/* A number that has no effect, but must be one. */
struct err *option_check_number(struct options *options, const struct option_row *row,
				const char *arg) __attribute__((warn_unused_result));
/* Anything, without effect. */
struct err *option_ignore(struct options *options, const struct option_row *row, const char *arg)
	__attribute__((warn_unused_result));

#endif
