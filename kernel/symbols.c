/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of the image: VMCOREINFO's, else kallsyms', else those exported to modules. */
#include "kernel/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/internal.h"
#include "kernel/kallsyms.h"
#include "kernel/ksymtab.h"

/* The image is within 2 GiB of _stext on every architecture with a word of 8 bytes. */
#define IMAGE_REACH (UINT64_C(1) << 31)
/* Where the tables are looked for, from the start of the image on. */
#define IMAGE_SEARCH (UINT64_C(256) << 20)

static struct err *read_virtual(void *ctx, uint64_t address, void *buf, size_t len)
{
	return kread(ctx, address, buf, len);
}

/* What VMCOREINFO names of the tables: since 5fd8fea935a1 and f09bddbd8661 (6.0). */
static bool tables_from_facts(const struct facts *facts, struct kallsyms_tables *ret)
{
	memset(ret, 0, sizeof(*ret));
	(void)fact_symbol(facts, "kallsyms_relative_base", &ret->relative_base);
	(void)fact_symbol(facts, "kallsyms_offsets", &ret->offsets);
	(void)fact_symbol(facts, "kallsyms_addresses", &ret->addresses);
	return fact_symbol(facts, "kallsyms_names", &ret->names) &&
	       fact_symbol(facts, "kallsyms_num_syms", &ret->num_syms) &&
	       fact_symbol(facts, "kallsyms_token_table", &ret->token_table) &&
	       fact_symbol(facts, "kallsyms_token_index", &ret->token_index) &&
	       (ret->offsets || ret->addresses);
}

/* By what the tables look like; the first reader looks for all of this kernel's. */
static struct err *open_located(const struct kernel *kernel, const struct kallsyms_memory *memory,
				uint64_t stext, const struct strmap *wants, struct kallsyms **ret)
{
	struct kallsyms_tables tables;
	uint64_t end;
	struct err *e;

	if (!stext)
		return err_new(ERR_NOT_FOUND, "kallsyms: neither its tables nor _stext are known");
	if (!kallsyms_place_known(kernel->kallsyms_place, &tables)) {
		if (!checked_add(stext, IMAGE_SEARCH, &end))
			end = UINT64_MAX;
		e = kallsyms_locate(memory, stext, end, stext, &tables);
		if (err_kind(e) == ERR_NOT_FOUND)
			memset(&tables, 0, sizeof(tables));
		if (!e || err_kind(e) == ERR_NOT_FOUND)
			kallsyms_place_tell(kernel->kallsyms_place, &tables);
		TRY(e);
	}
	return kallsyms_open_asking(memory, &tables, stext, wants, ret);
}

/* By the keys; else, or where these mislead, by what the tables look like. */
static struct err *open_tables(const struct kernel *kernel, const struct kallsyms_memory *memory,
			       const struct strmap *wants, struct kallsyms **ret)
{
	struct kallsyms_tables tables;
	uint64_t stext = 0;

	(void)fact_symbol(&kernel->facts, "_stext", &stext);
	if (tables_from_facts(&kernel->facts, &tables)) {
		struct err *e = kallsyms_open_asking(memory, &tables, stext, wants, ret);

		if (!e || err_kind(e) == ERR_NOMEM || !stext)
			return e;
		log_warn(kernel->log, "%s; looking for the tables in the kernel image", err_text(e));
		err_free(e);
	}
	return open_located(kernel, memory, stext, wants, ret);
}

static void report(const struct kernel *kernel, const struct kallsyms *kallsyms)
{
	uint32_t count = kallsyms_count(kallsyms), named = kallsyms_named(kallsyms);

	log_debug(kernel->log, "kallsyms: %u symbols, %s addresses", count,
		  kallsyms_encoding_name(kallsyms_encoding(kallsyms)));
	if (named < count)
		log_warn(kernel->log, "kallsyms: names are damaged after %u of %u", named, count);
}

