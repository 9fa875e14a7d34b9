/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU states of a sadump as the notes that readers of a dump look for.
 *
 * The firmware interrupts every CPU into system management mode, which saves
 * the registers; struct elf_prstatus gets them as the kernel would have saved
 * them. In the order of the file, which has APIC ids; the numbers that the kernel gave
 * its CPUs are in its memory (kernel/cpus.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "input/sadump.h"

#define EFER_LONG_MODE (UINT64_C(1) << 10)
#define CR0_PAGING (UINT64_C(1) << 31)

/* struct user_regs_struct: SMRAM offset of each register; 0: not saved, stays 0. */
static const uint16_t regs_64[] = {
	SMRAM_R15, SMRAM_R14, SMRAM_R13, SMRAM_R12, SMRAM_RBP, SMRAM_RBX, SMRAM_R11, SMRAM_R10,
	SMRAM_R9, SMRAM_R8, SMRAM_RAX, SMRAM_RCX, SMRAM_RDX, SMRAM_RSI, SMRAM_RDI, SMRAM_RAX,
	SMRAM_RIP, SMRAM_CS, SMRAM_RFLAGS, SMRAM_RSP, SMRAM_SS, 0, 0, SMRAM_DS, SMRAM_ES,
	SMRAM_FS, SMRAM_GS,
};

static const uint16_t regs_32[] = {
	SMRAM_RBX, SMRAM_RCX, SMRAM_RDX, SMRAM_RSI, SMRAM_RDI, SMRAM_RBP, SMRAM_RAX, SMRAM_DS,
	SMRAM_ES, SMRAM_FS, SMRAM_GS, SMRAM_RAX, SMRAM_RIP, SMRAM_CS, SMRAM_RFLAGS, SMRAM_RSP,
	SMRAM_SS,
};

/* struct elf_prstatus. */
struct prstatus_form {
	unsigned int word;
	size_t size;
	size_t reg;		/* offset of pr_reg */
	const uint16_t *regs;
	size_t reg_count;
};

static const struct prstatus_form form_64 = { 8, 336, 112, regs_64, ARRAY_LEN(regs_64) };
static const struct prstatus_form form_32 = { 4, 144, 72, regs_32, ARRAY_LEN(regs_32) };

/* Notes: namesz, descsz, type, "CORE" padded to 8. */
#define NOTE_HEAD 20
#define NT_PRSTATUS_TYPE 1

struct states {
	const struct sadump *sadump;
	uint64_t ids;		/* of the APIC ids in the first file */
	uint64_t at;		/* of the first state there */
	uint32_t size;		/* of one */
};

/* False when the sub header does not hold what it should. */
static struct err *find_states(struct states *states, bool *ret)
{
	const struct sadump_head *head = &states->sadump->head;
	uint64_t ids = SADUMP_SUB_IDS + (uint64_t)head->nr_cpus * SADUMP_SUB_ID_LEN;
	uint8_t total[4];

	*ret = false;
	if (!head->nr_cpus || head->nr_cpus > SADUMP_CPUS_MAX || ids > head->sub_size)
		return NULL;
	TRY(source_read(states->sadump->disks[0].part.src, head->sub, total, sizeof(total)));
	states->ids = head->sub + SADUMP_SUB_IDS;
	states->at = head->sub + ids;
	states->size = get_u32(total, ORDER_LITTLE) / head->nr_cpus;
	*ret = states->size >= SMRAM_LEN &&
	       (uint64_t)states->size * head->nr_cpus <= head->sub_size - ids;
	return NULL;
}

static struct err *read_state(const struct states *states, uint32_t cpu, uint8_t *ret)
{
	return source_read(states->sadump->disks[0].part.src,
			   states->at + (uint64_t)cpu * states->size, ret, SMRAM_LEN);
}

/* A CPU in long mode: a 64-bit kernel. One that pages without: a 32-bit one. */
static struct err *find_form(const struct states *states, const struct prstatus_form **ret)
{
	uint8_t state[SMRAM_LEN];
	bool pages = false;
	uint32_t cpu;

	*ret = &form_64;
	for (cpu = 0; cpu < states->sadump->head.nr_cpus; cpu++) {
		TRY(read_state(states, cpu, state));
		if (get_u64(state + SMRAM_EFER, ORDER_LITTLE) & EFER_LONG_MODE)
			return NULL;
		pages |= (get_u64(state + SMRAM_CR0, ORDER_LITTLE) & CR0_PAGING) != 0;
	}
	if (pages)
		*ret = &form_32;
	return NULL;
}

static void put_note(const struct prstatus_form *form, const uint8_t *state,
		     uint8_t *note)
{
	uint8_t *reg = note + NOTE_HEAD + form->reg;
	size_t i;

	put_u32(note, sizeof("CORE"), ORDER_LITTLE);
	put_u32(note + 4, (uint32_t)form->size, ORDER_LITTLE);
	put_u32(note + 8, NT_PRSTATUS_TYPE, ORDER_LITTLE);
	memcpy(note + 12, "CORE", sizeof("CORE"));
	for (i = 0; i < form->reg_count; i++, reg += form->word) {
		uint16_t at = form->regs[i];
		bool selector = at >= SMRAM_ES && at <= SMRAM_GS;
		uint64_t value = 0;

		if (at)
			value = selector ? get_u32(state + at, ORDER_LITTLE) :
					   get_u64(state + at, ORDER_LITTLE);
		put_word(reg, value, form->word, ORDER_LITTLE);
	}
}

static struct err *fill_cpu(const struct states *states, uint32_t cpu, const uint8_t *state,
			    struct dump_cpu *ret)
{
	uint8_t id[8];

	TRY(source_read(states->sadump->disks[0].part.src,
			states->ids + (uint64_t)cpu * SADUMP_SUB_ID_LEN, id, sizeof(id)));
	ret->apic_id = get_u64(id, ORDER_LITTLE);
	ret->cr3 = get_u64(state + SMRAM_CR3, ORDER_LITTLE);
	ret->cr4 = get_u64(state + SMRAM_CR4, ORDER_LITTLE);
	ret->gdt = (uint64_t)get_u32(state + SMRAM_GDT_HIGH, ORDER_LITTLE) << 32 |
		   get_u32(state + SMRAM_GDT_LOW, ORDER_LITTLE);
	return NULL;
}

static struct err *make_notes(struct sadump *sadump, const struct states *states)
{
	const struct prstatus_form *form = NULL;
	uint8_t state[SMRAM_LEN];
	size_t note;
	uint32_t cpu;

	TRY(find_form(states, &form));
	sadump->word = form->word;
	note = NOTE_HEAD + form->size;
	sadump->notes = calloc(sadump->head.nr_cpus, note);
	sadump->cpus = calloc(sadump->head.nr_cpus, sizeof(*sadump->cpus));
	if (!sadump->notes || !sadump->cpus)
		return err_nomem;
	sadump->notes_len = sadump->head.nr_cpus * note;
	for (cpu = 0; cpu < sadump->head.nr_cpus; cpu++) {
		TRY(read_state(states, cpu, state));
		put_note(form, state, sadump->notes + cpu * note);
		TRY(fill_cpu(states, cpu, state, &sadump->cpus[cpu]));
	}
	return NULL;
}

struct err *sadump_make_notes(struct sadump *sadump, const struct log *log)
{
	const struct sadump_head *head = &sadump->head;
	struct states states = { .sadump = sadump };
	bool usable = false;

	sadump->word = 8;
	TRY(find_states(&states, &usable));
	if (usable)
		return make_notes(sadump, &states);
	log_warn(log, "%s: sadump sub header: %" PRIu64 " bytes do not hold the states of %" PRIu32
		 " CPUs: there will be no registers in the output", sadump->disks[0].part.src->name,
		 head->sub_size, head->nr_cpus);
	return NULL;
}
