// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/number.h"

void facts_init(struct facts *facts)
{
	strmap_init(&facts->map);
}

void fact_destroy(struct fact *fact)
{
	if (!fact)
		return;
	free(fact->text);
	free(fact);
}

void facts_deinit(struct facts *facts)
{
	size_t i;

	for (i = 0; i < facts->map.count; i++)
		fact_destroy(facts->map.v[i].value);
	strmap_deinit(&facts->map);
}

struct err *fact_create(enum fact_kind kind, int64_t value, const char *text, size_t text_len,
			const char *provider, struct fact **ret)
{
	struct fact *fact = calloc(1, sizeof(*fact));

	if (!fact)
		return err_nomem;
	fact->text = strndup(text, text_len);
	if (!fact->text) {
		free(fact);
		return err_nomem;
	}
	fact->kind = kind;
	fact->value = value;
	fact->provider = provider;
	*ret = fact;
	return NULL;
}

/* What stands before the bracket in VMCOREINFO; NULL for text, whose key is the name itself. */
static const char *kind_word(enum fact_kind kind)
{
	switch (kind) {
	case FACT_SYMBOL:
		return "SYMBOL";
	case FACT_SIZE:
		return "SIZE";
	case FACT_OFFSET:
		return "OFFSET";
	case FACT_LENGTH:
		return "LENGTH";
	case FACT_NUMBER:
		return "NUMBER";
	case FACT_TEXT:
		break;
	}
	return NULL;
}

bool fact_make_key(enum fact_kind kind, const char *name, char *key, size_t *ret_len)
{
	const char *word = kind_word(kind);
	int len = word ? snprintf(key, FACT_KEY_MAX + 1, "%s(%s)", word, name)
		       : snprintf(key, FACT_KEY_MAX + 1, "%s", name);

	if (len <= 0 || len > FACT_KEY_MAX)
		return false;
	*ret_len = (size_t)len;
	return true;
}

struct err *facts_put_absent(struct facts *facts, const char *key, size_t key_len,
			     struct fact *fact)
{
	struct fact *old = strmap_get(&facts->map, key, key_len);
	struct err *e;

	if (old && (old->kind != FACT_TEXT || fact->kind == FACT_TEXT)) {
		fact_destroy(fact);
		return NULL;
	}
	e = strmap_put(&facts->map, key, key_len, fact);
	fact_destroy(e ? fact : old);
	return e;
}

struct err *facts_add(struct facts *facts, enum fact_kind kind, const char *name, int64_t value,
		      const char *provider)
{
	char key[FACT_KEY_MAX + 1], text[24];
	struct fact *fact = NULL;
	size_t key_len;

	if (!fact_make_key(kind, name, key, &key_len))
		return err_new(ERR_OTHER, "%s: a fact's name has %zu bytes, too many", provider,
			       strlen(name));
	if (kind == FACT_SYMBOL)
		snprintf(text, sizeof(text), "%" PRIx64, (uint64_t)value);
	else
		snprintf(text, sizeof(text), "%" PRId64, value);
	TRY(fact_create(kind, kind == FACT_TEXT ? 0 : value, text, strlen(text), provider, &fact));
	return facts_put_absent(facts, key, key_len, fact);
}

struct err *facts_add_text(struct facts *facts, const char *key, const char *text,
			   const char *provider)
{
	struct fact *fact = NULL;

	TRY(fact_create(FACT_TEXT, 0, text, strlen(text), provider, &fact));
	return facts_put_absent(facts, key, strlen(key), fact);
}

static struct err *move_symbol(struct fact *fact, uint64_t by)
{
	char *text;

	fact->value = (int64_t)((uint64_t)fact->value + by);
	if (asprintf(&text, "%" PRIx64, (uint64_t)fact->value) < 0)
		return err_nomem;
	free(fact->text);
	fact->text = text;
	return NULL;
}

/* Kernel images are smaller and so is the range in which they are moved. */
#define IMAGE_REACH (UINT64_C(2) << 30)

struct err *facts_move_image(struct facts *facts, uint64_t by)
{
	uint64_t anchor;

	if (!by || (!fact_symbol(facts, "_stext", &anchor) &&
		    !fact_symbol(facts, "init_uts_ns", &anchor)))
		return NULL;
	for (size_t i = 0; i < facts->map.count; i++) {
		struct fact *fact = facts->map.v[i].value;

		if (fact->kind == FACT_SYMBOL &&
		    (uint64_t)fact->value - anchor + IMAGE_REACH < 2 * IMAGE_REACH)
			TRY(move_symbol(fact, by));
	}
	return NULL;
}

struct err *facts_merge(struct facts *facts, struct facts *from)
{
	for (size_t i = 0; i < from->map.count; i++) {
		struct strmap_entry *entry = &from->map.v[i];
		struct fact *fact = entry->value;

		entry->value = NULL;
		if (fact)
			TRY(facts_put_absent(facts, entry->key, strlen(entry->key), fact));
	}
	return NULL;
}

static const struct fact *find(const struct facts *facts, enum fact_kind kind, const char *name)
{
	char key[FACT_KEY_MAX + 1];
	const struct fact *fact;
	size_t len;

	if (!fact_make_key(kind, name, key, &len))
		return NULL;
	fact = strmap_get(&facts->map, key, len);
	/* A value that could not be parsed is there as text only. */
	return fact && fact->kind == kind ? fact : NULL;
}

bool fact_number(const struct facts *facts, const char *name, int64_t *ret)
{
	const struct fact *fact = find(facts, FACT_NUMBER, name);

	if (fact)
		*ret = fact->value;
	return fact;
}

static bool find_unsigned(const struct facts *facts, enum fact_kind kind, const char *name,
			  uint64_t *ret)
{
	const struct fact *fact = find(facts, kind, name);

	if (fact)
		*ret = (uint64_t)fact->value;
	return fact;
}

bool fact_symbol(const struct facts *facts, const char *name, uint64_t *ret)
{
	return find_unsigned(facts, FACT_SYMBOL, name, ret);
}

bool fact_size(const struct facts *facts, const char *name, uint64_t *ret)
{
	return find_unsigned(facts, FACT_SIZE, name, ret);
}

bool fact_offset(const struct facts *facts, const char *name, uint64_t *ret)
{
	return find_unsigned(facts, FACT_OFFSET, name, ret);
}

bool fact_length(const struct facts *facts, const char *name, uint64_t *ret)
{
	return find_unsigned(facts, FACT_LENGTH, name, ret);
}

bool fact_text(const struct facts *facts, const char *key, const char **ret)
{
	const struct fact *fact = strmap_get(&facts->map, key, strlen(key));

	if (fact)
		*ret = fact->text;
	return fact;
}

bool fact_text_number(const struct facts *facts, const char *key, unsigned int base, uint64_t *ret)
{
	const char *text;

	return fact_text(facts, key, &text) && parse_unsigned(text, strlen(text), base, ret);
}

bool fact_has(const struct facts *facts, const char *key)
{
	return strmap_get(&facts->map, key, strlen(key)) != NULL;
}
