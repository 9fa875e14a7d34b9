/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --mem-usage: how much of memory each class of pages takes, so that somebody
 * can choose a dump level and a crashkernel size before there is a crash.
 *
 * The pages are judged at level 31, and what stays is read to find pages full
 * of zeros. The table is that of makedumpfile 1.7.2; programs parse it and
 * want its header as the first thing printed on either stream (Oracle
 * oled-tools, vmcore_sz), so warnings wait and there is no progress.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/resources.h"
#include "cli/run.h"
#include "output/copy.h"
#include "pages/plan.h"
#include "pages/scan.h"

#define LEVEL_ALL_CLASSES 31u

struct mem_usage {
	const struct run *run;
	struct progress quiet;		/* stops, shows nothing */
	struct meter meter;
	struct machine machine;
	struct resources resources;
	struct scanner *judge;		/* judges blocks that the plan forgot */
	struct plan *plan;
	struct scan_counts counts;
	struct copy_stats stats;
};

static struct err *learn(struct mem_usage *mu)
{
	const struct options *options = mu->run->options;

	TRY(machine_bring_up(mu->run, LEVEL_ALL_CLASSES, &mu->machine));
	if (mu->machine.dump->paddr_guessed && !options->force)
		return err_new(ERR_UNSUPPORTED, "%s: the kernel does not tell physical addresses (before "
			       "4.11); with -f those worked out from /proc/iomem are used",
			       options->vmcore);
	return NULL;
}

static struct err *judge_again(void *ctx, uint64_t block, uint8_t *keep)
{
	struct mem_usage *mu = ctx;

	return scan_block(mu->judge, block, keep, NULL);
}

static struct err *classify(struct mem_usage *mu)
{
	const struct plan_judge judge = { .judge = judge_again, .ctx = mu };
	const struct dump *dump = mu->machine.dump;

	machine_forget_types(&mu->machine);
	mu->resources = machine_share_resources(&mu->machine, mu->run);
	TRY(scanner_create(&mu->machine.job, &mu->judge));
	TRY(plan_create(dump->max_mapnr, mu->resources.plan, &judge, &mu->plan));
	return scan_all(&mu->machine.job, mu->resources.threads, mu->plan, &mu->counts,
			&mu->quiet);
}

static struct err *no_writer(void *ctx, const struct copy_page *page)
{
	(void)ctx;
	(void)page;
	return NULL;
}

/* Read what stays, as a dump would; the pipeline counts pages full of zeros. */
static struct err *find_zero_pages(struct mem_usage *mu)
{
	const struct copy_params params = {
		.dump = mu->machine.dump,
		.plan = mu->plan,
		.share_zero = true,
		.threads = mu->resources.threads,
		.progress = &mu->quiet,
	};
	const struct copy_writer writer = { .page = no_writer };

	return copy_pages(&params, &writer, &mu->stats);
}

static struct err *count(struct mem_usage *mu)
{
	struct err *e;

	TRY(learn(mu));
	meter_start(&mu->meter);
	e = classify(mu);
	meter_stop(&mu->meter, PHASE_CLASSIFY);
	mu->run->stats->classified = !e;
	TRY(e);
	meter_start(&mu->meter);
	e = find_zero_pages(mu);
	meter_stop(&mu->meter, PHASE_COPY);
	meter_sample(&mu->meter);
	machine_check_layout(&mu->machine);
	return e;
}

/* Widths, tabs and blanks at ends of lines are those that programs know. */
static void write_table(const void *ctx, FILE *out)
{
	const struct mem_usage *mu = ctx;
	const uint64_t *dropped = mu->counts.dropped;
	uint64_t pages = mu->machine.dump->present_count;
	uint64_t page_size = UINT64_C(1) << mu->machine.kernel->page_shift;

	fprintf(out, "\nTYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n");
	fprintf(out, "----------------------------------------------------------------------\n");
	fprintf(out, "ZERO\t\t%-16" PRIu64 "\tyes\t\tPages filled with zero\n", mu->stats.zero);
	fprintf(out, "NON_PRI_CACHE\t%-16" PRIu64 "\tyes\t\tCache pages without private flag\n",
		dropped[PAGE_CACHE]);
	fprintf(out, "PRI_CACHE\t%-16" PRIu64 "\tyes\t\tCache pages with private flag\n",
		dropped[PAGE_CACHE_PRIVATE]);
	fprintf(out, "USER\t\t%-16" PRIu64 "\tyes\t\tUser process pages\n", dropped[PAGE_USER]);
	fprintf(out, "FREE\t\t%-16" PRIu64 "\tyes\t\tFree pages\n", dropped[PAGE_FREE]);
	/* Hwpoison, offline and pmem pages are in no row, as ever: nobody has a choice about them. */
	fprintf(out, "KERN_DATA\t%-16" PRIu64 "\tno\t\tDumpable kernel data \n\n",
		mu->stats.pages - mu->stats.zero);
	fprintf(out, "page size:\t\t%-16" PRIu64 "\n", page_size);
	fprintf(out, "Total pages on system:\t%-16" PRIu64 "\n", pages);
	fprintf(out, "Total size on system:\t%-16" PRIu64 " Byte\n", pages * page_size);
}

static void record(const struct mem_usage *mu)
{
	struct stats *stats = mu->run->stats;
	struct report report;

	machine_record(&mu->machine, stats);
	if (!mu->machine.kernel)
		return;
	report = machine_report(&mu->machine, &mu->resources, mu->plan);
	report.scan = &mu->counts;
	report.copy = &mu->stats;
	report.meter = &mu->meter;
	stats_take_report(stats, &report);
}

struct err *action_mem_usage(const struct run *run)
{
	struct mem_usage mu = { .run = run, .quiet = { .stop = run->stop } };
	struct err *e;

	console_hold_warnings(run->console);
	e = count(&mu);
	if (!e)
		e = console_write(run->console, LOG_COMMON, write_table, &mu);
	console_release_warnings(run->console);
	record(&mu);
	plan_destroy(mu.plan);
	scanner_destroy(mu.judge);
	machine_deinit(&mu.machine);
	return e;
}
