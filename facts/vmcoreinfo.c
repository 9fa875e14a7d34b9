// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text the kernel leaves about itself (kernel/vmcore_info.c; before v6.9
 * kernel/crash_core.c): lines KEY=VALUE.
 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "facts/number.h"

/* The kernel has a page for it, 64 KiB at most; text made from debug information may be longer. */
#define TEXT_MAX (1u << 20)
/* Longest value that is kept. The longest real one is a release of 64 characters. */
#define VALUE_MAX 1024
/* Unusable numbers that are named one by one; the rest is only counted. */
#define NAMED_MAX 8

struct line {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

/* While parsing one text. */
struct parser {
	struct facts own;	/* what this text says; the last of repeated keys */
	const char *provider;
	const struct log *log;
	size_t broken;		/* lines that are no KEY=VALUE */
	size_t unusable;	/* lines whose number is none */
};

static bool is_printable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static bool split_line(const char *text, size_t len, struct line *ret)
{
	const char *equals = memchr(text, '=', len);

	if (!equals || !is_printable(text, len))
		return false;
	ret->key = text;
	ret->key_len = (size_t)(equals - text);
	ret->value = equals + 1;
	ret->value_len = len - ret->key_len - 1;
	return ret->key_len > 0 && ret->key_len <= FACT_KEY_MAX && ret->value_len <= VALUE_MAX;
}

/* "WORD(name)" with a name of at least one character. */
static enum fact_kind kind_of_key(const char *key, size_t len)
{
	static const struct {
		const char *start;
		enum fact_kind kind;
	} words[] = {
		{ "SYMBOL(", FACT_SYMBOL }, { "SIZE(", FACT_SIZE }, { "OFFSET(", FACT_OFFSET },
		{ "LENGTH(", FACT_LENGTH }, { "NUMBER(", FACT_NUMBER },
	};
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		n = strlen(words[i].start);
		if (len > n + 1 && memcmp(key, words[i].start, n) == 0 && key[len - 1] == ')')
			return words[i].kind;
	}
	return FACT_TEXT;
}

static struct err *store(struct facts *facts, const char *key, size_t key_len, struct fact *fact)
{
	struct fact *old = strmap_get(&facts->map, key, key_len);
	struct err *e = strmap_put(&facts->map, key, key_len, fact);

	fact_destroy(e ? fact : old);
	return e;
}

static struct err *add_line(struct parser *parser, const struct line *line)
{
	enum fact_kind kind = kind_of_key(line->key, line->key_len);
	struct fact *fact = NULL;
	int64_t value = 0;

	if (kind != FACT_TEXT && !parse_value(kind, line->value, line->value_len, &value)) {
		if (parser->unusable++ < NAMED_MAX)
			log_warn(parser->log, "%s: %.*s=%.*s is no usable number and counts as "
				 "unknown", parser->provider, (int)line->key_len, line->key,
				 (int)line->value_len, line->value);
		kind = FACT_TEXT;
	}
	TRY(fact_create(kind, value, line->value, line->value_len, parser->provider, &fact));
	return store(&parser->own, line->key, line->key_len, fact);
}

static struct err *parse_text(struct parser *parser, const char *text, size_t len)
{
	const char *end = text + len, *newline;
	struct line line;

	for (; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
		if (newline == text)
			continue;
		if (split_line(text, (size_t)(newline - text), &line))
			TRY(add_line(parser, &line));
		else
			parser->broken++;
	}
	if (text < end)
		log_debug(parser->log, "%s: the last %zu bytes are no whole line and are ignored",
			  parser->provider, (size_t)(end - text));
	return NULL;
}

struct err *facts_add_vmcoreinfo(struct facts *facts, const char *text, size_t len,
				 const char *provider, const struct log *log)
{
	struct parser parser = { .provider = provider, .log = log };
	size_t text_len = len ? strnlen(text, len) : 0;
	struct err *e;

	if (!text_len)
		return NULL;
	if (text_len > TEXT_MAX) {
		log_warn(log, "%s: %zu bytes of text, only the first %u are used", provider, text_len,
			 TEXT_MAX);
		text_len = TEXT_MAX;
	}
	facts_init(&parser.own);
	e = parse_text(&parser, text, text_len);
	if (!e)
		e = facts_merge(facts, &parser.own);
	if (parser.broken)
		log_warn(log, "%s: %zu lines are no KEY=VALUE and are ignored", provider, parser.broken);
	if (parser.unusable > NAMED_MAX)
		log_warn(log, "%s: %zu more lines have no usable number", provider,
			 parser.unusable - NAMED_MAX);
	facts_deinit(&parser.own);
	return e;
}
