/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory models on synthetic tables: sound ones, odd ones, damaged ones. */
#include "pages/mem_map.h"
#include "tests/unit/eras.h"
#include "tests/unit/machine.h"

/*
 * The machine: 64 MiB of memory in sections of 1 MiB (256 pages), so that a
 * root (a page of 16-byte sections) holds 256 of them. Tables from 1 MiB on,
 * struct pages from 2 MiB on.
 */
#define SIZE (UINT64_C(64) << 20)
#define PAGES (SIZE / MACHINE_PAGE)
#define SECTION_PAGES 256u
#define ROOTS_PA (UINT64_C(1) << 20)
#define ROOT_PA (ROOTS_PA + 0x10040)	/* roots are not page aligned */
#define PTR_PA (ROOTS_PA + 0x20000)
#define MEMMAP_PA (UINT64_C(2) << 20)

#define PRESENT 1u
#define HAS_MAP 2u
#define ONLINE 4u
#define EARLY 8u
#define GOOD (PRESENT | HAS_MAP | ONLINE | EARLY)

#define SPARSE_INFO ERA_7_2 \
	"SYMBOL(mem_section)=ffff888000100000\nSIZE(mem_section)=16\n" \
	"OFFSET(mem_section.section_mem_map)=0\n"
#define SECTION_BITS "NUMBER(SECTION_SIZE_BITS)=20\n"
#define LENGTHS "LENGTH(mem_section)=256\nNUMBER(MAX_PHYSMEM_BITS)=36\n" SECTION_BITS

static void sparse_init(struct machine *m)
{
	machine_init(m, SIZE, MEMMAP_PA);
	machine_segment(m, 0, PAGES);
	machine_word(m, ROOTS_PA, MACHINE_LINEAR + ROOT_PA);
	for (uint64_t n = 0; n < PAGES / SECTION_PAGES; n++)
		machine_word(m, ROOT_PA + n * 16, MACHINE_VMEMMAP | GOOD);
}

static void set_section(const struct machine *m, uint64_t n, uint64_t v)
{
	machine_word(m, ROOT_PA + n * 16, v);
}

static struct mem_map *create(struct machine *m)
{
	struct mem_map *map = NULL;

	CHECK_OK(mem_map_create(m->reader, &m->kernel, &map));
	return map;
}

/* One run of all pages. */
static void check_whole(const struct mem_map *map)
{
	CHECK_EQ(map->count, 1);
	CHECK_EQ(map->v[0].pfn, 0);
	CHECK_EQ(map->v[0].count, PAGES);
	CHECK_EQ(map->v[0].va, MACHINE_VMEMMAP);
	CHECK_EQ(map->bad_sections, 0);
}

static void test_sparse_extreme(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->model, MODEL_SPARSE_EXTREME);
	check_whole(map);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* SYMBOL(mem_section) is the address of the pointer, as in 4.15 and from a vmlinux. */
