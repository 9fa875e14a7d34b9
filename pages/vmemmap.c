/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks' keep bits come in ascending order. For each run of the memory map
 * in a block, pages of struct pages are needed or not; stretches of either sort
 * are translated leaf by leaf.
 *
 * The same memory can only be mapped twice page by page, so of what is needed
 * just the pages with a leaf of their own are remembered, and taken away from
 * the unused ones at the end.
 */
#include "pages/vmemmap.h"

#include "base/bits.h"
#include "base/checked.h"
#include "pages/decode.h"

struct collector {
	const struct scan_job *job;
	struct kreader *reader;
	uint64_t page_size;
	struct vmemmap_unused *unused;
	struct ranges used;	/* pfns that stay whatever else says they are unused */
	size_t room;		/* ranges, of both sets */
	bool used_overflow;	/* @used is not complete: nothing can be said */
};

/* Pages [from, to) of struct pages by virtual address, all of them needed or none. */
struct stretch {
	uint64_t from;
	uint64_t to;
	bool needed;
};

/* A run's part in a block: struct pages of pfns [start, end). */
struct part {
	const struct mem_map_run *run;
	uint64_t start;
	uint64_t end;
	const uint8_t *keep;	/* bit 0 is pfn @base */
	uint64_t base;
};

static uint64_t struct_va(const struct collector *c, const struct mem_map_run *run, uint64_t pfn)
{
	return run->va + (pfn - run->pfn) * c->job->layout->size;
}

/* Room for [start, start + count) in @set: none is needed at its end. */
static bool has_room(const struct collector *c, const struct ranges *set, uint64_t start)
{
	return c->unused->pfns.count + c->used.count < c->room ||
	       (set->count && set->v[set->count - 1].end == start);
}

static struct err *add_used(struct collector *c, uint64_t pfn)
{
	if (!has_room(c, &c->used, pfn)) {
		c->used_overflow = true;
		return NULL;
	}
	return ranges_add(&c->used, pfn, pfn + 1);
}

static struct err *add_unused(struct collector *c, uint64_t pfn, uint64_t count)
{
	if (!has_room(c, &c->unused->pfns, pfn)) {
		c->unused->no_room += count;
		return NULL;
	}
	return ranges_add(&c->unused->pfns, pfn, pfn + count);
}

/* Memory behind a piece of the memory map. */
struct piece {
	uint64_t pfn;
	uint64_t pages;		/* 0: there is none */
	bool single;		/* the leaf ends with this page, and may be no more than it */
};

/* What is behind [@va, @to), as far as one leaf reaches. */
static struct err *translate(struct collector *c, uint64_t va, uint64_t to, struct piece *ret)
{
	struct mapping mapping;
	struct err *e = kread_vtop(c->reader, va, &mapping);

	*ret = (struct piece){ 0 };
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (!e && !(mapping.pa & (c->page_size - 1)))
		*ret = (struct piece){ .pfn = mapping.pa / c->page_size,
				       .pages = min_u64(to - va, mapping.len) / c->page_size,
				       .single = mapping.len <= c->page_size };
	err_free(e);
	return NULL;
}

static struct err *settle(struct collector *c, const struct stretch *stretch)
{
	/* Sections that could not be read may have pages of the memory map in common with others. */
	bool doubt = c->job->map->bad_sections;
	struct piece piece;

	for (uint64_t va = stretch->from; va < stretch->to;
	     va += max_u64(piece.pages, 1) * c->page_size) {
		TRY(translate(c, va, stretch->to, &piece));
		if (!piece.pages)
			continue;
		if (!stretch->needed && !(doubt && piece.single))
			TRY(add_unused(c, piece.pfn, piece.pages));
		else if (piece.single)
			TRY(add_used(c, piece.pfn));
	}
	return NULL;
}

/*
 * @pfn is the first page that stays behind some that do not, and whose struct
 * pages were unused so far. Where it is a tail, what its head says is needed:
 * the head and the first tail.
 */
static struct err *need_head(struct collector *c, const struct part *part, uint64_t pfn)
{
	const struct page_layout *layout = c->job->layout;
	uint64_t va = struct_va(c, part->run, pfn), head, end, head_pfn;
	uint8_t bytes[STRUCT_PAGE_MAX];
	struct page_info page;
	struct piece piece;
	struct err *e = kread(c->reader, va, bytes, layout->size);

