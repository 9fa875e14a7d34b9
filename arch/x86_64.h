/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86_64, between its files: guessing and checking the constants of one boot. */
#ifndef ARCH_X86_64_H
#define ARCH_X86_64_H

#include "arch/arch.h"
#include "arch/probe.h"

/* Linked address of physical 0 of the kernel image, __START_KERNEL_map; the same in every kernel. */
#define X86_64_KERNEL_MAP 0xffffffff80000000ull

struct x86_64 {
	struct pt_form form;
	uint64_t root_pa;	/* of init_top_pgt */
	uint64_t phys_base;	/* image: pa = va - X86_64_KERNEL_MAP + phys_base */
	uint64_t image_len;	/* bytes from X86_64_KERNEL_MAP on where that formula may hold */
	unsigned int page_shift;
	bool has_linear;	/* the direct map's base is known, for tables that are not in the dump */
	uint64_t linear_base;	/* PAGE_OFFSET */
	uint64_t linear_len;	/* bytes */
};

/* With page table isolation roots are pairs; this bit of CR3 chooses the user's half. */
#define X86_64_USER_HALF UINT64_C(0x1000)

/* Page tables that a CPU used: CR3 without what is no address, but with an encryption bit, and the depth CR4 says. */
struct x86_64_cpu {
	uint64_t root_pa;
	unsigned int levels;
};

/* How far a walk over the CPUs got; starts as all zeros. */
struct x86_64_cpu_pos {
	size_t cpu;		/* of dump->cpus */
	size_t note;		/* in dump->notes */
};

/* The next CPU whose registers are in the dump. False behind the last. */
bool x86_64_next_cpu(const struct dump *dump, struct x86_64_cpu_pos *pos, struct x86_64_cpu *ret);

/* arch->count_cpus */
void x86_64_count_cpus(const struct arch_env *env, const void *state, struct arch_cpus *ret);

/* Bits that addresses of the dump's memory have. */
uint64_t x86_64_memory_mask(const struct dump *dump);

/*
 * Whether the page at @root_pa may be the root of tables that map the kernel image; *ret: bits
 * of its entries that are no address, above @memory_mask.
 */
bool x86_64_root_mask(const struct arch_env *env, uint64_t memory_mask, uint64_t root_pa,
		      uint64_t *ret);

/* Tables of @levels levels; @sme_mask: bits of entries that are no address. */
void x86_64_form_init(struct pt_form *form, unsigned int levels, uint64_t sme_mask);

/* arch->locate */
struct err *x86_64_locate(const struct arch_env *env, struct facts *learned, uint64_t *ret_slide)
	__attribute__((warn_unused_result));

/* arch->search */
struct err *x86_64_search(const struct arch_env *env, enum arch_scope scope, struct facts *learned)
	__attribute__((warn_unused_result));

/*
 * Of domain 0 of a Xen host, whose root is linked at @root_va: root_pa and form, proved. The
 * formulas of @state hold nowhere then.
 */
struct err *x86_64_xen_find_root(const struct arch_env *env, uint64_t root_va, struct x86_64 *state)
	__attribute__((warn_unused_result));

/* Find phys_base, or say which facts are missing or contradict the dump. */
struct err *x86_64_find_phys_base(const struct arch_env *env, uint64_t *ret)
	__attribute__((warn_unused_result));

/* Find PAGE_OFFSET once everything else in @state is set; it is not needed, so no error. */
void x86_64_find_linear(const struct arch_env *env, struct x86_64 *state);

#endif
