/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a configuration file. */
#ifndef ERASE_WORDS_H
#define ERASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum word_kind { WORD_END, WORD_SECTION, WORD_PLAIN };

struct words {
	const char *name;	/* of the file */
	const char *at, *end;
	bool line_start;	/* at is the first character of its line */
	unsigned int line;	/* of at, from 1 */
	/* The word that words_next() found; a section's is what its brackets hold. */
	enum word_kind kind;
	unsigned int word_line;
	const char *word;
	size_t len;
};

/* Begin before the first word of @len bytes of @text, which is borrowed as @name is. */
void words_init(struct words *words, const char *name, const char *text, size_t len);

/*
 * Go to the next word. A word ends with a blank, tab, line end or '#', but
 * whatever stands in parentheses is one word.
 */
struct err *words_next(struct words *words) __attribute__((warn_unused_result));

/* The word at hand is @text. */
bool words_is(const struct words *words, const char *text);

/* An error about the word at hand. */
struct err *words_error(const struct words *words, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* The length of the C identifier at @text, at most @len; 0: there is none. */
size_t identifier_length(const char *text, size_t len);

#endif
