/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ELF file stores: the pages that stay, and gaps between them that are
 * too short to be worth a program header. Such a gap is stored as zeros, which
 * is how readers of ELF dumps show what was left out; its pages are not read,
 * for one of them may be what crashes a machine (hwpoison).
 */
#ifndef OUTPUT_ELF_RUNS_H
#define OUTPUT_ELF_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/ranges.h"
#include "input/dump.h"
#include "pages/plan.h"

/*
 * Gaps that are bridged however many headers there are: none longer than 255
 * pages, as makedumpfile's -E does (1.7.2).
 */
#define ELF_GAP_MAX 256

struct elf_runs {
	struct plan_cursor *cursor;	/* of the pages that stay */
	const struct dump *dump;
	uint64_t gap;			/* gaps of fewer pages are bridged, unless memory ends in them */
	struct range ahead;		/* run that follows the last one, when has_ahead */
	bool has_ahead;
};

/* No allocation beside the cursor; elf_runs_deinit() frees that. */
struct err *elf_runs_init(struct elf_runs *runs, const struct dump *dump, const struct plan *plan,
			  uint64_t gap) __attribute__((warn_unused_result));
void elf_runs_deinit(struct elf_runs *runs);

/* Start over: the next run is the first that begins at @pfn, where one must begin, or behind. */
void elf_runs_seek(struct elf_runs *runs, uint64_t pfn);

/* The next stored run; neighbours are merged, whatever the plan's blocks. */
struct err *elf_runs_next(struct elf_runs *runs, struct range *ret, bool *found)
	__attribute__((warn_unused_result));

/*
 * The smallest gap, a power of two up to ELF_GAP_MAX, with which there are at
 * most @max runs; ELF_GAP_MAX when there are more anyway.
 */
struct err *elf_runs_choose_gap(const struct dump *dump, const struct plan *plan, uint64_t max,
				const struct progress *progress, uint64_t *ret)
	__attribute__((warn_unused_result));

#endif
