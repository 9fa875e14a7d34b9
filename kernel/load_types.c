// SPDX-License-Identifier: GPL-2.0-or-later
/* Who knows the types of the crashed kernel. */
#include "kernel/btf.h"

struct err *kernel_load_types(struct kreader *reader, struct types **ret)
{
	return btf_load(reader, ret);
}
