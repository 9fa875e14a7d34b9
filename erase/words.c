// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void words_init(struct words *words, const char *name, const char *text, size_t len)
{
	*words = (struct words){ .name = name, .at = text, .end = text + len, .line_start = true,
				 .line = 1, .word = text };
}

static void step(struct words *words)
{
	words->line_start = *words->at == '\n';
	words->line += words->line_start;
	words->at++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_line(struct words *words)
{
	while (words->at < words->end && *words->at != '\n')
		step(words);
}

static void skip_blanks(struct words *words)
{
	while (words->at < words->end && (is_blank(*words->at) || *words->at == '#')) {
		if (*words->at == '#')
			skip_line(words);
		else
			step(words);
	}
}

static struct err *take_section(struct words *words)
{
	words->kind = WORD_SECTION;
	words->word = words->at + 1;
	while (words->at < words->end && *words->at != ']') {
		if (is_blank(*words->at))
			return words_error(words, "a blank in the name of a section, or no ']'");
		step(words);
	}
	if (words->at == words->end)
		return words_error(words, "a section without ']'");
	words->len = (size_t)(words->at - words->word);
	skip_line(words);
	return NULL;
}

/* One character of a word; false: the word ends before it. */
static bool is_inside(const struct words *words, unsigned int *depth)
{
	char c = *words->at;

	if (c == '(')
		(*depth)++;
	else if (c == ')' && *depth)
		(*depth)--;
	if (c == '#' || c == '\n')
		return false;
	return *depth || !is_blank(c);
}

static struct err *take_word(struct words *words)
{
	unsigned int depth = 0;

	words->kind = WORD_PLAIN;
	words->word = words->at;
	while (words->at < words->end && is_inside(words, &depth)) {
		unsigned char c = (unsigned char)*words->at;

		if ((c < ' ' && c != '\t') || c > '~')
			return words_error(words, "byte %#04x is no part of any name", c);
		step(words);
	}
	words->len = (size_t)(words->at - words->word);
	return depth ? words_error(words, "'(' without ')'") : NULL;
}

struct err *words_next(struct words *words)
{
	skip_blanks(words);
	words->word_line = words->line;
	words->word = words->at;
	words->len = 0;
	words->kind = WORD_END;
	if (words->at == words->end)
		return NULL;
	return *words->at == '[' && words->line_start ? take_section(words) : take_word(words);
}

bool words_is(const struct words *words, const char *text)
{
	return words->kind == WORD_PLAIN && words->len == strlen(text) &&
	       !memcmp(words->word, text, words->len);
}

struct err *words_error(const struct words *words, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_new(ERR_BAD_INPUT, "%s:%u: %s", words->name, words->word_line, text);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t identifier_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && (is_letter(text[i]) || (i && text[i] >= '0' && text[i] <= '9')))
		i++;
	return i;
}
