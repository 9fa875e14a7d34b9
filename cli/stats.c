/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document of --json. Its names are a contract with whoever reads it: add, never rename. */
#include "cli/stats.h"

#include <string.h>

#include "arch/arch.h"
#include "base/checked.h"
#include "makedumpfile.h"

void stats_init(struct stats *stats)
{
	memset(stats, 0, sizeof(*stats));
}

void stats_deinit(struct stats *stats)
{
	if (stats->free_more)
		stats->free_more(stats->more_ctx);
}

void stats_take_input(struct stats *stats, const struct dump *dump, const struct kernel *kernel)
{
	if (!dump)
		return;
	stats->format = dump->format->name;
	stats->machine = dump->machine;
	stats->word_bits = dump->word * 8;
	stats->little_endian = dump->order == ORDER_LITTLE;
	stats->incomplete = dump->incomplete;
	if (!kernel)
		return;
	stats->page_size = UINT64_C(1) << kernel->page_shift;
	stats->max_mapnr = dump->max_mapnr;
	stats->present = dump->present_count;
	memcpy(stats->release, kernel->uts.release, sizeof(stats->release));
}

static void note_missing(struct stats *stats, bool is_missing, const char *what)
{
	if (is_missing && stats->missing_count < STATS_MISSING_MAX)
		stats->missing[stats->missing_count++] = what;
}

void stats_take_layout(struct stats *stats, const struct page_layout *layout)
{
	stats->has_layout = true;
	note_missing(stats, !layout->pg_lru, "page cache: PG_lru");
	note_missing(stats, !layout->pg_private, "private page cache: PG_private");
	note_missing(stats, !page_layout_tells_free(layout), "free pages: mark of buddy pages");
	note_missing(stats, !layout->buddy_orders, "free blocks: number of orders");
	note_missing(stats, layout->order_source == ORDER_UNKNOWN, "compound pages: order");
	note_missing(stats, layout->hugetlb_source == HUGETLB_UNKNOWN, "hugetlb pages: mark");
	note_missing(stats, !layout->pg_hwpoison, "hwpoison pages: PG_hwpoison");
	note_missing(stats, !layout->offline.known, "offline pages: mark");
	note_missing(stats, !layout->pg_slab && !layout->slab.known, "slab pages: mark");
}

void stats_take_report(struct stats *stats, const struct report *report)
{
	stats->report = *report;
	stats->scan = *report->scan;
	stats->copy = *report->copy;
	stats->meter = *report->meter;
	if (report->audit) {
		stats->audit = *report->audit;
		stats->report.audit = &stats->audit;
	}
	stats->report.scan = &stats->scan;
	stats->report.copy = &stats->copy;
	stats->report.meter = &stats->meter;
	stats->has_report = true;
}

static const char *action_name(const struct options *options)
{
	static const char *const names[] = {
		[ACTION_CREATE] = "create", [ACTION_DUMP_DMESG] = "dump_dmesg",
		[ACTION_ESTIMATE] = "estimate", [ACTION_REARRANGE] = "rearrange",
		[ACTION_REASSEMBLE] = "reassemble", [ACTION_MEM_USAGE] = "mem_usage",
		[ACTION_VMCOREINFO] = "vmcoreinfo", [ACTION_VTOP] = "vtop",
		[ACTION_FACTS] = "facts", [ACTION_VERIFY] = "verify",
	};

	return options->dry_run ? "dry_run" : names[options->action];
}

static void write_run(const struct stats_run *run, struct json *json)
{
	json_string(json, "program", "makedumpfile");
	json_string(json, "version", MAKEDUMPFILE_VERSION);
	json_array(json, "command");
	for (int i = 0; i < run->argc; i++)
		json_string(json, NULL, run->argv[i]);
	json_array_end(json);
	json_string(json, "action", action_name(run->options));
	json_number(json, "exit_status", (uint64_t)run->status);
	json_string(json, "error", run->err ? err_text(run->err) : NULL);
	json_array(json, "warnings");
	for (size_t i = 0; i < run->console->warnings.count; i++)
		json_string(json, NULL, run->console->warnings.v[i]);
	json_array_end(json);
	json_number(json, "warnings_left_out", run->console->warnings.left_out);
}

static void write_input(const struct stats *stats, const char *name, struct json *json)
{
	char machine[32];

	json_object(json, "input");
	json_string(json, "name", name);
	json_string(json, "format", stats->format);
	if (stats->format) {
		json_string(json, "machine", arch_machine_name(stats->machine, machine,
							       sizeof(machine)));
		json_number(json, "word_bits", stats->word_bits);
		json_string(json, "byte_order", stats->little_endian ? "little" : "big");
		json_bool(json, "incomplete", stats->incomplete);
	}
	if (stats->page_size) {
		json_string(json, "kernel_release", stats->release);
		json_number(json, "page_size", stats->page_size);
		json_number(json, "max_mapnr", stats->max_mapnr);
		json_number(json, "present_pages", stats->present);
	}
	json_object_end(json);
}

static void write_plan(const struct stats *stats, struct json *json)
{
	const struct report *report = &stats->report;

	json_object(json, "plan");
	json_number(json, "budget_bytes", stats->plan_budget);
	json_number(json, "used_bytes", report->plan_bytes);
	json_number(json, "blocks", report->plan_blocks);
	json_number(json, "blocks_judged_again", report->plan_forgotten);
	json_object_end(json);
}

static void write_missing(const struct stats *stats, struct json *json)
{
	json_array(json, "missing_facts");
	for (unsigned int i = 0; i < stats->missing_count; i++)
		json_string(json, NULL, stats->missing[i]);
	json_array_end(json);
}

static void write_erased(const struct stats *stats, struct json *json)
{
	json_object(json, "erased");
	json_number(json, "objects_found", stats->erased_objects);
	json_number(json, "bytes_found", stats->erased_bytes);
	json_number(json, "could_not_be_looked_at", stats->erase_unknown);
	json_object_end(json);
}

static void write_pages_run(const struct stats *stats, struct json *json)
{
	json_number(json, "level", stats->report.level);
	json_string(json, "codec", stats->codec);
	json_number(json, "threads", stats->report.threads);
	json_number(json, "memory_budget_bytes", stats->report.memory_budget);
	write_missing(stats, json);
	if (stats->report.audit)
		audit_summary_json(stats->report.audit, json);
	if (stats->classified) {
		write_plan(stats, json);
		report_json(&stats->report, json);
	}
	report_json_cost(&stats->report, json);
}

static void write_log_run(const struct stats *stats, struct json *json)
{
	json_object(json, "log");
	json_number(json, "records", stats->log_records);
	json_number(json, "records_lost", stats->log_lost);
	json_number(json, "bytes_written", stats->log_bytes);
	json_object_end(json);
	json_number(json, "peak_resident_kib", meter_peak_resident_kb());
}

void stats_write(const struct stats *stats, const struct stats_run *run, FILE *out)
{
	struct json json;

	json_init(&json, out);
	json_object(&json, NULL);
	write_run(run, &json);
	write_input(stats, run->options->vmcore, &json);
	json_string(&json, "output", run->options->dry_run ? NULL : run->options->dumpfile);
	if (stats->has_layout && !stats->has_report)
		write_missing(stats, &json);
	if (stats->has_report)
		write_pages_run(stats, &json);
	if (stats->has_erased)
		write_erased(stats, &json);
	if (stats->has_log)
		write_log_run(stats, &json);
	if (stats->more)
		stats->more(stats->more_ctx, &json);
	json_object_end(&json);
}
