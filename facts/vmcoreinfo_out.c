/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts as the text of a vmcoreinfo file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "facts/number.h"
#include "facts/wanted.h"

static void put(FILE *out, const char *text)
{
	fwrite(text, 1, strlen(text), out);
}

static void put_line(FILE *out, const char *key, const char *text)
{
	put(out, key);
	put(out, "=");
	put(out, text);
	put(out, "\n");
}

/* Only what is usable: a number that did not parse is kept as text. */
static void put_fact(FILE *out, const struct facts *facts, enum fact_kind kind, const char *name)
{
	char key[FACT_KEY_MAX + 1];
	const struct fact *fact;
	size_t len;

	if (!fact_make_key(kind, name, key, &len))
		return;
	fact = strmap_get(&facts->map, key, len);
	if (fact && fact->kind == kind)
		put_line(out, key, fact->text);
}

static void put_first(FILE *out, const struct facts *facts, uint64_t page_size)
{
	char number[24];

	put_fact(out, facts, FACT_TEXT, "OSRELEASE");
	snprintf(number, sizeof(number), "%llu", (unsigned long long)page_size);
	put_line(out, "PAGESIZE", number);
}

/* The first lines, and what @put_rest writes behind them. */
static struct err *format(const struct facts *facts, uint64_t page_size,
			  void (*put_rest)(FILE *out, const struct facts *facts), char **ret,
			  size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return err_nomem;
	put_first(out, facts, page_size);
	put_rest(out, facts);
	if (fclose(out)) {
		free(text);
		return err_nomem;
	}
	*ret = text;
	return NULL;
}

static void put_all(FILE *out, const struct facts *facts)
{
	for (size_t i = 0; i < facts->map.count; i++) {
		const char *key = facts->map.v[i].key, *value;

		if (strcmp(key, "OSRELEASE") && strcmp(key, "PAGESIZE") &&
		    fact_text(facts, key, &value))
			put_line(out, key, value);
	}
}

struct err *facts_format_all(const struct facts *facts, uint64_t page_size, char **ret,
			     size_t *ret_len)
{
	return format(facts, page_size, put_all, ret, ret_len);
}

static void put_wanted(FILE *out, const struct facts *facts)
{
	for (size_t i = 0; i < wanted_fact_count; i++)
		put_fact(out, facts, wanted_facts[i].kind, wanted_facts[i].name);
}

struct err *facts_format_vmcoreinfo(const struct facts *facts, uint64_t page_size, char **ret,
				    size_t *ret_len)
{
	return format(facts, page_size, put_wanted, ret, ret_len);
}
