// SPDX-License-Identifier: GPL-2.0-or-later
/* Who knows the types of the crashed kernel. */
#include "dwarf_types.h"
#include "kernel/btf.h"

struct err *kernel_load_types(struct kreader *reader, struct types **ret)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct err *e;

	if (!kernel->vmlinux)
		return btf_load(reader, ret);
	e = dwarf_types_open(kernel->vmlinux, kernel->log, ret);
	if (err_kind(e) != ERR_NOT_FOUND && err_kind(e) != ERR_UNSUPPORTED)
		return e;
	/* Given for its symbols alone. */
	log_debug(kernel->log, "types: %s", err_text(e));
	err_free(e);
	return btf_load(reader, ret);
}
