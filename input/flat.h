/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flattened dump seen as the file it carries: a source under the readers. */
#ifndef INPUT_FLAT_H
#define INPUT_FLAT_H

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"

/*
 * When @inner is a flattened dump, *ret is the file in it, and owns @inner.
 * err_not_mine: it is none. ERR_BAD_INPUT: it carries nothing; ERR_UNSUPPORTED:
 * another version, another flattened dump inside, or records too scattered to
 * keep track of. A stream that was cut off, or makes no sense from some record
 * on, gives what came before that, with a warning and (*ret)->incomplete.
 *
 * Costs a look at the head of each record, and up to 64 MiB of memory (2 MiB for
 * a dump of 1 TiB as makedumpfile writes it). Read by any number of threads.
 */
struct err *source_open_flat(struct source *inner, const struct log *log, struct source **ret)
	__attribute__((warn_unused_result));

#endif
