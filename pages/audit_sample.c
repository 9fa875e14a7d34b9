/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dropped pages looked at closer: those of the protected set, and samples of each class. */
#include "base/checked.h"
#include "pages/auditor.h"
#include "pages/sorter.h"

/* Poisoned pages may be anywhere, in the kernel's own memory too, but they are few. */
#define POISON_STRAY 16u

struct lost_count {
	uint64_t pages;
	uint64_t first;		/* pfn */
};

struct lost_counts {
	struct lost_count of[PAGE_CLASSES][PROTECT_KINDS];
};

/* What the sorter does not tell apart. */
static enum page_class never_class(struct audit *audit, uint64_t pfn)
{
	struct audit_page page;

	if (audit_read_page(audit, pfn, &page) && (page.info.flags & audit->layout->pg_hwpoison))
		return PAGE_HWPOISON;
	if (audit_read_head(audit, pfn, &page) && (page.info.flags & audit->layout->pg_hwpoison))
		return PAGE_HWPOISON;
	return PAGE_OFFLINE;
}

/* User and cache pages may be mapped by the kernel: then they have an owner, too. */
static bool excused(struct audit *audit, const struct lost_page *lost, enum page_class class)
{
	const char *why = NULL;

	if (lost->kind != PROTECT_MAPPED)
		return false;
	/* What was mapped when the tables were read may be free by the time it is judged. */
	if (audit->kernel->dump->live)
		return true;
	return (CLASS_BIT(class) & OWNED_CLASSES) &&
	       audit_evidence(audit, class, lost->pfn, &why) != EVIDENCE_AGAINST;
}

static struct err *count_lost(struct audit *audit, struct sorter *sorter, struct lost_counts *counts)
{
	uint64_t per_chunk = sorter_chunk_pages(sorter), at = UINT64_MAX;
	const uint8_t *classes = NULL;

	for (uint64_t i = 0; i < min_u64(audit->lost_count, LOST_MAX); i++) {
		const struct lost_page *lost = &audit->lost[i];
		struct lost_count *count;
		enum page_class class;

		if (lost->pfn / per_chunk != at) {
			at = lost->pfn / per_chunk;
			TRY(sorter_chunk(sorter, at, &classes));
		}
		class = classes[lost->pfn % per_chunk];
		if (class == SORT_NEVER)
			class = never_class(audit, lost->pfn);
		if (class == PAGE_KEEP || excused(audit, lost, class))
			continue;
		count = &counts->of[class][lost->kind];
		if (!count->pages++)
			count->first = lost->pfn;
	}
	return NULL;
}

static void tell_lost(struct audit *audit, const struct lost_counts *counts)
{
	for (enum page_class class = 0; class < PAGE_CLASSES; class++) {
		for (enum protect_kind kind = 0; kind < PROTECT_KINDS; kind++) {
			const struct lost_count *count = &counts->of[class][kind];

			if (count->pages > (class == PAGE_HWPOISON ? POISON_STRAY : 0))
				audit_find(audit, AUDIT_PROTECTED, CLASS_BIT(class),
					   "%llu%s of them are in the %s, the first at pfn %#llx",
					   (unsigned long long)count->pages,
					   audit->lost_count > LOST_MAX ? " or more" : "",
					   protect_name(kind), (unsigned long long)count->first);
		}
	}
}

struct err *audit_check_protected(struct audit *audit)
{
	struct lost_counts counts = { 0 };
	struct sorter *sorter;
	struct err *e;

	audit->result.ran[AUDIT_PROTECTED] = audit->result.protected_pages != 0;
	if (!audit->lost_count)
		return NULL;
	TRY(sorter_create(audit->job, &sorter));
	e = count_lost(audit, sorter, &counts);
	sorter_destroy(sorter);
	TRY(e);
	tell_lost(audit, &counts);
	return NULL;
}

struct tally {
	uint64_t looked, good, bad;
	uint64_t first;		/* pfn of the first bad one */
	const char *why;	/* of that one */
};

static struct tally take_tally(struct audit *audit, enum page_class class,
			       const struct class_samples *samples)
{
	struct tally tally = { 0 };

	for (unsigned int i = 0; i < samples->count; i++) {
		const char *why = NULL;
		enum evidence evidence = audit_evidence(audit, class, samples->pfn[i], &why);

		tally.looked++;
		tally.good += evidence == EVIDENCE_FOR;
		if (evidence != EVIDENCE_AGAINST)
			continue;
		if (!tally.bad++) {
			tally.first = samples->pfn[i];
			tally.why = why;
		}
	}
	return tally;
}

/* Pages on their way from one state to another, and damaged memory, make a few. */
static uint64_t excusable(const struct audit *audit, const struct tally *tally)
{
	return audit->kernel->dump->live ? tally->looked / 2 : 2 + tally->looked / 32;
}

static void check_class(struct audit *audit, enum page_class class, const char *what,
			const struct class_samples *samples)
{
	struct tally tally;

	audit->suspects = 0;
	tally = take_tally(audit, class, samples);
	audit->result.sampled_pages += tally.looked;
	audit->result.ran[AUDIT_SAMPLES] |= tally.looked != 0;
	if (tally.bad)
		log_debug(audit->kernel->log, "audit: of %llu %s %llu have an owner, %llu are odd, the first "
			  "at pfn %#llx: %s", (unsigned long long)tally.looked, what,
			  (unsigned long long)tally.good, (unsigned long long)tally.bad,
			  (unsigned long long)tally.first, tally.why);
	if (tally.bad > excusable(audit, &tally))
		audit_find(audit, AUDIT_SAMPLES, CLASS_BIT(class) | audit->suspects,
			   "%llu of %llu %s are not what they seem, the first at pfn %#llx: %s",
			   (unsigned long long)tally.bad, (unsigned long long)tally.looked, what,
			   (unsigned long long)tally.first, tally.why);
}

void audit_check_samples(struct audit *audit, const struct scan_samples *samples)
{
	for (enum page_class class = PAGE_FREE; class <= PAGE_USER; class++)
		check_class(audit, class, "samples", &samples->of[class]);
	check_class(audit, PAGE_USER, "hugetlb heads", &samples->hugetlb);
}
