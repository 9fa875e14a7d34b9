// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU's GDT is in a page of its own (gdt_page), whatever the address that it is
 * loaded by: its own page tables lead there. A CPU that left this kernel has
 * another's; its APIC id still says which it was (x86_cpu_to_apicid).
 */
#include "kernel/cpus.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "elf_info.h"
#include "kernel/internal.h"
#include "kernel/percpu.h"
#include "kernel/symbols.h"

/* More CPUs than the kernel can have. */
#define CPUS_MAX 8192u
#define NONE UINT32_MAX
#define NOTE_HEAD 20u		/* of one named CORE */
/* x86_cpu_to_apicid has 16 bits up to 6.7; smaller ids are the same in 32 little endian ones. */
#define SHORT_ID 0xffffu

enum want { WANT_GDT, WANT_APIC_ID, WANT_NOTES, WANTS };

struct order {
	struct kernel *kernel;
	struct kreader *reader;
	struct symbol_want wants[WANTS];
	uint64_t crash_notes;	/* per-CPU address; 0: none */
	unsigned int cpus;	/* of the kernel */
	uint32_t *state;	/* of each: number of the dump's CPU, or NONE */
	uint64_t *gdt;		/* of each of the dump's CPUs: physical, or 0 */
	bool *placed;		/* of each of these */
	size_t note_len;
	uint32_t id_mask;
	unsigned int by_gdt, by_id, by_kernel;
	uint8_t *notes;		/* what comes of it */
	size_t len;
};

static struct err *start(struct order *o)
{
	const struct dump *dump = o->kernel->dump;
	uint64_t pointer;

	o->wants[WANT_GDT].name = "gdt_page";
	o->wants[WANT_APIC_ID].name = "x86_cpu_to_apicid";
	o->wants[WANT_NOTES].name = "crash_notes";
	TRY(ksymbols_find(o->reader, o->wants, WANTS));
	if (o->wants[WANT_NOTES].found) {
		TRY(kread_word(o->reader, o->wants[WANT_NOTES].address, &pointer));
		o->crash_notes = pointer;
	}
	o->cpus = percpu_count(o->reader);
	o->note_len = dump->notes_len / dump->cpu_count;
	o->state = calloc(o->cpus + 1u, sizeof(*o->state));
	o->gdt = calloc(dump->cpu_count, sizeof(*o->gdt));
	o->placed = calloc(dump->cpu_count, sizeof(*o->placed));
	o->notes = calloc(o->cpus + dump->cpu_count, o->note_len);
	if (!o->state || !o->gdt || !o->placed || !o->notes)
		return err_nomem;
	for (unsigned int cpu = 0; cpu < o->cpus; cpu++)
		o->state[cpu] = NONE;
	o->id_mask = SHORT_ID;
	for (size_t i = 0; i < dump->cpu_count; i++) {
		if (dump->cpus[i].apic_id >= SHORT_ID)
			o->id_mask = UINT32_MAX;
	}
	return NULL;
}

static void finish(struct order *o)
{
	free(o->state);
	free(o->gdt);
	free(o->placed);
	free(o->notes);
	kreader_destroy(o->reader);
}

/* Where the GDT of each of the dump's CPUs is, by the tables that CPU used. */
static void find_gdts(struct order *o)
{
	const struct kernel *kernel = o->kernel;

	for (size_t i = 0; i < kernel->dump->cpu_count; i++) {
		const struct dump_cpu *cpu = &kernel->dump->cpus[i];
		const struct pt_form *form;
		uint64_t root = 0, va = 0;
		struct mapping map;
		struct err *e;

		form = kernel->arch->tables(kernel->arch_state, cpu->gdt, &root, &va);
		e = form && cpu->gdt ? pt_walk(form, kreader_view(o->reader), cpu->cr3 & form->pa_mask, va, &map) :
				       err_no_mapping;
		if (!e)
			o->gdt[i] = mapping_pa(&map, va);
		err_free(e);
	}
}

static void place(struct order *o, unsigned int cpu, size_t state, const char *how, unsigned int *count)
{
	o->state[cpu] = (uint32_t)state;
	o->placed[state] = true;
	(*count)++;
	log_debug(o->kernel->log, "CPU %u: the dump's number %zu (APIC id %#" PRIx64 ") by its %s", cpu, state,
		  o->kernel->dump->cpus[state].apic_id, how);
}

/* Physical address of a per-CPU variable; false: none. */
static bool percpu_pa(struct order *o, enum want want, unsigned int cpu, uint64_t *ret)
{
	struct mapping map = { .len = 0 };
	uint64_t va;
	struct err *e = percpu_address(o->reader, o->wants[want].address, cpu, &va);

	if (!e)
		e = kread_vtop(o->reader, va, &map);
	if (!e)
		*ret = mapping_pa(&map, va);
	err_free(e);
	return !e;
}

