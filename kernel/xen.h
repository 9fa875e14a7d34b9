/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps of Xen hosts: the hypervisor's memory and its domains.
 *
 * Such a dump has machine addresses, which its Linux (domain 0) does not use,
 * so nothing can be said of Linux' pages. The hypervisor knows which domain
 * owns a machine frame; that is what -X needs.
 *
 * x86_64 only. Page tables are walked for every address but those of the
 * hypervisor's image; what cannot be checked against them is not used.
 */
#ifndef KERNEL_XEN_H
#define KERNEL_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/err.h"
#include "base/log.h"
#include "facts/facts.h"
#include "input/dump.h"

/* More domains than any host has run. */
#define XEN_DOMAINS_MAX 65536

/* What the user gives for what the dump does not say. */
struct xen_given {
	const char *vmcoreinfo;	/* file of text as VMCOREINFO_XEN, instead of the dump's; NULL: none */
	bool has_phys_start;
	uint64_t phys_start;	/* machine address of the hypervisor's image, instead of the dump's */
};

/* Read-only once created; shared by threads. */
struct xen {
	struct dump *dump;	/* borrowed */
	const struct log *log;
	struct facts facts;	/* the hypervisor's: names as in VMCOREINFO_XEN */
	uint64_t major, minor;	/* version */
	uint64_t text_va;	/* where the hypervisor's image is mapped, a gigabyte */
	uint64_t text_pa;
	struct pt_form form;
	uint64_t root;		/* machine address of its page tables */

	uint64_t frame_table;	/* address of the struct page_info of machine frame 0 */
	uint64_t page_info_size;
	uint64_t count_info;	/* offsets in struct page_info */
	uint64_t owner;
	uint64_t free_info;	/* count_info of free frames; 0: not known */
	uint64_t extra;		/* bit of count_info: what Xen itself uses of a domain's; 0: not known */
	uint64_t dom0;		/* owners as struct page_info has them */
	uint64_t *guests;	/* sorted; all domains but 0 */
	size_t guest_count;
};

/*
 * Learn what -X needs from a dump with dump->xen_info, whose page size is set.
 * The error says what is missing or does not fit: then nothing is left out by guess.
 */
struct err *xen_create(struct dump *dump, const struct xen_given *given, const struct log *log,
		       struct xen **ret) __attribute__((warn_unused_result));
void xen_destroy(struct xen *xen);

/* Translate an address of the hypervisor; as arch->vtop. */
struct err *xen_vtop(const struct xen *xen, struct dump_view *view, uint64_t va,
		     struct mapping *ret) __attribute__((warn_unused_result));

/* Copy @len bytes of the hypervisor's memory. The error names the address. */
struct err *xen_read(const struct xen *xen, struct dump_view *view, uint64_t va, void *buf,
		     size_t len) __attribute__((warn_unused_result));

/*
 * How many frames from @frame on, machine memory, are the ones the frame table
 * has under their own numbers; 0 where that cannot be told. Xen numbers frames
 * without holes that its addresses have (pfn to pdx), and its direct map goes by the
 * same numbers: where that is linear, they are plain.
 */
uint64_t xen_plain_frames(const struct xen *xen, struct dump_view *view, uint64_t frame);

/* Bits of page_info.count_info that stand where they do since Xen 3.4. */
#define XEN_ALLOCATED (UINT64_C(1) << 63)
#define XEN_HEAP (UINT64_C(1) << 62)

/* The owner of a frame, as in struct page_info, is a domain other than 0 that is in the list. */
bool xen_is_guest(const struct xen *xen, uint64_t owner);

#endif
