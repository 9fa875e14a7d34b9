/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setters of the option table: arguments to fields. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "cli/option_table.h"
#include "erase/scrub.h"
#include "pages/class.h"

#define MESSAGE_LEVEL_MAX 31

/* More would only cost memory; a capture kernel has few CPUs. */
#define THREADS_MAX 1024

/* @text is a decimal number, blanks and signs apart nothing else. */
static bool parse_number(const char *text, long long *ret)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return false;
	*ret = value;
	return true;
}

static struct err *bad_value(const struct option_row *row, const char *arg, const char *want)
{
	char spelling[32];

	option_row_spelling(row, spelling, sizeof(spelling));
	return err_new(ERR_USAGE, "option %s: '%s' is not %s", spelling, arg, want);
}

struct err *option_set_flag(struct options *options, const struct option_row *row,
			    const char *arg)
{
	(void)arg;
	*(bool *)((char *)options + row->field) = true;
	return NULL;
}

struct err *option_set_name(struct options *options, const struct option_row *row,
			    const char *arg)
{
	if (!*arg)
		return bad_value(row, arg, "a file name");
	*(const char **)((char *)options + row->field) = arg;
	return NULL;
}

/* Which action wins when several are asked for: the one that does least. */
static int action_rank(enum action action)
{
	static const int rank[] = {
		[ACTION_CREATE] = 0, [ACTION_VTOP] = 0, [ACTION_DUMP_DMESG] = 1,
		[ACTION_ESTIMATE] = 1, [ACTION_MEM_USAGE] = 1, [ACTION_FACTS] = 1,
		[ACTION_VERIFY] = 1,
		[ACTION_VMCOREINFO] = 2, [ACTION_REARRANGE] = 2, [ACTION_REASSEMBLE] = 2,
		[ACTION_CHECK_PARAMS] = 3, [ACTION_VERSION] = 4, [ACTION_HELP] = 5,
	};

	return rank[action];
}

struct err *option_set_action(struct options *options, const struct option_row *row,
			      const char *arg)
{
	(void)arg;
	if (action_rank((enum action)row->value) > action_rank(options->action))
		options->action = (enum action)row->value;
	return NULL;
}

struct err *option_set_name_action(struct options *options, const struct option_row *row,
				   const char *arg)
{
	TRY(option_set_name(options, row, arg));
	return option_set_action(options, row, arg);
}

/* As C writes numbers. A hexadecimal one without 0x must not be taken for something else. */
struct err *option_set_vtop(struct options *options, const struct option_row *row,
			    const char *arg)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 0);
	if (!isdigit((unsigned char)*arg) || *end || errno)
		return bad_value(row, arg, "an address (hexadecimal ones begin with 0x)");
	options->vtop = true;
	options->vtop_address = value;
	return NULL;
}

struct err *option_set_codec(struct options *options, const struct option_row *row,
			     const char *arg)
{
	(void)arg;
	options->codec = row->letter;
	return NULL;
}

/* One level of a list, @len characters from @text. */
static struct err *parse_level(const char *text, size_t len, unsigned int *ret)
{
	char word[16];
	long long value;

	if (len < sizeof(word)) {
		memcpy(word, text, len);
		word[len] = 0;
		if (parse_number(word, &value) && value >= 0 && value <= LEVEL_MAX) {
			*ret = (unsigned int)value;
			return NULL;
		}
	}
	return err_new(ERR_USAGE, "Dump_level(%.*s) is invalid.", (int)len, text);
}

struct err *option_set_level(struct options *options, const struct option_row *row,
			     const char *arg)
{
	size_t len;

	(void)row;
	options->level_count = 0;
	for (;; arg += len + 1) {
		len = strcspn(arg, ",");
		if (options->level_count == LEVELS_MAX)
			return err_new(ERR_USAGE, "option -d: more than %d levels", LEVELS_MAX);
		TRY(parse_level(arg, len, &options->levels[options->level_count++]));
		if (!arg[len])
			break;
	}
	options->level = options->levels[0];
	return NULL;
}

struct err *option_set_message_level(struct options *options, const struct option_row *row,
				     const char *arg)
{
	long long value;

	(void)row;
	if (!parse_number(arg, &value) || value < 0 || value > MESSAGE_LEVEL_MAX)
		return err_new(ERR_USAGE, "Message_level(%s) is invalid.", arg);
	options->message_level = (unsigned int)value;
	return NULL;
}

