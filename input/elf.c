// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELF vmcores: /proc/vmcore, copies of it, QEMU's dump-guest-memory, what an
 * ELF-writing filter left of one, and /proc/kcore as kcore.c corrects it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/checked.h"
#include "elf_info.h"
#include "input/formats.h"
#include "input/kcore.h"

enum { PT_LOAD_TYPE = 1, PT_NOTE_TYPE = 4 };

/* PF_DEV: the segment is persistent memory (RFC "pmem memmap dump", linux-nvdimm, 2023-04). */
#define SEGMENT_FLAG_PMEM 0x10u

/* Something wrong with PT_LOADs: told once per kind, not once per segment. */
struct tally {
	size_t count;
	size_t number;		/* of the first such PT_LOAD, counted from 0 */
	struct elf_segment first;
};

struct load_faults {
	struct tally wraps;
	struct tally clipped;
	struct tally cut;
};

static void tally_add(struct tally *tally, size_t number, const struct elf_segment *load)
{
	if (!tally->count++) {
		tally->number = number;
		tally->first = *load;
	}
}

static void tally_report(const struct dump *dump, const struct tally *tally, const char *what)
{
	const struct elf_segment *load = &tally->first;

	if (tally->count)
		log_warn(dump->log, "%s: %zu PT_LOAD(s) %s, first LOAD[%zu]: p_paddr %#" PRIx64
			 " p_memsz %#" PRIx64 " p_offset %#" PRIx64 " p_filesz %#" PRIx64,
			 dump->src->name, tally->count, what, tally->number, load->paddr,
			 load->memsz, load->offset, load->filesz);
}

static void log_load(const struct dump *dump, size_t number, const struct elf_segment *load)
{
	if (!number)
		log_debug(dump->log, "%8s %16s %16s %16s %16s %8s", "", "phys_start", "phys_end",
			  "virt_start", "virt_end", "is_pmem");
	log_debug(dump->log, "LOAD[%2zu] %16" PRIx64 " %16" PRIx64 " %16" PRIx64 " %16" PRIx64
		  " %8s", number, load->paddr, load->paddr + load->memsz, load->vaddr,
		  load->vaddr + load->memsz, load->flags & SEGMENT_FLAG_PMEM ? "true" : "false");
}

/* Data of the segment that is not in the file at all, or only in part. */
static bool is_cut(const struct dump *dump, const struct elf_segment *load)
{
	return load->filesz && !range_fits(load->offset, load->filesz, dump->src->size);
}

/*
 * Turn one PT_LOAD into the next segment of @dump. One without a physical
 * address (all ones: vmalloc areas of /proc/kcore, and such) or without any
 * memory is left out silently.
 */
static struct err *add_load(struct dump *dump, size_t number, const struct elf_segment *load,
			    struct load_faults *faults)
{
	struct dump_segment *seg = &dump->segments[dump->segment_count];
	uint64_t memsz = max_u64(load->memsz, load->filesz);
	uint64_t end;

	if (load->paddr == UINT64_MAX || !memsz)
		return NULL;
	if (!checked_add(load->paddr, memsz, &end) ||
	    (load->filesz && !checked_add(load->offset, load->filesz, &end))) {
		tally_add(&faults->wraps, number, load);
		return NULL;
	}
	end = load->paddr + memsz;
	if (end > DUMP_PADDR_LIMIT)
		return err_new(ERR_BAD_INPUT, "%s: LOAD[%zu]: p_paddr %#" PRIx64 " p_memsz %#" PRIx64
			       " ends above 2^57, where no machine has memory", dump->src->name,
			       number, load->paddr, load->memsz);
	if (load->memsz < load->filesz)
		tally_add(&faults->clipped, number, load);
	if (is_cut(dump, load))
		tally_add(&faults->cut, number, load);
	*seg = (struct dump_segment){
		.paddr = load->paddr,
		.memsz = memsz,
		.filesz = load->filesz,
		/* Meaningless without data: QEMU writes all ones. */
		.offset = load->filesz ? load->offset : 0,
		.vaddr = load->vaddr,
		.has_vaddr = load->vaddr != UINT64_MAX && load->vaddr != load->paddr,
		.is_pmem = load->flags & SEGMENT_FLAG_PMEM,
	};
	dump->segment_count++;
	return NULL;
}

static void report_faults(struct dump *dump, const struct load_faults *faults)
{
	tally_report(dump, &faults->wraps, "wrap around 2^64 and are ignored");
	tally_report(dump, &faults->clipped, "store more than they span (p_memsz < p_filesz); "
		     "p_filesz is taken");
	tally_report(dump, &faults->cut, "have data beyond the end of the file, which is cut off");
	if (faults->cut.count)
		dump->incomplete = true;
}

