/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The audit: is what the facts say of pages true? Asked before a page is lost.
 *
 * The scan believes the facts: an offset, a flag, a type. Each part of the
 * audit holds them against something that they do not decide:
 *
 *   facts      each other, and the kernel's own types (BTF)
 *   anchors    struct pages of the kernel's text, whose contents are known
 *   counters   free blocks found against free_area and vm_stat of all zones
 *   protected  pages that are the kernel's beyond doubt: none may be dropped
 *   samples    of each class: what its pages must have beside the mark they were judged by
 *
 * A class that fails is to be kept whole: audit_give_up(), then judge all
 * blocks once more, with a new audit, since classes take pages from each other.
 */
#ifndef PAGES_AUDIT_H
#define PAGES_AUDIT_H

#include "base/err.h"
#include "facts/types.h"
#include "pages/scan.h"

/* Bytes of ranges a run affords for protected pages. */
#define AUDIT_BUDGET ((size_t)2 << 20)

#define AUDIT_FINDINGS_MAX 32u
#define AUDIT_TEXT_MAX 192u

enum audit_part {
	AUDIT_FACTS, AUDIT_TYPES, AUDIT_ANCHORS, AUDIT_COUNTERS, AUDIT_PROTECTED, AUDIT_SAMPLES,
	AUDIT_PARTS,
};

/* One contradiction. */
struct audit_finding {
	enum audit_part part;
	uint32_t classes;		/* bit 1 << class of each that fails for it */
	char text[AUDIT_TEXT_MAX];	/* with the numbers */
};

struct audit_result {
	struct audit_finding findings[AUDIT_FINDINGS_MAX];
	unsigned int count;
	uint32_t failed;		/* classes that fail; bits as in findings */
	bool ran[AUDIT_PARTS];
	/* What was looked at, for the report. */
	uint64_t protected_pages;
	uint64_t sampled_pages;
	uint64_t kernel_free_pages;	/* by vm_stat; valid when ran[AUDIT_COUNTERS] */
	uint64_t counted_free_pages;
};

struct audit;

/*
 * Find what is needed, and ask the parts that need no scan. @types may be NULL:
 * then no types are known. Facts that only the audit wants and that are missing
 * cost a part, not an error. @job is borrowed.
 */
struct err *audit_create(struct kreader *reader, const struct scan_job *job,
			 const struct types *types, size_t budget, struct audit **ret)
	__attribute__((warn_unused_result));
void audit_destroy(struct audit *audit);

/* A judged block; each in turn, as struct scan_taker gets them. */
struct err *audit_block(struct audit *audit, uint64_t block, const uint8_t *keep)
	__attribute__((warn_unused_result));

/* When all blocks are judged: the other parts. @counts has samples, or none are looked at. */
struct err *audit_judge(struct audit *audit, const struct scan_counts *counts)
	__attribute__((warn_unused_result));

/* Borrowed, grows with the calls above. */
const struct audit_result *audit_result(const struct audit *audit);

/* "facts", "samples" ...; static. */
const char *audit_part_name(enum audit_part part);

/* "free pages, user pages" of @classes into @buf, returned. */
const char *audit_class_names(uint32_t classes, char *buf, size_t len);

/*
 * Let @layout and @level not drop pages of @classes any more. False: @level had
 * nothing to do with any of them.
 */
bool audit_give_up(uint32_t classes, struct page_layout *layout, unsigned int *level);

#endif
