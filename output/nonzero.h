/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan without the pages that are filled with zeros, for formats that tell
 * what is in a file before its data. Looks at the pages of another plan, most of
 * which give themselves away with their first bytes.
 */
#ifndef OUTPUT_NONZERO_H
#define OUTPUT_NONZERO_H

#include <stddef.h>

#include "base/err.h"
#include "base/progress.h"
#include "erase/set.h"
#include "input/dump.h"
#include "pages/plan.h"

struct nonzero_params {
	struct dump *dump;
	const struct plan *plan;	/* outlives the result */
	const struct erase_set *erase;	/* as in copy.h: pages are judged by what will be written */
	unsigned int threads;		/* workers; 0 in this thread */
	size_t budget;			/* bytes for the new plan; blocks beyond are looked at again */
	const struct progress *progress;
};

struct nonzero;

/* A page that cannot be read is none of zeros. ERR_STOPPED when asked to. */
struct err *nonzero_create(const struct nonzero_params *params, struct nonzero **ret)
	__attribute__((warn_unused_result));

/* NULL is fine. */
void nonzero_destroy(struct nonzero *nonzero);

/* Cursors of this plan belong to one thread all together. */
const struct plan *nonzero_plan(const struct nonzero *nonzero);

#endif
