/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging all pages of a machine, with the audit of pages/audit.h before any is lost. */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli/audit_summary.h"
#include "cli/machine.h"

/*
 * Judge all blocks into a new plan, adding to @counts; @taker, when not NULL, gets
 * each block beside the plan.
 */
struct audit_judging {
	struct err *(*judge)(void *ctx, const struct scan_taker *taker, struct scan_counts *counts);
	void *ctx;
};

/*
 * Judge until the audit passes: a class that fails is given up in @machine
 * (layout, and level of the job), with a warning, and all is judged again.
 * With --strict that is an error. @counts are those of the last judging; its
 * samples member is NULL afterwards. A machine whose struct pages are not
 * looked at is judged once.
 */
struct err *audit_run(const struct run *run, struct machine *machine,
		      const struct audit_judging *judging, struct scan_counts *counts,
		      struct audit_summary *summary) __attribute__((warn_unused_result));

#endif