/* As kreader_get_kallsyms(); if that opens the tables, @wants are looked for in them. */
static struct err *get_asking(struct kreader *reader, const struct strmap *wants,
			      struct kallsyms **ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct kallsyms_slot *slot = kreader_kallsyms(reader);
	const struct kallsyms_memory memory = {
		.read = read_virtual,
		.ctx = reader,
		.word = kernel->word,
		.order = kernel->order,
	};

	if (!slot->tried && kernel->arch) {
		struct err *e = open_tables(kernel, &memory, wants, &slot->kallsyms);

		if (err_kind(e) == ERR_NOMEM)
			return e;
		if (e)
			log_line(kernel->log, err_kind(e) == ERR_NOT_FOUND ? LOG_DEBUG : LOG_ERROR,
				 "symbols: %s", err_text(e));
		else
			report(kernel, slot->kallsyms);
		err_free(e);
		slot->tried = true;
	}
	*ret = slot->kallsyms;
	return NULL;
}

struct err *kreader_get_kallsyms(struct kreader *reader, struct kallsyms **ret)
{
	return get_asking(reader, NULL, ret);
}

/* In the image, or a per-CPU offset. */
static bool plausible(const struct kernel *kernel, uint64_t address)
{
	uint64_t stext;

	if (kernel->word == 4 || address < PERCPU_REACH ||
	    !fact_symbol(&kernel->facts, "_stext", &stext))
		return true;
	return address - stext < IMAGE_REACH || stext - address < IMAGE_REACH;
}

/* What is known of a name that was asked for, whether there is such a symbol or not. */
struct known {
	struct kallsyms_want want;	/* first: what kallsyms is asked */
	bool exported;		/* looked for among the exports, too */
	uint64_t address;
};

void kallsyms_slot_deinit(struct kallsyms_slot *slot)
{
	for (size_t i = 0; i < slot->known.count; i++)
		free(slot->known.v[i].value);
	strmap_deinit(&slot->known);
	kallsyms_close(slot->kallsyms);
}

/* An entry for each name that is new; *ret: there is one, or one that nobody came to look for. */
static struct err *list_names(struct strmap *map, const struct symbol_want *wants, size_t count,
			      bool *ret)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(wants[i].name);
		struct known *known;
		struct err *e;

		if (wants[i].found)
			continue;
		known = strmap_get(map, wants[i].name, len);
		if (known) {
			*ret |= known->want.asked;
			continue;
		}
		known = calloc(1, sizeof(*known));
		if (!known)
			return err_nomem;
		known->want.asked = true;
		e = strmap_put(map, wants[i].name, len, known);
		if (e) {
			free(known);
			return e;
		}
		*ret = true;
	}
	return NULL;
}

static void resolve(const struct kernel *kernel, const struct kallsyms *kallsyms, const char *name,
		    struct known *known)
{
	struct err *e = kallsyms_address(kallsyms, known->want.index, &known->address);

	if (e)
		log_warn(kernel->log, "kallsyms: address of %s: %s", name, err_text(e));
	else if (!plausible(kernel, known->address))
		log_warn(kernel->log, "kallsyms: %s at %#llx is not in the kernel image, ignored", name,
			 (unsigned long long)known->address);
	else
		return;
	err_free(e);
	known->want.found = 0;
}

/* One pass for all entries that are asked for. */
static struct err *look_up(struct kreader *reader, struct strmap *map)
{
	bool opened = kreader_kallsyms(reader)->tried;
	struct kallsyms *kallsyms = NULL;

	TRY(get_asking(reader, map, &kallsyms));
	if (kallsyms && opened)
		kallsyms_find(kallsyms, map);
	for (size_t i = 0; i < map->count; i++) {
		struct known *known = map->v[i].value;

		if (known->want.asked && known->want.found)
			resolve(kreader_kernel(reader), kallsyms, map->v[i].key, known);
		known->want.asked = false;
	}
	return NULL;
}

/* What is known by now of those that the facts do not tell. */
static void take_known(const struct strmap *map, struct symbol_want *wants, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct known *known = strmap_get(map, wants[i].name, strlen(wants[i].name));

		if (wants[i].found || !known || !known->want.found)
			continue;
		wants[i].address = known->address;
		wants[i].found = known->want.found;
	}
}

