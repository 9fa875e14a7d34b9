/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/machine.h"

#include <inttypes.h>

#include "base/checked.h"
#include "kernel/pmem.h"
#include "pages/free_list.h"
#include "pages/plan.h"

/* Levels with one of these bits cannot do without the kernel's struct pages. */
#define LEVEL_STRUCT_PAGES (LEVEL_CACHE | LEVEL_CACHE_PRIVATE | LEVEL_USER | LEVEL_FREE)

/* What the kernel says of page frames goes by numbers that are the dump's, too. */
static struct err *check_addresses(const struct machine *m)
{
	if (!m->dump->xen_info)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "this is a dump of a Xen host, and its Linux does not use "
		       "the machine addresses that the dump has; -X leaves out pages of guests");
}

static struct err *load_struct_pages(struct machine *m)
{
	const struct kernel *kernel = m->kernel;

	TRY(check_addresses(m));
	if (kernel->no_arch)
		return err_new(ERR_UNSUPPORTED, "%s", err_text(kernel->no_arch));
	TRY(page_layout_init(&m->layout, &kernel->facts, kernel->word, kernel->order,
			     kernel->page_shift, kernel->log));
	return mem_map_create(m->reader, kernel, &m->map);
}

/*
 * Below the class bits struct pages only tell hwpoison and offline pages; a
 * dump of which they cannot be read is still worth copying.
 */
static struct err *find_struct_pages(struct machine *m, unsigned int level, const char *name)
{
	const struct facts *facts = &m->kernel->facts;
	struct err *e;

	if (level & LEVEL_STRUCT_PAGES)
		return err_prepend(load_struct_pages(m), "%s: -d %u needs the kernel's struct pages"
				   " (-d 0 and -d 1 do not)", name, level);
	if (!fact_has(facts, "NUMBER(PG_hwpoison)") &&
	    !fact_has(facts, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)"))
		return NULL;
	e = load_struct_pages(m);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e)
		log_debug(m->kernel->log, "hwpoison and offline pages are kept: %s", err_text(e));
	err_free(e);
	return NULL;
}

/*
 * -X: the hypervisor tells whose pages are whose, and nothing of what they are,
 * so of the level only zero pages remain.
 */
static struct err *find_xen(struct machine *m, const struct options *options, unsigned int *level)
{
	const struct xen_given given = {
		.vmcoreinfo = options->xen_vmcoreinfo,
		.syms = options->xen_syms,
		.has_phys_start = options->has_xen_phys_start,
		.phys_start = options->xen_phys_start,
	};

	if (!options->exclude_guests)
		return NULL;
	if (!m->dump->xen_info)
		return err_new(ERR_UNSUPPORTED, "%s: is no dump of a Xen host: -X does not apply to it",
			       options->vmcore);
	if (*level & ~LEVEL_ZERO)
		log_warn(m->kernel->log, "%s: of -d %u only zero pages are left out, with guests' pages: "
			 "the dump of a Xen host does not tell other classes", options->vmcore, *level);
	*level &= LEVEL_ZERO;
	return err_prepend(xen_create(m->dump, &given, m->kernel->log, &m->xen), "%s: -X",
			   options->vmcore);
}

struct err *machine_types(struct machine *machine, const struct types **ret)
{
	struct err *e = NULL;

	if (!machine->types_asked && machine->reader)
		e = kernel_load_types(machine->reader, &machine->types);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e)
		log_line(machine->kernel->log, err_kind(e) == ERR_NOT_FOUND ? LOG_DEBUG : LOG_ERROR,
			 "the kernel's types are not known: %s", err_text(e));
	err_free(e);
	machine->types_asked = true;
	*ret = machine->types;
	return NULL;
}

void machine_forget_types(struct machine *machine)
{
	types_destroy(machine->types);
	machine->types = NULL;
	machine->types_asked = false;
}

/* A class that -d leaves out and of which the kernel left out no page: that much stays. */
static void tell_what_stays(const struct machine *m, unsigned int level)
{
	const uint64_t *pages = m->bitmap.pages;
	const struct {
		unsigned int levels;
		uint64_t pages;
		const char *text;
	} classes[] = {
		{ LEVEL_CACHE | LEVEL_CACHE_PRIVATE,
		  pages[CRASH_BITMAP_CACHE] + pages[CRASH_BITMAP_CACHE_PRIVATE], "cache" },
		{ LEVEL_USER, pages[CRASH_BITMAP_USER], "user" },
		{ LEVEL_FREE, pages[CRASH_BITMAP_FREE], "free" },
	};

	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if ((level & classes[i].levels) && !classes[i].pages)
			log_warn(m->kernel->log, "-q: the kernel left out no %s pages, so they stay",
				 classes[i].text);
	}
}

/* -q: the kernel's own bitmap, where it can be obeyed. */
static struct err *find_bitmap(struct machine *m, const struct options *options, unsigned int level)
{
	const struct log *log = m->kernel->log;
	struct scan_job job = { .kernel = m->kernel, .bitmap = &m->bitmap, .level = level };
	const struct types *types = NULL;
	struct err *e;

	if (!options->kernel_bitmap)
		return NULL;
	e = check_addresses(m);
	if (!e)
		e = machine_types(m, &types);
	if (!e)
		e = m->reader ? crash_bitmap_read(m->reader, types, &m->bitmap) :
				err_new(ERR_UNSUPPORTED, "%s", err_text(m->kernel->no_arch));
	if (!e)
		e = scan_check_bitmap(&job);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	m->has_bitmap = !e;
	if (e)
		log_warn(log, "%s: -q has no effect: %s", options->vmcore, err_text(e));
	else
		log_common(log, "-q: pages are left out as the crashed kernel chose.");
	err_free(e);
	if (!m->has_bitmap)
		return NULL;
	if (m->bitmap.pfns < m->dump->max_mapnr)
		log_warn(log, "-q: the kernel's bitmap has %" PRIu64 " bits for %" PRIu64 " pages: the rest"
			 " stays", m->bitmap.pfns, m->dump->max_mapnr);
	tell_what_stays(m, level);
	return NULL;
}

