/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/wanted.h"

#include <string.h>

#include "base/checked.h"
#include "facts/number.h"

#define SYM(name) { FACT_SYMBOL, name, NULL }
#define SIZE(name) { FACT_SIZE, name, NULL }
#define OFF(name) { FACT_OFFSET, name, NULL }
#define LEN(name) { FACT_LENGTH, name, NULL }
#define NUM(name) { FACT_NUMBER, name, NULL }

const struct wanted_fact wanted_facts[] = {
	SYM("mem_map"),
	SYM("vmem_map"),
	SYM("mem_section"),
	SYM("pkmap_count"),
	SYM("system_utsname"),
	SYM("init_uts_ns"),
	SYM("_stext"),
	SYM("swapper_pg_dir"),
	SYM("init_level4_pgt"),
	SYM("level4_kernel_pgt"),
	SYM("init_top_pgt"),
	SYM("vmlist"),
	SYM("vmap_area_list"),
	SYM("node_online_map"),
	SYM("node_states"),
	SYM("node_data"),
	SYM("pgdat_list"),
	SYM("contig_page_data"),
	SYM("prb"),
	SYM("clear_seq"),
	SYM("log_buf"),
	SYM("log_buf_len"),
	SYM("log_end"),
	SYM("log_first_idx"),
	SYM("clear_idx"),
	SYM("log_next_idx"),
	SYM("max_pfn"),
	SYM("high_memory"),
	SYM("node_remap_start_vaddr"),
	SYM("node_remap_end_vaddr"),
	SYM("node_remap_start_pfn"),
	SYM("vmemmap_list"),
	SYM("mmu_psize_defs"),
	SYM("mmu_vmemmap_psize"),
	SYM("cpu_pgd"),
	SYM("demote_segment_4k"),
	SYM("cur_cpu_spec"),
	SYM("free_huge_page"),
	/* From here on not in the original's files. */
	SYM("node_memblk"),
	SYM("printk_rb_static"),
	SYM("logged_chars"),
	SYM("phys_base"),
	SYM("page_offset_base"),
	SYM("sme_me_mask"),
	SYM("kimage_voffset"),
	SYM("memstart_addr"),
	SYM("linux_banner"),
	SYM("phys_ram_base"),
	SYM("devm_memmap_vmcore_head"),

	SIZE("page"),
	SIZE("mem_section"),
	SIZE("pglist_data"),
	SIZE("zone"),
	SIZE("free_area"),
	SIZE("list_head"),
	SIZE("node_memblk_s"),
	SIZE("nodemask_t"),
	SIZE("printk_ringbuffer"),
	SIZE("prb_desc"),
	SIZE("printk_info"),
	SIZE("printk_log"),
	SIZE("log"),
	SIZE("latched_seq"),
	SIZE("vmemmap_backing"),
	SIZE("mmu_psize_def"),
	SIZE("prb_desc_ring"),
	SIZE("prb_data_ring"),
	SIZE("prb_data_blk_lpos"),
	SIZE("atomic_long_t"),
	SIZE("devm_memmap_vmcore"),

	OFF("page.flags"),
	/* Called _count before v4.6, 0139aa7b7fa1 ("mm: rename _count, field of the struct page, to _refcount"). */
	OFF("page._refcount"),
	OFF("page._count"),
	OFF("page.mapping"),
	OFF("page.lru"),
	OFF("page._mapcount"),
	OFF("page.private"),
	OFF("page.compound_dtor"),
	OFF("page.compound_order"),
	OFF("page.compound_head"),
	OFF("folio._folio_dtor"),
	OFF("folio._folio_order"),
	OFF("mem_section.section_mem_map"),
	OFF("pglist_data.node_zones"),
	OFF("pglist_data.nr_zones"),
	OFF("pglist_data.node_mem_map"),
	OFF("pglist_data.node_start_pfn"),
	OFF("pglist_data.node_spanned_pages"),
	OFF("pglist_data.pgdat_next"),
	OFF("zone.free_pages"),
	OFF("zone.free_area"),
	OFF("zone.vm_stat"),
	OFF("zone.spanned_pages"),
	OFF("free_area.free_list"),
	OFF("list_head.next"),
	OFF("list_head.prev"),
	OFF("node_memblk_s.start_paddr"),
	OFF("node_memblk_s.size"),
	OFF("node_memblk_s.nid"),
	OFF("vm_struct.addr"),
	OFF("vmap_area.va_start"),
	OFF("vmap_area.list"),
	OFF("printk_ringbuffer.desc_ring"),
	OFF("printk_ringbuffer.text_data_ring"),
	OFF("prb_desc_ring.count_bits"),
	OFF("prb_desc_ring.descs"),
	OFF("prb_desc_ring.infos"),
	OFF("prb_desc_ring.head_id"),
	OFF("prb_desc_ring.tail_id"),
	OFF("prb_desc.state_var"),
	OFF("prb_desc.text_blk_lpos"),
	OFF("prb_data_blk_lpos.begin"),
	OFF("prb_data_blk_lpos.next"),
	OFF("prb_data_ring.size_bits"),
	OFF("prb_data_ring.data"),
	OFF("printk_info.ts_nsec"),
	OFF("printk_info.text_len"),
	OFF("printk_info.caller_id"),
	OFF("printk_log.ts_nsec"),
	OFF("printk_log.len"),
	OFF("printk_log.text_len"),
	OFF("printk_log.caller_id"),
	OFF("log.ts_nsec"),
	OFF("log.len"),
	OFF("log.text_len"),
	OFF("atomic_long_t.counter"),
	OFF("latched_seq.val"),
	OFF("vmemmap_backing.phys"),
	OFF("vmemmap_backing.virt_addr"),
	OFF("vmemmap_backing.list"),
	OFF("mmu_psize_def.shift"),
	OFF("cpu_spec.mmu_features"),
	OFF("uts_namespace.name"),
	/* What compound_head is called since v7.1, d50569612c29. */
	{ FACT_OFFSET, "page.compound_info", "page.compound_head" },
	OFF("printk_info.seq"),
	OFF("printk_log.dict_len"),
	OFF("log.dict_len"),
	OFF("page.page_type"),
	OFF("pglist_data.node_id"),
	OFF("devm_memmap_vmcore.entry"),
	OFF("devm_memmap_vmcore.start"),
	OFF("devm_memmap_vmcore.end"),

	LEN("node_data"),
	LEN("pgdat_list"),
	LEN("mem_section"),
	LEN("node_memblk"),
	LEN("node_remap_start_pfn"),
	LEN("zone.free_area"),
	LEN("free_area.free_list"),

	NUM("NR_FREE_PAGES"),
	NUM("N_ONLINE"),
	NUM("PG_lru"),
	NUM("PG_private"),
	NUM("PG_head_mask"),
	NUM("PG_swapcache"),
	NUM("PG_swapbacked"),
	NUM("PG_buddy"),
	NUM("PG_slab"),
	NUM("PG_hwpoison"),
	NUM("PG_hugetlb"),
	NUM("HUGETLB_PAGE_DTOR"),
	NUM("PG_head"),
	NUM("PG_compound"),
	NUM("PG_offline"),
	NUM("PGTY_buddy"),
	NUM("PGTY_offline"),
	NUM("PGTY_hugetlb"),
	NUM("PGTY_slab"),
	NUM("PGTY_unaccepted"),
	NUM("PAGE_BUDDY_MAPCOUNT_VALUE"),
	NUM("PAGE_OFFLINE_MAPCOUNT_VALUE"),
	NUM("PAGE_HUGETLB_MAPCOUNT_VALUE"),
	NUM("PAGE_SLAB_MAPCOUNT_VALUE"),
	NUM("PAGE_UNACCEPTED_MAPCOUNT_VALUE"),

	{ FACT_TEXT, "SRCFILE(pud_t)", NULL },
};

const size_t wanted_fact_count = ARRAY_LEN(wanted_facts);

size_t wanted_struct_len(const char *name)
{
	return strcspn(name, ".");
}

bool wanted_known(const struct facts *facts, const struct wanted_fact *fact)
{
	char key[FACT_KEY_MAX + 1];
	size_t len;

	return fact_make_key(fact->kind, fact->name, key, &len) && fact_has(facts, key);
}

struct err *facts_unknown(const struct facts *facts, struct strmap *ret)
{
	char key[FACT_KEY_MAX + 1];
	size_t len;

	for (size_t i = 0; i < wanted_fact_count; i++) {
		const struct wanted_fact *fact = &wanted_facts[i];

		if (!wanted_known(facts, fact) && fact_make_key(fact->kind, fact->name, key, &len))
			TRY(strmap_put(ret, key, len, (void *)fact));
	}
	return NULL;
}
