/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF notes of a dump as an output file has them. */
#ifndef OUTPUT_NOTES_H
#define OUTPUT_NOTES_H

#include <stdint.h>

#include "base/bytes.h"
#include "input/dump.h"
#include "output/erase_text.h"

/*
 * Bytes of all notes, with one for VMCOREINFO where the input has it elsewhere, and without
 * those of what was erased, whose text is the beginning of struct erase_text.
 */
uint64_t dump_notes_size(const struct dump *dump);

/*
 * Write them to @at, which is filled with zeros; returns where in them
 * VMCOREINFO's text begins, 0 when there is none. @order: of the dumped machine.
 */
uint64_t dump_notes_put(const struct dump *dump, enum byte_order order, uint8_t *at);

/*
 * The text of what was erased as a note of its own, for formats that have no other place
 * for it; 0 bytes when there is none.
 */
uint64_t dump_erase_note_size(const struct erase_text *text);
void dump_erase_note_put(const struct erase_text *text, enum byte_order order, uint8_t *at);

#endif