/* Where kallsyms has no variables, or there is none, those exported to modules can be found. */
static bool needs_exports(struct kreader *reader, const struct strmap *map,
			  const struct symbol_want *wants, size_t count)
{
	const struct kallsyms *kallsyms = kreader_kallsyms(reader)->kallsyms;

	if (!kreader_kernel(reader)->arch || (kallsyms && kallsyms_has_variables(kallsyms)))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct known *known = strmap_get(map, wants[i].name, strlen(wants[i].name));

		if (!wants[i].found && known && !known->exported)
			return true;
	}
	return false;
}

/* All entries that are not found yet, for a question costs two passes over the image. */
static struct err *look_at_exports(struct kreader *reader, struct strmap *map)
{
	struct symbol_want *wants = calloc(map->count, sizeof(*wants));
	size_t count = 0;
	struct err *e;

	if (!wants)
		return err_nomem;
	for (size_t i = 0; i < map->count; i++) {
		const struct known *known = map->v[i].value;

		if (!known->want.found && !known->exported)
			wants[count++].name = map->v[i].key;
	}
	e = ksymtab_find(reader, wants, count);
	for (size_t i = 0; !e && i < count; i++) {
		struct known *known = strmap_get(map, wants[i].name, strlen(wants[i].name));

		known->exported = true;
		known->want.found = wants[i].found;
		known->address = wants[i].address;
	}
	free(wants);
	return e;
}

/*
 * What judging pages asks for, room by room: looked for along with the first
 * question, because each pass costs some milliseconds. Who asks for other names gets them, too.
 */
static struct err *list_usual_names(struct strmap *map)
{
	static const struct symbol_want usual[] = {
		/* kernel/btf.c, kernel/resource.c, kernel/dev_pagemap.c */
		{ .name = "__start_BTF" }, { .name = "__stop_BTF" },
		{ .name = "iomem_resource" }, { .name = "pgmap_array" },
		/* pages/protect.c, pages/nodes.c */
		{ .name = "_etext" }, { .name = "__start_rodata" }, { .name = "__end_rodata" },
		{ .name = "_sdata" }, { .name = "_edata" }, { .name = "__per_cpu_start" },
		{ .name = "__per_cpu_end" }, { .name = "__per_cpu_offset" },
		{ .name = "nr_cpu_ids" }, { .name = "vmalloc_base" }, { .name = "node_data" },
		{ .name = "contig_page_data" }, { .name = "num_poisoned_pages" },
	};
	bool any = false;

	return map->count ? NULL : list_names(map, usual, ARRAY_LEN(usual), &any);
}

struct err *ksymbols_find(struct kreader *reader, struct symbol_want *wants, size_t count)
{
	const struct facts *facts = &kreader_kernel(reader)->facts;
	struct strmap *map = &kreader_kallsyms(reader)->known;
	bool any = false;

	for (size_t i = 0; i < count; i++)
		wants[i].found = fact_symbol(facts, wants[i].name, &wants[i].address);
	TRY(list_usual_names(map));
	TRY(list_names(map, wants, count, &any));
	if (any)
		TRY(look_up(reader, map));
	take_known(map, wants, count);
	if (needs_exports(reader, map, wants, count)) {
		TRY(look_at_exports(reader, map));
		take_known(map, wants, count);
	}
	return NULL;
}

bool ksymbol(struct kreader *reader, const char *name, uint64_t *ret)
{
	struct symbol_want want = { .name = name };
	struct err *e = ksymbols_find(reader, &want, 1);

	if (e || !want.found) {
		err_free(e);
		return false;
	}
	*ret = want.address;
	return true;
}

struct err *ksymbols_count(struct kreader *reader, uint32_t *ret_count, uint32_t *ret_named)
{
	struct kallsyms *kallsyms = NULL;

	TRY(kreader_get_kallsyms(reader, &kallsyms));
	if (!kallsyms)
		return err_new(ERR_NOT_FOUND, "the kernel's table of symbols was not found");
	*ret_count = kallsyms_count(kallsyms);
	*ret_named = kallsyms_named(kallsyms);
	return NULL;
}
