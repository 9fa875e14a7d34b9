// SPDX-License-Identifier: GPL-2.0-or-later
#include "input/kcore.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/checked.h"

/* Headers are read again until twice the same, but not for ever. */
#define READINGS_MAX 8

/* Larger than any kernel image, as any area of virtual memory is not. */
#define IMAGE_MAX (UINT64_C(1) << 30)

/* VMCOREINFO is a page of text in every kernel; one with larger pages has more. */
#define NOTE_MAX (UINT64_C(1) << 20)

struct paddr_use {
	size_t loads;
	size_t unknown;		/* p_paddr all ones */
	size_t nonzero;
};

static struct paddr_use count_paddrs(const struct elf_info *info)
{
	struct paddr_use use = { 0 };

	for (size_t i = 0; i < info->segment_count; i++) {
		const struct elf_segment *seg = &info->segments[i];

		if (seg->type != PT_LOAD)
			continue;
		use.loads++;
		use.unknown += seg->paddr == UINT64_MAX;
		use.nonzero += seg->paddr != 0;
	}
	return use;
}

static bool tells_nothing(const struct paddr_use *use)
{
	return use->loads > 1 && !use->nonzero;
}

bool kcore_is(const struct elf_info *info)
{
	struct paddr_use use = count_paddrs(info);
	struct elf_note note;
	size_t pos = 0;

	if (!use.unknown && !tells_nothing(&use))
		return false;
	while (elf_note_next(info->notes, info->notes_len, info->order, &pos, &note))
		if (elf_note_is(&note, "CORE", NT_TASKSTRUCT))
			return true;
	return false;
}

/*
 * Drop the notes of name CORE: a PRSTATUS of zeros, which a reader of the dump
 * would take for the registers of a CPU, and the task_struct of this program.
 */
static void drop_task_notes(struct elf_info *info)
{
	size_t pos = 0, start = 0, kept = 0;
	struct elf_note note;

	while (elf_note_next(info->notes, info->notes_len, info->order, &pos, &note)) {
		if (note.name_len != 4 || memcmp(note.name, "CORE", 4) != 0) {
			memmove(info->notes + kept, info->notes + start, pos - start);
			kept += pos - start;
		}
		start = pos;
	}
	info->notes_len = kept;
}

static void forget_paddrs(struct elf_info *info)
{
	for (size_t i = 0; i < info->segment_count; i++)
		if (info->segments[i].type == PT_LOAD)
			info->segments[i].paddr = UINT64_MAX;
}

/* The load at virtual address @base + paddr, were that its address, lies in RAM. */
static bool is_ram_at(const struct elf_segment *seg, uint64_t base, const struct ranges *ram)
{
	uint64_t end;

	return seg->type == PT_LOAD && seg->memsz && seg->vaddr >= base &&
	       checked_add(seg->vaddr - base, seg->memsz, &end) &&
	       ranges_covers(ram, seg->vaddr - base, end);
}

/*
 * With the direct map at @base, all of RAM lies in loads; but for what the kernel
 * leaves out, which are fractions of pages where two kinds of memory meet.
 */
static bool base_fits(const struct elf_info *info, uint64_t base, const struct ranges *ram)
{
	uint64_t covered = 0, total = ranges_total(ram);

	for (size_t i = 0; i < info->segment_count; i++)
		if (is_ram_at(&info->segments[i], base, ram))
			covered += info->segments[i].memsz;
	return covered <= total && total - covered <= total / 16;
}

static bool find_base(const struct elf_info *info, const struct ranges *ram, uint64_t *ret)
{
	for (size_t i = 0; i < info->segment_count; i++) {
		const struct elf_segment *seg = &info->segments[i];
		uint64_t first;

		if (seg->type != PT_LOAD || !ram->count || !is_pow2(seg->align))
			continue;
		first = round_up(ram->v[0].start, seg->align);
		if (seg->vaddr < first || !base_fits(info, seg->vaddr - first, ram))
			continue;
		*ret = seg->vaddr - first;
		return true;
	}
	return false;
}

/*
 * The load of the kernel's image is the one the kernel adds first. It moves
 * behind those of RAM: should the guess be wrong, its data does not count, and
 * whoever translates addresses tries it against what memory holds.
 */
static void place_text(struct elf_info *info, const struct kcore_host *host)
{
	size_t i = 0, last = info->segment_count - 1;
	struct elf_segment text;

	while (i < last && info->segments[i].type != PT_LOAD)
		i++;
	text = info->segments[i];
	if (text.type != PT_LOAD || text.paddr != UINT64_MAX || text.memsz > IMAGE_MAX ||
	    host->code.end <= host->code.start ||
	    text.memsz < host->code.end - host->code.start)
		return;
	text.paddr = round_down(host->code.start, 4096);
	memmove(&info->segments[i], &info->segments[i + 1], (last - i) * sizeof(text));
	info->segments[last] = text;
}

