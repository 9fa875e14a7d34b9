/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of kernel/xen*.c. */
#ifndef KERNEL_XEN_INTERNAL_H
#define KERNEL_XEN_INTERNAL_H

#include "kernel/xen.h"

/* Direct map of machine memory; the same in every Xen for x86_64. */
#define XEN_DIRECT_MAP UINT64_C(0xffff830000000000)

/* domain_list to dom0 and guests; needs translation. */
struct err *xen_find_domains(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

/*
 * The frame table, and that it says what it should: it and the direct map know
 * frames by number, which they do not where memory has large holes.
 */
struct err *xen_find_frames(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

/* free_info and extra, by a look at frames; needs the frame table. */
struct err *xen_find_free(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

#endif
