// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Struct pages, section tables and facts nobody can trust, through layout,
 * memory map, scan and plan. The first 16 bytes choose, then comes a line of
 * facts that overrides those of a known kernel, then memory: tables and struct
 * pages at once, seen through a linear map.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "pages/decode.h"
#include "pages/free_list.h"
#include "pages/scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/eras.h"
#include "tests/unit/memkernel.h"

#define HEADER 16
#define LINEAR 0xffff888000000000ull
#define MEM_MAX 0x20000u
#define TABLES "SYMBOL(mem_section)=ffff888000000000\nSIZE(mem_section)=16\n" \
	"OFFSET(mem_section.section_mem_map)=0\nLENGTH(mem_section)=512\n" \
	"NUMBER(MAX_PHYSMEM_BITS)=33\nNUMBER(SECTION_SIZE_BITS)=16\n" \
	"SYMBOL(mem_map)=ffff888000000000\n"

#define ZONES "SYMBOL(contig_page_data)=ffff888000002000\nOFFSET(pglist_data.node_zones)=0\n" \
	"OFFSET(pglist_data.nr_zones)=3840\nSIZE(zone)=1024\nOFFSET(zone.spanned_pages)=1000\n" \
	"OFFSET(zone.free_area)=0\nSIZE(free_area)=40\nOFFSET(free_area.free_list)=0\n" \
	"SIZE(list_head)=16\nLENGTH(free_area.free_list)=2\n"

static const char *const eras[] = {
	ERA_5_10 TABLES, ERA_6_4 TABLES, ERA_6_7 TABLES, ERA_6_11 TABLES, ERA_6_12 TABLES,
	ERA_7_2 TABLES, ERA_4_4 TABLES, ERA_3_18 TABLES, ERA_2_6_32 TABLES ZONES, ERA_7_2,
};

static struct err *vtop(const void *state, struct dump_view *view, uint64_t va,
			struct mapping *ret)
{
	uint64_t size = *(const uint64_t *)state;

	(void)view;
	if (va - LINEAR >= size)
		return err_no_mapping;
	/* Leaves of 16 KiB, and every eighth page is mapped to the one before. */
	if ((va >> 12 & 7) == 7)
		*ret = (struct mapping){ va & ~0xfffull, (va - LINEAR - 4096) & ~0xfffull, 4096 };
	else
		*ret = (struct mapping){ va, va - LINEAR, 0x4000 - (va & 0x3fff) };
	if (ret->len > 4096 && (va >> 12 & 7) >= 4)
		ret->len = 0x1000 - (va & 0xfff);
	return NULL;
}

static bool is_kernel_address(const void *state, uint64_t va)
{
	(void)state;
	return va >= 0xffff800000000000ull;
}

/* One struct page by itself: whatever it says, verdicts keep their promises. */
static void check_verdicts(const struct page_layout *l, const uint8_t *mem, size_t len,
			   unsigned int level)
{
	for (size_t at = 0; at + 2 * l->size <= len && at < 4096; at += l->size) {
		uint64_t pfn = (uint64_t)mem[at] << (at % 24);
		struct page_info page;
		struct verdict v;

		page_decode(l, mem + at, &page);
		if (page_is_head(l, &page))
			page_decode_head(l, pfn, at % 3 ? mem + at + l->size : NULL, &page);
		v = page_judge(l, level, pfn, &page);
		require(v.order <= ORDER_MAX && !(pfn & ((1ull << v.order) - 1)));
		require(v.class < PAGE_CLASSES && v.reason < KEEP_REASONS);
		require(v.class == PAGE_KEEP || v.reason == KEEP_NONE);
		require(v.class != PAGE_FREE || level & LEVEL_FREE);
		require(v.class != PAGE_USER || level & LEVEL_USER);
		require(v.class != PAGE_CACHE_PRIVATE || level & LEVEL_CACHE_PRIVATE);
		require(v.class != PAGE_CACHE || level & (LEVEL_CACHE | LEVEL_CACHE_PRIVATE));
	}
}

static void check_map(const struct mem_map *map, uint64_t max_mapnr)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct mem_map_run *run = &map->v[i];

		require(run->count && run->pfn + run->count <= max_mapnr);
		require(i == 0 || run[-1].pfn + run[-1].count <= run->pfn);
		require(mem_map_find(map, run->pfn) == run);
		require(mem_map_find(map, run->pfn + run->count - 1) == run);
	}
}

struct again {
	struct scanner *scanner;
	uint64_t asked;
};

static struct err *judge_again(void *ctx, uint64_t block, uint8_t *keep)
{
	struct again *again = ctx;

	again->asked++;
	return scan_block(again->scanner, block, keep, NULL);
}

