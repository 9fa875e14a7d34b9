/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the audit of a run looked at and found, for the report and --json. */
#ifndef CLI_AUDIT_SUMMARY_H
#define CLI_AUDIT_SUMMARY_H

#include <stdio.h>

#include "cli/json.h"
#include "pages/audit.h"

struct audit_summary {
	bool ran;			/* false: struct pages were not looked at */
	uint32_t kept;			/* classes kept whole; bits as in audit.h */
	struct audit_result last;	/* the round that passed, or the one that ended the run */
	struct audit_finding findings[AUDIT_FINDINGS_MAX];	/* of all rounds */
	unsigned int count;
};

/* One row of the report; nothing when it did not run. */
void audit_summary_write(const struct audit_summary *summary, FILE *out);

/* The member "audit" of the object @json is in. */
void audit_summary_json(const struct audit_summary *summary, struct json *json);

#endif
