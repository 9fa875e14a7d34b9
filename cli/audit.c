/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

struct rounds {
	const struct run *run;
	struct machine *machine;
	const struct audit_judging *judging;
	struct scan_counts *counts;
	struct audit_summary *summary;
	const struct types *types;	/* NULL: not known */
	struct audit *audit;		/* of the round at work */
	struct scan_samples *samples;
};

static const struct log *log_of(const struct rounds *r)
{
	return &r->run->console->log;
}

static struct err *take(void *ctx, uint64_t block, const uint8_t *keep)
{
	struct rounds *r = ctx;

	return audit_block(r->audit, block, keep);
}

static struct err *judge(struct rounds *r)
{
	const struct scan_taker taker = { .take = take, .ctx = r };

	memset(r->samples, 0, sizeof(*r->samples));
	*r->counts = (struct scan_counts){ .samples = r->samples };
	TRY(r->judging->judge(r->judging->ctx, &taker, r->counts));
	return audit_judge(r->audit, r->counts);
}

static void tell(struct rounds *r, const struct audit_finding *finding)
{
	struct audit_summary *summary = r->summary;
	char names[64];

	log_warn(log_of(r), "%s: audit: %s pages: %s", r->run->options->vmcore,
		 audit_class_names(finding->classes, names, sizeof(names)), finding->text);
	if (summary->count < AUDIT_FINDINGS_MAX)
		summary->findings[summary->count++] = *finding;
}

/* What the round found: told, and acted upon. */
static struct err *settle(struct rounds *r, const struct audit_result *result)
{
	const struct options *options = r->run->options;
	char names[64];

	r->summary->last = *result;
	for (unsigned int i = 0; i < result->count; i++)
		tell(r, &result->findings[i]);
	if (!result->failed)
		return NULL;
	audit_class_names(result->failed, names, sizeof(names));
	if (options->strict)
		return err_new(ERR_BAD_INPUT, "%s: what it says of %s pages does not stand up to the audit"
			       " (--strict)", options->vmcore, names);
	log_warn(log_of(r), "%s: audit: all %s pages are kept", options->vmcore, names);
	r->summary->kept |= result->failed;
	audit_give_up(result->failed, &r->machine->layout, &r->machine->job.level);
	return NULL;
}

/* One audit from the facts to the samples; *passed: nothing is left to find. */
static struct err *one_round(struct rounds *r, bool *passed)
{
	struct machine *m = r->machine;
	struct err *e;

	TRY(audit_create(m->reader, &m->job, r->types, AUDIT_BUDGET, &r->audit));
	/* What fails by its facts alone need not be judged first. */
	e = audit_result(r->audit)->failed ? NULL : judge(r);
	if (!e)
		e = settle(r, audit_result(r->audit));
	*passed = !audit_result(r->audit)->failed;
	audit_destroy(r->audit);
	r->audit = NULL;
	return e;
}

/* Each round that does not pass gives a class up, and there are not that many. */
static struct err *all_rounds(struct rounds *r)
{
	bool passed = false;

	TRY(machine_types(r->machine, &r->types));
	for (unsigned int i = 0; !passed && i <= PAGE_CLASSES; i++)
		TRY(one_round(r, &passed));
	r->summary->ran = true;
	return NULL;
}

struct err *audit_run(const struct run *run, struct machine *machine,
		      const struct audit_judging *judging, struct scan_counts *counts,
		      struct audit_summary *summary)
{
	struct rounds r = {
		.run = run, .machine = machine, .judging = judging, .counts = counts,
		.summary = summary,
	};
	struct err *e;

	*summary = (struct audit_summary){ .ran = false };
	*counts = (struct scan_counts){ .samples = NULL };
	/* The kernel's own choice has no class that could be given up. */
	if (!machine->map || machine->has_bitmap)
		return judging->judge(judging->ctx, NULL, counts);
	r.samples = malloc(sizeof(*r.samples));
	if (!r.samples)
		return err_nomem;
	e = all_rounds(&r);
	counts->samples = NULL;
	free(r.samples);
	return e;
}