static void test_symbol_of_the_pointer(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	machine_word(&m, PTR_PA, MACHINE_LINEAR + ROOTS_PA);
	machine_open(&m, ERA_7_2 "SYMBOL(mem_section)=ffff888000120000\nSIZE(mem_section)=16\n"
		     "OFFSET(mem_section.section_mem_map)=0\n" LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->model, MODEL_SPARSE_EXTREME);
	check_whole(map);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* Section size from the other two facts (5.9 - 5.12), and from nothing at all but the tables. */
static void test_section_size_is_derived(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	machine_open(&m, SPARSE_INFO "LENGTH(mem_section)=256\nNUMBER(MAX_PHYSMEM_BITS)=36\n", NULL);
	map = create(&m);
	check_whole(map);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* Before 5.9: the architecture's 128 MiB, so that the first section spans the machine. */
static void test_section_size_of_the_architecture(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	set_section(&m, 1, 0);
	machine_open(&m, SPARSE_INFO "LENGTH(mem_section)=2048\n", NULL);
	map = create(&m);
	check_whole(map);
	mem_map_destroy(map);
	machine_deinit(&m);
}

static void test_plain_sparse(void)
{
	struct machine m;
	struct mem_map *map;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	/* Each section's struct pages elsewhere: descending in the linear map. */
	for (uint64_t n = 0; n < PAGES / SECTION_PAGES; n++) {
		uint64_t va = MACHINE_LINEAR + MEMMAP_PA + (63 - n) * SECTION_PAGES * 64;

		machine_word(&m, ROOTS_PA + n * 16, (va - n * SECTION_PAGES * 64) | GOOD);
	}
	machine_open(&m, SPARSE_INFO "LENGTH(mem_section)=65536\nNUMBER(MAX_PHYSMEM_BITS)=36\n"
		     SECTION_BITS, NULL);
	map = create(&m);
	CHECK_EQ(map->model, MODEL_SPARSE);
	CHECK_EQ(map->count, PAGES / SECTION_PAGES);
	for (uint64_t pfn = 0; pfn < PAGES; pfn += 37) {
		const struct mem_map_run *run = mem_map_find(map, pfn);
		uint64_t n = pfn / SECTION_PAGES, got = 0;
		uint64_t va = MACHINE_LINEAR + MEMMAP_PA +
			      ((63 - n) * SECTION_PAGES + pfn % SECTION_PAGES) * 64;

		CHECK(run && run->va + (pfn - run->pfn) * 64 == va);
		CHECK(mem_map_pfn(map, va, &got));
		CHECK_EQ(got, pfn);
		CHECK(!mem_map_pfn(map, va + 8, &got));
	}
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* All flag bits set, the sixth of 6.15 included: the map is the same. */
static void test_flag_bits(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	for (uint64_t n = 10; n < 20; n++)
		set_section(&m, n, MACHINE_VMEMMAP | 0x3f);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	check_whole(map);
	mem_map_destroy(map);
	machine_deinit(&m);
}

static void test_sections_without_map(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	set_section(&m, 3, 0);
	/* Early boot keeps the node number in the upper bits: no map. */
	set_section(&m, 7, PRESENT | 1 << 5);
	set_section(&m, 8, HAS_MAP | MACHINE_VMEMMAP);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->count, 3);
	CHECK(!mem_map_find(map, 3 * SECTION_PAGES));
	CHECK(!mem_map_find(map, 4 * SECTION_PAGES - 1));
	CHECK(mem_map_find(map, 4 * SECTION_PAGES));
	CHECK(!mem_map_find(map, 7 * SECTION_PAGES));
	CHECK(!mem_map_find(map, 9 * SECTION_PAGES - 1));
	CHECK_EQ(mem_map_index(map, 8 * SECTION_PAGES), 2);
	CHECK_EQ(map->bad_sections, 0);
	CHECK_EQ(map->v[2].pfn, 9 * SECTION_PAGES);
	CHECK_EQ(map->v[2].va, MACHINE_VMEMMAP + 9 * SECTION_PAGES * 64);
	mem_map_destroy(map);
	machine_deinit(&m);
}

static void test_offline_sections(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	set_section(&m, 5, MACHINE_VMEMMAP | PRESENT | HAS_MAP);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->offline_sections, 1);
	CHECK_EQ(map->bad_sections, 0);
	CHECK(!mem_map_find(map, 5 * SECTION_PAGES));
	CHECK_EQ(map->count, 2);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* Before 4.13 there is no such bit, and nothing is offline. */
static void test_no_online_bit(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	for (uint64_t n = 0; n < PAGES / SECTION_PAGES; n++)
		set_section(&m, n, MACHINE_VMEMMAP | PRESENT | HAS_MAP);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	check_whole(map);
	CHECK_EQ(map->offline_sections, 0);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* Sections are looked at where the dump has pages, and clipped to its end. */
static void test_holes_in_the_dump(void)
{
	struct machine m;
	struct mem_map *map;

	sparse_init(&m);
	m.segs = 0;
	machine_segment(&m, 0, 40 * SECTION_PAGES);
	machine_segment(&m, 50 * SECTION_PAGES + 10, 5);
	machine_segment(&m, 50 * SECTION_PAGES + 100, SECTION_PAGES);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->count, 2);
	CHECK_EQ(map->v[0].count, 40 * SECTION_PAGES);
	CHECK_EQ(map->v[1].pfn, 50 * SECTION_PAGES);
	CHECK_EQ(map->v[1].count, SECTION_PAGES + 100);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* Two roots, one of them at an address that is not in the dump. */
static void test_unreadable_root(void)
{
	struct machine m;
	struct mem_map *map;
	struct machine_segment high = { .pfn = UINT64_C(256) * SECTION_PAGES, .pages = 4 };

	machine_init(&m, UINT64_C(512) << 20, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	m.seg[m.segs++] = high;
	machine_word(&m, ROOTS_PA, MACHINE_LINEAR + ROOT_PA);
	machine_word(&m, ROOTS_PA + 8, MACHINE_LINEAR + (UINT64_C(100) << 20));
	for (uint64_t n = 0; n < PAGES / SECTION_PAGES; n++)
		set_section(&m, n, MACHINE_VMEMMAP | GOOD);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->bad_sections, 1);
	CHECK_EQ(map->count, 1);
	CHECK(!mem_map_find(map, high.pfn));
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* A few damaged entries cost their sections; many mean that the reading is wrong. */
static void test_damaged_sections(void)
{
	struct machine m;
	struct mem_map *map = NULL;

	sparse_init(&m);
	set_section(&m, 4, 0x1234000 | GOOD);
	/* Would reach beyond the end of the address space. */
	set_section(&m, 6, (UINT64_MAX << 12) | GOOD);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = create(&m);
	CHECK_EQ(map->bad_sections, 2);
	CHECK_EQ(map->count, 3);
	CHECK(!mem_map_find(map, 4 * SECTION_PAGES));
	CHECK(!mem_map_find(map, 6 * SECTION_PAGES));
	mem_map_destroy(map);
	machine_deinit(&m);

	sparse_init(&m);
	for (uint64_t n = 0; n < 20; n++)
		set_section(&m, n, 0x1234000 | GOOD);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	map = NULL;
	CHECK_ERR(mem_map_create(m.reader, &m.kernel, &map), ERR_BAD_INPUT);
	CHECK(!map);
	machine_deinit(&m);
}

/* Tables that look right, but no struct page can be read. */
static void test_map_without_memory(void)
{
	struct machine m;
	struct mem_map *map = NULL;

	sparse_init(&m);
	for (uint64_t n = 0; n < PAGES / SECTION_PAGES; n++)
		set_section(&m, n, (MACHINE_LINEAR + (UINT64_C(1) << 40)) | GOOD);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	CHECK_ERR(mem_map_create(m.reader, &m.kernel, &map), ERR_BAD_INPUT);
	machine_deinit(&m);
}

static void check_refused(const char *info, enum err_kind kind)
{
	struct machine m;
	struct mem_map *map = NULL;

	sparse_init(&m);
	machine_open(&m, info, NULL);
	CHECK_ERR(mem_map_create(m.reader, &m.kernel, &map), kind);
	machine_deinit(&m);
}

static void test_refused_facts(void)
{
	check_refused(ERA_7_2, ERR_NOT_FOUND);
	check_refused("SYMBOL(mem_section)=ffff888000100000\nSIZE(mem_section)=16\n"
		      "OFFSET(mem_section.section_mem_map)=0\n" LENGTHS, ERR_NOT_FOUND);
	check_refused(ERA_7_2 "SYMBOL(mem_section)=ffff888000100000\nSIZE(mem_section)=24\n"
		      "OFFSET(mem_section.section_mem_map)=0\n" LENGTHS, ERR_BAD_INPUT);
	check_refused(ERA_7_2 "SYMBOL(mem_section)=ffff888000100000\nSIZE(mem_section)=16\n"
		      "OFFSET(mem_section.section_mem_map)=12\n" LENGTHS, ERR_BAD_INPUT);
	check_refused(SPARSE_INFO "LENGTH(mem_section)=256\nNUMBER(MAX_PHYSMEM_BITS)=36\n"
		      "NUMBER(SECTION_SIZE_BITS)=3\n", ERR_BAD_INPUT);
	check_refused(SPARSE_INFO "LENGTH(mem_section)=100\nNUMBER(MAX_PHYSMEM_BITS)=36\n"
		      SECTION_BITS, ERR_BAD_INPUT);
	check_refused(ERA_7_2 "SYMBOL(mem_section)=fffffffffffffff8\nSIZE(mem_section)=16\n"
		      "OFFSET(mem_section.section_mem_map)=0\n" LENGTHS, ERR_BAD_INPUT);
}

static void test_no_translation(void)
{
	struct machine m;
	struct mem_map *map = NULL;

	sparse_init(&m);
	machine_open(&m, SPARSE_INFO LENGTHS, NULL);
	m.kernel.arch = NULL;
	m.kernel.no_arch = err_new(ERR_UNSUPPORTED, "architecture vax is not known");
	CHECK_ERR(mem_map_create(m.reader, &m.kernel, &map), ERR_UNSUPPORTED);
	err_free(m.kernel.no_arch);
	machine_deinit(&m);
}

static void test_flat(void)
{
	struct machine m;
	struct mem_map *map;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	machine_word(&m, PTR_PA, MACHINE_VMEMMAP);
	machine_open(&m, ERA_7_2 "SYMBOL(mem_map)=ffff888000120000\n", NULL);
	map = create(&m);
	CHECK_EQ(map->model, MODEL_FLAT);
	check_whole(map);
	mem_map_destroy(map);
	machine_deinit(&m);
}

/* RAM of arm64 does not begin at 0: mem_map[0] is its first page. */
static void test_flat_with_offset(void)
{
	struct machine m;
	struct mem_map *map;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 256, PAGES - 256);
	machine_word(&m, PTR_PA, MACHINE_VMEMMAP);
	machine_open(&m, ERA_7_2 "SYMBOL(mem_map)=ffff888000120000\nNUMBER(PHYS_OFFSET)=0x80000\n",
		     NULL);
	m.arch.machine = EM_AARCH64;
	map = create(&m);
	CHECK_EQ(map->v[0].pfn, 128);
	CHECK_EQ(map->v[0].va, MACHINE_VMEMMAP);
	CHECK_EQ(map->v[0].count, PAGES - 128);
	mem_map_destroy(map);
	machine_deinit(&m);
}

static void test_flat_refused(void)
{
	struct machine m;
	struct mem_map *map = NULL;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	machine_word(&m, PTR_PA, 0);
	machine_open(&m, ERA_7_2 "SYMBOL(mem_map)=ffff888000120000\n", NULL);
	CHECK_ERR(mem_map_create(m.reader, &m.kernel, &map), ERR_BAD_INPUT);
	machine_deinit(&m);
	check_refused(ERA_7_2 "SYMBOL(mem_map)=ffff880000000000\n", ERR_NO_MAPPING);
}

#define NODE_INFO ERA_7_2 \
	"OFFSET(pglist_data.node_mem_map)=8\nOFFSET(pglist_data.node_start_pfn)=16\n" \
	"OFFSET(pglist_data.node_spanned_pages)=24\n"
#define NODES_PA (ROOTS_PA + 0x30000)

static void put_node(const struct machine *m, uint64_t pa, uint64_t map, uint64_t start,
		     uint64_t spanned)
{
	machine_word(m, pa + 8, map);
	machine_word(m, pa + 16, start);
	machine_word(m, pa + 24, spanned);
}

static void test_discontig(void)
{
	struct machine m;
	struct mem_map *map;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	/* Node 2 comes first in memory, 1 is offline, 3 is empty, 4 is no pointer, 5 is 0. */
	machine_word(&m, NODES_PA, MACHINE_LINEAR + NODES_PA + 0x100);
	machine_word(&m, NODES_PA + 8, MACHINE_LINEAR + NODES_PA + 0x200);
	machine_word(&m, NODES_PA + 16, MACHINE_LINEAR + NODES_PA + 0x300);
	machine_word(&m, NODES_PA + 24, MACHINE_LINEAR + NODES_PA + 0x400);
	machine_word(&m, NODES_PA + 32, 0x1000);
	machine_word(&m, PTR_PA, 0x3d);
	put_node(&m, NODES_PA + 0x100, MACHINE_LINEAR + MEMMAP_PA, 8192, 1 << 20);
	put_node(&m, NODES_PA + 0x200, MACHINE_LINEAR, 4096, 4096);
	put_node(&m, NODES_PA + 0x300, MACHINE_LINEAR + MEMMAP_PA + (8 << 20), 0, 4096);
	machine_open(&m, NODE_INFO "SYMBOL(node_data)=ffff888000130000\nLENGTH(node_data)=64\n"
		     "SYMBOL(node_online_map)=ffff888000120000\nSIZE(nodemask_t)=8\n", NULL);
	map = create(&m);
	CHECK_EQ(map->model, MODEL_DISCONTIG);
	CHECK_EQ(map->count, 2);
	CHECK_EQ(map->v[0].pfn, 0);
	CHECK_EQ(map->v[0].count, 4096);
	CHECK_EQ(map->v[1].pfn, 8192);
	CHECK_EQ(map->v[1].count, PAGES - 8192);
	CHECK_EQ(map->bad_sections, 1);
	CHECK(!mem_map_find(map, 5000));
	mem_map_destroy(map);
	machine_deinit(&m);
}

static void test_discontig_overlap(void)
{
	struct machine m;
	struct mem_map *map = NULL;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	machine_word(&m, NODES_PA, MACHINE_LINEAR + NODES_PA + 0x100);
	machine_word(&m, NODES_PA + 8, MACHINE_LINEAR + NODES_PA + 0x200);
	put_node(&m, NODES_PA + 0x100, MACHINE_LINEAR + MEMMAP_PA, 0, 4097);
	put_node(&m, NODES_PA + 0x200, MACHINE_LINEAR + (8 << 20), 4096, 4096);
	machine_open(&m, NODE_INFO "SYMBOL(node_data)=ffff888000130000\nLENGTH(node_data)=2\n", NULL);
	CHECK_ERR(mem_map_create(m.reader, &m.kernel, &map), ERR_BAD_INPUT);
	machine_deinit(&m);
}

/* FLATMEM's only node bounds its array. */
static void test_flat_by_node(void)
{
	struct machine m;
	struct mem_map *map;

	machine_init(&m, SIZE, MEMMAP_PA);
	machine_segment(&m, 0, PAGES);
	put_node(&m, NODES_PA, MACHINE_LINEAR + MEMMAP_PA, 1, 5000);
	machine_open(&m, NODE_INFO "SYMBOL(contig_page_data)=ffff888000130000\n"
		     "SYMBOL(mem_map)=ffff888000120000\n", NULL);
	map = create(&m);
	CHECK_EQ(map->model, MODEL_FLAT);
	CHECK_EQ(map->count, 1);
	CHECK_EQ(map->v[0].pfn, 1);
	CHECK_EQ(map->v[0].count, 5000);
	mem_map_destroy(map);
	machine_deinit(&m);
}

static void test_names(void)
{
	CHECK(!strcmp(mem_map_model_name(MODEL_FLAT), "FLATMEM"));
	CHECK(!strcmp(mem_map_model_name(MODEL_SPARSE), "SPARSEMEM"));
	CHECK(!strcmp(mem_map_model_name(MODEL_SPARSE_EXTREME), "SPARSEMEM_EXTREME"));
	CHECK(!strcmp(mem_map_model_name(MODEL_DISCONTIG), "DISCONTIGMEM"));
	mem_map_destroy(NULL);
}

int main(void)
{
	RUN(test_sparse_extreme);
	RUN(test_symbol_of_the_pointer);
	RUN(test_section_size_is_derived);
	RUN(test_section_size_of_the_architecture);
	RUN(test_plain_sparse);
	RUN(test_flag_bits);
	RUN(test_sections_without_map);
	RUN(test_offline_sections);
	RUN(test_no_online_bit);
	RUN(test_holes_in_the_dump);
	RUN(test_unreadable_root);
	RUN(test_damaged_sections);
	RUN(test_map_without_memory);
	RUN(test_refused_facts);
	RUN(test_no_translation);
	RUN(test_flat);
	RUN(test_flat_with_offset);
	RUN(test_flat_refused);
	RUN(test_discontig);
	RUN(test_discontig_overlap);
	RUN(test_flat_by_node);
	RUN(test_names);
	return unit_status();
}
