/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What base/file.c does for a source with turns; see source_take_turns() and source_read_apart(). */
#ifndef BASE_FILE_TURNS_H
#define BASE_FILE_TURNS_H

#include "base/file.h"

/* The read of struct source_ops, by an opening that no other thread uses meanwhile. */
struct err *turns_read(struct source *src, uint64_t off, void *buf, size_t len, size_t *ret_len);

/* Close all openings but @src itself. Nobody reads. Without turns, nothing. */
void turns_destroy(struct source *src);

#endif
