/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that looks like a vmlinux to who reads its symbols and types. */
#include "everything.h"

#ifndef RELEASE
#define RELEASE "6.1.0-everything"
#endif

struct uts_namespace init_uts_ns = {
	.name = { "Linux", "(none)", RELEASE, "#1 SMP", "x86_64", "(none)" },
};
const char linux_banner[] = "Linux version " RELEASE " (nobody@nowhere) #1 SMP\n";

struct page *mem_map;
struct page *vmem_map;
struct mem_section **mem_section;
int pkmap_count[512];
int pkmap_next;
struct new_utsname system_utsname = { "Linux", "(none)", RELEASE, "#1 SMP", "x86_64", "(none)" };
unsigned long swapper_pg_dir[512], init_level4_pgt[512], level4_kernel_pgt[512], init_top_pgt[512];
struct vm_struct *vmlist;
struct list_head vmap_area_list;
nodemask_t node_online_map, node_states[5];
struct node_memblk_s node_memblk[8];
struct pglist_data *node_data[64];
struct pglist_data *pgdat_list[16];
struct pglist_data contig_page_data;
struct printk_ringbuffer printk_rb_static, *prb = &printk_rb_static;
struct latched_seq clear_seq;
char *log_buf;
int log_buf_len;
unsigned int log_end, logged_chars;
u32 log_first_idx, clear_idx, log_next_idx;
unsigned long max_pfn;
struct list_head modules;
void *high_memory;
unsigned short bios_cpu_apicid[8], x86_bios_cpu_apicid[8], x86_bios_cpu_apicid_early_map[8], *x86_bios_cpu_apicid_early_ptr;
void *crash_notes;
char __per_cpu_load[8];
unsigned long __per_cpu_offset[64];
struct cpumask *cpu_online_mask, __cpu_online_mask, cpu_online_map;
struct kimage *kexec_crash_image;
void *node_remap_start_vaddr[4], *node_remap_end_vaddr[4];
unsigned long node_remap_start_pfn[4];
struct vmemmap_backing *vmemmap_list;
struct mmu_psize_def mmu_psize_defs[16];
int mmu_vmemmap_psize;
unsigned long cpu_pgd[4][512];
struct cpu_spec *cur_cpu_spec;
unsigned long idt_table[512];
char *saved_command_line;
unsigned long phys_base, page_offset_base, vmemmap_base, sme_me_mask;
unsigned int __pgtable_l5_enabled;
struct list_head devm_memmap_vmcore_head;
char _text[16], _end[16], vmemmap[8];

void free_huge_page(void) {}
void demote_segment_4k(void) {}
void divide_error(void) {}
void asm_exc_divide_error(void) {}
void pti_init(void) {}
void kaiser_init(void) {}
void _stext(void) {}

/* What is used only as a type; debug information has what an object needs. */
pud_t everything_pud;
cpumask_t everything_cpumask;
atomic_long_t everything_atomic;
enum pageflags everything_pageflags;
enum zone_stat_item everything_zone_stat_item;
enum node_states everything_node_states;
enum compound_dtor_id everything_dtor;
enum pagetype everything_pagetype;
struct module everything_module;
struct vmap_area everything_vmap_area;
struct percpu_data everything_percpu_data;
struct user_regs_struct everything_regs;
struct elf_prstatus everything_prstatus;
struct elf64_hdr everything_hdr;
struct elf64_phdr everything_phdr;
struct printk_log everything_printk_log;
struct log everything_log;
struct folio everything_folio;
struct devm_memmap_vmcore everything_pmem;

/* Xen */
void *dom_xen, *dom_io, *domain_list, *xen_heap_start, *frame_table, *alloc_bitmap, *max_page;
unsigned long pgd_l2[4], pgd_l3[4], pgd_l4[4], xenheap_phys_end, xen_pstart, frametable_pg_dir[4];
struct page_info everything_page_info;
struct domain everything_domain;

void _start(void) {}
