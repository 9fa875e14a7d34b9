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
 *
 * Hypervisors differ in how they keep account of frames. Which way it is, what
 * they export and the frames themselves tell, never the version:
 *
 *	SYMBOL(alloc_bitmap)	a bitmap tells free frames (Xen 3); else the state
 *				in count_info does
 *	count_info of 4 bytes	_domain right behind it (up to Xen 3.3); Xen's heap
 *				is then a range, with 8 bytes it is a bit
 *	_domain			number of the frame of the owner's struct domain, or,
 *				up to Xen 3.3, the low half of its machine address
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

/* No struct page_info is larger. */
#define XEN_PAGE_INFO_MAX 1024

/* What the user gives for what the dump does not say. */
struct xen_given {
	const char *vmcoreinfo;	/* file of text as VMCOREINFO_XEN, instead of the dump's; NULL: none */
	const char *syms;	/* the hypervisor's ELF file, for what is still unknown; NULL: none */
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
	unsigned int count_bytes;	/* of count_info: 4 or 8 */
	uint64_t allocated;	/* bit of count_info: the frame is its owner's */
	uint64_t heap;		/* bit of count_info: of Xen's heap; 0: heap_end tells */
	uint64_t heap_end;	/* frames below are Xen's image and heap; 0: heap tells */
	uint64_t free_info;	/* count_info of free frames; 0: not known */
	uint64_t extra;		/* bit of count_info: what Xen itself uses of a domain's; 0: not known */
	uint64_t alloc_bitmap;	/* address of a bit for each frame, set in use; 0: there is none */
	uint64_t max_page;	/* frames that it has bits for */
	uint64_t dom0;		/* machine addresses of struct domain */
	uint64_t *guests;	/* sorted; all domains but 0 */
	size_t guest_count;
	unsigned int owner_shift;	/* such an address shifted right so is an owner in struct page_info */
};

/* Frames that xen_read_bitmap() can be asked about at once. */
#define XEN_BITS_FRAMES 4096

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

/*
 * What alloc_bitmap says of frames [@frame, @frame + @count), at most
 * XEN_BITS_FRAMES: bit 0 of @bits[0] is that of @frame rounded down to 8, so that @bits
 * has room for @count / 8 + 2 bytes. In use where nothing is said.
 */
void xen_read_bitmap(const struct xen *xen, struct dump_view *view, uint64_t frame, uint64_t count,
		     uint8_t *bits);

/* count_info in a struct page_info at @bytes. */
static inline uint64_t xen_count_info(const struct xen *xen, const uint8_t *bytes)
{
	return xen->count_bytes == 4 ? get_u32(bytes + xen->count_info, xen->dump->order) :
				       get_u64(bytes + xen->count_info, xen->dump->order);
}

/* @frame, whose count_info is @info, is Xen's own, whoever may use it. */
static inline bool xen_is_heap(const struct xen *xen, uint64_t frame, uint64_t info)
{
	return (info & (xen->heap | xen->extra)) || frame < xen->heap_end;
}

/* The owner of a frame, as in struct page_info, is domain 0. */
static inline bool xen_is_dom0(const struct xen *xen, uint64_t owner)
{
	return owner == xen->dom0 >> xen->owner_shift;
}

/* The same, but a domain other than 0 that is in the list. */
bool xen_is_guest(const struct xen *xen, uint64_t owner);

#endif
