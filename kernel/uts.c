/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who the crashed kernel says it was. */
#include "kernel/internal.h"

#include <stdio.h>
#include <string.h>

#define UTS_FIELDS 6
#define UTS_LEN 65	/* struct new_utsname: __NEW_UTS_LEN + 1 */

/*
 * struct new_utsname in struct uts_namespace. VMCOREINFO says it since v5.11,
 * ca4a9241cc5e ("kdump: append uts_namespace.name offset to VMCOREINFO"); before,
 * a struct kref of 4 bytes stood in front.
 */
#define UTS_NAME_OFFSET 4

static char *uts_field(struct kernel_uts *uts, unsigned int i)
{
	char *const fields[UTS_FIELDS] = {
		uts->sysname, uts->nodename, uts->release,
		uts->version, uts->machine, uts->domainname,
	};

	return fields[i];
}

/* @raw holds the six fields one behind another; a field without NUL is cut. */
static void uts_from_raw(const char *raw, struct kernel_uts *ret)
{
	for (unsigned int i = 0; i < UTS_FIELDS; i++) {
		char *field = uts_field(ret, i);

		memcpy(field, raw + i * UTS_LEN, UTS_LEN);
		field[UTS_LEN - 1] = '\0';
	}
}

void kernel_uts_without_memory(struct kernel *kernel)
{
	struct kernel_uts *uts = &kernel->uts;
	const char *text;

	memset(uts, 0, sizeof(*uts));
	if (kernel->dump->uts) {
		uts_from_raw(kernel->dump->uts->field[0], uts);
		if (uts->sysname[0])
			return;
	}
	/* libkdumpfile takes a header's utsname only when none of these is empty. */
	snprintf(uts->sysname, sizeof(uts->sysname), "Linux");
	snprintf(uts->version, sizeof(uts->version), "unknown");
	if (!fact_text(&kernel->facts, "OSRELEASE", &text))
		text = "unknown";
	snprintf(uts->release, sizeof(uts->release), "%s", text);
	/* QEMU's header has nothing but this one. */
	if (uts->machine[0])
		return;
	text = arch_machine_uname(kernel->dump->machine, kernel->word);
	snprintf(uts->machine, sizeof(uts->machine), "%s", text ? text : "unknown");
}

static struct err *read_raw(struct kernel *kernel, uint64_t va, char *raw)
{
	uint64_t offset = UTS_NAME_OFFSET;
	bool known = fact_offset(&kernel->facts, "uts_namespace.name", &offset);
	struct kreader *reader;
	struct err *e;

	TRY(kreader_create(kernel, &reader));
	e = kread(reader, va + offset, raw, UTS_FIELDS * UTS_LEN);
	/* Where nobody says, and no name is behind the kref, it may be the first member. */
	if (!e && !known && strncmp(raw, "Linux", UTS_LEN))
		e = kread(reader, va, raw, UTS_FIELDS * UTS_LEN);
	kreader_destroy(reader);
	return e;
}

struct err *kernel_read_uts(struct kernel *kernel)
{
	char raw[UTS_FIELDS * UTS_LEN];
	struct kernel_uts uts;
	const char *release;
	uint64_t va;
	struct err *e;

	kernel_uts_without_memory(kernel);
	if (!kernel->arch || !fact_symbol(&kernel->facts, "init_uts_ns", &va))
		return NULL;
	e = read_raw(kernel, va, raw);
	if (err_is_unreadable(e)) {
		log_debug(kernel->log, "utsname: %s", err_text(e));
		err_free(e);
		return NULL;
	}
	if (e)
		return e;
	uts_from_raw(raw, &uts);
	if (strcmp(uts.sysname, "Linux") != 0)
		return err_new(ERR_BAD_INPUT, "SYMBOL(init_uts_ns) %#llx: no utsname there",
			       (unsigned long long)va);
	if (fact_text(&kernel->facts, "OSRELEASE", &release) &&
	    strncmp(uts.release, release, UTS_LEN - 1) != 0)
		return err_new(ERR_BAD_INPUT,
			       "SYMBOL(init_uts_ns) %#llx: utsname is of another kernel than OSRELEASE=%s",
			       (unsigned long long)va, release);
	kernel->uts = uts;
	kernel->uts_from_memory = true;
	return NULL;
}
