/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --estimate: what a dump would cost at each level with each codec, in a few seconds. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "cli/erasing.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/resources.h"
#include "codec/codec.h"
#include "output/estimate.h"
#include "pages/plan.h"

/*
 * Up to so many pages (512 GiB of 4 KiB) all are judged, in a second or two;
 * of larger machines the number of pages of each class is estimated too.
 */
#define JUDGE_ALL_MAX (UINT64_C(1) << 27)

#define ROWS_MAX 128

struct row {
	unsigned int level;
	struct estimate_file file;
	double seconds;
	uint64_t memory_kib;
};

/* What is shown, and kept for --json. */
struct result {
	struct row rows[ROWS_MAX];
	size_t count;
	struct estimate_class classes[PAGE_CLASSES];
	bool judged_all;
	unsigned int threads;
	uint64_t page_size;
	uint64_t sampled;
	double sample_seconds;
	struct meter meter;
};

struct estimation {
	const struct run *run;
	struct progress_line line;
	struct progress quiet;		/* stops, shows nothing */
	struct machine machine;
	struct erasing erasing;
	struct resources resources;
	struct plan *plan;
	struct scan_counts counts;
	struct estimate *estimate;
	uint64_t codec_kib[ESTIMATE_CODECS_MAX];	/* own memory of each codec */
	uint64_t base_kib;		/* of everything that is there while copying */
	uint64_t peak_kib;		/* until then */
	struct result *result;
};

/* 1 to 31 as people use them; 63 where there is persistent memory. */
static const unsigned int levels[] = { 0, 1, 3, 7, 15, 16, 17, 23, 25, 27, 31, 63 };

static const struct {
	enum page_class class;
	const char *name;
} class_names[] = {
	{ PAGE_KEEP, "kept_at_every_level" },
	{ PAGE_CACHE, "non_private_cache_pages" },
	{ PAGE_CACHE_PRIVATE, "private_cache_pages" },
	{ PAGE_USER, "user_process_data_pages" },
	{ PAGE_FREE, "free_pages" },
	{ PAGE_PMEM_METADATA, "pmem_metadata_pages" },
	{ PAGE_UNUSED_VMEMMAP, "unused_vmemmap_pages" },
};

static const char *codec_name(const struct codec *codec)
{
	return codec ? codec->name : "none";
}

/* Which struct pages nobody needs is a matter of the level: with -e there is one. */
static bool has_one_level(const struct estimation *es)
{
	return es->run->options->exclude_vmemmap;
}

/* Without struct pages the two levels that need none are still worth telling. */
static struct err *learn(struct estimation *es)
{
	unsigned int level = has_one_level(es) ? es->run->options->level : LEVEL_MAX;
	struct err *e = machine_bring_up(es->run, level, &es->machine), *again;

	if (!e || has_one_level(es) || !es->machine.kernel || err_kind(e) == ERR_NOMEM)
		return e;
	machine_deinit(&es->machine);
	es->machine = (struct machine){ 0 };
	again = machine_bring_up(es->run, LEVEL_ZERO, &es->machine);
	if (again) {
		err_free(e);
		return again;
	}
	log_warn(&es->run->console->log, "only levels 0 and 1 are estimated: %s", err_text(e));
	err_free(e);
	return NULL;
}

/* The plan is only counted and weighed, never read. */
static struct err *never_asked(void *ctx, uint64_t block, uint8_t *keep)
{
	(void)ctx;
	(void)block;
	(void)keep;
	return err_new(ERR_OTHER, "the plan of an estimate was read");
}

static struct err *classify(struct estimation *es)
{
	const struct plan_judge judge = { .judge = never_asked };

