/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of a configuration file carried out on a crashed kernel. */
#ifndef ERASE_RESOLVE_H
#define ERASE_RESOLVE_H

#include "erase/config.h"
#include "erase/space.h"

/*
 * Add to space->set whatever @config names. A section of a module that is not loaded is
 * passed over with a message. Any name that is wrong ends it: ERR_NOT_FOUND, with file and
 * line. Memory that cannot be read is counted in space->unknown.
 */
struct err *erase_resolve(struct erase_space *space, const struct erase_config *config)
	__attribute__((warn_unused_result));

#endif
