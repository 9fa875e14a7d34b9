/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of kernel/xen*.c. */
#ifndef KERNEL_XEN_INTERNAL_H
#define KERNEL_XEN_INTERNAL_H

#include "kernel/xen.h"

/* Direct map of machine memory; the same in every Xen for x86_64. */
#define XEN_DIRECT_MAP UINT64_C(0xffff830000000000)

/* How far a machine address is shifted to be an owner in struct page_info. */
#define XEN_OWNER_FRAME 12
#define XEN_OWNER_ADDRESS 0

/* An offset among the facts that is none of a damaged text. */
struct err *xen_offset(const struct xen *xen, const char *name, uint64_t *ret)
	__attribute__((warn_unused_result));

/* The eight bytes of a variable of the hypervisor. */
struct err *xen_read_long(const struct xen *xen, struct dump_view *view, uint64_t va, uint64_t *ret)
	__attribute__((warn_unused_result));

/* domain_list to dom0 and guests; needs translation. */
struct err *xen_find_domains(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

/*
 * The frame table, and that it says what it should: it and the direct map know
 * frames by number, which they do not where memory has large holes.
 */
struct err *xen_find_frames(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

/*
 * What frames themselves tell, by a look at some of them: that owners are domains, and
 * free_info and extra where there is no alloc_bitmap; needs the frame table.
 */
struct err *xen_sample_frames(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

/* alloc_bitmap and max_page, where SYMBOL(alloc_bitmap) is known; needs the frame table. */
struct err *xen_find_bitmap(struct xen *xen, struct dump_view *view)
	__attribute__((warn_unused_result));

#endif