/* What stays and what is counted as dropped make up what was there, each time. */
static void check_scan(const struct scan_job *job, size_t budget)
{
	const struct dump *dump = job->kernel->dump;
	uint64_t there = ranges_total(&dump->present) - ranges_total(&dump->missing);
	struct again again = { NULL, 0 };
	struct plan_judge judge = { judge_again, &again };
	struct scan_counts counts = { 0 };
	struct plan_cursor *cursor = NULL;
	struct range run = { 0, 0 };
	struct plan *plan = NULL;
	uint64_t kept = 0;
	bool found = true;

	require(!scanner_create(job, &again.scanner));
	require(!plan_create(dump->max_mapnr, budget, &judge, &plan));
	require(!scan_all(job, 0, plan, &counts, NULL));
	for (unsigned int i = 0; i < PAGE_CLASSES; i++)
		there -= counts.dropped[i];
	require(plan_kept(plan) == there);
	require(!plan_cursor_create(plan, &cursor));
	while (found) {
		require(!plan_next_run(cursor, run.end, &run, &found));
		for (uint64_t pfn = run.start; found && pfn < run.end; pfn++)
			require(ranges_contains(&dump->present, pfn) &&
				!ranges_contains(&dump->missing, pfn));
		kept += found ? run.end - run.start : 0;
	}
	require(kept == plan_kept(plan));
	plan_cursor_destroy(cursor);
	plan_destroy(plan);
	scanner_destroy(again.scanner);
}

/* Whatever the lists are, the set is one, within its budget and where struct pages are. */
static void collect_free(struct kreader *reader, const struct mem_map *map,
			 const struct page_layout *layout, size_t budget, struct ranges *ret)
{
	require(!free_list_collect(reader, map, layout, budget, ret));
	require(ret->count * sizeof(*ret->v) <= budget);
	for (size_t i = 0; i < ret->count; i++) {
		require(ret->v[i].start < ret->v[i].end);
		require(i == 0 || ret->v[i - 1].end < ret->v[i].start);
		require(mem_map_find(map, ret->v[i].start) && mem_map_find(map, ret->v[i].end - 1));
	}
}

static void check_kernel(struct kernel *kernel, const uint8_t *choices, const uint8_t *mem,
			 size_t mem_len)
{
	unsigned int level = choices[1] & LEVEL_MAX;
	struct mem_map_run by_hand[2] = {
		{ 0, 1 + choices[2], LINEAR + choices[3] * 64u },
		{ 300 + choices[4], 1 + choices[5] * 4u, LINEAR + choices[6] * 256u },
	};
	struct mem_map *map = NULL, made = { .v = by_hand, .count = 2 };
	struct ranges metadata = { 0 }, free_pages = { 0 };
	struct scan_job job = { .kernel = kernel, .level = level, .pmem_metadata = &metadata,
				.free_pages = &free_pages };
	struct page_layout layout;
	struct kreader *reader = NULL;
	struct err *e;

	e = page_layout_init(&layout, &kernel->facts, kernel->word, kernel->order, 12, NULL);
	if (e) {
		err_free(e);
		check_scan(&job, 0);
		return;
	}
	check_verdicts(&layout, mem, mem_len, level);
	require(!kreader_create(kernel, &reader));
	require(!ranges_add(&metadata, 0x2000 + choices[7], 0x2008 + choices[7]));
	err_free(mem_map_create(reader, kernel, &map));
	if (map)
		check_map(map, kernel->dump->max_mapnr);
	made.struct_size = layout.size;
	job.map = map ? map : &made;
	job.layout = &layout;
	collect_free(reader, job.map, &layout, choices[11] * 16u, &free_pages);
	check_scan(&job, choices[8] * 64u);
	mem_map_destroy(map);
	ranges_deinit(&free_pages);
	ranges_deinit(&metadata);
	kreader_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memkernel mk = { .form = { 8, ORDER_LITTLE }, .machine = EM_X86_64 };
	struct arch arch = { .name = "fuzz", .machine = EM_X86_64, .vtop = vtop,
			     .is_kernel_address = is_kernel_address };
	struct kernel kernel = { .page_shift = 12, .word = 8 };
	const char *era = eras[len ? data[0] % ARRAY_LEN(eras) : 0];
	size_t text_len, mem_len;
	uint64_t size;

	if (len < HEADER)
		return 0;
	text_len = min_u64(data[9] * 2u, len - HEADER);
	mem_len = min_u64(len - HEADER - text_len, MEM_MAX);
	size = round_up(mem_len + 1, 4096);
	memkernel_add(&mk, &(struct memseg){ .size = size, .vaddr = UINT64_MAX });
	memcpy(mk.mem[0], data + HEADER + text_len, mem_len);
	memkernel_add(&mk, &(struct memseg){ .paddr = 0x100000, .size = 0x400000,
					     .vaddr = UINT64_MAX, .excluded = true });
	memkernel_add(&mk, &(struct memseg){ .paddr = 0x2000000, .size = 0x10000,
					     .vaddr = UINT64_MAX, .pmem = true });
	require(!memkernel_open(&mk, NULL) && !dump_set_page_size(mk.dump, 4096));
	kernel.dump = mk.dump;
	/* The kernel's byte order need not be the file's here: both are tried on any bytes. */
	kernel.order = data[10] & 1 ? ORDER_BIG : ORDER_LITTLE;
	kernel.word = data[10] & 2 ? 4 : 8;
	kernel.arch = &arch;
	kernel.arch_state = &size;
	facts_init(&kernel.facts);
	require(!facts_add_vmcoreinfo(&kernel.facts, (const char *)data + HEADER, text_len, "fuzz",
				      NULL));
	require(!facts_add_vmcoreinfo(&kernel.facts, era, strlen(era), "era", NULL));
	check_kernel(&kernel, data, mk.mem[0], size);
	facts_deinit(&kernel.facts);
	memkernel_close(&mk);
	return 0;
}
