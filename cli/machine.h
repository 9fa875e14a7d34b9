/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crashed machine, brought up as far as judging its pages needs. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "cli/report.h"
#include "cli/resources.h"
#include "cli/run.h"
#include "pages/layout.h"
#include "pages/mem_map.h"
#include "pages/scan.h"
#include "pages/vmemmap.h"

/* Members are NULL or empty until their step. */
struct machine {
	struct dump *dump;
	struct kernel *kernel;
	struct kreader *reader;		/* NULL: no translation */
	struct page_layout layout;	/* valid when map is there */
	struct mem_map *map;		/* NULL: struct pages not needed, or not to be had */
	struct crash_bitmap bitmap;	/* valid when has_bitmap */
	bool has_bitmap;		/* -q, and the kernel left one that can be obeyed */
	struct types *types;		/* see machine_types() */
	bool types_asked;
	struct xen *xen;		/* NULL: -X was not asked for */
	struct ranges metadata;		/* of pmem, pfns */
	struct ranges free_pages;	/* pfns, where struct pages do not tell */
	struct vmemmap_unused unused;	/* filled by machine_find_unused() */
	struct scan_job job;		/* points into this struct: it must not move */
};

/*
 * Learn everything that judging at dump level @level needs; @machine is
 * zeroed. A level that needs struct pages fails when they cannot be had. After
 * a failure @machine holds what was found before.
 */
struct err *machine_bring_up(const struct run *run, unsigned int level, struct machine *machine)
	__attribute__((warn_unused_result));

/*
 * The kernel's types, which are loaded when they are first asked for and take some
 * megabytes; *ret NULL: nobody knows them. They last until machine_forget_types(), which
 * is for when pages are judged: copying needs the memory more.
 */
struct err *machine_types(struct machine *machine, const struct types **ret)
	__attribute__((warn_unused_result));
void machine_forget_types(struct machine *machine);

/* For -e, once the number of threads is known: let the job leave out unused struct pages. */
struct err *machine_find_unused(struct machine *machine, unsigned int threads,
				const struct progress *progress) __attribute__((warn_unused_result));
void machine_deinit(struct machine *machine);

/*
 * Share out memory and threads once the dump is open: what that took is not
 * free any more. Pages of a running system are judged only once, because the
 * second answer could be another one; then the plan may be as large as it
 * becomes, which is 1/32768 of memory at most.
 */
struct resources machine_share_resources(const struct machine *machine, const struct run *run);

/*
 * After the last page was read: warn when the file of a running system changed
 * its layout meanwhile. Not an error, because most of what was read is right.
 */
void machine_check_layout(const struct machine *machine);

/* What is known of @machine, its resources and @plan (may be NULL); the rest is the caller's to fill. */
struct report machine_report(const struct machine *machine, const struct resources *resources,
			     const struct plan *plan);

/* Tell --json about the input and what is not known of its pages. */
void machine_record(const struct machine *machine, struct stats *stats);

#endif
