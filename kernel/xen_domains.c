/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a machine frame is: Xen's list of domains and its frame table. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/xen_internal.h"

#define PAGE_SHIFT 12
#define PAGE_INFO_MIN 24	/* less does not hold what is read of it */
#define PAGE_INFO_MAX 1024

/* Frames whose place in the direct map is looked at, of all that are there. */
#define CHECKS_MAX 4096
#define CHECK_STEP (UINT64_C(1) << 30)

struct walk {
	struct xen *xen;
	struct dump_view *view;
	uint64_t id;		/* offsets in struct domain */
	uint64_t next;
	size_t room;		/* of xen->guests */
	bool has_dom0;
};

static struct err *offset_of(const struct xen *xen, const char *name, uint64_t *ret)
{
	if (fact_offset(&xen->facts, name, ret) && *ret < 1u << 20)
		return NULL;
	return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: OFFSET(%s) is not known or no offset", name);
}

static struct err *read_pointer(const struct xen *xen, struct dump_view *view, uint64_t va,
				uint64_t *ret)
{
	uint8_t raw[8];

	TRY(xen_read(xen, view, va, raw, sizeof(raw)));
	*ret = get_u64(raw, xen->dump->order);
	return NULL;
}

/* A struct domain is in Xen's heap, and its owner field is its frame in the direct map. */
static struct err *owner_of(uint64_t domain, uint64_t *ret)
{
	*ret = (domain - XEN_DIRECT_MAP) >> PAGE_SHIFT;
	if (domain >= XEN_DIRECT_MAP && *ret && *ret <= UINT32_MAX)
		return NULL;
	return err_new(ERR_BAD_INPUT, "Xen's domain at %#" PRIx64 " is not in the direct map", domain);
}

static struct err *add_guest(struct walk *walk, uint64_t owner)
{
	struct xen *xen = walk->xen;

	if (xen->guest_count == walk->room) {
		size_t room = walk->room ? 2 * walk->room : 64;
		uint64_t *v = reallocarray(xen->guests, room, sizeof(*v));

		if (!v)
			return err_nomem;
		xen->guests = v;
		walk->room = room;
	}
	xen->guests[xen->guest_count++] = owner;
	return NULL;
}

static struct err *take_domain(struct walk *walk, uint64_t domain)
{
	struct xen *xen = walk->xen;
	uint64_t owner = 0;
	uint8_t id[2];

	TRY(owner_of(domain, &owner));
	TRY(xen_read(xen, walk->view, domain + walk->id, id, sizeof(id)));
	if (get_u16(id, xen->dump->order))
		return add_guest(walk, owner);
	if (walk->has_dom0)
		return err_new(ERR_BAD_INPUT, "Xen's list of domains has two domains 0");
	walk->has_dom0 = true;
	xen->dom0 = owner;
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The whole list, or an error: a domain that is missing would be one whose pages are not known. */
static struct err *walk_domains(struct walk *walk, uint64_t domain)
{
	size_t count;

	for (count = 0; domain; count++) {
		if (count == XEN_DOMAINS_MAX)
			return err_new(ERR_BAD_INPUT, "Xen's list of domains does not end after %d",
				       XEN_DOMAINS_MAX);
		TRY(take_domain(walk, domain));
		TRY(read_pointer(walk->xen, walk->view, domain + walk->next, &domain));
	}
	if (!walk->has_dom0)
		return err_new(ERR_BAD_INPUT, "Xen's list of %zu domains has no domain 0", count);
	return NULL;
}

struct err *xen_find_domains(struct xen *xen, struct dump_view *view)
{
	struct walk walk = { .xen = xen, .view = view };
	uint64_t list = 0, first = 0;

