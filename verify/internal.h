/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verify room only: what its areas share. */
#ifndef VERIFY_INTERNAL_H
#define VERIFY_INTERNAL_H

#include <stdbool.h>

#include "facts/types.h"
#include "kernel/kernel.h"
#include "verify/verify.h"

#define VERIFY_WHAT 256		/* bytes of the name of what is looked at */
#define VERIFY_LINES_MAX 40	/* findings printed per area; all are counted */
#define VERIFY_RANGE_MAX (UINT64_C(4) << 30)	/* bytes of one object; none has nearly as many */
#define VERIFY_STRUCT_MAX (UINT64_C(256) << 10)	/* bytes of a struct; what is larger is not believed */
/*
 * Looks at pages per stored page and area, before it has come to nothing: tables of
 * open files that processes have in common take 512 per page.
 */
#define VERIFY_LOOKS_MAX 1024
#define VERIFY_LOOKS_FREE (UINT64_C(1) << 20)
#define VERIFY_SEEN_SLOTS 1024	/* pages whose state is remembered; a power of two */

/* What a reader of the dump meets where a page should be. */
enum page_state {
	PAGE_STORED,
	PAGE_LEFT_OUT,		/* existed, and has no data in the dump */
	PAGE_NOWHERE,		/* no memory the dump knows of */
	PAGE_DAMAGED,
	PAGE_UNMAPPED,
	PAGE_NO_TABLE,		/* not translated because a page table is not to be had */
};

struct page_seen {
	uint64_t pfn_plus_1;	/* 0: empty */
	enum page_state state;
};

/* Neighbouring pages of one kind that the next line will name. */
struct finding {
	enum page_state state;	/* PAGE_STORED: none */
	bool has_va;
	uint64_t va;
	uint64_t pfn;		/* of the first page; valid unless it is not translated */
	uint64_t pages;
	char what[VERIFY_WHAT];
};

struct verify {
	const struct kernel *kernel;
	struct kreader *reader;
	const struct types *types;	/* NULL: unknown, no_types says why */
	char *no_types;			/* owned */
	const struct log *log;
	const struct progress *progress;
	struct verify_result *result;
	struct verify_area_result *area;	/* the one that is being looked at */
	uint64_t page_size;
	bool absent_is_zero;		/* the format reads pages without data as zeros */
	char what[VERIFY_WHAT];		/* whose pages are looked at, see verify_name() */
	struct finding pending;
	uint64_t lines;			/* of this area */
	uint64_t done;			/* stored pages that were read; what follows takes little time */
	struct page_seen seen[VERIFY_SEEN_SLOTS];
};