/* Negative counts mean none, as they always did. */
struct err *option_set_threads(struct options *options, const struct option_row *row,
			       const char *arg)
{
	long long value;

	if (!parse_number(arg, &value))
		return bad_value(row, arg, "a number of threads");
	if (value < 0)
		value = 0;
	options->threads = value > THREADS_MAX ? THREADS_MAX : (unsigned int)value;
	return NULL;
}

/* Powers of 1024 by their suffix; false for anything else. */
static bool parse_size(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "KMGTPE";
	size_t len = strspn(text, "0123456789");
	const char *suffix = text[len] ? strchr(suffixes, toupper((unsigned char)text[len])) : NULL;
	unsigned long long value;

	if (!len || (text[len] && (!suffix || text[len + 1])))
		return false;
	errno = 0;
	value = strtoull(text, NULL, 10);
	return !errno && checked_mul(value, UINT64_C(1) << (suffix ? 10 * (suffix - suffixes + 1) : 0),
				     ret);
}

/* 0 means the default. */
struct err *option_set_max_memory(struct options *options, const struct option_row *row,
				  const char *arg)
{
	uint64_t value;

	if (!parse_size(arg, &value))
		return bad_value(row, arg, "a size (a number, then K, M or G)");
	options->max_memory = value;
	return NULL;
}

struct err *option_set_size_limit(struct options *options, const struct option_row *row,
				  const char *arg)
{
	uint64_t value;

	if (!parse_size(arg, &value) || !value || value > INT64_MAX)
		return bad_value(row, arg, "a size (a number above 0, then K, M, G, T, P or E)");
	options->size_limit = value;
	return NULL;
}

/* 0 means the default, as it always did. */
struct err *option_set_cyclic_buffer(struct options *options, const struct option_row *row,
				     const char *arg)
{
	long long value;

	if (!parse_number(arg, &value) || value < 0)
		return bad_value(row, arg, "a size in KB");
	options->cyclic_buffer_kb = (uint64_t)value;
	return NULL;
}

/* 0 means the default, as it always did. */
struct err *option_set_splitblock(struct options *options, const struct option_row *row,
				  const char *arg)
{
	long long value;

	if (!parse_number(arg, &value) || value < 0 || (uint64_t)value > UINT64_MAX >> 10)
		return bad_value(row, arg, "a size in KB");
	options->splitblock_kb = (uint64_t)value;
	return NULL;
}

/* Standard output carries messages, which would not be JSON. */
struct err *option_set_json(struct options *options, const struct option_row *row, const char *arg)
{
	if (!*arg || !strcmp(arg, "-"))
		return bad_value(row, arg, "a file name");
	options->json = arg;
	return NULL;
}

struct err *option_add_disk(struct options *options, const struct option_row *row, const char *arg)
{
	(void)row;
	if (options->disk_count == OPTION_DISKS_MAX)
		return err_new(ERR_USAGE, "option --diskset is given more than %d times",
			       OPTION_DISKS_MAX);
	options->disks[options->disk_count++] = arg;
	return NULL;
}

struct err *option_set_xen_phys_start(struct options *options, const struct option_row *row,
				      const char *arg)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 0);
	if (end == arg || *end || errno || strchr(arg, '-'))
		return bad_value(row, arg, "an address");
	options->has_xen_phys_start = true;
	options->xen_phys_start = value;
	return NULL;
}

struct err *option_refuse_eppic(struct options *options, const struct option_row *row,
				const char *arg)
{
	(void)options;
	(void)row;
	return err_new(ERR_USAGE, "option --eppic: programs such as %s are not run; --config FILE "
		       "erases what a file names, in loops over lists and arrays too (makedumpfile.conf(5)), "
		       "and --scrub keys,cmdline needs no file at all", arg);
}

struct err *option_set_scrub(struct options *options, const struct option_row *row,
			     const char *arg)
{
	for (;; arg++) {
		size_t len = strcspn(arg, ",");
		unsigned int which = scrub_by_name(arg, len);

		if (!which)
			return bad_value(row, arg, "one of " SCRUB_NAMES);
		options->scrub |= which;
		arg += len;
		if (!*arg)
			return NULL;
	}
}

struct err *option_check_number(struct options *options, const struct option_row *row,
				const char *arg)
{
	long long value;

	(void)options;
	return parse_number(arg, &value) ? NULL : bad_value(row, arg, "a number");
}

struct err *option_ignore(struct options *options, const struct option_row *row, const char *arg)
{
	(void)options;
	(void)row;
	(void)arg;
	return NULL;
}
