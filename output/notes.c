// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/notes.h"

#include <string.h>

#include "base/checked.h"

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

uint64_t dump_notes_size(const struct dump *dump)
{
	uint64_t size = dump->notes_len;

	if (needs_vmcoreinfo_note(dump))
		size = round_up(size, 4) + note_head(sizeof(VMCOREINFO_NAME)) +
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
	put_note(at + own, order, VMCOREINFO_NAME, sizeof(VMCOREINFO_NAME), dump->vmcoreinfo,
		 dump->vmcoreinfo_len);
	return own + note_head(sizeof(VMCOREINFO_NAME));
}

/* The notes of the input have all of @text. */
static bool is_noted(const struct dump *dump, const struct erase_text *text)
{
	return text->len == text->inherited &&
	       is_inside(dump->eraseinfo, dump->eraseinfo_len, dump->notes, dump->notes_len);
}

uint64_t dump_erase_note_size(const struct dump *dump, const struct erase_text *text)
{
	if (!text->len || is_noted(dump, text))
		return 0;
	return note_head(sizeof(ERASEINFO_NAME)) + round_up(text->len, 4);
}

void dump_erase_note_put(const struct dump *dump, const struct erase_text *text,
			 enum byte_order order, uint8_t *at)
{
	if (text->len && !is_noted(dump, text))
		put_note(at, order, ERASEINFO_NAME, sizeof(ERASEINFO_NAME), text->text, text->len);
}
