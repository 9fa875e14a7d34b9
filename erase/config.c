// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "erase/words.h"

struct parser {
	struct words words;
	struct erase_config *config;
	char *section;		/* NULL: the kernel itself */
};

static void command_deinit(struct erase_command *command)
{
	erase_expr_deinit(&command->expr);
	erase_expr_deinit(&command->size);
}

static void item_deinit(struct erase_item *item)
{
	for (size_t i = 0; i < item->count; i++)
		command_deinit(&item->commands[i]);
	free(item->commands);
	free(item->module);
	free(item->variable);
	erase_expr_deinit(&item->list);
	free(item->type_name);
	free(item->member);
}

void erase_config_destroy(struct erase_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->count; i++)
		item_deinit(&config->items[i]);
	free(config->items);
	free(config->name);
	free(config);
}

static struct err *copy(const char *text, size_t len, char **ret)
{
	*ret = strndup(text, len);
	return *ret ? NULL : err_nomem;
}

/* The word at hand, which is to be @what. */
static struct err *take_plain(struct parser *p, const char *what, char **ret)
{
	if (p->words.kind != WORD_PLAIN)
		return words_error(&p->words, "%s is missing", what);
	return copy(p->words.word, p->words.len, ret);
}

/* The same for a single name, and the word behind it. */
static struct err *take_name(struct parser *p, const char *what, char **ret)
{
	const struct words *words = &p->words;

	if (words->kind == WORD_PLAIN && identifier_length(words->word, words->len) != words->len)
		return words_error(words, "'%.*s' is not %s", (int)min_u64(words->len, 100),
				   words->word, what);
	TRY(take_plain(p, what, ret));
	return words_next(&p->words);
}

/* An expression at the word at hand; goes on to the next word. */
static struct err *take_expr(struct parser *p, const char *what, struct erase_expr *ret)
{
	char *text = NULL;
	struct err *e;

	TRY(take_plain(p, what, &text));
	e = erase_expr_parse(p->words.name, p->words.word_line, text, ret);
	free(text);
	return e ? e : words_next(&p->words);
}

/* Digits, then K or M. */
static struct err *take_number(struct parser *p, uint64_t *ret)
{
	const struct words *words = &p->words;
	uint64_t value = 0, unit = 1;
	size_t i = 0;

	for (; i < words->len && words->word[i] >= '0' && words->word[i] <= '9'; i++) {
		if (!checked_mul(value, 10, &value) ||
		    !checked_add(value, (uint64_t)(words->word[i] - '0'), &value))
			return words_error(words, "the size is too large");
	}
	if (i + 1 == words->len && strchr("Kk", words->word[i]))
		unit = 1u << 10;
	else if (i + 1 == words->len && strchr("Mm", words->word[i]))
		unit = 1u << 20;
	else if (i != words->len)
		return words_error(words, "'%.*s' is not a size: a number, then K, M or nothing",
				   (int)min_u64(words->len, 100), words->word);
	if (!checked_mul(value, unit, ret))
		return words_error(words, "the size is too large");
	return words_next(&p->words);
}

static struct err *take_size(struct parser *p, struct erase_command *command)
{
	TRY(words_next(&p->words));
	if (p->words.kind == WORD_PLAIN && p->words.word[0] >= '0' && p->words.word[0] <= '9') {
		command->size_kind = ERASE_SIZE_NUMBER;
		return take_number(p, &command->number);
	}
	command->size_kind = ERASE_SIZE_EXPR;
	return take_expr(p, "the size", &command->size);
}

/* In a loop, what is erased is of its element. */
static struct err *check_variable(const struct parser *p, const struct erase_item *item,
				  const struct erase_expr *expr)
{
	if (!item->variable || !strcmp(expr->names[0], item->variable))
		return NULL;
	return err_new(ERR_BAD_INPUT, "%s:%u: '%s' does not begin with '%s', the variable of the loop",
		       p->words.name, expr->line, expr->text, item->variable);
}

static struct err *fill_command(struct parser *p, const struct erase_item *item,
				struct erase_command *command)
{
	TRY(words_next(&p->words));
	TRY(take_expr(p, "what to erase", &command->expr));
	TRY(check_variable(p, item, &command->expr));
	if (words_is(&p->words, "size"))
		return take_size(p, command);
	if (!words_is(&p->words, "nullify"))
		return NULL;
	command->size_kind = ERASE_NULLIFY;
	return words_next(&p->words);
}

static struct err *take_command(struct parser *p, struct erase_item *item)
{
	struct erase_command *commands;

	commands = realloc(item->commands, (item->count + 1) * sizeof(*commands));
	if (!commands)
		return err_nomem;
	item->commands = commands;
	commands[item->count] = (struct erase_command){ 0 };
	return fill_command(p, item, &commands[item->count++]);
}

/* STRUCT[:MEMBER] */
static struct err *take_within(struct parser *p, struct erase_item *item)
{
	const struct words *words = &p->words;
	size_t len, rest;

