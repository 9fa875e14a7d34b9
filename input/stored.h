/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over all memory that a dump stores, for those who look for something whose place nobody tells. */
#ifndef INPUT_STORED_H
#define INPUT_STORED_H

#include "input/dump.h"

struct stored_pass {
	/*
	 * Required. @bytes: whole pages of the dump's page size from physical @pa on, @len bytes,
	 * valid until the call returns. *@done ends the pass. Errors end it, too.
	 */
	struct err *(*look)(void *ctx, uint64_t pa, const uint8_t *bytes, size_t len, bool *done);
	void *ctx;
	uint64_t bytes;		/* out: bytes that were looked at */
};

/*
 * All stored pages in ascending order, in pieces as large as @view gives at
 * once. Pages that cannot be read are passed over. After dump_set_page_size().
 */
struct err *dump_pass_stored(struct dump *dump, struct dump_view *view, struct stored_pass *pass)
	__attribute__((warn_unused_result));

#endif