	if (es->run->options->exclude_vmemmap)
		TRY(machine_find_unused(&es->machine, es->resources.threads, &es->line.progress));
	es->result->judged_all = es->machine.dump->present_count <= JUDGE_ALL_MAX;
	if (!es->result->judged_all)
		return NULL;
	TRY(plan_create(es->machine.dump->max_mapnr, es->resources.plan, &judge, &es->plan));
	return scan_all(&es->machine.job, es->resources.threads, es->plan, &es->counts,
			&es->line.progress);
}

static struct err *step(struct estimation *es, enum phase phase,
			struct err *(*fn)(struct estimation *es))
{
	progress_begin(&es->line, phase);
	return progress_end(&es->line, fn(es));
}

static struct err *add_codecs(struct estimation *es)
{
	uint64_t before = es->base_kib;

	for (const struct codec *const *c = codecs; *c; c++) {
		if (!(*c)->available)
			continue;
		TRY(estimate_add_codec(es->estimate, *c));
		es->codec_kib[estimate_codecs(es->estimate) - 1] =
			meter_own_kb() - min_u64(before, meter_own_kb());
		before = max_u64(before, meter_own_kb());
	}
	return NULL;
}

static struct err *sample(struct estimation *es)
{
	struct estimate_params params = {
		.job = &es->machine.job,
		.counts = es->result->judged_all ? &es->counts : NULL,
		.kept = es->plan ? plan_kept(es->plan) : 0,
		.threads = es->resources.threads,
		.progress = &es->quiet,
	};
	uint64_t started = meter_now_ns();

	es->base_kib = meter_own_kb();
	es->peak_kib = es->line.meter->peak_anon_kb;
	TRY(estimate_create(&params, &es->estimate));
	TRY(add_codecs(es));
	TRY(estimate_sample(es->estimate));
	meter_sample(es->line.meter);
	es->result->sample_seconds = (double)(meter_now_ns() - started) / 1e9;
	for (unsigned int c = 0; c < PAGE_CLASSES; c++) {
		estimate_class_of(es->estimate, (enum page_class)c, &es->result->classes[c]);
		es->result->sampled += es->result->classes[c].sampled;
	}
	return NULL;
}

static struct err *add_row(struct estimation *es, unsigned int level, size_t codec)
{
	const uint64_t *ns = es->line.meter->phase_ns;
	uint64_t threads = max_u64(es->resources.threads, 1);
	struct result *result = es->result;
	struct row *row = &result->rows[result->count];

	if (result->count == ROWS_MAX)
		return NULL;
	row->level = level;
	TRY(estimate_file_at(es->estimate, level, codec, &row->file));
	row->seconds = row->file.copy_seconds + (double)ns[PHASE_HOLES] / 1e9 +
		       (result->judged_all ? (double)ns[PHASE_CLASSIFY] / 1e9 :
					     estimate_judge_seconds(es->estimate));
	row->memory_kib = max_u64(es->peak_kib, es->base_kib +
				  estimate_copy_memory(es->estimate) / 1024 +
				  threads * es->codec_kib[codec]);
	result->count++;
	return NULL;
}

static struct err *add_level(struct estimation *es, unsigned int level)
{
	for (size_t i = 0; i < estimate_codecs(es->estimate); i++)
		TRY(add_row(es, level, i));
	return NULL;
}

static bool can_tell(const struct estimation *es, unsigned int level)
{
	return !(level & ~es->machine.job.level) && (level <= 31 || es->machine.dump->pmem.count);
}

/* The usual levels, and the one that was asked for. */
static struct err *add_rows(struct estimation *es)
{
	unsigned int wanted = es->run->options->level;

	if (has_one_level(es))
		return add_level(es, wanted);
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		wanted = wanted == levels[i] ? 0 : wanted;
		if (can_tell(es, levels[i]))
			TRY(add_level(es, levels[i]));
	}
	return wanted && can_tell(es, wanted) ? add_level(es, wanted) : NULL;
}

