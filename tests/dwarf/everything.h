/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of everything that is looked for in a vmlinux: kernels of all times in
 * one. Members lie where no other struct has them, so that a mix-up is seen.
 */
#ifndef TESTS_DWARF_EVERYTHING_H
#define TESTS_DWARF_EVERYTHING_H

typedef unsigned int u32;
typedef unsigned long long u64;
typedef struct { long counter; } atomic_long_t;
typedef struct { unsigned long bits[16]; } nodemask_t;
struct cpumask { unsigned long bits[128]; };
typedef struct cpumask cpumask_t;
typedef struct { unsigned long pud; } pud_t;

struct list_head { struct list_head *next, *prev; };

enum pageflags {
	PG_locked, PG_error = 8, PG_lru = 5, PG_slab = 9, PG_private = 13, PG_buddy = 19, PG_head = 6,
	PG_swapcache = 15, PG_swapbacked = 17, PG_hwpoison = 22, PG_hugetlb = 21,
};
enum zone_stat_item { NR_FREE_PAGES = 3, NR_OTHER };
enum node_states { N_POSSIBLE, N_ONLINE };
enum compound_dtor_id { NULL_COMPOUND_DTOR, COMPOUND_PAGE_DTOR, HUGETLB_PAGE_DTOR };
enum pagetype {
	PGTY_buddy = 0xf0, PGTY_offline = 0xf1, PGTY_hugetlb = 0xf4, PGTY_slab = 0xf5, PGTY_unaccepted = 0xf7,
};

struct page {
	unsigned long flags;
	union {
		struct {
			union { struct list_head lru; };
			void *mapping;
			unsigned long index, private;
		};
		struct { unsigned long compound_head; unsigned char compound_dtor, compound_order; };
	};
	union { int _mapcount; unsigned int page_type; };
	int _refcount;
};

struct mem_section { unsigned long section_mem_map; void *usage; };
struct free_area { struct list_head free_list[6]; unsigned long nr_free; };
struct zone {
	unsigned long free_pages, spanned_pages, pad[3];
	struct free_area free_area[11];
	long vm_stat[5];
};
typedef struct pglist_data {
	struct zone node_zones[4];
	struct page *node_mem_map;
	struct pglist_data *pgdat_next;
	int nr_zones;
	unsigned long node_start_pfn, node_present_pages, node_spanned_pages;
	int node_id;
} pg_data_t;
struct node_memblk_s { unsigned long start_paddr, size; int nid; };

struct mod_section { void *base; unsigned int size; };
struct module_memory { void *base; unsigned int flags, size; };
struct module {
	int state;
	struct list_head list;
	char name[56];
	struct module_memory mem[7];
	void *module_core; unsigned int core_size;
	void *module_init; unsigned int init_size;
	unsigned int num_symtab;
	void *symtab; char *strtab;
};
struct vm_struct { struct vm_struct *next; void *addr; };
struct vmap_area { unsigned long va_start, va_end; char pad[24]; struct list_head list; };
struct percpu_data { void *ptrs[8]; };

struct user_regs_struct {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
		flags, sp, ss, fs_base, gs_base, ds, es, fs, gs;
};
struct elf_prstatus { char pad[112]; unsigned long pr_reg[27]; int pr_fpvalid; };
struct kexec_segment { void *buf; unsigned long bufsz, mem, memsz; };
struct kimage { unsigned long head; struct kexec_segment segment[16]; };
struct elf64_hdr { char ident[16]; u64 e_entry, e_phoff; unsigned short e_phentsize, e_phnum; };
struct elf64_phdr { u32 p_type; u64 p_offset, p_vaddr, p_paddr, p_memsz; };

struct printk_log { u64 ts_nsec; unsigned short len, text_len, dict_len; u32 caller_id; };
struct log { u64 ts_nsec; unsigned short len, text_len, dict_len; };
struct dev_printk_info { char subsystem[16], device[48]; };
struct printk_info {
	u64 seq, ts_nsec; unsigned short text_len; unsigned char facility, flags; u32 caller_id;
	struct dev_printk_info dev_info;
};
struct prb_data_blk_lpos { unsigned long begin, next; };
struct prb_desc { atomic_long_t state_var; struct prb_data_blk_lpos text_blk_lpos; };
struct prb_desc_ring {
	unsigned int count_bits; struct prb_desc *descs; struct printk_info *infos;
	atomic_long_t head_id, tail_id, last_finalized_id;
};
struct prb_data_ring { unsigned int size_bits; char *data; atomic_long_t head_lpos, tail_lpos; };
struct printk_ringbuffer { struct prb_desc_ring desc_ring; struct prb_data_ring text_data_ring; atomic_long_t fail; };
struct latched_seq { u32 latch; u64 val[2]; };

struct new_utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
struct uts_namespace { struct new_utsname name; void *user_ns; };

struct vmemmap_backing { struct vmemmap_backing *list; unsigned long phys, virt_addr; };
struct mmu_psize_def { unsigned int shift; int penc[16]; };
struct cpu_spec { unsigned int pvr; unsigned long cpu_features; unsigned int mmu_features; };
struct folio { struct page page; unsigned long _flags_1; unsigned char _folio_dtor, _folio_order; };
struct devm_memmap_vmcore { struct list_head entry; unsigned long start, end; };

/* Xen */
struct page_info { unsigned long count_info; unsigned int _domain; };
struct domain { unsigned short domain_id; struct domain *next_in_list; };

#endif
