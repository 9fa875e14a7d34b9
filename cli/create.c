/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main action: VMCORE to DUMPFILE. The way of the data, top to bottom. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "cli/audit.h"
#include "cli/erasing.h"
#include "cli/machine.h"
#include "cli/meter.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/resources.h"
#include "cli/run.h"
#include "codec/codec.h"
#include "output/split.h"
#include "output/writer.h"
#include "pages/plan.h"
#include "pages/scan.h"

/*
 * Members are NULL or empty until their step; those from level on belong to the
 * attempt at one level, and attempt_deinit() frees them in reverse.
 */
struct create {
	const struct run *run;
	struct meter meter;
	struct progress_line line;
	struct outputs outputs;
	unsigned int level;
	struct machine machine;
	struct erasing erasing;
	struct resources resources;
	struct scanner *judge;		/* judges blocks that the plan forgot */
	struct plan *plan;
	struct scan_counts counts;
	struct audit_summary audit;
	struct copy_stats stats;
};

static const struct log *log_of(const struct create *c)
{
	return &c->run->console->log;
}

/* Everything that must be known before anything is created. */
static struct err *learn(struct create *c)
{
	TRY(machine_bring_up(c->run, c->level, &c->machine));
	c->line.unit_bytes = UINT64_C(1) << c->machine.kernel->page_shift;
	run_show_vtop(c->run, c->machine.kernel);
	return erasing_find(c->run, &c->machine, &c->erasing);
}

static struct err *judge_again(void *ctx, uint64_t block, uint8_t *keep)
{
	struct create *c = ctx;

	return scan_block(c->judge, block, keep, NULL);
}

/* Bytes for the plan of a writer that must know the zero pages before it begins. */
static size_t writer_plan(const struct create *c)
{
	return c->run->options->elf && c->level & LEVEL_ZERO ? c->resources.plan / 2 : 0;
}

/* A block for the plan and for the audit, which is not always there. */
struct taking {
	struct plan *plan;
	const struct scan_taker *audit;
};

static struct err *take_block(void *ctx, uint64_t block, const uint8_t *keep)
{
	const struct taking *taking = ctx;

	TRY(plan_put(taking->plan, block, keep));
	return taking->audit ? taking->audit->take(taking->audit->ctx, block, keep) : NULL;
}

/* All pages into a new plan. */
static struct err *judge_all(void *ctx, const struct scan_taker *audit, struct scan_counts *counts)
{
	struct create *c = ctx;
	const struct plan_judge judge = { .judge = judge_again, .ctx = c };
	struct taking taking = { .audit = audit };
	const struct scan_taker taker = { .take = take_block, .ctx = &taking };

	plan_destroy(c->plan);
	scanner_destroy(c->judge);
	c->plan = NULL;
	c->judge = NULL;
	if (c->run->options->exclude_vmemmap)
		TRY(machine_find_unused(&c->machine, c->resources.threads, &c->line.progress));
	TRY(scanner_create(&c->machine.job, &c->judge));
	TRY(plan_create(c->machine.dump->max_mapnr, c->resources.plan - writer_plan(c), &judge,
			&c->plan));
	taking.plan = c->plan;
	return scan_each(&c->machine.job, c->resources.threads, &taker, counts,
			 &c->line.progress);
}

static struct err *classify(struct create *c)
{
	const struct audit_judging judging = { .judge = judge_all, .ctx = c };
	struct err *e;

	c->resources = machine_share_resources(&c->machine, c->run);
	e = audit_run(c->run, &c->machine, &judging, &c->counts, &c->audit);
	machine_forget_types(&c->machine);
	return e;
}

/* The codec asked for, or NULL to store pages as they are. */
static const struct codec *choose_codec(const struct create *c)
{
	char letter = c->run->options->codec;
	const struct codec *codec = letter ? codec_by_option(letter) : NULL;

	if (!letter || (codec && codec->available)) {
		c->run->stats->codec = codec ? codec->name : NULL;
		return codec;
	}
	log_common(log_of(c), "'-%c' option is ignored: this program was built without %s;"
		   " pages are stored uncompressed.", letter, codec ? codec->name : "it");
	return NULL;
}

/* Pages between which pieces may be cut. */
static uint64_t split_unit(const struct create *c)
{
	unsigned int shift = c->machine.kernel->page_shift;
	uint64_t pages = max_u64(c->run->options->splitblock_kb << 10 >> shift, 1);

	return div_round_up(pages, SPLIT_ALIGN) * SPLIT_ALIGN;
}

static struct err *split(struct create *c, const struct dump_writer *writer,
			 const struct writer_params *whole)
{
	struct range *pieces = calloc(c->outputs.count, sizeof(*pieces));
	struct split_params params = { .writer = writer, .whole = *whole, .pieces = pieces,
				       .sinks = c->outputs.v, .count = c->outputs.count };
	struct err *e;

	if (!pieces)
		return err_nomem;
	e = split_choose(c->plan, c->machine.dump->max_mapnr, split_unit(c), params.count, pieces);
	for (size_t i = 0; !e && i < params.count; i++)
		log_debug(log_of(c), "piece %zu: pfn %#" PRIx64 " to %#" PRIx64, i + 1,
			  pieces[i].start, pieces[i].end);
	if (!e)
		e = split_write(&params, &c->stats);
	free(pieces);
	return e;
}

