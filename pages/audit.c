/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "pages/auditor.h"
#include "pages/decode.h"

const char *audit_part_name(enum audit_part part)
{
	static const char *const names[AUDIT_PARTS] = {
		[AUDIT_FACTS] = "facts", [AUDIT_TYPES] = "types", [AUDIT_ANCHORS] = "anchors",
		[AUDIT_COUNTERS] = "counters", [AUDIT_PROTECTED] = "protected",
		[AUDIT_SAMPLES] = "samples",
	};

	return names[part];
}

const char *audit_class_names(uint32_t classes, char *buf, size_t len)
{
	static const struct {
		enum page_class class;
		const char *name;
	} names[] = {
		{ PAGE_FREE, "free" }, { PAGE_CACHE, "cache" },
		{ PAGE_CACHE_PRIVATE, "private cache" }, { PAGE_USER, "user" },
		{ PAGE_HWPOISON, "hwpoison" }, { PAGE_OFFLINE, "offline" },
	};
	size_t at = 0;

	buf[0] = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (classes & CLASS_BIT(names[i].class) && at < len)
			at += (size_t)snprintf(buf + at, len - at, "%s%s", at ? ", " : "",
					       names[i].name);
	}
	return buf;
}

/* Classes of which the job drops pages. */
static uint32_t dropped_classes(const struct audit *audit)
{
	const struct page_layout *layout = audit->layout;
	uint32_t classes = 0;

	for (enum page_class class = PAGE_FREE; class <= PAGE_USER; class++)
		classes |= page_class_stays(audit->job->level, class) ? 0 : CLASS_BIT(class);
	return classes | (layout->pg_hwpoison ? CLASS_BIT(PAGE_HWPOISON) : 0) |
	       (layout->offline.known ? CLASS_BIT(PAGE_OFFLINE) : 0);
}

void audit_find(struct audit *audit, enum audit_part part, uint32_t classes, const char *format, ...)
{
	struct audit_result *result = &audit->result;
	struct audit_finding *finding;
	va_list args;

	classes &= dropped_classes(audit);
	result->failed |= classes;
	if (!classes || result->count == AUDIT_FINDINGS_MAX)
		return;
	finding = &result->findings[result->count++];
	finding->part = part;
	finding->classes = classes;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

bool audit_read_page(struct audit *audit, uint64_t pfn, struct audit_page *ret)
{
	const struct mem_map_run *run = mem_map_find(audit->job->map, pfn);
	struct err *e;

	if (!run)
		return false;
	ret->pfn = pfn;
	ret->va = run->va + (pfn - run->pfn) * audit->layout->size;
	e = kread(audit->reader, ret->va, ret->bytes, audit->layout->size);
	err_free(e);
	if (!e)
		page_decode(audit->layout, ret->bytes, &ret->info);
	return !e;
}

/*
 * The address of the head of the compound page that @page is a tail of; 0 when it
 * is none. A tail may look like a head, too, where HugeTLB maps struct pages of
 * tails to the first page of them; then its neighbour tells (scan_head.c).
 */
static uint64_t head_of(struct audit *audit, const struct audit_page *page,
			const struct audit_page *next)
{
	uint64_t head = 0;

	if (page->info.tail)
		return decode_head_va(audit->layout, page->info.compound, page->va);
	if (next && next->info.tail)
		head = decode_head_va(audit->layout, next->info.compound, next->va);
	return head == page->va ? 0 : head;
}

bool audit_read_head(struct audit *audit, uint64_t pfn, struct audit_page *ret)
{
	const struct page_layout *layout = audit->layout;
	struct audit_page next;
	bool has_next;
	uint64_t head;

	if (!audit_read_page(audit, pfn, ret))
		return false;
	if (!ret->info.tail && !page_is_head(layout, &ret->info))
		return true;
	has_next = audit_read_page(audit, pfn + 1, &next);
	head = head_of(audit, ret, has_next ? &next : NULL);
	if (head) {
		if (!mem_map_pfn(audit->job->map, head, &head) ||
		    !audit_read_page(audit, head, ret) || !page_is_head(layout, &ret->info))
			return false;
		has_next = audit_read_page(audit, head + 1, &next);
	}
	page_decode_head(layout, ret->pfn, has_next ? next.bytes : NULL, &ret->info);
	return true;
}

static bool find_field(const struct audit *audit, const char *name, unsigned int width,
		       uint32_t *ret)
{
	uint64_t offset;

	if (!fact_offset(&audit->kernel->facts, name, &offset) ||
	    !range_fits(offset, width, audit->layout->size))
		return false;
	*ret = (uint32_t)offset;
	return true;
}

static void find_fields(struct audit *audit)
{
	audit->has_lru = find_field(audit, "page.lru", 2 * audit->layout->word, &audit->lru);
	/* Renamed in 4.7 (0139aa7b7fa1). */
	audit->has_refcount = find_field(audit, "page._refcount", 4, &audit->refcount) ||
			      find_field(audit, "page._count", 4, &audit->refcount);
}

static struct err *find_protected(struct audit *audit, size_t budget)
{
	TRY(protect_find(audit->reader, audit->job->map, budget, &audit->protected));
	for (enum protect_kind kind = 0; kind < PROTECT_KINDS; kind++) {
		uint64_t pages = ranges_total(&audit->protected.pfns[kind]);

		audit->result.protected_pages += pages;
		log_debug(audit->kernel->log, "audit: %s: %llu pages%s", protect_name(kind),
			  (unsigned long long)pages, !audit->protected.looked[kind] ? ", not known" :
			  audit->protected.cut[kind] ? ", not all" : "");
	}
	return NULL;
}

struct err *audit_create(struct kreader *reader, const struct scan_job *job,
			 const struct types *types, size_t budget, struct audit **ret)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	struct err *e;

	if (!audit)
		return err_nomem;
	audit->reader = reader;
	audit->kernel = kreader_kernel(reader);
	audit->job = job;
	audit->layout = job->layout;
	audit->stored = malloc(PLAN_BLOCK / 8);
	e = audit->stored ? find_protected(audit, budget) : err_nomem;
	if (e) {
		audit_destroy(audit);
		return e;
	}
	find_fields(audit);
	audit_check_facts(audit);
	if (types)
		audit_check_types(audit, types);
	audit_check_anchors(audit);
	*ret = audit;
	return NULL;
}

