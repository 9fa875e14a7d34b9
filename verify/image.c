/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel image, what is known by symbols in it, and its own tables of symbols and types. */
#include <string.h>

#include "base/checked.h"
#include "kernel/symbols.h"
#include "verify/internal.h"

/*
 * Parts of the image that stay after boot. Between them is what the kernel gives
 * back: init memory, and the padding around read-only data.
 */
static const struct part {
	const char *name;
	const char *start, *end;
	bool optional;			/* kernels are built without */
} parts[] = {
	{ "text", "_stext", "_etext", false },
	{ "read-only data", "__start_rodata", "__end_rodata", false },
	{ "exception table", "__start___ex_table", "__stop___ex_table", true },
	{ "unwind table (ORC)", "__start_orc_unwind", "__stop_orc_unwind", true },
	{ "unwind index (ORC)", "__start_orc_unwind_ip", "__stop_orc_unwind_ip", true },
	{ "data", "_sdata", "_edata", false },
	{ "bss", "__bss_start", "__bss_stop", false },
};

/*
 * A hole in bss: what x86_64 kernels keep unencrypted for memory encryption, and
 * give back where there is none (b3f0907c71e0 "x86/mm: Add .bss..decrypted section",
 * v4.19).
 */
enum { HOLE_START = 2 * ARRAY_LEN(parts), HOLE_END, WANTS };

static void look_at_part(struct verify *v, const struct part *part, uint64_t start, uint64_t end,
			 const struct symbol_want *hole)
{
	v->area->counts.objects++;
	verify_name(v, "kernel %s", part->name);
	if (hole[0].found && hole[1].found && hole[0].address >= start && hole[1].address <= end &&
	    hole[0].address < hole[1].address) {
		uint64_t before = max_u64(round_down(hole[0].address, v->page_size), start);

		verify_range(v, start, before - start, CONTENT_ANY);
		start = min_u64(round_up(hole[1].address, v->page_size), end);
	}
	verify_range(v, start, end - start, CONTENT_ANY);
}

struct err *verify_image(struct verify *v)
{
	struct symbol_want wants[WANTS] = {
		[HOLE_START].name = "__start_bss_decrypted_unused",
		[HOLE_END].name = "__end_bss_decrypted",
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		wants[2 * i].name = parts[i].start;
		wants[2 * i + 1].name = parts[i].end;
	}
	TRY(ksymbols_find(v->reader, wants, WANTS));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct symbol_want *start = &wants[2 * i], *end = start + 1;

		if (start->found && end->found && start->address < end->address)
			look_at_part(v, &parts[i], start->address, end->address, &wants[HOLE_START]);
		else if (!parts[i].optional)
			verify_gap(v, "%s: symbols %s and %s are not known", parts[i].name,
				   parts[i].start, parts[i].end);
	}
	return NULL;
}

/*
 * Not a variable that is there now: it was init memory, or the value is where an
 * array would begin that need not begin with page frame 0 (vmemmap of arm64).
 */
static bool is_gone(struct verify *v, const struct symbol_want *init, uint64_t va)
{
	struct mapping map;
	struct err *e;
	bool gone;

	if (init[0].found && init[1].found && va >= init[0].address && va < init[1].address)
		return true;
	e = kread_vtop(v->reader, va, &map);
	gone = err_kind(e) == ERR_NO_MAPPING;
	err_free(e);
	return gone;
}

/*
 * What is asked for by name before anything else: the kernel's own list in
 * VMCOREINFO, and what identifies it. Values that are no addresses of the kernel
 * (per-CPU offsets) are of another area.
 */
struct err *verify_symbols(struct verify *v)
{
	static const char kind[] = "SYMBOL(";
	const struct kernel *kernel = v->kernel;
	const struct strmap *map = &kernel->facts.map;
	struct symbol_want init[] = { { .name = "__init_begin" }, { .name = "__init_end" } };

	TRY(ksymbols_find(v->reader, init, ARRAY_LEN(init)));
	for (size_t i = 0; i < map->count; i++) {
		const struct fact *fact = map->v[i].value;
		const char *key = map->v[i].key;
		uint64_t va;

		if (fact->kind != FACT_SYMBOL || strncmp(key, kind, sizeof(kind) - 1))
			continue;
		va = (uint64_t)fact->value;
		if (!kernel->arch->is_kernel_address(kernel->arch_state, va) || is_gone(v, init, va))
			continue;
		v->area->counts.objects++;
		verify_name(v, "%s", key);
		verify_range(v, va, kernel->word, CONTENT_ANY);
	}
	if (!v->area->counts.objects)
		verify_gap(v, "no facts have symbols");
	return NULL;
}

/* The pages are those of read-only data; here is whether the tables make sense all through. */
struct err *verify_kallsyms(struct verify *v)
{
	uint32_t count, named;
	struct err *e = ksymbols_count(v->reader, &count, &named);

	TRY(e);
	v->area->counts.objects = named;
	if (named < count)
		verify_broken(v, err_new(ERR_BAD_INPUT, "names are damaged after %u of %u", named,
					 count));
	return NULL;
}

struct err *verify_btf(struct verify *v)
{
	struct symbol_want wants[] = { { .name = "__start_BTF" }, { .name = "__stop_BTF" } };

	TRY(ksymbols_find(v->reader, wants, ARRAY_LEN(wants)));
	if (wants[0].found && wants[1].found && wants[0].address < wants[1].address) {
		v->area->counts.objects++;
		verify_object(v, wants[0].address, wants[1].address - wants[0].address);
	} else if (v->types && !strcmp(v->types->ops->name, "btf")) {
		/* Found without its symbols; reading it whole was the check. */
		v->area->counts.objects++;
	} else {
		verify_gap(v, "symbols __start_BTF and __stop_BTF are not known");
	}
	return NULL;
}
