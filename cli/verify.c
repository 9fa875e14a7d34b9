/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --verify: what of a dump a debugger would miss. */
#include "verify/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/run.h"

/* What a run found, kept for --json. */
struct verify_found {
	const struct options *options;
	struct verify_result result;
	struct meter meter;
};

static void json_counts(const struct verify_counts *counts, struct json *json)
{
	json_number(json, "pages", counts->pages);
	json_number(json, "missing", counts->missing);
	json_number(json, "damaged", counts->damaged);
	json_number(json, "unmapped", counts->unmapped);
	json_number(json, "read_as_zeros", counts->zeros);
	json_number(json, "broken", counts->broken);
}

static void json_areas(const struct verify_result *result, struct json *json)
{
	char key[48];

	json_object(json, "areas");
	for (size_t i = 0; i < result->area_count; i++) {
		const struct verify_area_result *area = &result->area[i];

		json_object(json, json_key(area->name, key, sizeof(key)));
		json_bool(json, "checked", area->checked);
		json_number(json, "objects", area->counts.objects);
		json_counts(&area->counts, json);
		json_object_end(json);
	}
	json_object_end(json);
}

static void json_gaps(const struct verify_result *result, struct json *json)
{
	json_array(json, "not_checked");
	for (size_t i = 0; i < result->gap_count; i++) {
		json_object(json, NULL);
		json_string(json, "area", result->gap[i].area);
		json_string(json, "why", result->gap[i].why);
		json_object_end(json);
	}
	json_array_end(json);
	json_number(json, "not_checked_left_out", result->gaps_left_out);
}

static void write_json(const void *ctx, struct json *json)
{
	const struct verify_found *found = ctx;
	struct verify_counts total = verify_total(&found->result);

	json_object(json, "verify");
	json_counts(&total, json);
	json_areas(&found->result, json);
	json_gaps(&found->result, json);
	json_object_end(json);
	json_number(json, "peak_resident_kib", meter_peak_resident_kb());
}

static void free_found(void *ctx)
{
	struct verify_found *found = ctx;

	verify_result_deinit(&found->result);
	free(found);
}

static void write_areas(const struct verify_result *result, FILE *out)
{
	fprintf(out, "\n%-18s %10s %10s %9s %9s %9s %9s\n", "AREA", "OBJECTS", "PAGES", "MISSING",
		"DAMAGED", "UNMAPPED", "BROKEN");
	for (size_t i = 0; i < result->area_count; i++) {
		const struct verify_area_result *area = &result->area[i];
		const struct verify_counts *c = &area->counts;

		if (!area->checked)
			fprintf(out, "%-18s not checked\n", area->name);
		else
			fprintf(out, "%-18s %10" PRIu64 " %10" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9"
				PRIu64 " %9" PRIu64 "\n", area->name, c->objects, c->pages, c->missing,
				c->damaged, c->unmapped, c->broken);
	}
}

static const char *reason(const struct verify_gap *gap)
{
	return gap->why ? gap->why : "no memory for the reason";
}

/* One line for areas in a row that have the same reason. */
static void write_gaps(const struct verify_result *result, FILE *out)
{
	const struct verify_gap *gap = result->gap;

	fputc('\n', out);
	for (size_t i = 0, next; i < result->gap_count; i = next) {
		fprintf(out, "not checked: %s", gap[i].area);
		for (next = i + 1; next < result->gap_count && !strcmp(reason(&gap[i]), reason(&gap[next]));
		     next++)
			fprintf(out, ", %s", gap[next].area);
		fprintf(out, ": %s\n", reason(&gap[i]));
	}
	if (result->gaps_left_out)
		fprintf(out, "not checked: %" PRIu64 " more\n", result->gaps_left_out);
}

static bool is_clean(const struct verify_counts *total)
{
	return !total->missing && !total->damaged && !total->unmapped && !total->broken;
}

static void write_verdict(const struct verify_result *result, const char *name, FILE *out)
{
	struct verify_counts total = verify_total(result);

	if (total.zeros)
		fprintf(out, "%" PRIu64 " pages have no data in this file, where that reads as zeros: it does "
			"not tell pages of zeros from pages left out\n", total.zeros);
	if (is_clean(&total) && !result->untranslated)
		fprintf(out, "%s: nothing that was looked for is missing%s\n", name,
			result->gap_count ? "; not everything could be looked for" : "");
}

static void write_found(const void *ctx, FILE *out)
{
	const struct verify_found *found = ctx;

	write_areas(&found->result, out);
	write_gaps(&found->result, out);
	write_verdict(&found->result, found->options->vmcore, out);
}

/* The sentence that a run which found something ends with. */
static struct err *verdict(const struct run *run, const struct verify_result *result)
{
	struct verify_counts total = verify_total(result);

	if (is_clean(&total) && result->untranslated)
		return err_new(ERR_UNSUPPORTED, "%s: its pages can be read, but what a debugger needs could "
			       "not be looked for: the kernel's memory cannot be translated",
			       run->options->vmcore);
	if (is_clean(&total))
		return NULL;
	return err_new(ERR_BAD_INPUT, "%s: not all that a debugger needs can be read: %" PRIu64
		       " pages missing, %" PRIu64 " damaged, %" PRIu64 " not mapped, %" PRIu64
		       " structures broken", run->options->vmcore, total.missing, total.damaged,
		       total.unmapped, total.broken);
}

static struct err *look(const struct run *run, const struct kernel *kernel,
			struct verify_found *found)
{
	struct progress_line line;
	struct verify_params params = {
		.kernel = kernel,
		.log = &run->console->log,
		.progress = &line.progress,
	};
	struct err *e;

	progress_line_init(&line, run->console, &found->meter, run->stop);
	progress_begin(&line, PHASE_VERIFY);
	e = verify_dump(&params, &found->result);
	progress_abandon(&line);
	TRY(e);
	TRY(console_write(run->console, LOG_COMMON, write_found, found));
	return verdict(run, &found->result);
}

static struct err *verify(const struct run *run, struct kernel *kernel)
{
	struct verify_found *found = calloc(1, sizeof(*found));

	if (!found)
		return err_nomem;
	found->options = run->options;
	run->stats->more = write_json;
	run->stats->more_ctx = found;
	run->stats->free_more = free_found;
	run_show_vtop(run, kernel);
	return look(run, kernel, found);
}

struct err *action_verify(const struct run *run)
{
	return run_on_kernel(run, verify);
}
