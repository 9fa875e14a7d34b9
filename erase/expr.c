// SPDX-License-Identifier: GPL-2.0-or-later
/* SYMBOL.MEMBER..., with "(struct NAME *)" before it where the type is not known. */
#include <stdlib.h>
#include <string.h>

#include "erase/config.h"
#include "erase/words.h"

static bool is_reserved(const char *name)
{
	static const char *const words[] = { "erase", "size", "nullify", "for", "in", "within",
					     "endfor" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(name, words[i]))
			return true;
	}
	return false;
}

void erase_expr_deinit(struct erase_expr *expr)
{
	free(expr->text);
	free(expr->cast.name);
	free(expr->split);
	free(expr->names);
	*expr = (struct erase_expr){ 0 };
}

static struct err *bad(const struct erase_expr *expr, const char *name, const char *why)
{
	return err_new(ERR_BAD_INPUT, "%s:%u: '%s' %s", name, expr->line, expr->text, why);
}

static const char *skip(const char *at)
{
	return at + strspn(at, " \t");
}

/* "(struct NAME **)" at *text, which moves behind it. */
static struct err *parse_cast(const char *name, struct erase_expr *expr, const char **text)
{
	const char *at = skip(*text + 1);
	size_t len = identifier_length(at, strlen(at));

	if ((len == 6 && !memcmp(at, "struct", 6)) || (len == 5 && !memcmp(at, "union", 5))) {
		at = skip(at + len);
		len = identifier_length(at, strlen(at));
	}
	if (!len)
		return bad(expr, name, "names no type in its parentheses");
	expr->cast.name = strndup(at, len);
	if (!expr->cast.name)
		return err_nomem;
	for (at = skip(at + len); *at == '*'; at = skip(at + 1))
		expr->cast.stars++;
	if (*at != ')')
		return bad(expr, name, "has more in its parentheses than the name of a type and '*'");
	*text = skip(at + 1);
	return NULL;
}

/* Names between dots, in place. */
static struct err *split_names(const char *name, struct erase_expr *expr)
{
	char *at = expr->split;

	expr->names = calloc(strlen(at) / 2 + 1, sizeof(*expr->names));
	if (!expr->names)
		return err_nomem;
	for (;;) {
		size_t len = identifier_length(at, strlen(at));
		char end = at[len];

		if (!len || (end && end != '.'))
			return bad(expr, name, "is not a name, or names with dots between them");
		at[len] = 0;
		if (is_reserved(at))
			return bad(expr, name, "has a word of the file's language for a name");
		expr->names[expr->count++] = at;
		if (!end)
			return NULL;
		at += len + 1;
	}
}

static struct err *parse(const char *name, const char *text, struct erase_expr *expr)
{
	expr->text = strdup(text);
	if (!expr->text)
		return err_nomem;
	if (*text == '(')
		TRY(parse_cast(name, expr, &text));
	expr->split = strdup(text);
	return expr->split ? split_names(name, expr) : err_nomem;
}

struct err *erase_expr_parse(const char *name, unsigned int line, const char *text,
			     struct erase_expr *ret)
{
	struct erase_expr expr = { .line = line };
	struct err *e = parse(name, text, &expr);

	if (e)
		erase_expr_deinit(&expr);
	else
		*ret = expr;
	return e;
}
