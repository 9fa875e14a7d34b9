// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/notes.h"

#include <string.h>

#include "base/checked.h"

#define VMCOREINFO_NAME "VMCOREINFO"
#define NOTE_HEADER 12

static bool is_inside(const char *p, size_t len, const uint8_t *area, size_t area_len)
{
	uintptr_t at = (uintptr_t)p, base = (uintptr_t)area;

	return area && at >= base && range_fits(at - base, len, area_len);
}

/* Old inputs may carry VMCOREINFO outside of their notes; readers look for it there only. */
static bool needs_vmcoreinfo_note(const struct dump *dump)
{
	return dump->vmcoreinfo && !is_inside(dump->vmcoreinfo, dump->vmcoreinfo_len, dump->notes,
					      dump->notes_len);
}

/* Offset of VMCOREINFO's text in a note of its own. */
static size_t vmcoreinfo_note_head(void)
{
	return NOTE_HEADER + round_up(sizeof(VMCOREINFO_NAME), 4);
}

uint64_t dump_notes_size(const struct dump *dump)
{
	uint64_t size = dump->notes_len;

	if (needs_vmcoreinfo_note(dump))
		size = round_up(size, 4) + vmcoreinfo_note_head() +
		       round_up(dump->vmcoreinfo_len, 4);
	return size;
}

uint64_t dump_notes_put(const struct dump *dump, enum byte_order order, uint8_t *at)
{
	uint64_t own = round_up(dump->notes_len, 4);

	if (dump->notes_len)
		memcpy(at, dump->notes, dump->notes_len);
	if (!dump->vmcoreinfo)
		return 0;
	if (!needs_vmcoreinfo_note(dump))
		return (uint64_t)((uintptr_t)dump->vmcoreinfo - (uintptr_t)dump->notes);
	put_u32(at + own, sizeof(VMCOREINFO_NAME), order);
	put_u32(at + own + 4, (uint32_t)dump->vmcoreinfo_len, order);
	memcpy(at + own + NOTE_HEADER, VMCOREINFO_NAME, sizeof(VMCOREINFO_NAME));
	own += vmcoreinfo_note_head();
	memcpy(at + own, dump->vmcoreinfo, dump->vmcoreinfo_len);
	return own;
}
