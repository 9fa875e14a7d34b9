// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/kcore and what the system says beside it, of which neither can be
 * trusted. The input: two bytes with the length of a text as /proc/iomem has
 * it, that text, a line as /sys/kernel/vmcoreinfo has it of 32 bytes, and the file.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "input/kcore.h"
#include "tests/fuzz/fuzz.h"

#define LINE 32

static void check_ranges(const struct ranges *set)
{
	for (size_t i = 0; i < set->count; i++)
		require(set->v[i].start < set->v[i].end && (!i || set->v[i - 1].end < set->v[i].start));
}

/* No memory of the crash kernel is in any area that has an address. */
static void check_holes(const struct elf_info *info, const struct ranges *crash)
{
	for (size_t i = 0; i < info->segment_count; i++) {
		const struct elf_segment *seg = &info->segments[i];
		uint64_t end;

		if (seg->type != PT_LOAD || seg->paddr == UINT64_MAX ||
		    !checked_add(seg->paddr, seg->memsz, &end) || seg->paddr == end)
			continue;
		require(ranges_count_in(crash, seg->paddr, end) == 0);
	}
}

static size_t walk_notes(const struct elf_info *info)
{
	struct elf_note note;
	size_t pos = 0, sum = 0;

	while (elf_note_next(info->notes, info->notes_len, info->order, &pos, &note)) {
		require(!elf_note_is(&note, "CORE", NT_TASKSTRUCT));
		for (size_t i = 0; i < note.desc_len; i += 61)
			sum += note.desc[i];
	}
	return sum;
}

static void try_kcore(struct source *src, const char *text, size_t len, const char *line)
{
	struct dump dump = { .src = src };
	struct kcore_host host = { 0 };
	struct elf_info *info = NULL;
	struct err *e = elf_info_read(src, NULL, &info);

	if (!e && kcore_is(info)) {
		require(kcore_host_add_iomem(&host, text, len) == NULL);
		kcore_host_add_vmcoreinfo(&host, line, LINE);
		check_ranges(&host.ram);
		check_ranges(&host.crash);
		e = kcore_correct(&dump, info, len % 3 ? &host : NULL);
		if (!e) {
			if (len % 3)
				check_holes(info, &host.crash);
			require(walk_notes(info) != SIZE_MAX);
		}
	}
	require(!e || strlen(err_text(e)) > 0);
	err_free(e);
	elf_info_destroy(info);
	kcore_host_deinit(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct source *src = NULL;
	size_t text;

	if (len < 2 + LINE)
		return 0;
	text = min_u64(data[0] | (size_t)data[1] << 8, len - 2 - LINE);
	require(source_open_memory(data + 2 + text + LINE, len - 2 - text - LINE, &src) == NULL);
	try_kcore(src, (const char *)data + 2, text, (const char *)data + 2 + text);
	source_destroy(src);
	return 0;
}
