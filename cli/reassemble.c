/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --reassemble: the pieces of a split set as one file, page data as it is stored. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "cli/machine.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/resources.h"
#include "cli/run.h"
#include "output/writer.h"

#define BLOCK_BYTES ((size_t)(PLAN_BLOCK / 8))

/* Members are NULL or empty until their step. */
struct reassembly {
	const struct run *run;
	struct meter meter;
	struct progress_line line;
	struct machine machine;
	struct resources resources;
	struct plan *plan;		/* all pages that the pieces have */
	struct outputs outputs;
	struct copy_stats stats;
};

/* The pages of one block that are stored in any of the pieces. */
static struct err *judge(void *ctx, uint64_t block, uint8_t *keep)
{
	const struct dump *dump = ((struct reassembly *)ctx)->machine.dump;
	uint64_t first = block * PLAN_BLOCK, bits = min_u64(PLAN_BLOCK, dump->max_mapnr - first);

	/* Only whole words are written. */
	for (size_t i = (size_t)bits / 64 * 8; i < BLOCK_BYTES; i++)
		keep[i] = 0;
	return dump_stored_bits(dump, first, first + bits, keep);
}

static struct err *make_plan(struct reassembly *r)
{
	const struct plan_judge again = { .judge = judge, .ctx = r };
	const struct dump *dump = r->machine.dump;
	struct range run = { 0 };
	struct err *e = NULL;
	bool found = true;
	uint8_t *keep;

	TRY(plan_create(dump->max_mapnr, r->resources.plan, &again, &r->plan));
	keep = malloc(BLOCK_BYTES);
	if (!keep)
		return err_nomem;
	for (uint64_t block = 0; !e && found; block++) {
		e = dump_next_present(dump, block * PLAN_BLOCK, dump->max_mapnr, &run, &found);
		if (e || !found)
			break;
		block = run.start / PLAN_BLOCK;
		e = judge(r, block, keep);
		if (!e)
			e = plan_put(r->plan, block, keep);
		if (!e)
			e = progress_tick(&r->line.progress, PHASE_HOLES, block, plan_blocks(r->plan));
	}
	free(keep);
	return e;
}

/* What is missing was told when the pieces were opened. */
static struct err *check_pieces(const struct dump *dump)
{
	if (dump->lacking)
		return err_new(ERR_BAD_INPUT, "%" PRIu64 " page frames are in none of the pieces",
			       dump->lacking);
	return NULL;
}

static struct err *learn(struct reassembly *r)
{
	struct machine_room room;

	TRY(machine_bring_up(r->run, 0, &r->machine));
	TRY(check_pieces(r->machine.dump));
	r->line.unit_bytes = UINT64_C(1) << r->machine.kernel->page_shift;
	room = machine_room_get();
	r->resources = resources_decide(r->run->options, &room);
	resources_log(&r->resources, r->run->options, &r->run->console->log);
	r->run->stats->plan_budget = r->resources.plan;
	return make_plan(r);
}

static struct err *copy(struct reassembly *r)
{
	struct dump *dump = r->machine.dump;
	struct writer_params params = {
		.kernel = r->machine.kernel,
		.copy = {
			.dump = dump,
			.plan = r->plan,
			.as_stored = true,
			.share_zero = dump->dump_level & LEVEL_ZERO,
			.threads = r->resources.threads,
			.progress = &r->line.progress,
		},
	};

	return dump_writer_kdump.write(&params, r->outputs.v[0], &r->stats);
}

static struct err *step(struct reassembly *r, enum phase phase, struct err *(*fn)(struct reassembly *))
{
	progress_begin(&r->line, phase);
	return progress_end(&r->line, fn(r));
}

static struct err *reassemble(struct reassembly *r)
{
	struct err *e;

	TRY(outputs_check(r->run));
	TRY(step(r, PHASE_HOLES, learn));
	TRY(outputs_open(r->run, &r->outputs));
	e = step(r, PHASE_COPY, copy);
	if (e) {
		outputs_settle(r->run, &r->outputs);
		return e;
	}
	if (r->stats.lost)
		log_warn(&r->run->console->log, "%" PRIu64 " pages are lost in the pieces, and stay so",
			 r->stats.lost);
	outputs_tell(r->run);
	return NULL;
}

static void record(const struct reassembly *r)
{
	const struct scan_counts none = { 0 };
	const struct report report = {
		.bytes_written = outputs_written(&r->outputs),
		.threads = r->resources.threads,
		.memory_budget = r->resources.memory,
		.scan = &none,
		.copy = &r->stats,
		.meter = &r->meter,
	};

	machine_record(&r->machine, r->run->stats);
	if (r->machine.kernel)
		stats_take_report(r->run->stats, &report);
}

struct err *action_reassemble(const struct run *run)
{
	struct reassembly r = { .run = run };
	struct err *e;

	progress_line_init(&r.line, run->console, &r.meter, run->stop);
	e = reassemble(&r);
	record(&r);
	plan_destroy(r.plan);
	machine_deinit(&r.machine);
	outputs_destroy(&r.outputs);
	return e;
}
