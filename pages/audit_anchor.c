/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anchors: pages of the kernel's text. Their struct pages were set up at boot and
 * never touched again, so what is in them is known: all the same flags, no
 * mapcount (-1), no owner, one reference, a list element that points to itself
 * (__init_single_page() since before 2.6.32). An offset that is wrong shows something else.
 */
#include "base/checked.h"
#include "pages/auditor.h"

struct anchors {
	uint64_t seen;
	/* Of these, with what they must have. */
	uint64_t flags, mapcount, mapping, private, lru, refcount;
	uint64_t first_flags;
};

/* The list element of a struct page at @va, as the kernel would see it, names itself twice. */
static bool points_to_itself(const struct audit *audit, const struct audit_page *page)
{
	const struct page_layout *layout = audit->layout;
	const uint8_t *lru = page->bytes + audit->lru;
	uint64_t self = page->va + audit->lru;

	return get_word(lru, layout->word, layout->order) == self &&
	       get_word(lru + layout->word, layout->word, layout->order) == self;
}

static void look_at(struct audit *audit, uint64_t pfn, struct anchors *anchors)
{
	struct audit_page page;

	if (!audit_read_page(audit, pfn, &page))
		return;
	if (!anchors->seen++)
		anchors->first_flags = page.info.flags;
	anchors->flags += page.info.flags == anchors->first_flags && page.info.flags;
	anchors->mapcount += page.info.mapcount == UINT32_MAX;
	anchors->mapping += !page.info.mapping;
	anchors->private += !page.info.private;
	anchors->lru += audit->has_lru && points_to_itself(audit, &page);
	anchors->refcount += audit->has_refcount && audit_refcount(audit, &page) == 1;
}

static void expect(struct audit *audit, const struct anchors *anchors, uint64_t right,
		   uint32_t classes, const char *what)
{
	/* A kernel that is damaged or unlike others may have a few odd ones. */
	if (right * 4 < anchors->seen * 3)
		audit_find(audit, AUDIT_ANCHORS, classes, "of %llu struct pages of the kernel's text "
			   "only %llu %s", (unsigned long long)anchors->seen, (unsigned long long)right,
			   what);
}

void audit_check_anchors(struct audit *audit)
{
	const struct kernel *kernel = audit->kernel;
	uint64_t page = UINT64_C(1) << kernel->page_shift, len = 0;
	uint64_t text = protect_text(kernel, &len);
	struct anchors anchors = { 0 };

	for (uint64_t done = 0; text && done < len; done += page) {
		struct mapping map;
		struct err *e = kread_vtop(audit->reader, text + done, &map);

		if (!e)
			look_at(audit, map.pa >> kernel->page_shift, &anchors);
		err_free(e);
	}
	/* Too few say nothing: a filtered or a partial dump. */
	if (anchors.seen < 8)
		return;
	audit->result.ran[AUDIT_ANCHORS] = true;
	expect(audit, &anchors, anchors.flags, ALL_CLASSES, "have the same flags");
	if (audit->layout->has_mapcount)
		expect(audit, &anchors, anchors.mapcount, ALL_CLASSES, "have the mapcount -1");
	expect(audit, &anchors, anchors.mapping, OWNED_CLASSES, "have no mapping");
	if (audit->layout->has_private)
		expect(audit, &anchors, anchors.private, CLASS_BIT(PAGE_FREE), "have 0 in private");
	if (audit->has_lru)
		expect(audit, &anchors, anchors.lru, ALL_CLASSES, "have a list element that is alone");
	/* Only the audit asks for references: it does without. */
	if (anchors.refcount * 4 < anchors.seen * 3)
		audit->has_refcount = false;
}
