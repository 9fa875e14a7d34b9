/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a machine frame may belong to: Xen's list of domains. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/xen_internal.h"

struct walk {
	struct xen *xen;
	struct dump_view *view;
	uint64_t id;		/* offsets in struct domain */
	uint64_t next;
	size_t room;		/* of xen->guests */
	bool has_dom0;
};

/* A struct domain is in Xen's heap, so that its machine address is seen from the direct map. */
static struct err *machine_of(uint64_t domain, uint64_t *ret)
{
	*ret = domain - XEN_DIRECT_MAP;
	/* An owner has 32 bits; as the number of a frame they are those of 16 TiB. */
	if (domain > XEN_DIRECT_MAP && *ret >> XEN_OWNER_FRAME <= UINT32_MAX && *ret >> XEN_OWNER_FRAME)
		return NULL;
	return err_new(ERR_BAD_INPUT, "Xen's domain at %#" PRIx64 " is not in the direct map", domain);
}

static struct err *add_guest(struct walk *walk, uint64_t pa)
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
	xen->guests[xen->guest_count++] = pa;
	return NULL;
}

static struct err *take_domain(struct walk *walk, uint64_t domain)
{
	struct xen *xen = walk->xen;
	uint64_t pa = 0;
	uint8_t id[2];

	TRY(machine_of(domain, &pa));
	TRY(xen_read(xen, walk->view, domain + walk->id, id, sizeof(id)));
	if (get_u16(id, xen->dump->order))
		return add_guest(walk, pa);
	if (walk->has_dom0)
		return err_new(ERR_BAD_INPUT, "Xen's list of domains has two domains 0");
	walk->has_dom0 = true;
	xen->dom0 = pa;
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
		TRY(xen_read_long(walk->xen, walk->view, domain + walk->next, &domain));
	}
	if (!walk->has_dom0)
		return err_new(ERR_BAD_INPUT, "Xen's list of %zu domains has no domain 0", count);
	return NULL;
}

struct err *xen_find_domains(struct xen *xen, struct dump_view *view)
{
	struct walk walk = { .xen = xen, .view = view };
	uint64_t list = 0, first = 0;

	TRY(xen_offset(xen, "domain.domain_id", &walk.id));
	TRY(xen_offset(xen, "domain.next_in_list", &walk.next));
	if (!fact_symbol(&xen->facts, "domain_list", &list))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(domain_list) is not known");
	TRY(xen_read_long(xen, view, list, &first));
	TRY(walk_domains(&walk, first));
	if (xen->guest_count)
		qsort(xen->guests, xen->guest_count, sizeof(*xen->guests), compare);
	log_debug(xen->log, "Xen: %zu guests beside domain 0", xen->guest_count);
	return NULL;
}

bool xen_is_guest(const struct xen *xen, uint64_t owner)
{
	unsigned int shift = xen->owner_shift;
	size_t low = 0, high = xen->guest_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (xen->guests[mid] >> shift < owner)
			low = mid + 1;
		else
			high = mid;
	}
	/* Of two structs in one frame, that of domain 0 counts. */
	return low < xen->guest_count && xen->guests[low] >> shift == owner &&
	       !xen_is_dom0(xen, owner);
}
