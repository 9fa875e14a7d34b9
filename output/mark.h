/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mark that says of a dump file that it is incomplete, found in the file's own header. */
#ifndef OUTPUT_MARK_H
#define OUTPUT_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "output/sink.h"

/* Bytes at the start of a file that tell its format and hold the mark. */
#define MARK_FRONT 512

/*
 * Set the mark in @sink, whose file starts with @front: status of a
 * kdump-compressed dump, e_flags of an ELF core. False when it is neither, or
 * cannot be rewritten.
 */
bool mark_incomplete(struct sink *sink, const uint8_t front[MARK_FRONT]);

#endif
