/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Labels, order and widths of the block down to "Cache hit" are those of
 * makedumpfile 1.7.2 to 1.7.9 (1.7.9 has the extension row); the pmem rows
 * those of the RFC "pmem memmap dump" of 2023. Scripts match them.
 */
#include "cli/report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "cli/audit_summary.h"
#include "cli/progress.h"

/* Which reports have a row. */
enum row_when { WHEN_ALWAYS, WHEN_PMEM, WHEN_XEN, WHEN_WITHOUT_VMEMMAP };

/* A counter of the 4-blank rows. */
struct row {
	const char *label;
	enum page_class class;
	enum row_when when;
};

static const struct row rows[] = {
	{ "Pages filled with zero", PAGE_ZERO, WHEN_ALWAYS },
	{ "Non-private cache pages", PAGE_CACHE, WHEN_ALWAYS },
	{ "Private cache pages", PAGE_CACHE_PRIVATE, WHEN_ALWAYS },
	{ "User process data pages", PAGE_USER, WHEN_ALWAYS },
	{ "Free pages", PAGE_FREE, WHEN_ALWAYS },
	{ "Hwpoison pages", PAGE_HWPOISON, WHEN_ALWAYS },
	{ "Offline pages", PAGE_OFFLINE, WHEN_ALWAYS },
	{ "pmem metadata pages", PAGE_PMEM_METADATA, WHEN_PMEM },
	{ "pmem userdata pages", PAGE_PMEM_USERDATA, WHEN_PMEM },
	{ "Xen guests' pages", PAGE_XEN_GUEST, WHEN_XEN },
	{ "Unused vmemmap pages", PAGE_UNUSED_VMEMMAP, WHEN_WITHOUT_VMEMMAP },
};

/* The input was filtered before. */
#define LEFT_OUT "Left out in the input"

static const struct {
	const char *label;
	enum keep_reason reason;
} reasons[] = {
	{ "Corrupt page order", KEEP_BAD_ORDER },
	{ "Unreadable struct page", KEEP_UNREADABLE },
	{ "No struct page", KEEP_NO_STRUCT },
	{ "Uninitialised struct", KEEP_POISONED_STRUCT },
	{ "Unknown Xen owner", KEEP_UNKNOWN_OWNER },
};

static uint64_t class_count(const struct report *report, enum page_class class)
{
	return class == PAGE_ZERO ? report->copy->zero : report->scan->dropped[class];
}

static bool has_row(const struct report *report, const struct row *row)
{
	switch (row->when) {
	case WHEN_PMEM:
		return report->has_pmem;
	case WHEN_XEN:
		return report->has_xen;
	case WHEN_WITHOUT_VMEMMAP:
		return report->without_vmemmap;
	case WHEN_ALWAYS:
		break;
	}
	return true;
}

static uint64_t excluded_pages(const struct report *report)
{
	uint64_t excluded = report->left_out;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		excluded += class_count(report, rows[i].class);
	return excluded;
}

/* Short gaps are stored (output/elf_runs.h): what the file has may be more than what remains. */
static void write_in_elf(uint64_t pages, FILE *out)
{
	fprintf(out, "     in ELF format : 0x%016" PRIx64 "\n", pages);
}

static void write_pages(const struct report *report, FILE *out)
{
	uint64_t excluded = excluded_pages(report);
	uint64_t remaining = report->present - min_u64(excluded, report->present);

	fprintf(out, "\nOriginal pages  : 0x%016" PRIx64 "\n", report->present);
	fprintf(out, "  Excluded pages   : 0x%016" PRIx64 "\n", excluded);
	if (report->is_elf)
		write_in_elf(report->present - report->copy->elf_pages, out);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!has_row(report, &rows[i]))
			continue;
		fprintf(out, "    %-24s: 0x%016" PRIx64 "\n", rows[i].label,
			class_count(report, rows[i].class));
	}
	fprintf(out, "    %-24s: 0x%016" PRIx64 "\n", "Extension filter pages", UINT64_C(0));
	if (report->left_out)
		fprintf(out, "    %-24s: 0x%016" PRIx64 "\n", LEFT_OUT, report->left_out);
	fprintf(out, "  Remaining pages  : 0x%016" PRIx64 "\n", remaining);
	if (report->is_elf)
		write_in_elf(report->copy->elf_pages, out);
	if (report->present)
		fprintf(out, "  (The number of pages is reduced to %" PRIu64 "%%.)\n",
			(uint64_t)((unsigned __int128)remaining * 100 / report->present));
	fprintf(out, "Memory Hole     : 0x%016" PRIx64 "\n", report->max_mapnr - report->present);
	fprintf(out, "--------------------------------------------------\n");
	fprintf(out, "Total pages     : 0x%016" PRIx64 "\n", report->max_mapnr);
	fprintf(out, "Write bytes     : %" PRIu64 "\n\n", report->bytes_written);
	/* There is no page cache of this program's own; the line is for who reads it. */
	fprintf(out, "Cache hit: 0, miss: 0\n\n");
}

static bool has_reason(const struct report *report, enum keep_reason reason)
{
	return reason != KEEP_UNKNOWN_OWNER || report->has_xen;
}