	TRY(offset_of(xen, "domain.domain_id", &walk.id));
	TRY(offset_of(xen, "domain.next_in_list", &walk.next));
	if (!fact_symbol(&xen->facts, "domain_list", &list))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(domain_list) is not known");
	TRY(read_pointer(xen, view, list, &first));
	TRY(walk_domains(&walk, first));
	if (xen->guest_count)
		qsort(xen->guests, xen->guest_count, sizeof(*xen->guests), compare);
	log_debug(xen->log, "Xen: %zu guests beside domain 0", xen->guest_count);
	return NULL;
}

bool xen_is_guest(const struct xen *xen, uint64_t owner)
{
	return owner != xen->dom0 && xen->guest_count &&
	       bsearch(&owner, xen->guests, xen->guest_count, sizeof(*xen->guests), compare);
}

uint64_t xen_plain_frames(const struct xen *xen, struct dump_view *view, uint64_t frame)
{
	uint64_t pa = frame << PAGE_SHIFT, va = XEN_DIRECT_MAP + pa;
	struct mapping map = { 0 };
	struct err *e = xen_vtop(xen, view, va, &map);

	if (e || map.pa + (va - map.va) != pa) {
		err_free(e);
		return 0;
	}
	return (map.len - (va - map.va)) >> PAGE_SHIFT;
}

/* Something else in the place of @pa: all of Xen's numbers are doubtful. Nothing there says nothing. */
static struct err *check_direct_map(const struct xen *xen, struct dump_view *view, uint64_t pa,
				    bool *linear)
{
	struct mapping map = { 0 };
	uint64_t va = XEN_DIRECT_MAP + pa;
	struct err *e = xen_vtop(xen, view, va, &map);

	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e) {
		err_free(e);
		return NULL;
	}
	if (map.pa + (va - map.va) != pa)
		return err_new(ERR_UNSUPPORTED, "Xen's direct map has machine address %#" PRIx64 " in the "
			       "place of %#" PRIx64 ": its numbers of frames are not plain ones, which is "
			       "not supported", map.pa + (va - map.va), pa);
	*linear = true;
	return NULL;
}

static struct err *check_frames(const struct xen *xen, struct dump_view *view)
{
	const struct dump *dump = xen->dump;
	bool linear = false;
	size_t checks = 0;

	for (size_t i = 0; i < dump->segment_count && checks < CHECKS_MAX; i++) {
		const struct dump_segment *seg = &dump->segments[i];
		uint64_t last = round_down(seg->paddr + seg->memsz - 1, UINT64_C(1) << PAGE_SHIFT);
		uint64_t pa = round_down(seg->paddr, UINT64_C(1) << PAGE_SHIFT);

		for (; pa < last && checks < CHECKS_MAX; pa += CHECK_STEP, checks++)
			TRY(check_direct_map(xen, view, pa, &linear));
		TRY(check_direct_map(xen, view, last, &linear));
	}
	if (!linear)
		return err_new(ERR_BAD_INPUT, "Xen's direct map is not at %#" PRIx64, XEN_DIRECT_MAP);
	return NULL;
}

/* Domain 0's own struct: the frame table must know its frame as one of Xen's heap. */
static struct err *check_dom0_frame(const struct xen *xen, struct dump_view *view)
{
	uint64_t info = 0;

	TRY(read_pointer(xen, view, xen->frame_table + xen->dom0 * xen->page_info_size +
			 xen->count_info, &info));
	if (info & XEN_HEAP)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "Xen's count_info of the frame of domain 0's struct is %#" PRIx64
		       ", without the bit of Xen's heap: its layout is not the known one", info);
}

struct err *xen_find_frames(struct xen *xen, struct dump_view *view)
{
	uint64_t symbol = 0;

	TRY(offset_of(xen, "page_info.count_info", &xen->count_info));
	TRY(offset_of(xen, "page_info._domain", &xen->owner));
	if (!fact_size(&xen->facts, "page_info", &xen->page_info_size) ||
	    xen->page_info_size < PAGE_INFO_MIN || xen->page_info_size > PAGE_INFO_MAX ||
	    xen->count_info > xen->page_info_size - 8 || xen->owner > xen->page_info_size - 4)
		return err_new(ERR_BAD_INPUT, "VMCOREINFO_XEN: SIZE(page_info) is not known, or does not "
			       "hold its members");
	/* The symbol is that of a pointer, also where frame_table is a constant of Xen's. */
	if (!fact_symbol(&xen->facts, "frame_table", &symbol))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(frame_table) is not known");
	TRY(read_pointer(xen, view, symbol, &xen->frame_table));
	TRY(check_frames(xen, view));
	TRY(check_dom0_frame(xen, view));
	log_debug(xen->log, "Xen: struct page_info of %" PRIu64 " bytes from %#" PRIx64 " on",
		  xen->page_info_size, xen->frame_table);
	return NULL;
}