static struct err *guess_paddrs(struct dump *dump, struct elf_info *info,
				const struct kcore_host *host)
{
	uint64_t base = 0;

	if (!host)
		return err_new(ERR_UNSUPPORTED, "%s: p_paddr is 0 in all PT_LOADs: the file does not "
			       "tell physical addresses (a copy of /proc/kcore of a kernel before 4.11, or a "
			       "user program's core)", dump->src->name);
	if (!find_base(info, &host->ram, &base))
		return err_new(ERR_UNSUPPORTED, "%s: p_paddr is 0 in all PT_LOADs (a kernel before "
			       "4.11), and none of them is where the first of %zu ranges of System RAM in "
			       "/proc/iomem could be mapped", dump->src->name, host->ram.count);
	forget_paddrs(info);
	for (size_t i = 0; i < info->segment_count; i++)
		if (is_ram_at(&info->segments[i], base, &host->ram))
			info->segments[i].paddr = info->segments[i].vaddr - base;
	place_text(info, host);
	dump->paddr_guessed = true;
	log_debug(dump->log, "%s: p_paddr is 0; direct map at %#" PRIx64 " by /proc/iomem",
		  dump->src->name, base);
	return NULL;
}

static bool cuts(const struct elf_segment *seg, const struct range *hole)
{
	uint64_t end;

	return seg->type == PT_LOAD && seg->paddr != UINT64_MAX &&
	       checked_add(seg->paddr, seg->memsz, &end) && seg->paddr < hole->end &&
	       hole->start < end;
}

/* @seg from @skip bytes on. */
static struct elf_segment tail_of(struct elf_segment seg, uint64_t skip)
{
	seg.paddr += skip;
	seg.vaddr += skip;
	seg.offset += skip;
	seg.memsz -= skip;
	seg.filesz -= min_u64(seg.filesz, skip);
	return seg;
}

/* Take @hole out of @seg; what lies in front of it and behind it goes to @parts. Returns how many. */
static size_t cut(const struct elf_segment *seg, const struct range *hole,
		  struct elf_segment parts[2])
{
	uint64_t end = seg->paddr + seg->memsz;
	size_t count = 0;

	if (seg->paddr < hole->start) {
		parts[count] = *seg;
		parts[count].memsz = hole->start - seg->paddr;
		parts[count].filesz = min_u64(seg->filesz, parts[count].memsz);
		count++;
	}
	if (hole->end < end)
		parts[count++] = tail_of(*seg, hole->end - seg->paddr);
	return count;
}

/* Physical memory of @hole is in no segment any more. */
static struct err *cut_out(struct elf_info *info, const struct range *hole)
{
	struct elf_segment parts[2], *grown;
	size_t i, count, more = 0;

	for (i = 0; i < info->segment_count; i++)
		more += cuts(&info->segments[i], hole);
	grown = realloc(info->segments, (info->segment_count + more + 1) * sizeof(*grown));
	if (!grown)
		return err_nomem;
	info->segments = grown;
	for (i = 0; i < info->segment_count; i++) {
		if (!cuts(&grown[i], hole))
			continue;
		count = cut(&grown[i], hole, parts);
		memmove(&grown[i + count], &grown[i + 1],
			(info->segment_count - i - 1) * sizeof(*grown));
		memcpy(&grown[i], parts, count * sizeof(*grown));
		info->segment_count += count - 1;
		i += count - 1;
	}
	return NULL;
}

/* The load that stores physical [paddr, paddr + len), or NULL. */
static const struct elf_segment *load_at(const struct elf_info *info, uint64_t paddr, uint64_t len)
{
	for (size_t i = 0; i < info->segment_count; i++) {
		const struct elf_segment *seg = &info->segments[i];

		if (seg->type == PT_LOAD && seg->paddr != UINT64_MAX && paddr >= seg->paddr &&
		    range_fits(paddr - seg->paddr, len, seg->filesz))
			return seg;
	}
	return NULL;
}

/* How much of the @len bytes at @notes is a note VMCOREINFO: all of it, or nothing. */
static size_t vmcoreinfo_len(const uint8_t *notes, size_t len, enum byte_order order)
{
	struct elf_note note;
	size_t pos = 0;

	if (!elf_note_next(notes, len, order, &pos, &note) || !elf_note_is(&note, "VMCOREINFO", 0))
		return 0;
	return pos;
}

