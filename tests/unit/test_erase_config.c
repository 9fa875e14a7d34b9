// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar of makedumpfile.conf(5). */
#include "erase/config.h"
#include "tests/unit/unit.h"

static struct err *parse(const char *text, struct erase_config **ret)
{
	return erase_config_parse("f", text, strlen(text), ret);
}

/* The parsed file as text, one command a line. */
static void put_command(char *out, size_t size, const struct erase_command *c)
{
	size_t len = strlen(out);

	len += (size_t)snprintf(out + len, size - len, "erase %s", c->expr.text);
	if (c->size_kind == ERASE_SIZE_NUMBER)
		snprintf(out + len, size - len, " size %" PRIu64, c->number);
	else if (c->size_kind == ERASE_SIZE_EXPR)
		snprintf(out + len, size - len, " size %s", c->size.text);
	else if (c->size_kind == ERASE_NULLIFY)
		snprintf(out + len, size - len, " nullify");
	strncat(out, ";", size - strlen(out) - 1);
}

static const char *shown(const char *text)
{
	static char out[1024];
	struct erase_config *config = NULL;
	struct err *e = parse(text, &config);

	out[0] = 0;
	if (e) {
		snprintf(out, sizeof(out), "%s", err_text(e));
		err_free(e);
		return out;
	}
	for (size_t i = 0; i < config->count; i++) {
		const struct erase_item *item = &config->items[i];
		size_t len = strlen(out);

		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s:",
					item->module ? item->module : "");
		if (item->loop)
			snprintf(out + len, sizeof(out) - len, "for %s in %s %d %s:%s{", item->variable,
				 item->list.text, item->loop, item->type_name ? item->type_name : "",
				 item->member ? item->member : "");
		for (size_t j = 0; j < item->count; j++)
			put_command(out, sizeof(out), &item->commands[j]);
		if (item->loop)
			strncat(out, "}", sizeof(out) - strlen(out) - 1);
	}
	erase_config_destroy(config);
	return out;
}

static void check_text(const char *text, const char *want, int line)
{
	const char *got = shown(text);

	if (strcmp(got, want)) {
		printf("# line %d: %s\n# got  %s\n# want %s\n", line, text, got, want);
		unit_current++;
	}
}
#define CHECK_TEXT(text, want) check_text(text, want, __LINE__)

static void test_commands(void)
{
	CHECK_TEXT("", "");
	CHECK_TEXT("# only a comment", "");
	CHECK_TEXT("erase a", ":erase a;");
	CHECK_TEXT("erase a.b.c erase d\n", ":erase a.b.c;:erase d;");
	CHECK_TEXT("erase\n\n a\n size\n 12", ":erase a size 12;");
	CHECK_TEXT("erase a size 2K erase b size 3m", ":erase a size 2048;:erase b size 3145728;");
	CHECK_TEXT("erase a size b.c", ":erase a size b.c;");
	CHECK_TEXT("erase a nullify#x\nerase b", ":erase a nullify;:erase b;");
	CHECK_TEXT("erase a.b#c", ":erase a.b;");
	CHECK_TEXT("erase via size via", ":erase via size via;");
	CHECK_TEXT("[m-1] what\nerase a\n[vmlinux]\nerase b\n", "m-1:erase a;:erase b;");
	CHECK_TEXT("erase (struct  task_struct *)a.b", ":erase (struct  task_struct *)a.b;");
}

static void test_loops(void)
{
	CHECK_TEXT("for x in a erase x.b endfor", ":for x in a 1 :{erase x.b;}");
	CHECK_TEXT("for x in a.b via next erase x erase x.c size x.d endfor",
		   ":for x in a.b 2 :next{erase x;erase x.c size x.d;}");
	CHECK_TEXT("for x in a.b within s:m erase x nullify endfor",
		   ":for x in a.b 3 s:m{erase x nullify;}");
	CHECK_TEXT("for x in a within s endfor", ":for x in a 3 s:list{}");
	CHECK_TEXT("[m]\nfor x in a erase x endfor erase b", "m:for x in a 1 :{erase x;}m:erase b;");
}

static void test_errors(void)
{
	CHECK_TEXT("rease a", "f:1: 'rease' begins no command: not 'erase' and not 'for'");
	CHECK_TEXT("erase a\nb", "f:2: 'b' begins no command: not 'erase' and not 'for'");
	CHECK_TEXT(" [m]", "f:1: '[m]' begins no command: not 'erase' and not 'for'");
	CHECK_TEXT("erase", "f:1: what to erase is missing");
	CHECK_TEXT("erase\n[x]", "f:2: what to erase is missing");
	CHECK_TEXT("erase a..b", "f:1: 'a..b' is not a name, or names with dots between them");
	CHECK_TEXT("erase a[1]", "f:1: 'a[1]' is not a name, or names with dots between them");
	CHECK_TEXT("erase a.size", "f:1: 'a.size' has a word of the file's language for a name");
	CHECK_TEXT("erase a size 1Q", "f:1: '1Q' is not a size: a number, then K, M or nothing");
	CHECK_TEXT("erase a size 18446744073709551616", "f:1: the size is too large");
	CHECK_TEXT("erase a size 18446744073709551615M", "f:1: the size is too large");
	CHECK_TEXT("erase a size", "f:1: the size is missing");
	CHECK_TEXT("\nfor x in a erase b endfor",
		   "f:2: 'b' does not begin with 'x', the variable of the loop");
	CHECK_TEXT("for x a", "f:1: 'for x' without 'in'");
	CHECK_TEXT("for x.y in a", "f:1: 'x.y' is not a name for the elements");
	CHECK_TEXT("for x in a within s: endfor",
		   "f:1: 'within' needs STRUCT or STRUCT:MEMBER, not 's:'");
	CHECK_TEXT("for x in a\nfor y in b",
		   "f:2: not 'erase' and not 'endfor' in the loop that begins in line 1");
	CHECK_TEXT("for x in a erase x",
		   "f:1: not 'erase' and not 'endfor' in the loop that begins in line 1");
	CHECK_TEXT("[a b]", "f:1: a blank in the name of a section, or no ']'");
	CHECK_TEXT("[]", "f:1: a section without a name");
	CHECK_TEXT("[a", "f:1: a section without ']'");
	CHECK_TEXT("erase (struct a", "f:1: '(' without ')'");
	CHECK_TEXT("erase (struct)a", "f:1: '(struct)a' names no type in its parentheses");
	CHECK_TEXT("erase (a b)c",
		   "f:1: '(a b)c' has more in its parentheses than the name of a type and '*'");
	CHECK_TEXT("erase \x7f", "f:1: byte 0x7f is no part of any name");
}

static void test_parts(void)
{
	struct erase_config *config = NULL;
	const struct erase_expr *expr;

	CHECK_OK(parse("erase (union u * *)sym.m1.m2", &config));
	expr = &config->items[0].commands[0].expr;
	CHECK(!strcmp(expr->cast.name, "u"));
	CHECK_EQ(expr->cast.stars, 2);
	CHECK_EQ(expr->count, 3);
	CHECK(!strcmp(expr->names[0], "sym") && !strcmp(expr->names[2], "m2"));
	CHECK_EQ(expr->line, 1);
	erase_config_destroy(config);
	CHECK_ERR(erase_config_parse("f", "erase \0", 7, &config), ERR_BAD_INPUT);
	CHECK_ERR(erase_config_read("/nonexistent/file", &config), ERR_IO);
}

int main(void)
{
	RUN(test_commands);
	RUN(test_loops);
	RUN(test_errors);
	RUN(test_parts);
	return unit_status();
}