	if (e) {
		err_free(e);
		return NULL;
	}
	decode_page(layout, bytes, &page);
	if (!page.tail)
		return NULL;
	head = decode_head_va(layout, page.compound, va);
	end = head + 2 * layout->size;
	if (!mem_map_pfn(c->job->map, head, &head_pfn))
		return NULL;
	for (va = head & ~(c->page_size - 1); va < end; va += c->page_size) {
		TRY(translate(c, va, va + c->page_size, &piece));
		if (piece.pages)
			TRY(add_used(c, piece.pfn));
	}
	return NULL;
}

/* The first page of [from, to) that stays, or @to. */
static uint64_t first_kept(const struct part *part, uint64_t from, uint64_t to)
{
	return part->base + bits_next_set(part->keep, from - part->base, to - part->base);
}

/* Pfns whose struct pages lie at least in part in the page at @va, inside the part. */
static struct range pfns_of(const struct collector *c, const struct part *part, uint64_t va)
{
	uint64_t size = c->job->layout->size, start = struct_va(c, part->run, part->start);
	uint64_t end = struct_va(c, part->run, part->end);

	return (struct range){
		part->start + (va > start ? (va - start) / size : 0),
		part->start + div_round_up(min_u64(end, va + c->page_size) - start, size),
	};
}

static struct err *collect_part(struct collector *c, const struct part *part)
{
	uint64_t start = struct_va(c, part->run, part->start);
	uint64_t end = struct_va(c, part->run, part->end);
	uint64_t va = start & ~(c->page_size - 1);
	struct stretch stretch = { va, va, false };

	/* No struct page is that high. */
	if (end < start || end > UINT64_MAX - c->page_size)
		return NULL;
	for (; va < end; va += c->page_size) {
		struct range pfns = pfns_of(c, part, va);
		uint64_t kept = first_kept(part, pfns.start, pfns.end);
		/* What else is in a page that is not the part's alone is not known here. */
		bool needed = kept < pfns.end || va < start || va + c->page_size > end;

		if (needed && !stretch.needed && kept < pfns.end)
			TRY(need_head(c, part, kept));
		if (needed != stretch.needed) {
			TRY(settle(c, &stretch));
			stretch = (struct stretch){ va, va, needed };
		}
		stretch.to = va + c->page_size;
	}
	return settle(c, &stretch);
}

static struct err *take_block(void *ctx, uint64_t block, const uint8_t *keep)
{
	struct collector *c = ctx;
	const struct mem_map *map = c->job->map;
	uint64_t from = block * PLAN_BLOCK, to = from + PLAN_BLOCK;

	for (size_t i = mem_map_index(map, from); i < map->count && map->v[i].pfn < to; i++) {
		const struct mem_map_run *run = &map->v[i];
		struct part part = { .run = run, .start = max_u64(from, run->pfn),
				     .end = min_u64(to, run->pfn + run->count),
				     .keep = keep, .base = from };

		TRY(collect_part(c, &part));
	}
	return NULL;
}

static struct err *collect_all(struct collector *c, unsigned int threads,
			       const struct progress *progress)
{
	const struct scan_taker taker = { .take = take_block, .ctx = c };
	struct scan_job job = *c->job;
	struct scan_counts counts = { 0 };

	job.unused_vmemmap = NULL;
	return scan_each(&job, threads, &taker, &counts, progress);
}

/*
 * Take away what is used; when that is not known in full, everything. Struct
 * pages on persistent memory have a level bit of their own.
 */
static struct err *reduce(struct collector *c)
{
	const struct ranges *pmem = &c->job->kernel->dump->pmem;
	struct ranges *pfns = &c->unused->pfns;

	if (c->used_overflow) {
		c->unused->no_room += ranges_total(pfns);
		ranges_deinit(pfns);
		return NULL;
	}
	for (size_t i = 0; i < c->used.count; i++)
		TRY(ranges_remove(pfns, c->used.v[i].start, c->used.v[i].end));
	for (size_t i = 0; i < pmem->count; i++)
		TRY(ranges_remove(pfns, pmem->v[i].start, pmem->v[i].end));
	return NULL;
}

struct err *vmemmap_find_unused(const struct scan_job *job, unsigned int threads, size_t budget,
				const struct progress *progress, struct vmemmap_unused *unused)
{
	struct collector c = { .job = job, .unused = unused,
			       .room = budget / sizeof(struct range) };
	struct err *e;

	if (!job->map)
		return NULL;
	c.page_size = UINT64_C(1) << job->kernel->page_shift;
	TRY(kreader_create(job->kernel, &c.reader));
	e = collect_all(&c, threads, progress);
	if (!e)
		e = reduce(&c);
	ranges_deinit(&c.used);
	kreader_destroy(c.reader);
	return e;
}

void vmemmap_unused_deinit(struct vmemmap_unused *unused)
{
	ranges_deinit(&unused->pfns);
}
