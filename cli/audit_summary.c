/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/audit_summary.h"

#include <inttypes.h>

void audit_summary_write(const struct audit_summary *summary, FILE *out)
{
	const struct audit_result *last = &summary->last;
	char names[64];

	if (!summary->ran)
		return;
	fprintf(out, "Audit           : %s%s;", summary->kept ? "kept whole: " : "passed",
		audit_class_names(summary->kept, names, sizeof(names)));
	for (enum audit_part part = 0; part < AUDIT_PARTS; part++) {
		if (last->ran[part])
			fprintf(out, " %s", audit_part_name(part));
	}
	fprintf(out, "; %" PRIu64 " protected pages, %" PRIu64 " samples\n", last->protected_pages,
		last->sampled_pages);
}

static void write_findings(const struct audit_summary *summary, struct json *json)
{
	char names[64];

	json_array(json, "findings");
	for (unsigned int i = 0; i < summary->count; i++) {
		const struct audit_finding *finding = &summary->findings[i];

		json_object(json, NULL);
		json_string(json, "part", audit_part_name(finding->part));
		json_string(json, "classes", audit_class_names(finding->classes, names,
							       sizeof(names)));
		json_string(json, "text", finding->text);
		json_object_end(json);
	}
	json_array_end(json);
}

void audit_summary_json(const struct audit_summary *summary, struct json *json)
{
	const struct audit_result *last = &summary->last;
	char names[64];

	if (!summary->ran && !summary->count)
		return;
	json_object(json, "audit");
	json_array(json, "parts");
	for (enum audit_part part = 0; part < AUDIT_PARTS; part++) {
		if (last->ran[part])
			json_string(json, NULL, audit_part_name(part));
	}
	json_array_end(json);
	json_string(json, "kept_whole", audit_class_names(summary->kept, names, sizeof(names)));
	json_number(json, "protected_pages", last->protected_pages);
	json_number(json, "sampled_pages", last->sampled_pages);
	if (last->ran[AUDIT_COUNTERS]) {
		json_number(json, "free_pages_in_blocks", last->counted_free_pages);
		json_number(json, "free_pages_by_vm_stat", last->kernel_free_pages);
	}
	write_findings(summary, json);
	json_object_end(json);
}
