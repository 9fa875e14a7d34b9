/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Architectures: kernel virtual to physical addresses.
 *
 * To add one: write arch/NAME.c with a `const struct arch arch_NAME`, and add
 * it to the table in arch/arch.c. Every architecture is in every binary.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "facts/facts.h"
#include "input/dump.h"

/* What an architecture may look at while it sets up. Borrowed, outlives the state. */
struct arch_env {
	struct dump *dump;
	struct dump_view *view;
	const struct facts *facts;
	unsigned int page_shift;
	unsigned int word;	/* the kernel's: 4 or 8 bytes */
	enum byte_order order;
	const struct log *log;
};

/* A stretch of virtual memory that is contiguous in physical memory. */
struct mapping {
	uint64_t va;
	uint64_t pa;
	uint64_t len;		/* bytes from va on; 0 = empty */
};

/* Where @map puts @va, which it covers. */
static inline uint64_t mapping_pa(const struct mapping *map, uint64_t va)
{
	return map->pa + (va - map->va);
}

/* What comes of trying a guess against something known. */
enum probe {
	PROBE_NO,	/* what is there contradicts the guess */
	PROBE_UNKNOWN,	/* the proof is not in the dump, or nothing is known to compare with */
	PROBE_YES,
};

struct arch_cpus {
	unsigned int here;
	unsigned int elsewhere;
};

/* Whose page tables are tried. */
enum arch_scope {
	ARCH_CPUS,	/* those that the CPUs used whose registers are in the dump: some walks */
	ARCH_MEMORY,	/* all in memory: one pass */
};

struct arch {
	const char *name;	/* as in utsname.machine and messages */
	const char *uts_names;	/* blank-separated names utsname.machine may have */
	uint16_t machine;	/* EM_* */
	/*
	 * NULL-ended; NULL: none. Facts that kernels of no other architecture export,
	 * for dumps that do not name theirs: QEMU's kdump files of aarch64 guests say
	 * "Unknown" (seen with 7.2).
	 */
	const char *const *telling_facts;
	/*
	 * Required. Derive all constants from facts and dump into *ret_state, which
	 * is read-only afterwards and shared by threads. The error says which fact is missing.
	 */
	struct err *(*init)(const struct arch_env *env, void **ret_state);
	void (*deinit)(void *state);
	/*
	 * Required. Translate @va; page tables are read through @view by physical
	 * address. *ret covers @va: as much around it as one leaf or rule maps.
	 * ERR_NO_MAPPING when nothing maps it. Bounded by the number of levels.
	 */
	struct err *(*vtop)(const void *state, struct dump_view *view, uint64_t va,
			    struct mapping *ret);
	/* Required. A canonical kernel address, cheap: for plausibility tests. */
	bool (*is_kernel_address)(const void *state, uint64_t va);
	/*
	 * phys_base as the kdump sub header wants it (x86_64: physical minus linked
	 * address of the kernel image, two's complement; others: start of RAM or 0).
	 */
	uint64_t (*phys_base)(const void *state);
	/*
	 * NULL: no page tables to show. Those that @va goes through: their form,
	 * physical address of the root, and @va as they take it. Those of programs have the same
	 * form, with a root of their own.
	 */
	const struct pt_form *(*tables)(const void *state, uint64_t va, uint64_t *ret_root_pa,
					uint64_t *ret_va);
	/*
	 * NULL: cannot. Where a kernel lies of which only the linked addresses are
	 * known: env->facts has its symbols as in vmlinux, and OSRELEASE. Looks for its
	 * utsname in memory and asks the page tables beside it. *ret_slide is
	 * what run-time addresses are more than linked ones; what init() will need
	 * beyond that goes to @learned. err_not_found when no such kernel is there.
	 */
	struct err *(*locate)(const struct arch_env *env, struct facts *learned,
			      uint64_t *ret_slide);
	/*
	 * NULL: cannot. The kernel of a dump that says nothing about it: env->facts
	 * is empty. Looks for page tables that map a kernel image, and for the
	 * banner in it; what init() needs goes to @learned, OSRELEASE and PAGESIZE too.
	 * err_not_found when there is no such kernel.
	 */
	struct err *(*search)(const struct arch_env *env, enum arch_scope scope, struct facts *learned);
	/*
	 * NULL: cannot tell. How many of the CPUs whose registers are in the dump ran with
	 * the page tables of this kernel, and how many with others: of a kernel that was there
	 * before it, or after its crash. Both 0: there are no such registers.
	 */
	void (*count_cpus)(const struct arch_env *env, const void *state, struct arch_cpus *ret);
};

/* The row for an ELF machine number, or NULL. */
const struct arch *arch_by_machine(uint16_t machine);