static void place_by_gdt(struct order *o)
{
	uint64_t pa;

	if (!o->wants[WANT_GDT].found || !o->kernel->arch->tables)
		return;
	find_gdts(o);
	for (unsigned int cpu = 0; cpu < o->cpus; cpu++) {
		if (!percpu_pa(o, WANT_GDT, cpu, &pa))
			continue;
		for (size_t i = 0; i < o->kernel->dump->cpu_count; i++) {
			if (o->gdt[i] == pa && !o->placed[i]) {
				place(o, cpu, i, "GDT", &o->by_gdt);
				break;
			}
		}
	}
}

static void place_by_id(struct order *o)
{
	const struct dump *dump = o->kernel->dump;
	uint32_t id = 0;
	uint64_t va;

	if (!o->wants[WANT_APIC_ID].found)
		return;
	for (unsigned int cpu = 0; cpu < o->cpus; cpu++) {
		struct err *e = o->state[cpu] == NONE ?
				percpu_address(o->reader, o->wants[WANT_APIC_ID].address, cpu, &va) :
				err_not_found;

		if (!e)
			e = kread_u32(o->reader, va, &id);
		err_free(e);
		for (size_t i = 0; !e && i < dump->cpu_count; i++) {
			if (dump->cpus[i].apic_id == (id & o->id_mask) && !o->placed[i]) {
				place(o, cpu, i, "APIC id", &o->by_id);
				break;
			}
		}
	}
}

static void add_note(struct order *o, const uint8_t *note)
{
	memcpy(o->notes + o->len, note, o->note_len);
	o->len += o->note_len;
}

static void add_state(struct order *o, size_t state)
{
	add_note(o, o->kernel->dump->notes + state * o->note_len);
}

/* The note that the kernel made of a CPU's registers when it crashed, of the same size. */
static bool add_kernel_note(struct order *o, unsigned int cpu)
{
	uint8_t *raw = o->notes + o->len;
	struct elf_note note;
	size_t pos = 0;
	uint64_t va;
	struct err *e;

	if (!o->crash_notes)
		return false;
	e = percpu_address(o->reader, o->crash_notes, cpu, &va);
	if (!e)
		e = kread(o->reader, va, raw, o->note_len);
	err_free(e);
	if (e || !elf_note_next(raw, o->note_len, o->kernel->order, &pos, &note) ||
	    !elf_note_is(&note, "CORE", 1) || note.desc_len != o->note_len - NOTE_HEAD)
		return false;
	o->len += o->note_len;
	o->by_kernel++;
	return true;
}

static void fill_notes(struct order *o)
{
	for (unsigned int cpu = 0; cpu < o->cpus; cpu++) {
		if (!add_kernel_note(o, cpu) && o->state[cpu] != NONE)
			add_state(o, o->state[cpu]);
	}
	for (size_t i = 0; i < o->kernel->dump->cpu_count; i++) {
		if (!o->placed[i])
			add_state(o, i);
	}
}

static struct err *order_cpus(struct order *o)
{
	const struct kernel *kernel = o->kernel;
	size_t count = kernel->dump->cpu_count;

	TRY(start(o));
	place_by_gdt(o);
	place_by_id(o);
	if (!o->by_gdt && !o->by_id)
		return err_new(ERR_NOT_FOUND, "nothing tells the kernel's numbers of them");
	fill_notes(o);
	log_debug(kernel->log, "of %zu CPUs in the dump %u are known by their GDT and %u by their APIC id; %u "
		  "have registers saved by the kernel", count, o->by_gdt, o->by_id, o->by_kernel);
	if (o->by_gdt + o->by_id < count)
		log_warn(kernel->log, "%s: %zu of %zu CPUs are none of the kernel's; their registers come "
			 "last", kernel->dump->src->name, count - o->by_gdt - o->by_id, count);
	dump_give_notes(kernel->dump, o->notes, o->len);
	o->notes = NULL;
	return NULL;
}

struct err *kernel_order_cpus(struct kernel *kernel)
{
	struct dump *dump = kernel->dump;
	struct order o = { .kernel = kernel };
	struct err *e;

	if (!dump->cpu_count)
		return NULL;
	e = !kernel->arch ? err_new(ERR_NOT_FOUND, "the kernel's memory cannot be read") :
	    dump->cpu_count > CPUS_MAX ? err_new(ERR_BAD_INPUT, "%zu CPUs are too many", dump->cpu_count) :
					 kreader_create(kernel, &o.reader);
	if (!e)
		e = order_cpus(&o);
	finish(&o);
	if (!e || e == err_nomem)
		return e;
	if (dump->cpu_count > 1)
		log_warn(kernel->log, "%s: registers of CPUs are in the order of the dump: %s",
			 dump->src->name, err_text(e));
	err_free(e);
	return NULL;
}
