// SPDX-License-Identifier: GPL-2.0-or-later
/* VMCOREINFO text from an untrusted dump. */
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "tests/fuzz/fuzz.h"

static void add(struct facts *facts, const uint8_t *data, size_t len)
{
	static const struct log log = { .mask = 0x1f, .emit = fuzz_discard };

	err_free(facts_add_vmcoreinfo(facts, (const char *)data, len, "fuzz", &log));
}

/* Every fact is found again under its own name, with the value it has. */
static void check_fact(const struct facts *facts, const char *key, const struct fact *fact)
{
	const char *text = NULL;
	char name[256];
	uint64_t v = 0;
	int64_t n = 0;

	require(fact_has(facts, key) && fact_text(facts, key, &text) && text == fact->text);
	fact_text_number(facts, key, 10, &v);
	fact_text_number(facts, key, 16, &v);
	if (fact->kind == FACT_TEXT)
		return;
	require(strlen(key) < sizeof(name) && strchr(key, '(') && key[strlen(key) - 1] == ')');
	strcpy(name, strchr(key, '(') + 1);
	name[strlen(name) - 1] = 0;
	if (fact->kind == FACT_NUMBER) {
		require(fact_number(facts, name, &n) && n == fact->value);
		return;
	}
	require((fact_symbol(facts, name, &v) && v == (uint64_t)fact->value) ||
		fact->kind != FACT_SYMBOL);
	require((fact_size(facts, name, &v) && v <= INT64_MAX) || fact->kind != FACT_SIZE);
	require((fact_offset(facts, name, &v) && v <= INT64_MAX) || fact->kind != FACT_OFFSET);
	require((fact_length(facts, name, &v) && v <= INT64_MAX) || fact->kind != FACT_LENGTH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct facts facts;
	size_t i, count;

	facts_init(&facts);
	add(&facts, data, len);
	for (i = 0; i < facts.map.count; i++)
		check_fact(&facts, facts.map.v[i].key, facts.map.v[i].value);
	count = facts.map.count;
	/* The same text knows nothing new; half of it in front may, and wins nowhere. */
	add(&facts, data, len);
	require(facts.map.count == count);
	add(&facts, data + len / 2, len - len / 2);
	for (i = 0; i < facts.map.count; i++)
		check_fact(&facts, facts.map.v[i].key, facts.map.v[i].value);
	facts_deinit(&facts);
	return 0;
}
