/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that the words for VMCORE name. A word is one file, or the pieces of
 * a split dump with commas between them. A file whose own name has a comma is
 * one file.
 */
#ifndef CLI_INPUT_SET_H
#define CLI_INPUT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cli/options.h"

struct input_set {
	char *text;		/* what the paths point into */
	const char **paths;
	size_t count;
};

/* @count words, none for no file. ERR_USAGE for a list with nothing between two commas. */
struct err *input_set_init(struct input_set *set, const char *const *words, size_t count)
	__attribute__((warn_unused_result));
void input_set_deinit(struct input_set *set);

/*
 * What is written to one replaces what the other one holds: a file, whatever its names, or a
 * block device, of which there may be several nodes. Never for what holds nothing, as /dev/null.
 */
bool is_same_file(const struct stat *a, const struct stat *b);

/* @st is the file of one of the paths; that path, or NULL. */
const char *input_set_holds(const struct input_set *set, const struct stat *st);

#endif
