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

/* The paths of @word, of which @text is a copy to be cut up. */
static struct err *add_word(struct input_set *set, const char *word, char *text)
{
	char *next = !strchr(word, ',') || !access(word, F_OK) ? NULL : text;

	if (!next)
		set->paths[set->count++] = text;
	while (next) {
		set->paths[set->count] = strsep(&next, ",");
		if (!*set->paths[set->count++])
			return err_new(ERR_USAGE, "%s: no file of that name, and as a list of files "
				       "it has an empty name", word);
	}
	return NULL;
}

struct err *input_set_init(struct input_set *set, const char *const *words, size_t count)
{
	size_t room = 1, bytes = 1, used = 0;
	struct err *e = NULL;

	for (size_t i = 0; i < count; i++) {
		room += 1 + count_commas(words[i]);
		bytes += strlen(words[i]) + 1;
	}
	*set = (struct input_set){ .text = malloc(bytes), .paths = calloc(room, sizeof(*set->paths)) };
	if (!set->text || !set->paths)
		e = err_nomem;
	for (size_t i = 0; !e && i < count; i++) {
		size_t len = strlen(words[i]) + 1;

		e = add_word(set, words[i], memcpy(set->text + used, words[i], len));
		used += len;
	}
	if (e)
		input_set_deinit(set);
	return e;
}

void input_set_deinit(struct input_set *set)
{
	free(set->paths);
	free(set->text);
	*set = (struct input_set){ 0 };
}

bool is_same_file(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
		return a->st_rdev == b->st_rdev;
	return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

const char *input_set_holds(const struct input_set *set, const struct stat *st)
{
	for (size_t i = 0; i < set->count; i++) {
		struct stat in;

		if (!stat(set->paths[i], &in) && is_same_file(&in, st))
			return set->paths[i];
	}
	return NULL;
}
