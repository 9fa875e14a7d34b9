/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mark that says of a dump file that it is incomplete, found in the file's own header. */
#ifndef OUTPUT_MARK_H
#define OUTPUT_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/sink.h"

/* Bytes at the start of a file that tell its format and hold the mark. */
#define MARK_FRONT 512

struct mark {
	size_t offset;		/* of a 32-bit word in the file */
	uint8_t word[4];	/* the word with the mark, in the file's byte order */
	bool is_set;		/* the file has it already */
};

/*
 * Where the mark of a file is that starts with @front and has @size bytes. False when it
 * is no dump, or too short to be opened: one without all of its bitmaps, or of its
 * program headers.
 */
bool mark_find(const uint8_t front[MARK_FRONT], uint64_t size, struct mark *ret);

/*
 * Set the mark in @sink, whose file starts with @front: status of a
 * kdump-compressed dump, e_flags of an ELF core. False when it is neither, or
 * cannot be rewritten.
 */
bool mark_incomplete(struct sink *sink, const uint8_t front[MARK_FRONT]);

#endif
