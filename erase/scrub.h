/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that need no file: what most people want erased. */
#ifndef ERASE_SCRUB_H
#define ERASE_SCRUB_H

#include "erase/space.h"

/* Sets of rules, as bits. */
enum scrub_set {
	SCRUB_KEYS = 1,		/* key rings, keys of the crypto API, of dm-crypt and TLS */
	SCRUB_CMDLINE = 2,	/* arguments and environment of processes */
};

/* The bit of the set called @name, or 0; names with a blank between them for messages. */
unsigned int scrub_by_name(const char *name, size_t len);
#define SCRUB_NAMES "keys, cmdline"

/*
 * Add to space->set what the sets of @which find. ERR_NOT_FOUND, ERR_UNSUPPORTED: the kernel does
 * not tell what is needed for one of them, so that it could not be done at all.
 */
struct err *scrub_run(struct erase_space *space, unsigned int which)
	__attribute__((warn_unused_result));

#endif