/* Whose pages the next calls look at; for lines such as "missing: NAME: ...". */
void verify_name(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* May a page hold nothing but zeros? */
enum page_content { CONTENT_ANY, CONTENT_NOT_ZERO };

/*
 * Look at each page of virtual [va, va + len) and count what is found in this
 * area. Returns whether all of it can be read. A @len of 0 is fine, one beyond
 * VERIFY_RANGE_MAX or the end of the address space is broken.
 */
bool verify_range(struct verify *v, uint64_t va, uint64_t len, enum page_content content);

/* The same for an object with something other than zeros at its start. */
bool verify_object(struct verify *v, uint64_t va, uint64_t len);

/* The same for the page of physical memory at @pa. */
bool verify_physical(struct verify *v, uint64_t pa, enum page_content content);

/* Something that cannot be followed: counted as broken, with a line. Consumes @e, whatever it is. */
void verify_broken(struct verify *v, struct err *e);

/* Something that cannot be looked at: the area, or a part of it, is "not checked". */
void verify_gap(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Print what is pending; between areas and before other lines. */
void verify_flush(struct verify *v);

/*
 * Errors of an area that are results: what cannot be read, makes no sense or
 * is not known becomes a finding or a gap. Returns those that end the run.
 */
struct err *verify_settle(struct verify *v, struct err *e) __attribute__((warn_unused_result));

/*
 * Ask whether the run should end; shows v->done of the pages that are stored.
 * ERR_BAD_INPUT when this area has looked at more than could be in the dump: what
 * lists and tables point to are then not pages of their own.
 */
struct err *verify_tick(const struct verify *v) __attribute__((warn_unused_result));

#define VERIFY_CHUNK (UINT64_C(1) << 15)	/* pfns whose bits are held at a time */

/*
 * Call @look with each stretch of pfns that exist, in order, at most
 * VERIFY_CHUNK of them. An error of @look ends it.
 */
struct err *verify_each_chunk(struct verify *v,
			      struct err *(*look)(void *ctx, uint64_t from, uint64_t to), void *ctx)
	__attribute__((warn_unused_result));

/* A member of a struct: where it is and how many bytes it has; size 0: the struct has none. */
struct member {
	uint64_t offset;
	uint64_t size;
};

/* Fill @ret from the types, zero where they do not know it. */
bool verify_member(const struct verify *v, const char *structure, const char *path,
		   struct member *ret);
/* Bytes of a struct, union or typedef; 0: unknown, or beyond VERIFY_STRUCT_MAX. */
uint64_t verify_size(const struct verify *v, const char *name);

/* The CPUs that there may be, and where their data is; see verify_cpus(). */
struct cpus {
	uint64_t offsets;	/* address of __per_cpu_offset[]; 0: a kernel for one CPU */
	uint64_t possible;	/* of __cpu_possible_mask; 0: unknown */
	unsigned int count;	/* numbers are below */
};

/* ERR_NOT_FOUND: the kernel's symbols do not tell. */
struct err *verify_cpus(struct verify *v, struct cpus *ret) __attribute__((warn_unused_result));

/* What to add to the symbol of a per-CPU variable for CPU @cpu; false: no such CPU, or unreadable, which is told. */
bool verify_cpu_offset(struct verify *v, const struct cpus *cpus, unsigned int cpu, uint64_t *ret);

/*
 * As kread() for a reader of this file: where it reads as zeros what has no
 * data, so does this.
 */
struct err *verify_read(struct verify *v, uint64_t va, void *buf, size_t len)
	__attribute__((warn_unused_result));
struct err *verify_read_u32(struct verify *v, uint64_t va, uint32_t *ret)
	__attribute__((warn_unused_result));

/* The pointer at @va; false, and a line, when it cannot be read. 0 is fine. */
bool verify_pointer(struct verify *v, uint64_t va, uint64_t *ret);

/* What of struct task_struct is looked at; offsets of a kernel. */
struct task_layout;
struct err *task_layout_create(struct verify *v, struct task_layout **ret)
	__attribute__((warn_unused_result));	/* ERR_NOT_FOUND names what is not known */
void task_layout_destroy(struct task_layout *layout);

/* Everything one task needs: its struct, stack, and what these point to. */
struct err *verify_task(struct verify *v, struct task_layout *layout, uint64_t task)
	__attribute__((warn_unused_result));

/* Open files of a task, by its struct files_struct at @va; @name: the task's. */
void verify_files(struct verify *v, uint64_t va, const char *name);

/* THREAD_SIZE, or 0 where neither types nor symbols tell. */
uint64_t verify_thread_size(struct verify *v);

/* Areas: one function each, a row of the table in verify/verify.c. */
struct err *verify_stored(struct verify *v);	/* verify/stored.c */
struct err *verify_registers(struct verify *v);
struct err *verify_tables(struct verify *v);	/* verify/tables.c */
struct err *verify_image(struct verify *v);	/* verify/image.c */
struct err *verify_symbols(struct verify *v);
struct err *verify_kallsyms(struct verify *v);
struct err *verify_btf(struct verify *v);
struct err *verify_log(struct verify *v);	/* verify/log.c */
struct err *verify_struct_pages(struct verify *v);	/* verify/struct_pages.c */
struct err *verify_modules(struct verify *v);	/* verify/modules.c */
struct err *verify_percpu(struct verify *v);	/* verify/percpu.c */
struct err *verify_run_queues(struct verify *v);
struct err *verify_irq_stacks(struct verify *v);
struct err *verify_tasks(struct verify *v);	/* verify/tasks.c */

#endif
