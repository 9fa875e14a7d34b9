/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "verify/internal.h"

/*
 * The areas, in the order in which they are looked at: pages as such, then
 * what translates addresses, then what is found by symbols, then by types.
 */
static const struct area {
	const char *name;
	struct err *(*look)(struct verify *v);
	bool translated;	/* needs virtual addresses */
	bool typed;		/* needs types */
} areas[] = {
	{ "stored pages", verify_stored, false, false },
	{ "CPU registers", verify_registers, false, false },
	{ "page tables", verify_tables, true, false },
	{ "kernel image", verify_image, true, false },
	{ "known symbols", verify_symbols, true, false },
	{ "kallsyms", verify_kallsyms, true, false },
	{ "BTF", verify_btf, true, false },
	{ "kernel log", verify_log, true, false },
	{ "struct pages", verify_struct_pages, true, false },
	{ "per-CPU data", verify_percpu, true, false },
	{ "modules", verify_modules, true, true },
	{ "run queues", verify_run_queues, true, true },
	{ "interrupt stacks", verify_irq_stacks, true, true },
	{ "tasks", verify_tasks, true, true },
};
_Static_assert(ARRAY_LEN(areas) <= VERIFY_AREAS_MAX, "a result for each area");

void verify_gap(struct verify *v, const char *fmt, ...)
{
	struct verify_result *result = v->result;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (result->gap_count == VERIFY_GAPS_MAX) {
		result->gaps_left_out++;
		return;
	}
	result->gap[result->gap_count++] = (struct verify_gap){ .area = v->area->name,
								.why = strdup(text) };
}

struct err *verify_settle(struct verify *v, struct err *e)
{
	switch ((int)err_kind(e)) {
	case 0:
	case ERR_NOMEM:
	case ERR_STOPPED:
		return e;
	case ERR_NOT_FOUND:
	case ERR_UNSUPPORTED:
		verify_gap(v, "%s", err_text(e));
		err_free(e);
		return NULL;
	default:
		verify_broken(v, e);
		return NULL;
	}
}

struct err *verify_tick(const struct verify *v)
{
	uint64_t stored = v->kernel->dump->stored_count, most;

	if (checked_mul(stored, VERIFY_LOOKS_MAX, &most) &&
	    v->area->counts.pages > most && v->area->counts.pages - most > VERIFY_LOOKS_FREE)
		return err_new(ERR_BAD_INPUT, "%llu looks at the %llu pages of the dump led nowhere",
			       (unsigned long long)v->area->counts.pages, (unsigned long long)stored);
	/* Never all of it: that is for the caller to say. */
	return progress_tick(v->progress, PHASE_VERIFY, v->done, stored + 1);
}

struct err *verify_each_chunk(struct verify *v,
			      struct err *(*look)(void *ctx, uint64_t from, uint64_t to), void *ctx)
{
	const struct dump *dump = v->kernel->dump;
	struct range range = { 0, 0 };

	for (uint64_t pfn = 0; pfn < dump->max_mapnr; pfn = range.end) {
		bool found = false;

		TRY(dump_next_present(dump, pfn, dump->max_mapnr, &range, &found));
		if (!found)
			break;
		for (uint64_t at = range.start; at < range.end; at += VERIFY_CHUNK)
			TRY(look(ctx, at, min_u64(at + VERIFY_CHUNK, range.end)));
	}
	return NULL;
}

bool verify_member(const struct verify *v, const char *structure, const char *path,
		   struct member *ret)
{
	struct type type;

	*ret = (struct member){ 0 };
	return v->types && types_find_any(v->types, structure, &type) &&
	       type_offset(type, path, &ret->offset, &ret->size);
}

uint64_t verify_size(const struct verify *v, const char *name)
{
	struct type_info info;
	struct type type;

	if (!v->types || !types_find_any(v->types, name, &type) || !type_describe(type, &info))
		return 0;
	return info.size <= VERIFY_STRUCT_MAX ? info.size : 0;
}

static struct err *look_at_area(struct verify *v, const struct area *area)
{
	size_t gaps = v->result->gap_count;
	struct err *e = NULL;

	v->area = &v->result->area[v->result->area_count++];
	v->area->name = area->name;
	v->lines = 0;
	verify_name(v, "%s", area->name);
	TRY(verify_tick(v));
	if (area->translated && v->kernel->no_arch)
		verify_gap(v, "the kernel's memory cannot be translated: %s",
			   err_text(v->kernel->no_arch));
	else if (area->typed && !v->types)
		verify_gap(v, "the kernel's types are not known: %s", v->no_types);
	else
		e = verify_settle(v, area->look(v));
	verify_flush(v);
	v->area->checked = v->area->counts.pages || v->area->counts.objects ||
			   v->area->counts.broken || v->result->gap_count == gaps;
	return e;
}

/* Types, or in no_types why there are none. */
static struct err *learn_types(struct verify *v, struct types **types)
{
	struct err *e = v->kernel->no_arch ? err_new(ERR_NOT_FOUND, "no address translation") :
					     kernel_load_types(v->reader, types);

	if (err_kind(e) == ERR_NOMEM)
		return e;
	v->types = e ? NULL : *types;
	v->no_types = strdup(e ? err_text(e) : "");
	err_free(e);
	return v->no_types ? NULL : err_nomem;
}

static struct err *look_at_all(struct verify *v)
{
	struct types *types = NULL;
	struct err *e = learn_types(v, &types);

	for (size_t i = 0; !e && i < ARRAY_LEN(areas); i++)
		e = look_at_area(v, &areas[i]);
	types_destroy(types);
	return e;
}

struct err *verify_dump(const struct verify_params *params, struct verify_result *result)
{
	struct verify *v = calloc(1, sizeof(*v));
	struct err *e;

	*result = (struct verify_result){ .untranslated = params->kernel->no_arch != NULL };
	if (!v)
		return err_nomem;
	v->kernel = params->kernel;
	v->log = params->log;
	v->progress = params->progress;
	v->result = result;
	v->page_size = UINT64_C(1) << params->kernel->page_shift;
	/* p_memsz beyond p_filesz: gdb and crash read zeros there, which is how -E stores pages of zeros. */
	v->absent_is_zero = !params->kernel->dump->format->pages;
	e = kreader_create(params->kernel, &v->reader);
	if (!e)
		e = look_at_all(v);
	kreader_destroy(v->reader);
	free(v->no_types);
	free(v);
	return e;
}

void verify_result_deinit(struct verify_result *result)
{
	for (size_t i = 0; i < result->gap_count; i++)
		free(result->gap[i].why);
	result->gap_count = 0;
}

struct verify_counts verify_total(const struct verify_result *result)
{
	struct verify_counts total = { 0 };

	for (size_t i = 0; i < result->area_count; i++) {
		const struct verify_counts *counts = &result->area[i].counts;

		total.pages += counts->pages;
		total.missing += counts->missing;
		total.damaged += counts->damaged;
		total.unmapped += counts->unmapped;
		total.zeros += counts->zeros;
		total.broken += counts->broken;
	}
	return total;
}