void audit_destroy(struct audit *audit)
{
	if (!audit)
		return;
	protect_deinit(&audit->protected);
	free(audit->stored);
	free(audit);
}

/* Pages [from, to) of a block, all protected: those that the dump has and that are not kept. */
static void note_lost(struct audit *audit, enum protect_kind kind, uint64_t base,
		      const struct range *range, const uint8_t *keep)
{
	const struct ranges *unused = audit->job->unused_vmemmap;

	for (uint64_t pfn = range->start; pfn < range->end; pfn++) {
		uint64_t bit = pfn - base;

		if (bits_test(keep, bit) || !bits_test(audit->stored, bit) ||
		    (unused && ranges_contains(unused, pfn)))
			continue;
		if (audit->lost_count < LOST_MAX)
			audit->lost[audit->lost_count] = (struct lost_page){ pfn, kind };
		audit->lost_count++;
	}
}

struct err *audit_block(struct audit *audit, uint64_t block, const uint8_t *keep)
{
	uint64_t base = block * PLAN_BLOCK;
	uint64_t end = min_u64(base + PLAN_BLOCK, audit->kernel->dump->max_mapnr);
	bool has_stored = false;
	struct range range;

	for (enum protect_kind kind = 0; kind < PROTECT_KINDS; kind++) {
		const struct ranges *set = &audit->protected.pfns[kind];

		for (uint64_t at = base; ranges_next(set, at, end, &range); at = range.end) {
			if (bits_count(keep, range.start - base, range.end - base) ==
			    range.end - range.start)
				continue;
			if (!has_stored)
				TRY(dump_stored_bits(audit->kernel->dump, base, end, audit->stored));
			has_stored = true;
			note_lost(audit, kind, base, &range, keep);
		}
	}
	return NULL;
}

struct err *audit_judge(struct audit *audit, const struct scan_counts *counts)
{
	TRY(audit_check_counters(audit, counts));
	audit_check_poison(audit, counts);
	TRY(audit_check_protected(audit));
	if (counts->samples)
		audit_check_samples(audit, counts->samples);
	for (enum audit_part part = 0; part < AUDIT_PARTS; part++) {
		if (!audit->result.ran[part])
			log_debug(audit->kernel->log, "audit: %s: nothing to compare with",
				  audit_part_name(part));
	}
	return NULL;
}

const struct audit_result *audit_result(const struct audit *audit)
{
	return &audit->result;
}

bool audit_give_up(uint32_t classes, struct page_layout *layout, unsigned int *level)
{
	unsigned int was = *level, bits = 0;
	bool gave = false;

	if (classes & CLASS_BIT(PAGE_FREE))
		bits |= LEVEL_FREE;
	/* The two sorts of cache differ by one flag only, and level 4 drops both. */
	if (classes & CACHE_CLASSES)
		bits |= LEVEL_CACHE | LEVEL_CACHE_PRIVATE;
	if (classes & CLASS_BIT(PAGE_USER))
		bits |= LEVEL_USER;
	*level &= ~bits;
	if (classes & CLASS_BIT(PAGE_HWPOISON) && layout->pg_hwpoison) {
		layout->pg_hwpoison = 0;
		gave = true;
	}
	if (classes & CLASS_BIT(PAGE_OFFLINE) && layout->offline.known) {
		layout->offline.known = false;
		gave = true;
	}
	return gave || *level != was;
}
