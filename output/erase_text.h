/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was erased, as an output file tells it: by earlier runs, which its input says, and by this one. */
#ifndef OUTPUT_ERASE_TEXT_H
#define OUTPUT_ERASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "output/copy.h"

struct erase_text {
	char *text;	/* lines; NULL: nothing was erased */
	size_t len;
	size_t room;	/* bytes of the same in a file with all pages, at least len */
};

/* For the pages of @copy: all of its plan, or a piece of a set with those of copy->pfns. */
struct err *erase_text_init(struct erase_text *text, const struct copy_params *copy)
	__attribute__((warn_unused_result));
void erase_text_deinit(struct erase_text *text);

#endif
