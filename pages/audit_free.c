/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free blocks by order, as struct pages tell, against the zones' own numbers.
 *
 * free_area.nr_free counts blocks of one order under the zone's lock; it is in
 * no VMCOREINFO, but has been the word behind the lists since 2.6.24 (struct
 * free_area). vm_stat[NR_FREE_PAGES] is behind by what CPUs hold back, and
 * does not count pages that are isolated, so it decides only without the other.
 */
#include "base/checked.h"
#include "kernel/symbols.h"
#include "pages/auditor.h"
#include "pages/zones.h"

/* Pages a CPU may hold back of one zone's counter, MAX of its stat_threshold. */
#define STAT_THRESHOLD 125u

/* CPUs assumed when the dump has no notes of them. */
#define CPUS_ASSUMED 16u

struct counters {
	uint64_t blocks[SCAN_ORDERS];	/* by nr_free */
	uint64_t pages;			/* by vm_stat */
	bool has_blocks, has_pages;
};

static bool add_word(struct audit *audit, uint64_t va, uint64_t *sum)
{
	uint64_t value = 0;
	struct err *e = kread_word(audit->reader, va, &value);
	bool ok = !e && checked_add(*sum, value, sum);

	err_free(e);
	return ok;
}

static void add_zone(struct audit *audit, const struct zone_facts *facts, const struct zone *zone,
		     struct counters *ret)
{
	const struct facts *from = &audit->kernel->facts;
	uint64_t offset;
	int64_t item;

	for (unsigned int order = 0; order < facts->orders && ret->has_blocks; order++)
		ret->has_blocks = add_word(audit, zone_free_list(facts, zone, order,
								 (unsigned int)facts->types),
					   &ret->blocks[order]);
	ret->has_pages = ret->has_pages && fact_number(from, "NR_FREE_PAGES", &item) && item >= 0 &&
			 item < 64 && fact_offset(from, "zone.vm_stat", &offset) &&
			 add_word(audit, zone->va + offset + (uint64_t)item * audit->kernel->word,
				  &ret->pages);
}

static void compare_blocks(struct audit *audit, const struct scan_counts *counts,
			   const struct counters *counters, uint64_t cpus)
{
	/* Each CPU may be in the middle of splitting or merging one. */
	uint64_t slack = 8 + 2 * cpus;

	for (unsigned int order = 0; order < SCAN_ORDERS; order++) {
		uint64_t found = counts->free_blocks[order], told = counters->blocks[order];

		if (found <= told || found - told <= slack)
			continue;
		audit_find(audit, AUDIT_COUNTERS, CLASS_BIT(PAGE_FREE),
			   "%llu free blocks of order %u, but free_area counts %llu",
			   (unsigned long long)found, order, (unsigned long long)told);
		return;
	}
}

/* What the counters allow; a running system's move while they are read. */
static void compare_pages(struct audit *audit, const struct counters *counters, uint64_t slack)
{
	uint64_t counted = audit->result.counted_free_pages;

	if (audit->kernel->dump->live)
		slack += counters->pages / 4 + (UINT64_C(1) << 14);
	if (counted > counters->pages && counted - counters->pages > slack)
		audit_find(audit, AUDIT_COUNTERS, CLASS_BIT(PAGE_FREE),
			   "%llu free pages, but vm_stat[NR_FREE_PAGES] says %llu",
			   (unsigned long long)counted, (unsigned long long)counters->pages);
}

static void compare(struct audit *audit, const struct scan_counts *counts,
		    const struct counters *counters, uint64_t zones)
{
	uint64_t cpus = max_u64(audit->kernel->dump->nr_cpus, CPUS_ASSUMED);
	struct audit_result *result = &audit->result;

	result->kernel_free_pages = counters->pages;
	for (unsigned int order = 0; order < SCAN_ORDERS; order++)
		result->counted_free_pages += counts->free_blocks[order] << order;
	result->ran[AUDIT_COUNTERS] = counters->has_pages || counters->has_blocks;
	if (counters->has_blocks && !audit->kernel->dump->live)
		compare_blocks(audit, counts, counters, cpus);
	else if (counters->has_pages)
		compare_pages(audit, counters, zones * cpus * STAT_THRESHOLD);
}

struct err *audit_check_counters(struct audit *audit, const struct scan_counts *counts)
{
	const struct facts *facts = &audit->kernel->facts;
	struct counters counters = { .has_pages = true };
	struct zones zones = { 0 };
	struct zone_facts zone_facts;
	struct nodes nodes;
	uint64_t offset;

	if (!(audit->job->level & LEVEL_FREE) || !page_layout_tells_free(audit->layout) ||
	    (!nodes_find(facts, &nodes) && !nodes_find_by_symbols(audit->reader, &nodes)) ||
	    zone_facts_init_with(&zone_facts, facts, audit->layout, &nodes))
		return NULL;
	counters.has_blocks = range_fits(zone_facts.free_list + zone_facts.types * zone_facts.list_size,
					 audit->kernel->word, zone_facts.area_size);
	if (fact_offset(facts, "zone.vm_stat", &offset) && offset >= zone_facts.zone_size)
		counters.has_pages = false;
	TRY(zones_find(audit->reader, &zone_facts, &zones));
	for (size_t i = 0; i < zones.count; i++)
		add_zone(audit, &zone_facts, &zones.v[i], &counters);
	if (zones.count)
		compare(audit, counts, &counters, zones.count);
	zones_deinit(&zones);
	return NULL;
}

/*
 * Poisoned pages are few, and the kernel counts them (num_poisoned_pages, which only
 * kernels that keep data symbols in kallsyms name). Between setting the mark
 * and counting is little time.
 */
#define POISON_SLACK 16u

/* Where the count is unknown: so many pages have a poisoned one. */
#define POISON_RARITY 4096u

void audit_check_poison(struct audit *audit, const struct scan_counts *counts)
{
	uint64_t limit = audit->kernel->dump->present_count / POISON_RARITY, va, counted = 0;
	bool known = false;

	if (counts->poisoned <= POISON_SLACK)
		return;
	if (ksymbol(audit->reader, "num_poisoned_pages", &va))
		known = add_word(audit, va, &counted);
	if (known)
		limit = 2 * min_u64(counted, UINT64_MAX / 4);
	if (counts->poisoned <= limit + POISON_SLACK)
		return;
	audit_find(audit, AUDIT_COUNTERS, CLASS_BIT(PAGE_HWPOISON),
		   "%llu pages are marked, but %s %llu", (unsigned long long)counts->poisoned,
		   known ? "num_poisoned_pages says" : "there should be no more than",
		   (unsigned long long)(known ? counted : limit));
}
