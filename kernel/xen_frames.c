/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's account of machine frames: the frame table, and the bitmap of those in use. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/xen_internal.h"

#define PAGE_SHIFT 12
#define PAGE_INFO_MIN 24	/* less does not hold what is read of it */

/* Frames whose place in the direct map is looked at, of all that are there. */
#define CHECKS_MAX 4096
#define CHECK_STEP (UINT64_C(1) << 30)

uint64_t xen_plain_frames(const struct xen *xen, struct dump_view *view, uint64_t frame)
{
	uint64_t pa = frame << PAGE_SHIFT, va = XEN_DIRECT_MAP + pa;
	struct mapping map = { 0 };
	struct err *e = xen_vtop(xen, view, va, &map);

	if (e || mapping_pa(&map, va) != pa) {
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
	if (mapping_pa(&map, va) != pa)
		return err_new(ERR_UNSUPPORTED, "Xen's direct map has machine address %#" PRIx64 " in the "
			       "place of %#" PRIx64 ": its numbers of frames are not plain ones, which is "
			       "not supported", mapping_pa(&map, va), pa);
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

/* Domain 0's own struct: all that is known of frames must know its frame as one of Xen's heap. */
static struct err *check_dom0_frame(const struct xen *xen, struct dump_view *view)
{
	uint64_t frame = xen->dom0 >> PAGE_SHIFT, info;
	uint8_t bytes[XEN_PAGE_INFO_MAX];

	TRY(xen_read(xen, view, xen->frame_table + frame * xen->page_info_size, bytes,
		     (size_t)xen->page_info_size));
	info = xen_count_info(xen, bytes);
	if (xen_is_heap(xen, frame, info))
		return NULL;
	if (xen->heap)
		return err_new(ERR_UNSUPPORTED, "Xen's count_info of the frame of domain 0's struct is %#"
			       PRIx64 ", without the bit of Xen's heap: its layout is not the known one",
			       info);
	return err_new(ERR_BAD_INPUT, "domain 0's struct at machine address %#" PRIx64 " is not below the "
		       "end of Xen's heap, %#" PRIx64, xen->dom0, xen->heap_end << PAGE_SHIFT);
}

/*
 * count_info is a long, or, up to Xen 3.3, an int with _domain behind it. The highest
 * bit is always that of an allocated frame. With a long, the next is that of Xen's
 * heap and an owner is the frame of its struct domain; with an int, the heap is a range
 * and an owner the low half of an address.
 */
static struct err *find_members(struct xen *xen)
{
	uint64_t size;

	TRY(xen_offset(xen, "page_info.count_info", &xen->count_info));
	TRY(xen_offset(xen, "page_info._domain", &xen->owner));
	xen->count_bytes = xen->owner == xen->count_info + 4 ? 4 : 8;
	xen->allocated = UINT64_C(1) << (8 * xen->count_bytes - 1);
	xen->heap = xen->count_bytes == 8 ? UINT64_C(1) << 62 : 0;
	xen->owner_shift = xen->count_bytes == 8 ? XEN_OWNER_FRAME : XEN_OWNER_ADDRESS;
	if (!fact_size(&xen->facts, "page_info", &size) || size < PAGE_INFO_MIN ||
	    size > XEN_PAGE_INFO_MAX || xen->count_info > size - xen->count_bytes ||
	    xen->owner > size - 4 || xen->owner - xen->count_info < xen->count_bytes)
		return err_new(ERR_BAD_INPUT, "VMCOREINFO_XEN: SIZE(page_info) is not known, or does not "
			       "hold its members");
	xen->page_info_size = size;
	return NULL;
}

/* From the first frame on: what lies below the heap is Xen's image, and what the firmware left. */
static struct err *find_heap_end(struct xen *xen, struct dump_view *view)
{
	uint64_t symbol = 0, end = 0;

	if (xen->heap)
		return NULL;
	if (!fact_symbol(&xen->facts, "xenheap_phys_end", &symbol))
		return err_new(ERR_NOT_FOUND, "SYMBOL(xenheap_phys_end) is not known, which tells Xen's own "
			       "pages where count_info does not; --xen-syms can give it");
	TRY(xen_read_long(xen, view, symbol, &end));
	xen->heap_end = end >> PAGE_SHIFT;
	return NULL;
}

struct err *xen_find_frames(struct xen *xen, struct dump_view *view)
{
	uint64_t symbol = 0;

	TRY(find_members(xen));
	TRY(find_heap_end(xen, view));
	/* The symbol is that of a pointer, also where frame_table is a constant of Xen's. */
	if (!fact_symbol(&xen->facts, "frame_table", &symbol))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(frame_table) is not known");
	TRY(xen_read_long(xen, view, symbol, &xen->frame_table));
	TRY(check_frames(xen, view));
	TRY(check_dom0_frame(xen, view));
	log_debug(xen->log, "Xen: struct page_info of %" PRIu64 " bytes from %#" PRIx64 " on, "
		  "count_info of %u", xen->page_info_size, xen->frame_table, xen->count_bytes);
	return NULL;
}

void xen_read_bitmap(const struct xen *xen, struct dump_view *view, uint64_t frame, uint64_t count,
		     uint8_t *bits)
{
	uint64_t first = frame / 8, end = min_u64(frame + count, xen->max_page);
	size_t len = frame < end ? (size_t)(div_round_up(end, 8) - first) : 0;
	struct err *e = NULL;

	memset(bits, 0xff, (size_t)(count / 8 + 2));
	if (!xen->alloc_bitmap || !len)
		return;
	e = xen_read(xen, view, xen->alloc_bitmap + first, bits, len);
	if (e)
		memset(bits, 0xff, len);
	else if (end % 8)
		bits[len - 1] |= (uint8_t)(0xffu << end % 8);
	err_free(e);
}

/* Whoever is asked for free frames must know one that is in use. */
static struct err *check_bitmap(const struct xen *xen, struct dump_view *view)
{
	uint64_t frame = xen->dom0 >> PAGE_SHIFT;
	uint8_t byte = 0;
	struct err *e;

	if (xen->alloc_bitmap < XEN_DIRECT_MAP || frame >= xen->max_page)
		return err_new(ERR_BAD_INPUT, "Xen's alloc_bitmap %#" PRIx64 " is not in the direct map, or "
			       "max_page %#" PRIx64 " is not behind the frame of domain 0's struct",
			       xen->alloc_bitmap, xen->max_page);
	e = xen_read(xen, view, xen->alloc_bitmap + frame / 8, &byte, 1);
	if (err_is_unreadable(e)) {
		log_warn(xen->log, "free pages of Xen's are kept: %s", err_text(e));
		err_free(e);
		return NULL;
	}
	if (e || byte >> frame % 8 & 1)
		return e;
	return err_new(ERR_BAD_INPUT, "Xen's alloc_bitmap at %#" PRIx64 " has the frame of domain 0's struct "
		       "as a free one", xen->alloc_bitmap);
}

struct err *xen_find_bitmap(struct xen *xen, struct dump_view *view)
{
	uint64_t symbol = 0, last = 0;

	if (!fact_symbol(&xen->facts, "alloc_bitmap", &symbol))
		return NULL;
	if (!fact_symbol(&xen->facts, "max_page", &last))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(max_page) is not known, which tells "
			       "how long alloc_bitmap is");
	TRY(xen_read_long(xen, view, last, &xen->max_page));
	TRY(xen_read_long(xen, view, symbol, &xen->alloc_bitmap));
	return check_bitmap(xen, view);
}