static void write_doubts(const struct report *report, FILE *out)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		sum += report->scan->kept_for[reasons[i].reason];
	fprintf(out, "Kept for lack of facts : 0x%016" PRIx64 "\n", sum);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		if (has_reason(report, reasons[i].reason))
			fprintf(out, "    %-24s: 0x%016" PRIx64 "\n", reasons[i].label,
				report->scan->kept_for[reasons[i].reason]);
	}
	fprintf(out, "Unreadable, zeros kept : 0x%016" PRIx64 "\n", report->copy->lost);
}

static void write_cost(const struct report *report, FILE *out)
{
	const uint64_t *ns = report->meter->phase_ns;
	double total = 0, copy = (double)ns[PHASE_COPY] / 1e9;

	fprintf(out, "Seconds         :");
	for (enum phase phase = 0; phase <= PHASE_COPY; phase++) {
		total += (double)ns[phase] / 1e9;
		fprintf(out, " %s %.3f,", phase_name(phase), (double)ns[phase] / 1e9);
	}
	fprintf(out, " together %.3f\n", total);
	if (copy > 0)
		fprintf(out, "Copy rate       : %.1f MiB/s read, %.1f MiB/s written, %u worker threads\n",
			(double)report->copy->pages * (double)report->page_size / 1048576 / copy,
			(double)report->bytes_written / 1048576 / copy, report->threads);
	if (report->memory_budget == UINT64_MAX)
		fprintf(out, "Memory budget   : not limited\n");
	else
		fprintf(out, "Memory budget   : %" PRIu64 " KiB, %zu KiB of it for the page plan\n",
			report->memory_budget / 1024, report->plan_budget / 1024);
	fprintf(out, "Page plan       : %" PRIu64 " KiB, %" PRIu64 " of %" PRIu64
		" blocks judged again\n", div_round_up(report->plan_bytes, 1024),
		report->plan_forgotten, report->plan_blocks);
	if (report->meter->peak_anon_kb)
		fprintf(out, "Peak memory     : %" PRIu64 " KiB own (RssAnon + VmPTE, sampled), %"
			PRIu64 " KiB resident with mapped parts of the dump\n",
			report->meter->peak_anon_kb, meter_peak_resident_kb());
	else
		fprintf(out, "Peak memory     : %" PRIu64
			" KiB resident with mapped parts of the dump\n", meter_peak_resident_kb());
}

void report_write(const struct report *report, FILE *out)
{
	write_pages(report, out);
	write_doubts(report, out);
	if (report->audit)
		audit_summary_write(report->audit, out);
	write_cost(report, out);
}

static void write_text(const void *ctx, FILE *out)
{
	report_write(ctx, out);
}

void report_print(const struct report *report, struct console *console)
{
	struct err *e = console_write(console, LOG_REPORT, write_text, report);

	if (e)
		log_warn(&console->log, "no memory to print the report");
	err_free(e);
}

static void label_number(struct json *json, const char *label, uint64_t value)
{
	char key[48];

	json_number(json, json_key(label, key, sizeof(key)), value);
}

void report_json(const struct report *report, struct json *json)
{
	uint64_t excluded = excluded_pages(report);

	json_object(json, "pages");
	if (report->by_kernel)
		json_bool(json, "chosen_by_kernel", true);
	json_number(json, "original_pages", report->present);
	json_number(json, "excluded_pages", excluded);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		label_number(json, rows[i].label, class_count(report, rows[i].class));
	if (report->left_out)
		label_number(json, LEFT_OUT, report->left_out);
	json_number(json, "remaining_pages", report->present - min_u64(excluded, report->present));
	json_number(json, "memory_hole", report->max_mapnr - report->present);
	json_number(json, "total_pages", report->max_mapnr);
	json_object_end(json);

	json_object(json, "kept_for_lack_of_facts");
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		label_number(json, reasons[i].label, report->scan->kept_for[reasons[i].reason]);
	json_object_end(json);

	json_object(json, "written");
	json_number(json, "bytes", report->bytes_written);
	json_number(json, "pages", report->copy->pages);
	json_number(json, "zero_pages", report->copy->zero);
	json_number(json, "lost_pages", report->copy->lost);
	if (report->is_elf)
		json_number(json, "elf_pages", report->copy->elf_pages);
	json_object_end(json);
}

void report_json_cost(const struct report *report, struct json *json)
{
	double total = 0;
	char key[48];

	json_object(json, "seconds");
	for (enum phase phase = 0; phase < PHASE_COUNT; phase++) {
		double seconds = (double)report->meter->phase_ns[phase] / 1e9;

		total += seconds;
		if (seconds > 0)
			json_real(json, json_key(phase_name(phase), key, sizeof(key)), seconds, 6);
	}
	json_real(json, "together", total, 6);
	json_object_end(json);

	json_object(json, "memory");
	if (report->meter->peak_anon_kb)
		json_number(json, "peak_own_kib", report->meter->peak_anon_kb);
	json_number(json, "peak_resident_kib", meter_peak_resident_kb());
	json_object_end(json);
}