/*
 * The same for the Linux of a Xen host, domain 0: what it calls physical is not where the
 * dump has it, so that addresses out of the kernel's data mean nothing there. NULL: none.
 */
const struct arch *arch_of_domain0(uint16_t machine);

/* The row whose uts_names holds @name, or NULL. */
const struct arch *arch_by_uts_name(const char *name);

/* Name of an ELF machine for messages, known or not: "s390x (22)". Writes into @buf, returns it. */
const char *arch_machine_name(uint16_t machine, char *buf, size_t len);

/*
 * The ELF machine number of a kernel whose uname -m is @name and whose words
 * have @word bytes; 0 when nobody listed it.
 */
uint16_t arch_machine_by_uname(const char *name, unsigned int word);

/* The ELF machine number of the architecture whose telling facts are there, or 0. */
uint16_t arch_machine_by_facts(const struct facts *facts);

/* What uname -m says on an ELF machine of @word bytes, or NULL for one nobody listed. */
const char *arch_machine_uname(uint16_t machine, unsigned int word);

/*
 * Bytes of an unsigned long on an ELF machine. @file_word, 4 or 8 from the
 * file's class, decides only where the machine leaves it open: a 32-bit x86
 * kernel is dumped as ELFCLASS64 when it has PAE.
 */
unsigned int arch_machine_word(uint16_t machine, unsigned int file_word);

/* Smallest page size in bytes Linux uses on an ELF machine; 4096 where unknown. */
uint64_t arch_machine_min_page(uint16_t machine);

/*
 * A generic walk of page tables held in physical memory, driven by data.
 *
 * A level splits the address by @shift and @bits; decode() says what an entry
 * is. x86_64, arm64 and others with the usual radix trees need only a table.
 */
enum pt_kind { PT_NONE, PT_TABLE, PT_LEAF };

struct pt_entry {
	enum pt_kind kind;
	uint64_t pa;		/* table or leaf base */
};

struct pt_level {
	unsigned int shift;	/* lowest address bit this level indexes */
	unsigned int bits;	/* index bits */
};

struct pt_form {
	unsigned int levels;		/* 1 .. 5 */
	struct pt_level level[5];	/* top first */
	unsigned int entry_size;	/* 4 or 8 bytes */
	enum byte_order order;		/* of the entries */
	/* @level counts from the top; the last level is levels - 1. */
	struct pt_entry (*decode)(const struct pt_form *form, unsigned int level, uint64_t entry);
	/*
	 * NULL: none. An entry of the last level that lets nobody in, although it has a page: one of
	 * a program that took away its own access (PROT_NONE), or the kernel for a
	 * while (NUMA balancing). Swapped out pages have entries of another form.
	 */
	bool (*hidden)(const struct pt_form *form, uint64_t entry, uint64_t *ret_pa);
	uint64_t pa_mask;		/* for decode */
	uint64_t pa_mask_high;		/* for decode: entry bits of arm64's split output address ... */
	unsigned int pa_high_shift;	/* ... and how far left they belong */
};

/*
 * *ret is the whole leaf around @va. Bits of @va above the top level are the
 * caller's to check. ERR_NO_MAPPING when an entry says so; the error of
 * dump_view_get(), static where that is, when a table cannot be read.
 */
struct err *pt_walk(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		    uint64_t va, struct mapping *ret) __attribute__((warn_unused_result));

/* The same, and where that finds no mapping, hidden pages, too: for memory of programs. */
struct err *pt_walk_hidden(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
			   uint64_t va, struct mapping *ret) __attribute__((warn_unused_result));

/* One table entry on the way. */
struct pt_step {
	uint64_t pa;		/* of the entry */
	uint64_t entry;
};

/* The entries of the same walk into @steps, up to the last that could be read; returns how many. */
unsigned int pt_trace(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		      uint64_t va, struct pt_step steps[5]);

/* What pt_visit() tells of; each may end the walk by an error. */
struct pt_visitor {
	struct err *(*table)(void *ctx, uint64_t pa);	/* a table, before what is in it */
	struct err *(*leaf)(void *ctx, const struct mapping *leaf);
	void *ctx;
};

/*
 * All that the tables map in [@from, @to], in ascending order, leaves whole. A
 * table that cannot be read is passed over. At most *@budget entries that are
 * not empty are looked at, and it is counted down: 0 afterwards means that the
 * walk may be incomplete.
 */
struct err *pt_visit(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		     uint64_t from, uint64_t to, uint64_t *budget,
		     const struct pt_visitor *visitor) __attribute__((warn_unused_result));

/* What Linux calls level @level of a form: "PGD" ... "PTE". */
const char *pt_level_name(const struct pt_form *form, unsigned int level);

#endif
