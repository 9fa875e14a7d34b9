/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main action: VMCORE to DUMPFILE. The way of the data, top to bottom. */
#include <inttypes.h>

#include "base/checked.h"
#include "cli/machine.h"
#include "cli/meter.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/resources.h"
#include "cli/run.h"
#include "codec/codec.h"
#include "output/kdump.h"
#include "pages/plan.h"
#include "pages/scan.h"

/* Members are NULL or empty until their step; create_deinit() frees in reverse. */
struct create {
	const struct run *run;
	struct meter meter;
	struct progress_line line;
	struct machine machine;
	struct resources resources;
	struct scanner *judge;		/* judges blocks that the plan forgot */
	struct plan *plan;
	struct scan_counts counts;
	struct sink *sink;
	struct copy_stats stats;
};

static const struct log *log_of(const struct create *c)
{
	return &c->run->console->log;
}

/* Everything that must be known before anything is created. */
static struct err *learn(struct create *c)
{
	TRY(machine_bring_up(c->run, c->run->options->level, &c->machine));
	c->line.unit_bytes = UINT64_C(1) << c->machine.kernel->page_shift;
	run_show_vtop(c->run, c->machine.kernel);
	return NULL;
}

/* Once the dump is open: what that took is not free any more. */
static void share_resources(struct create *c)
{
	struct machine_room room = machine_room_get();

	c->resources = resources_decide(c->run->options, &room);
	resources_log(&c->resources, c->run->options, log_of(c));
	c->run->stats->plan_budget = c->resources.plan;
}

static struct err *judge_again(void *ctx, uint64_t block, uint8_t *keep)
{
	struct create *c = ctx;

	return scan_block(c->judge, block, keep, NULL);
}

static struct err *classify(struct create *c)
{
	const struct plan_judge judge = { .judge = judge_again, .ctx = c };

	share_resources(c);
	TRY(scanner_create(&c->machine.job, &c->judge));
	TRY(plan_create(c->machine.dump->max_mapnr, c->resources.plan, &judge, &c->plan));
	return scan_all(&c->machine.job, c->resources.threads, c->plan, &c->counts,
			&c->line.progress);
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

static struct err *copy(struct create *c)
{
	struct kdump_params params = {
		.kernel = c->machine.kernel,
		.level = c->machine.job.level,
		.copy = {
			.dump = c->machine.dump,
			.plan = c->plan,
			.codec = choose_codec(c),
			/* A header that says that zero pages are shared must be right. */
			.share_zero = (c->machine.job.level | c->machine.dump->dump_level) & LEVEL_ZERO,
			.threads = c->resources.threads,
			.progress = &c->line.progress,
		},
	};

	return kdump_write(&params, c->sink, &c->stats);
}

/* Run one step of the way under its phase's clock and progress line. */
static struct err *step(struct create *c, enum phase phase, struct err *(*fn)(struct create *c))
{
	struct err *e;

	progress_begin(&c->line, phase);
	e = fn(c);
	if (e)
		progress_abandon(&c->line);
	else
		progress_end(&c->line);
	return e;
}

static struct report make_report(const struct create *c)
{
	return (struct report){
		.max_mapnr = c->machine.dump->max_mapnr,
		.present = c->machine.dump->present_count,
		.has_xen = c->machine.xen != NULL,
		.left_out = c->machine.dump->present_count - c->machine.dump->stored_count,
		.has_pmem = c->machine.dump->pmem.count != 0,
		.bytes_written = c->sink ? c->sink->written : 0,
		.page_size = UINT64_C(1) << c->machine.kernel->page_shift,
		.threads = c->resources.threads,
		.memory_budget = c->resources.memory,
		.plan_budget = c->resources.plan,
		.plan_bytes = c->plan ? plan_bytes(c->plan) : 0,
		.plan_blocks = c->plan ? plan_blocks(c->plan) : 0,
		.plan_forgotten = c->plan ? plan_forgotten(c->plan) : 0,
		.scan = &c->counts,
		.copy = &c->stats,
		.meter = &c->meter,
	};
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

static struct err *open_sink(struct create *c)
{
	if (c->run->options->dry_run)
		return sink_open_null(&c->sink);
	return run_open_output(c->run, &c->sink);
}

/* What is left of the output when the run failed. */
static void settle_output(struct create *c)
{
	if (!c->sink || c->run->options->dry_run)
		return;
	if (!c->sink->written)
		run_remove_output(c->run);
	else if (run_output_is_incomplete(c->run, c->machine.kernel))
		log_common(log_of(c), "This is an incomplete dumpfile, but might analyzable.");
}

static struct err *create(struct create *c)
{
	const struct options *options = c->run->options;
	struct report report;
	struct err *e;

	if (options->flattened)
		return err_new(ERR_UNSUPPORTED, "option -F is only for --dump-dmesg in this version");
	if (!options->dry_run)
		TRY(run_check_output(c->run));
	TRY(step(c, PHASE_HOLES, learn));
	/* Now: an output that cannot be made should not cost the long part. */
	TRY(open_sink(c));
	e = step(c, PHASE_CLASSIFY, classify);
	c->run->stats->classified = !e;
	if (!e)
		e = step(c, PHASE_COPY, copy);
	if (e) {
		settle_output(c);
		return e;
	}
	if (c->stats.lost)
		log_warn(log_of(c), "%s: %" PRIu64 " pages could not be read; they are zero in %s",
			 options->vmcore, c->stats.lost, options->dumpfile);
	report = make_report(c);
	report_print(&report, c->run->console);
	if (!options->dry_run)
		log_common(log_of(c), "\nThe dumpfile is saved to %s.", options->dumpfile);
	return NULL;
}

static void create_deinit(struct create *c)
{
	sink_destroy(c->sink);
	plan_destroy(c->plan);
	scanner_destroy(c->judge);
	machine_deinit(&c->machine);
}

struct err *action_create(const struct run *run)
{
	struct create c = { .run = run };
	struct err *e;

	progress_line_init(&c.line, run->console, &c.meter, run->stop);
	e = create(&c);
	record(&c);
	create_deinit(&c);
	return e;
}
