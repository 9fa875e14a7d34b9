/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --config and --scrub: what is to be erased from the dump, found before anything is written. */
#ifndef CLI_ERASING_H
#define CLI_ERASING_H

#include "cli/machine.h"
#include "erase/set.h"

/* Zeroed: nothing is erased. */
struct erasing {
	struct erase_set set;
	bool wanted;
	uint64_t unknown;	/* what could not be looked at, see erase/space.h */
};

/*
 * Find everything that the options name. An error is a file or name that is wrong, or a
 * dump whose kernel cannot be read: then no output may be made.
 */
struct err *erasing_find(const struct run *run, struct machine *machine, struct erasing *ret)
	__attribute__((warn_unused_result));
void erasing_deinit(struct erasing *erasing);

/* For struct copy_params; NULL: nothing is erased. */
const struct erase_set *erasing_set(const struct erasing *erasing);

/*
 * Tell what was erased from the pages of @plan; NULL: how much there is in all. @each: every
 * object, else these are shown at debug level.
 */
struct err *erasing_tell(const struct erasing *erasing, const struct run *run,
			 const struct machine *machine, const struct plan *plan, bool each)
	__attribute__((warn_unused_result));

/* The file of --config has no error in its grammar: what can be said before a dump is there. */
struct err *erasing_check_file(const struct options *options) __attribute__((warn_unused_result));

#endif
