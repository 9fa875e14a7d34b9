/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where persistent memory holds its own struct pages, by the kernel's list
 * devm_memmap_vmcore_head (RFC "pmem memmap dump" v2, 2023-04).
 */
#include "kernel/pmem.h"

/* Elements to look at; one per device with its memmap on itself. */
#define PMEM_LIST_LIMIT 65536

struct pmem_walk {
	struct kreader *reader;
	const struct dump *dump;
	const struct log *log;
	struct ranges *metadata;
	uint64_t entry, start, end;	/* offsets in struct devm_memmap_vmcore */
	uint64_t bad;
};

static bool find_offsets(const struct facts *facts, struct pmem_walk *walk)
{
	return fact_offset(facts, "devm_memmap_vmcore.entry", &walk->entry) &&
	       fact_offset(facts, "devm_memmap_vmcore.start", &walk->start) &&
	       fact_offset(facts, "devm_memmap_vmcore.end", &walk->end);
}

/* The part of [start, end) that is persistent memory in this dump; nothing: a bad element. */
static struct err *add_range(struct pmem_walk *walk, uint64_t start, uint64_t end)
{
	struct range part;
	uint64_t from = start;
	bool any = false;

	while (from < end && ranges_next(&walk->dump->pmem, from, end, &part)) {
		TRY(ranges_add(walk->metadata, part.start, part.end));
		from = part.end;
		any = true;
	}
	if (!any && walk->bad++ == 0)
		log_warn(walk->log,
			 "pmem metadata: pfns %#llx to %#llx are not in persistent memory, ignored",
			 (unsigned long long)start, (unsigned long long)end);
	return NULL;
}

static struct err *visit(void *ctx, uint64_t node)
{
	struct pmem_walk *walk = ctx;
	uint64_t element = node - walk->entry;
	uint64_t start, end;

	TRY(kread_word(walk->reader, element + walk->start, &start));
	TRY(kread_word(walk->reader, element + walk->end, &end));
	return add_range(walk, start, end);
}

struct err *kernel_pmem_listed(struct kreader *reader, struct ranges *metadata, bool *found)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct pmem_walk walk = {
		.reader = reader,
		.dump = kernel->dump,
		.log = kernel->log,
		.metadata = metadata,
	};
	uint64_t head;
	struct err *e;

	*found = false;
	if (!fact_symbol(&kernel->facts, "devm_memmap_vmcore_head", &head))
		return NULL;
	if (!find_offsets(&kernel->facts, &walk)) {
		log_warn(kernel->log,
			 "pmem metadata: OFFSET(devm_memmap_vmcore.entry, start or end) is not known");
		return NULL;
	}
	*found = true;
	/* No such memory in the dump (no segment has PF_DEV): nothing the list could be about. */
	if (kernel->dump->pmem.count == 0)
		return NULL;
	e = klist_for_each(reader, head, PMEM_LIST_LIMIT, visit, &walk);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e)
		log_warn(kernel->log, "pmem metadata: %s; the rest of the list is not known", err_text(e));
	err_free(e);
	if (walk.bad > 1)
		log_warn(kernel->log, "pmem metadata: %llu list elements ignored",
			 (unsigned long long)walk.bad);
	return NULL;
}
