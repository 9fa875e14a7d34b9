// SPDX-License-Identifier: GPL-2.0-or-later
/* Wanted facts that nobody said, from what the kernel keeps about itself in its memory. */
#include <stdlib.h>

#include "facts/wanted.h"
#include "kernel/btf.h"
#include "kernel/symbols.h"

#define DERIVED "derived"

/* What lies between them was given back after boot: its symbols name other owners' memory. */
enum init_symbol { INIT_BEGIN, INIT_END, INIT_SYMBOLS };

/* Behind those, wanted symbols that are not known; how many in all. */
static size_t list_symbols(const struct facts *facts, struct symbol_want *wants)
{
	size_t count = INIT_SYMBOLS;

	wants[INIT_BEGIN] = (struct symbol_want){ .name = "__init_begin" };
	wants[INIT_END] = (struct symbol_want){ .name = "__init_end" };
	for (size_t i = 0; i < wanted_fact_count; i++) {
		if (wanted_facts[i].kind == FACT_SYMBOL && !wanted_known(facts, &wanted_facts[i]))
			wants[count++] = (struct symbol_want){ .name = wanted_facts[i].name };
	}
	return count;
}

static bool was_freed(const struct symbol_want *wants, uint64_t address)
{
	return wants[INIT_BEGIN].found && wants[INIT_END].found &&
	       address >= wants[INIT_BEGIN].address && address < wants[INIT_END].address;
}

/* A name that several symbols have is nobody's. */
static struct err *take_symbols(struct kernel *kernel, const struct symbol_want *wants,
				size_t count)
{
	for (size_t i = INIT_SYMBOLS; i < count; i++) {
		if (wants[i].found > 1)
			log_debug(kernel->log, "facts: %u symbols are called %s; none is used",
				  wants[i].found, wants[i].name);
		if (wants[i].found == 1 && !was_freed(wants, wants[i].address))
			TRY(facts_add(&kernel->facts, FACT_SYMBOL, wants[i].name,
				      (int64_t)wants[i].address, "kallsyms"));
	}
	return NULL;
}

static struct err *fill_symbols(struct kernel *kernel, struct kreader *reader)
{
	struct symbol_want *wants = calloc(INIT_SYMBOLS + wanted_fact_count, sizeof(*wants));
	size_t count;
	struct err *e;

	if (!wants)
		return err_nomem;
	count = list_symbols(&kernel->facts, wants);
	e = ksymbols_find(reader, wants, count);
	if (!e)
		e = take_symbols(kernel, wants, count);
	free(wants);
	return e;
}

static struct err *fill_types(struct kernel *kernel, struct kreader *reader)
{
	struct types *types = NULL;
	struct err *e = btf_load(reader, &types);

	if (!e)
		e = facts_add_types(&kernel->facts, types);
	types_destroy(types);
	if (!e || err_kind(e) == ERR_NOMEM)
		return e;
	log_line(kernel->log, err_kind(e) == ERR_NOT_FOUND ? LOG_DEBUG : LOG_ERROR,
		 "facts: types: %s", err_text(e));
	err_free(e);
	return NULL;
}

struct err *kernel_fill_facts(struct kernel *kernel)
{
	struct kreader *reader;
	struct err *e;

	if (!kernel->arch)
		return NULL;
	TRY(kreader_create(kernel, &reader));
	e = fill_symbols(kernel, reader);
	if (!e)
		e = fill_types(kernel, reader);
	kreader_destroy(reader);
	if (e)
		return e;
	return facts_derive(&kernel->facts, DERIVED);
}