static struct err *copy(struct create *c)
{
	const struct dump_writer *writer = c->run->options->elf ? &dump_writer_elf :
								  &dump_writer_kdump;
	struct writer_params params = {
		.kernel = c->machine.kernel,
		.level = c->machine.job.level,
		.no_vmemmap = c->counts.dropped[PAGE_UNUSED_VMEMMAP] != 0,
		.plan_budget = writer_plan(c),
		.copy = {
			.dump = c->machine.dump,
			.plan = c->plan,
			.codec = choose_codec(c),
			.erase = erasing_set(&c->erasing),
			/* A header that says that zero pages are shared must be right. */
			.share_zero = (c->machine.job.level | c->machine.dump->dump_level) & LEVEL_ZERO,
			.threads = c->resources.threads,
			.progress = &c->line.progress,
		},
	};

	if (c->run->options->split)
		return split(c, writer, &params);
	return writer->write(&params, c->outputs.v[0], &c->stats);
}

/* Run one step of the way under its phase's clock and progress line. */
static struct err *step(struct create *c, enum phase phase, struct err *(*fn)(struct create *c))
{
	progress_begin(&c->line, phase);
	return progress_end(&c->line, fn(c));
}

static struct report make_report(const struct create *c)
{
	struct report report = machine_report(&c->machine, &c->resources, c->plan);

	report.level = c->level;
	report.is_elf = c->run->options->elf;
	report.without_vmemmap = c->run->options->exclude_vmemmap;
	report.bytes_written = outputs_written(&c->outputs);
	report.scan = &c->counts;
	report.copy = &c->stats;
	report.audit = &c->audit;
	report.meter = &c->meter;
	return report;
}

/* Tell --json what is known, however the run ended. */
static void record(const struct create *c)
{
	struct stats *stats = c->run->stats;
	struct report report;

	machine_record(&c->machine, stats);
	if (c->machine.kernel) {
		report = make_report(c);
		stats_take_report(stats, &report);
	}
}

/* All of the way at one level. */
static struct err *attempt(struct create *c)
{
	TRY(step(c, PHASE_HOLES, learn));
	/* Now: an output that cannot be made should not cost the long part. */
	TRY(outputs_open(c->run, &c->outputs));
	TRY(step(c, PHASE_CLASSIFY, classify));
	c->run->stats->classified = true;
	if (c->run->options->exclude_vmemmap)
		log_common(log_of(c), "Excluded %" PRIu64 " unused vmemmap pages",
			   c->counts.dropped[PAGE_UNUSED_VMEMMAP]);
	TRY(erasing_tell(&c->erasing, c->run, &c->machine, c->plan, c->run->options->dry_run));
	return step(c, PHASE_COPY, copy);
}

static void attempt_deinit(struct create *c)
{
	plan_destroy(c->plan);
	scanner_destroy(c->judge);
	erasing_deinit(&c->erasing);
	machine_deinit(&c->machine);
	*c = (struct create){ .run = c->run, .meter = c->meter, .line = c->line, .outputs = c->outputs };
}

/* Fewer pages would help, and what was written can be taken back. */
static bool is_worth_a_retry(const struct create *c, const struct err *e)
{
	return (err_kind(e) == ERR_NO_SPACE || err_kind(e) == ERR_LIMIT) &&
	       outputs_can_restart(&c->outputs);
}

/* The levels of -d in turn, until a dump fits. */
static struct err *try_levels(struct create *c)
{
	const struct options *options = c->run->options;
	struct err *e;

	if (options->flatten && options->level_count > 1)
		log_common(log_of(c), "Only dump_level(%u) is tried: what goes to STDOUT cannot be taken"
			   " back.", options->level);
	for (size_t i = 0;; i++) {
		c->level = options->levels[i];
		e = attempt(c);
		run_tell_limit(c->run, e);
		if (i + 1 == options->level_count || !is_worth_a_retry(c, e))
			return e;
		log_warn(log_of(c), "%s", err_text(e));
		log_common(log_of(c), "Retry to create a dumpfile by dump_level(%u).",
			   options->levels[i + 1]);
		err_free(e);
		attempt_deinit(c);
		c->run->stats->classified = false;
	}
}

static struct err *create(struct create *c)
{
	const struct options *options = c->run->options;
	struct report report;
	struct err *e;

	TRY(erasing_check_file(options));
	if (!options->dry_run)
		TRY(outputs_check(c->run));
	e = try_levels(c);
	if (e) {
		outputs_settle(c->run, &c->outputs);
		return e;
	}
	machine_check_layout(&c->machine);
	if (c->stats.lost)
		log_warn(log_of(c), "%s: %" PRIu64 " pages could not be read; they are zero in the "
			 "dump", options->vmcore, c->stats.lost);
	report = make_report(c);
	report_print(&report, c->run->console);
	outputs_tell(c->run);
	return NULL;
}

struct err *action_create(const struct run *run)
{
	struct create c = { .run = run };
	struct err *e;

	progress_line_init(&c.line, run->console, &c.meter, run->stop);
	e = create(&c);
	record(&c);
	attempt_deinit(&c);
	outputs_destroy(&c.outputs);
	return e;
}
