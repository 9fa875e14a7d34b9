/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pages/: what the parts of the audit share. */
#ifndef PAGES_AUDITOR_H
#define PAGES_AUDITOR_H

#include "pages/audit.h"
#include "pages/protect.h"

#define CLASS_BIT(class) (UINT32_C(1) << (class))
#define CACHE_CLASSES (CLASS_BIT(PAGE_CACHE) | CLASS_BIT(PAGE_CACHE_PRIVATE))
#define OWNED_CLASSES (CACHE_CLASSES | CLASS_BIT(PAGE_USER))
/* All that struct pages decide. */
#define ALL_CLASSES                                                                               \
	(OWNED_CLASSES | CLASS_BIT(PAGE_FREE) | CLASS_BIT(PAGE_HWPOISON) | CLASS_BIT(PAGE_OFFLINE))

/* Dropped pages of the protected set that are looked at closer. */
#define LOST_MAX 1024u

struct lost_page {
	uint64_t pfn;
	enum protect_kind kind;
};

struct audit {
	struct kreader *reader;
	const struct kernel *kernel;
	const struct scan_job *job;
	const struct page_layout *layout;
	struct audit_result result;

	/* Fields that no judgement wants, but the audit. */
	bool has_lru;
	uint32_t lru;
	bool has_refcount;
	uint32_t refcount;

	/* Classes of pages in which owners of sampled pages lie; see audit_evidence(). */
	uint32_t suspects;

	struct protected protected;
	uint8_t *stored;		/* bits of a block */
	struct lost_page lost[LOST_MAX];
	uint64_t lost_count;		/* may be more than LOST_MAX */
};

/* Note a contradiction; classes that the job does not drop do not fail. */
void audit_find(struct audit *audit, enum audit_part part, uint32_t classes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A struct page and its decoded form, with what a head's first tail says. False: unreadable. */
struct audit_page {
	uint64_t pfn;
	uint64_t va;
	uint8_t bytes[STRUCT_PAGE_MAX];
	struct page_info info;
};
bool audit_read_page(struct audit *audit, uint64_t pfn, struct audit_page *ret);

/* The head of the compound page a tail belongs to; of any other page itself. */
bool audit_read_head(struct audit *audit, uint64_t pfn, struct audit_page *ret);

static inline uint32_t audit_refcount(const struct audit *audit, const struct audit_page *page)
{
	return get_u32(page->bytes + audit->refcount, audit->layout->order);
}

/* What else there is about a page that was judged to be of @class. */
enum evidence { EVIDENCE_FOR, EVIDENCE_NONE, EVIDENCE_AGAINST };

/*
 * *ret_why: static text, of what speaks against it. Where that is another class,
 * which would drop its owner, audit->suspects gets that one.
 */
enum evidence audit_evidence(struct audit *audit, enum page_class class, uint64_t pfn,
			     const char **ret_why);

void audit_check_facts(struct audit *audit);
void audit_check_types(struct audit *audit, const struct types *types);
void audit_check_anchors(struct audit *audit);
struct err *audit_check_counters(struct audit *audit, const struct scan_counts *counts)
	__attribute__((warn_unused_result));
void audit_check_poison(struct audit *audit, const struct scan_counts *counts);
struct err *audit_check_protected(struct audit *audit) __attribute__((warn_unused_result));
void audit_check_samples(struct audit *audit, const struct scan_samples *samples);

#endif