static struct err *find_pmem(struct machine *m, const char *name)
{
	struct kreader *reader = m->reader;
	const struct types *types = NULL;
	bool known = false;
	struct err *e;

	TRY(machine_types(m, &types));
	if (!m->reader)	/* Without translation info blocks of marked segments are still found. */
		TRY(kreader_create(m->kernel, &reader));
	e = kernel_find_pmem(reader, types, &m->metadata, &known);
	if (reader != m->reader)
		kreader_destroy(reader);
	if (!e && m->dump->pmem.count && !known)
		log_warn(m->kernel->log, "%s: persistent memory without a list of its metadata: all"
			 " of it is left out", name);
	return e;
}

struct err *machine_bring_up(const struct run *run, unsigned int level, struct machine *machine)
{
	const struct log *log = &run->console->log;
	const char *name = run->options->vmcore;
	struct machine *m = machine;

	TRY(run_open_input(run, &m->dump));
	TRY(run_open_kernel(run, m->dump, &m->kernel));
	if (!m->kernel->no_arch)
		TRY(kreader_create(m->kernel, &m->reader));
	if (m->dump->incomplete)
		log_warn(log, "%s: marked incomplete or cut off: pages are missing", name);
	TRY(find_xen(m, run->options, &level));
	TRY(find_bitmap(m, run->options, level));
	if (!m->has_bitmap || run->options->exclude_vmemmap)
		TRY(find_struct_pages(m, level, name));
	if (m->map && !m->has_bitmap && (level & LEVEL_FREE))
		TRY(free_list_collect(m->reader, m->map, &m->layout, FREE_LIST_BUDGET,
				      &m->free_pages));
	if (!m->dump->xen_info)
		TRY(find_pmem(m, name));
	m->job = (struct scan_job){
		.kernel = m->kernel,
		.map = m->map,
		.layout = m->map ? &m->layout : NULL,
		.level = level,
		.pmem_metadata = &m->metadata,
		.free_pages = &m->free_pages,
		.bitmap = m->has_bitmap ? &m->bitmap : NULL,
		.xen = m->xen,
		.unused_vmemmap = &m->unused.pfns,
	};
	return NULL;
}

struct err *machine_find_unused(struct machine *machine, unsigned int threads,
				const struct progress *progress)
{
	struct vmemmap_unused *unused = &machine->unused;
	const struct log *log = machine->kernel->log;

	if (!machine->map)
		log_warn(log, "-e has no effect: at this level struct pages are not looked at");
	vmemmap_unused_deinit(unused);
	TRY(vmemmap_find_unused(&machine->job, threads, VMEMMAP_BUDGET, progress, unused));
	if (unused->no_room)
		log_warn(log, "%" PRIu64 " unused vmemmap pages are kept: there are too many pieces"
			 " of them", unused->no_room);
	return NULL;
}

void machine_deinit(struct machine *machine)
{
	vmemmap_unused_deinit(&machine->unused);
	ranges_deinit(&machine->free_pages);
	ranges_deinit(&machine->metadata);
	machine_forget_types(machine);
	mem_map_destroy(machine->map);
	xen_destroy(machine->xen);
	kreader_destroy(machine->reader);
	kernel_destroy(machine->kernel);
	dump_close(machine->dump);
}

struct resources machine_share_resources(const struct machine *machine, const struct run *run)
{
	struct machine_room room = machine_room_get();
	struct resources resources = resources_decide(run->options, &room);

	if (machine->dump->live)
		resources.plan = plan_budget_whole(machine->dump->max_mapnr);
	resources_log(&resources, run->options, &run->console->log);
	run->stats->plan_budget = resources.plan;
	return resources;
}

void machine_check_layout(const struct machine *machine)
{
	struct dump *dump = machine->dump;
	bool changed = false;
	struct err *e = dump_layout_changed(dump, &changed);

	if (e || changed)
		log_warn(dump->log, "%s: memory was plugged in or out while it was read: pages may have "
			 "the contents of others%s%s", dump->src->name, e ? ": " : "",
			 e ? err_text(e) : "");
	err_free(e);
}

struct report machine_report(const struct machine *machine, const struct resources *resources,
			     const struct plan *plan)
{
	return (struct report){
		.max_mapnr = machine->dump->max_mapnr,
		.present = machine->dump->present_count,
		.left_out = machine->dump->present_count - machine->dump->stored_count,
		.by_kernel = machine->has_bitmap,
		.has_xen = machine->xen != NULL,
		.has_pmem = machine->dump->pmem.count != 0,
		.page_size = UINT64_C(1) << machine->kernel->page_shift,
		.threads = resources->threads,
		.memory_budget = resources->memory,
		.plan_budget = resources->plan,
		.plan_bytes = plan ? plan_bytes(plan) : 0,
		.plan_blocks = plan ? plan_blocks(plan) : 0,
		.plan_forgotten = plan ? plan_forgotten(plan) : 0,
	};
}

void machine_record(const struct machine *machine, struct stats *stats)
{
	stats_take_input(stats, machine->dump, machine->kernel);
	if (machine->map)
		stats_take_layout(stats, &machine->layout);
}