struct load_summary {
	size_t loads;		/* PT_LOADs that span memory */
	size_t notes;		/* PT_NOTEs */
	bool some_paddr;	/* a PT_LOAD has p_paddr other than 0 */
};

static struct load_summary summarize(const struct elf_info *info)
{
	struct load_summary sum = { 0 };
	size_t i;

	for (i = 0; i < info->segment_count; i++) {
		const struct elf_segment *seg = &info->segments[i];

		if (seg->type == PT_NOTE_TYPE)
			sum.notes++;
		if (seg->type != PT_LOAD_TYPE || !(seg->memsz | seg->filesz))
			continue;
		sum.loads++;
		if (seg->paddr)
			sum.some_paddr = true;
	}
	return sum;
}

static struct err *check_summary(const struct dump *dump, const struct load_summary *sum)
{
	const char *name = dump->src->name;

	if (!sum->loads)
		return err_new(ERR_BAD_INPUT, "%s: no PT_LOAD among the program headers: no memory in "
			       "this file", name);
	if (sum->loads > 1 && !sum->some_paddr)
		return err_new(ERR_UNSUPPORTED, "%s: p_paddr is 0 in all %zu PT_LOADs: the file does not "
			       "tell physical addresses (a user program's core?)", name, sum->loads);
	if (!sum->notes)
		log_warn(dump->log, "%s: no PT_NOTE among the program headers: nothing is known of "
			 "the kernel", name);
	return NULL;
}

static struct err *register_loads(struct dump *dump, const struct elf_info *info)
{
	struct load_summary sum = summarize(info);
	struct load_faults faults = { 0 };
	size_t i, number = 0;

	TRY(check_summary(dump, &sum));
	dump->segments = calloc(sum.loads, sizeof(*dump->segments));
	if (!dump->segments)
		return err_nomem;
	for (i = 0; i < info->segment_count; i++) {
		if (info->segments[i].type != PT_LOAD_TYPE)
			continue;
		log_load(dump, number, &info->segments[i]);
		TRY(add_load(dump, number++, &info->segments[i], &faults));
	}
	report_faults(dump, &faults);
	if (!dump->segment_count)
		return err_new(ERR_BAD_INPUT, "%s: none of %zu PT_LOADs has a usable physical address",
			       dump->src->name, sum.loads);
	return NULL;
}

/* What an earlier run erased; the room for it may be filled up with zeros. */
static void take_eraseinfo(struct dump *dump)
{
	struct elf_note note;
	size_t pos = 0;

	while (elf_note_next(dump->notes, dump->notes_len, dump->order, &pos, &note)) {
		if (!elf_note_is(&note, "ERASEINFO", 0))
			continue;
		dump->eraseinfo = (const char *)note.desc;
		dump->eraseinfo_len = strnlen(dump->eraseinfo, note.desc_len);
	}
}

/*
 * i386 and mips copied what is read of /proc/vmcore through one page for all readers
 * (kdump_buf_page in their crash_dump.c, from 2.6.15 until kmap_local_pfn() made it needless
 * in the 5.x series). Mappings are not concerned.
 */
static bool readers_share_a_page(void)
{
	struct utsname uts;

	if (uname(&uts))
		return false;
	return !strncmp(uts.machine, "mips", 4) ||
	       (uts.machine[0] == 'i' && !strcmp(uts.machine + 2, "86"));
}

static struct err *elf_open(struct dump *dump)
{
	struct elf_info *info = NULL;
	struct err *e = NULL;

	TRY(elf_info_read(dump->src, dump->log, &info));
	if (kcore_is(info))
		e = kcore_open(dump, &info);
	else if (dump->src->is_proc && readers_share_a_page())
		e = source_take_turns(dump->src);
	dump->priv = info;
	TRY(e);
	dump->word = info->word;
	dump->order = info->order;
	dump->machine = info->machine;
	dump->incomplete = info->flags & ELF_FLAG_INCOMPLETE;
	dump_set_notes(dump, info->notes, info->notes_len);
	take_eraseinfo(dump);
	TRY(register_loads(dump, info));
	/* The segments replace the program headers. */
	free(info->segments);
	info->segments = NULL;
	info->segment_count = 0;
	return NULL;
}

static struct err *elf_read(struct dump *dump, const struct dump_segment *seg, uint64_t paddr,
			    void *buf, size_t len)
{
	uint64_t off = seg->offset + (paddr - seg->paddr);

	/* source_read() says so too, at the cost of an error text for each page of a cut-off file. */
	if (!range_fits(off, len, dump->src->size))
		return err_lost;
	return source_read(dump->src, off, buf, len);
}

static void elf_close(struct dump *dump)
{
	elf_info_destroy(dump->priv);
}

const struct dump_format dump_format_elf = {
	.name = "ELF vmcore",
	.open = elf_open,
	.read = elf_read,
	.mappable = true,
	.close = elf_close,
};
