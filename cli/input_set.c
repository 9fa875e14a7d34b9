/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/input_set.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t count_commas(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == ',';
	return count;
}

static struct err *take_disks(struct input_set *set, const struct options *options)
{
	*set = (struct input_set){
		.paths = calloc(options->disk_count, sizeof(*set->paths)),
		.count = options->disk_count,
	};
	if (!set->paths)
		return err_nomem;
	memcpy(set->paths, options->disks, set->count * sizeof(*set->paths));
	return NULL;
}

static struct err *take_word(struct input_set *set, const char *word)
{
	size_t room = 1 + count_commas(word);
	char *next;

	*set = (struct input_set){ .text = strdup(word), .paths = calloc(room, sizeof(*set->paths)) };
	if (!set->text || !set->paths) {
		input_set_deinit(set);
		return err_nomem;
	}
	next = room == 1 || !access(word, F_OK) ? NULL : set->text;
	if (!next)
		set->paths[set->count++] = set->text;
	while (next) {
		set->paths[set->count] = strsep(&next, ",");
		if (*set->paths[set->count++])
			continue;
		input_set_deinit(set);
		return err_new(ERR_USAGE, "%s: no file of that name, and as a list of files it has an "
			       "empty name", word);
	}
	return NULL;
}

struct err *input_set_init(struct input_set *set, const struct options *options)
{
	return options->disk_count ? take_disks(set, options) : take_word(set, options->vmcore);
}

void input_set_deinit(struct input_set *set)
{
	free(set->paths);
	free(set->text);
	*set = (struct input_set){ 0 };
}

const char *input_set_holds(const struct input_set *set, const struct stat *st)
{
	for (size_t i = 0; i < set->count; i++) {
		struct stat in;

		if (!stat(set->paths[i], &in) && in.st_dev == st->st_dev && in.st_ino == st->st_ino)
			return set->paths[i];
	}
	return NULL;
}