	item->loop = ERASE_LOOP_WITHIN;
	TRY(words_next(&p->words));
	len = words->kind == WORD_PLAIN ? identifier_length(words->word, words->len) : 0;
	rest = words->len - len;
	if (!len || (rest && (words->word[len] != ':' ||
			      identifier_length(words->word + len + 1, rest - 1) != rest - 1 || rest == 1)))
		return words_error(words, "'within' needs STRUCT or STRUCT:MEMBER, not '%.*s'",
				   (int)min_u64(words->len, 100), words->word);
	TRY(copy(words->word, len, &item->type_name));
	TRY(rest ? copy(words->word + len + 1, rest - 1, &item->member) :
		   copy("list", strlen("list"), &item->member));
	return words_next(&p->words);
}

static struct err *take_list(struct parser *p, struct erase_item *item)
{
	TRY(take_expr(p, "the list of the loop", &item->list));
	if (words_is(&p->words, "within"))
		return take_within(p, item);
	item->loop = ERASE_LOOP_ARRAY;
	if (!words_is(&p->words, "via"))
		return NULL;
	item->loop = ERASE_LOOP_VIA;
	TRY(words_next(&p->words));
	return take_name(p, "the name of a member", &item->member);
}

static struct err *take_loop(struct parser *p, struct erase_item *item)
{
	unsigned int line = p->words.word_line;

	TRY(words_next(&p->words));
	TRY(take_name(p, "a name for the elements", &item->variable));
	if (!words_is(&p->words, "in"))
		return words_error(&p->words, "'for %s' without 'in'", item->variable);
	TRY(words_next(&p->words));
	TRY(take_list(p, item));
	while (words_is(&p->words, "erase"))
		TRY(take_command(p, item));
	if (!words_is(&p->words, "endfor"))
		return words_error(&p->words, "not 'erase' and not 'endfor' in the loop that begins in "
				   "line %u", line);
	return words_next(&p->words);
}

static struct err *fill_item(struct parser *p, struct erase_item *item)
{
	if (p->section)
		TRY(copy(p->section, strlen(p->section), &item->module));
	return words_is(&p->words, "for") ? take_loop(p, item) : take_command(p, item);
}

static struct err *take_item(struct parser *p)
{
	struct erase_config *config = p->config;
	struct erase_item *items;

	items = realloc(config->items, (config->count + 1) * sizeof(*items));
	if (!items)
		return err_nomem;
	config->items = items;
	items[config->count] = (struct erase_item){ 0 };
	return fill_item(p, &items[config->count++]);
}

static struct err *take_section(struct parser *p)
{
	const struct words *words = &p->words;

	if (!words->len)
		return words_error(words, "a section without a name");
	free(p->section);
	p->section = NULL;
	if (words->len != strlen("vmlinux") || memcmp(words->word, "vmlinux", words->len))
		TRY(copy(words->word, words->len, &p->section));
	return words_next(&p->words);
}

static struct err *parse(struct parser *p)
{
	TRY(words_next(&p->words));
	while (p->words.kind != WORD_END) {
		if (p->words.kind == WORD_SECTION)
			TRY(take_section(p));
		else if (words_is(&p->words, "erase") || words_is(&p->words, "for"))
			TRY(take_item(p));
		else
			return words_error(&p->words, "'%.*s' begins no command: not 'erase' and not 'for'",
					   (int)min_u64(p->words.len, 100), p->words.word);
	}
	return NULL;
}

struct err *erase_config_parse(const char *name, const char *text, size_t len,
			       struct erase_config **ret)
{
	struct parser p = { .config = calloc(1, sizeof(*p.config)) };
	struct err *e;

	words_init(&p.words, name, text, len);
	if (!p.config)
		return err_nomem;
	p.config->name = strdup(name);
	e = p.config->name ? parse(&p) : err_nomem;
	free(p.section);
	if (e)
		erase_config_destroy(p.config);
	else
		*ret = p.config;
	return e;
}

static struct err *read_all(struct source *src, char **text, size_t *len)
{
	*text = malloc(ERASE_CONFIG_BYTES_MAX + 1);
	if (!*text)
		return err_nomem;
	TRY(source_read_some(src, 0, *text, ERASE_CONFIG_BYTES_MAX + 1, len));
	if (*len > ERASE_CONFIG_BYTES_MAX)
		return err_new(ERR_UNSUPPORTED, "%s: has more than %u bytes: that is no configuration "
			       "file", src->name, ERASE_CONFIG_BYTES_MAX);
	return NULL;
}

struct err *erase_config_read(const char *path, struct erase_config **ret)
{
	struct source *src;
	char *text = NULL;
	size_t len = 0;
	struct err *e;

	TRY(source_open_file(path, false, &src));
	e = read_all(src, &text, &len);
	if (!e)
		e = erase_config_parse(path, text, len, ret);
	free(text);
	source_destroy(src);
	return e;
}