static void print_table(const struct estimation *es)
{
	const struct log *log = &es->run->console->log;
	const struct result *result = es->result;

	log_common(log, "\nEstimate from %" PRIu64 " pages of %" PRIu64 " bytes; %u worker threads, "
		   "without the time of the output device.\nThe size is inside +/- with 95 %% "
		   "probability.\n", result->sampled, result->page_size, result->threads);
	log_common(log, "%5s  %-7s %12s %16s %8s %9s %10s", "Level", "Codec", "Pages", "Bytes",
		   "+/-", "Seconds", "Memory KiB");
	for (size_t i = 0; i < result->count; i++) {
		const struct row *row = &result->rows[i];
		const struct estimate_file *file = &row->file;

		log_common(log, "%5u  %-7s %12" PRIu64 " %16.0f %7.1f%% %9.1f %10" PRIu64,
			   row->level, codec_name(file->codec), file->pages, file->bytes,
			   (file->high - file->low) / 2 / file->bytes * 100, row->seconds,
			   row->memory_kib);
	}
}

static void write_classes(const struct result *result, struct json *json)
{
	json_array(json, "classes");
	for (size_t i = 0; i < ARRAY_LEN(class_names); i++) {
		const struct estimate_class *class = &result->classes[class_names[i].class];

		json_object(json, NULL);
		json_string(json, "class", class_names[i].name);
		json_number(json, "pages", class->pages);
		json_number(json, "sampled", class->sampled);
		json_number(json, "zero_in_sample", class->zero);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_result(const void *ctx, struct json *json)
{
	const struct result *result = ctx;
	const struct report cost = { .meter = &result->meter };

	json_object(json, "estimate");
	json_number(json, "threads", result->threads);
	json_bool(json, "all_pages_judged", result->judged_all);
	json_number(json, "pages_sampled", result->sampled);
	json_real(json, "seconds_of_sampling", result->sample_seconds, 6);
	write_classes(result, json);
	json_array(json, "files");
	for (size_t i = 0; i < result->count; i++) {
		const struct row *row = &result->rows[i];

		json_object(json, NULL);
		json_number(json, "level", row->level);
		json_string(json, "codec", row->file.codec ? row->file.codec->name : NULL);
		json_number(json, "pages", row->file.pages);
		json_real(json, "bytes", row->file.bytes, 0);
		json_real(json, "bytes_low", row->file.low, 0);
		json_real(json, "bytes_high", row->file.high, 0);
		json_real(json, "seconds", row->seconds, 3);
		json_number(json, "memory_kib", row->memory_kib);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
	report_json_cost(&cost, json);
}

/* The same as the run that is estimated. */
static void share_resources(struct estimation *es)
{
	es->resources = machine_share_resources(&es->machine, es->run);
	es->result->threads = es->resources.threads;
}

static struct err *estimate(struct estimation *es)
{
	TRY(step(es, PHASE_HOLES, learn));
	TRY(erasing_find(es->run, &es->machine, &es->erasing));
	es->result->page_size = UINT64_C(1) << es->machine.kernel->page_shift;
	machine_forget_types(&es->machine);
	share_resources(es);
	TRY(step(es, PHASE_CLASSIFY, classify));
	TRY(sample(es));
	TRY(add_rows(es));
	print_table(es);
	return erasing_tell(&es->erasing, es->run, &es->machine, NULL, true);
}

struct err *action_estimate(const struct run *run)
{
	struct estimation es = { .run = run, .quiet = { .stop = run->stop } };
	struct stats *stats = run->stats;
	struct err *e;

	es.result = calloc(1, sizeof(*es.result));
	if (!es.result)
		return err_nomem;
	progress_line_init(&es.line, run->console, &es.result->meter, run->stop);
	e = estimate(&es);
	machine_record(&es.machine, stats);
	stats->more = write_result;
	stats->more_ctx = es.result;
	stats->free_more = free;
	estimate_destroy(es.estimate);
	plan_destroy(es.plan);
	erasing_deinit(&es.erasing);
	machine_deinit(&es.machine);
	return e;
}
