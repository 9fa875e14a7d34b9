/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: the part of struct page's layout that describes compound pages. */
#ifndef PAGES_LAYOUT_COMPOUND_H
#define PAGES_LAYOUT_COMPOUND_H

#include "pages/layout.h"

/* Where head flag, order and hugetlb mark are; the rest of @layout is done already. */
void layout_init_compound(struct page_layout *layout, const struct facts *facts,
			  const struct log *log);

/* Offset of a field of @width bytes; false when unknown or outside struct page (said in @log). */
bool layout_offset(const struct page_layout *layout, const struct facts *facts, const char *name,
		   unsigned int width, const struct log *log, uint32_t *ret);

#endif