/* Read the note VMCOREINFO from memory, where @info has none: before 4.19. */
static struct err *add_vmcoreinfo(struct dump *dump, struct elf_info *info,
				  const struct kcore_host *host)
{
	uint64_t paddr = host->note_paddr, len = host->note_len;
	const struct elf_segment *seg = load_at(info, paddr, len);
	size_t found = 0;
	uint8_t *grown;
	struct err *e;

	if (!len || len > NOTE_MAX || !seg)
		return NULL;
	grown = realloc(info->notes, info->notes_len + len);
	if (!grown)
		return err_nomem;
	info->notes = grown;
	e = source_read(dump->src, seg->offset + (paddr - seg->paddr), grown + info->notes_len, len);
	if (!e)
		found = vmcoreinfo_len(grown + info->notes_len, len, info->order);
	info->notes_len += found;
	if (!found)
		log_warn(dump->log, "%s: no VMCOREINFO at physical %#" PRIx64 " where "
			 "/sys/kernel/vmcoreinfo says it is%s%s", dump->src->name, paddr,
			 e ? ": " : "", e ? err_text(e) : "");
	err_free(e);
	return NULL;
}

static bool has_vmcoreinfo(const struct elf_info *info)
{
	struct elf_note note;
	size_t pos = 0;

	while (elf_note_next(info->notes, info->notes_len, info->order, &pos, &note))
		if (elf_note_is(&note, "VMCOREINFO", 0))
			return true;
	return false;
}

struct err *kcore_correct(struct dump *dump, struct elf_info *info, const struct kcore_host *host)
{
	struct paddr_use use = count_paddrs(info);

	drop_task_notes(info);
	if (tells_nothing(&use))
		TRY(guess_paddrs(dump, info, host));
	if (!host)
		return NULL;
	if (!has_vmcoreinfo(info))
		TRY(add_vmcoreinfo(dump, info, host));
	for (size_t i = 0; i < host->crash.count; i++)
		TRY(cut_out(info, &host->crash.v[i]));
	return NULL;
}

uint64_t kcore_layout(const struct elf_info *info)
{
	/* struct elf_segment has no padding. */
	const uint8_t *bytes = (const uint8_t *)info->segments;
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a */

	for (size_t i = 0; i < info->segment_count * sizeof(*info->segments); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

/* Memory may be plugged in or out while the headers are read piece by piece. */
static struct err *read_until_stable(struct dump *dump, struct elf_info **info)
{
	for (unsigned int i = 0; i < READINGS_MAX; i++) {
		struct elf_info *again = NULL;

		dump->layout = kcore_layout(*info);
		TRY(elf_info_read(dump->src, dump->log, &again));
		elf_info_destroy(*info);
		*info = again;
		if (kcore_layout(again) == dump->layout)
			return NULL;
	}
	log_warn(dump->log, "%s: the program headers changed %u times while they were read; memory is "
		 "being plugged in or out", dump->src->name, READINGS_MAX);
	return NULL;
}

static struct err *open_live(struct dump *dump, struct elf_info **info)
{
	struct kcore_host host = { 0 };
	struct err *e;

	dump->live = true;
	dump->crash_time = (uint64_t)time(NULL);
	dump->src->no_map = true;
	/*
	 * The kernel copies through one page that belongs to the open file, without a lock
	 * (file->private_data in fs/proc/kcore.c; df04abfd181a, v4.10, and again "reinstate
	 * bounce buffer for KCORE_TEXT regions", v6.5): of two readers at once one gets some of
	 * the other's bytes. Seen with 6.1 and 7.2. So each reader has an open file of its own.
	 */
	TRY(source_read_apart(dump->src));
	/* What stat says is the end of the highest area at the time of the last open. */
	dump->src->size = INT64_MAX;
	TRY(read_until_stable(dump, info));
	e = kcore_host_ask(&host, dump->log);
	if (!e)
		e = kcore_correct(dump, *info, &host);
	if (!e && !host.crash.count)
		log_debug(dump->log, "%s: no memory is reserved for a crash kernel", dump->src->name);
	kcore_host_deinit(&host);
	return e;
}

struct err *kcore_open(struct dump *dump, struct elf_info **info)
{
	log_debug(dump->log, "%s: is /proc/kcore%s", dump->src->name,
		  dump->src->is_proc ? "" : " or a copy of one");
	if (dump->src->is_proc)
		return open_live(dump, info);
	return kcore_correct(dump, *info, NULL);
}
