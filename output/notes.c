// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/notes.h"

#include <string.h>

#include "base/checked.h"
#include "elf_info.h"

#define VMCOREINFO_NAME "VMCOREINFO"
#define ERASEINFO_NAME "ERASEINFO"
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

/* Offset of the text in a note of its own; @name_size counts its NUL. */
static size_t note_head(size_t name_size)
{
	return NOTE_HEADER + round_up(name_size, 4);
}

static void put_note(uint8_t *at, enum byte_order order, const char *name, size_t name_size,
		     const char *text, size_t len)
{
	put_u32(at, (uint32_t)name_size, order);
	put_u32(at + 4, (uint32_t)len, order);
	memcpy(at + NOTE_HEADER, name, name_size);
	memcpy(at + note_head(name_size), text, len);
}

/* A note of what was erased goes: all of its text is in what all runs together erased. */
static bool is_retold(const struct dump *dump, const struct elf_note *note)
{
	size_t len;

	if (!elf_note_is(note, ERASEINFO_NAME, 0))
		return false;
	len = strnlen((const char *)note->desc, note->desc_len);
	return len <= dump->eraseinfo_len && (!len || !memcmp(note->desc, dump->eraseinfo, len));
}

/*
 * The input's notes that stay, to @at unless that is NULL. Returns their bytes; *@info: those
 * before VMCOREINFO.
 */
static uint64_t keep_notes(const struct dump *dump, uint8_t *at, uint64_t *info)
{
	size_t pos = 0, start = 0, end, kept = 0;
	struct elf_note note;

	do {
		bool is_note = elf_note_next(dump->notes, dump->notes_len, dump->order, &pos, &note);

		/* What follows the last one is no note, and stays. */
		end = is_note ? pos : dump->notes_len;
		if (!is_note || !is_retold(dump, &note)) {
			if (at && end > start)
				memcpy(at + kept, dump->notes + start, end - start);
			if (is_inside(dump->vmcoreinfo, dump->vmcoreinfo_len, dump->notes + start,
				      end - start))
				*info = kept + ((uintptr_t)dump->vmcoreinfo -
						(uintptr_t)(dump->notes + start));
			kept += end - start;
		}
		start = end;
	} while (start < dump->notes_len);
	return kept;
}

uint64_t dump_notes_size(const struct dump *dump)
{
	uint64_t info, size = keep_notes(dump, NULL, &info);

	if (needs_vmcoreinfo_note(dump))
		size = round_up(size, 4) + note_head(sizeof(VMCOREINFO_NAME)) +
		       round_up(dump->vmcoreinfo_len, 4);
	return size;
}

uint64_t dump_notes_put(const struct dump *dump, enum byte_order order, uint8_t *at)
{
	uint64_t info = 0, own = round_up(keep_notes(dump, at, &info), 4);

	if (!needs_vmcoreinfo_note(dump))
		return info;
	put_note(at + own, order, VMCOREINFO_NAME, sizeof(VMCOREINFO_NAME), dump->vmcoreinfo,
		 dump->vmcoreinfo_len);
	return own + note_head(sizeof(VMCOREINFO_NAME));
}

uint64_t dump_erase_note_size(const struct erase_text *text)
{
	if (!text->len)
		return 0;
	return note_head(sizeof(ERASEINFO_NAME)) + round_up(text->len, 4);
}

void dump_erase_note_put(const struct erase_text *text, enum byte_order order, uint8_t *at)
{
	if (text->len)
		put_note(at, order, ERASEINFO_NAME, sizeof(ERASEINFO_NAME), text->text, text->len);
}
