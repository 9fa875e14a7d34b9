/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arch/probe.h"

#include <ctype.h>
#include <string.h>

#include "base/checked.h"

/* struct new_utsname: six fields of this size, since 2.6.12 at least. */
#define UTS_FIELD 65
#define UTS_RELEASE (2 * UTS_FIELD)

/*
 * Offsets of struct new_utsname in struct uts_namespace where VMCOREINFO does not
 * say: behind a struct kref of 4 bytes, the layout until v5.10, or the first member.
 */
static const uint64_t uts_offsets[] = { 4, 0 };

static enum probe probe_uts_at(const struct arch_env *env, uint64_t pa)
{
	char raw[3 * UTS_FIELD];
	const char *release;
	struct err *e = dump_view_read(env->view, pa, raw, sizeof(raw));

	if (e) {
		enum err_kind kind = err_kind(e);

		err_free(e);
		/* An address where no memory ever was cannot be the kernel's. */
		return kind == ERR_NOT_PRESENT ? PROBE_NO : PROBE_UNKNOWN;
	}
	if (memcmp(raw, "Linux", sizeof("Linux")) != 0)
		return PROBE_NO;
	if (!fact_text(env->facts, "OSRELEASE", &release))
		return PROBE_YES;
	return strncmp(raw + UTS_RELEASE, release, UTS_FIELD - 1) == 0 ? PROBE_YES : PROBE_NO;
}

enum probe probe_uts(const struct arch_env *env, uint64_t pa)
{
	enum probe found = PROBE_NO;
	uint64_t offset;

	if (fact_offset(env->facts, "uts_namespace.name", &offset))
		return probe_uts_at(env, pa + offset);
	for (size_t i = 0; i < ARRAY_LEN(uts_offsets) && found == PROBE_NO; i++)
		found = probe_uts_at(env, pa + uts_offsets[i]);
	return found;
}

bool probe_table_missing(const struct err *e)
{
	return err_is_unreadable(e) && err_kind(e) != ERR_NO_MAPPING;
}

enum probe probe_walk(const struct arch_env *env, const struct pt_form *form, uint64_t root_pa,
		      uint64_t va, uint64_t pa)
{
	struct mapping map;
	struct err *e = pt_walk(form, env->view, root_pa, va, &map);
	bool missing = probe_table_missing(e);

	if (!e)
		return mapping_pa(&map, va) == pa ? PROBE_YES : PROBE_NO;
	err_free(e);
	return missing ? PROBE_UNKNOWN : PROBE_NO;
}

bool probe_banner(const uint8_t *bytes, size_t len, char ret[PROBE_RELEASE])
{
	static const char words[] = "Linux version ";
	const uint8_t *end = bytes + len, *p = memmem(bytes, len, words, sizeof(words) - 1);
	size_t n = 0;

	if (!p)
		return false;
	p += sizeof(words) - 1;
	while (p + n < end && n < PROBE_RELEASE - 1 && p[n] > ' ' && p[n] <= '~')
		n++;
	if (!n || !isdigit(p[0]) || !memchr(p, '.', n) || p + n + 1 >= end || memcmp(p + n, " (", 2))
		return false;
	memcpy(ret, p, n);
	ret[n] = '\0';
	return true;
}

uint64_t probe_memory_end(const struct dump *dump)
{
	uint64_t end = 0;

	for (size_t i = 0; i < dump->segment_count; i++) {
		uint64_t seg_end;

		if (checked_add(dump->segments[i].paddr, dump->segments[i].memsz, &seg_end))
			end = max_u64(end, seg_end);
	}
	return end;
}
