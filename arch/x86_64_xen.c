/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux as the paravirtual domain 0 of a Xen host.
 *
 * Its page tables have machine addresses, as the dump does, so all its memory is
 * found through them. Only they themselves are known by a pseudo-physical
 * address, and the domain's table of machine frames (p2m) tells which that is: the
 * crash info note has the frame of a page of frames of pages of frames of pages
 * with the frames of the domain, 512 in each. Such a kernel is not moved when it
 * boots. That the tables map themselves where they were found proves both.
 */
#include <inttypes.h>

#include "arch/x86_64.h"
#include "base/checked.h"

#define ENTRIES 512u
#define LEVELS 3
#define FRAME_MAX (UINT64_C(1) << 40)	/* 52 bits of address */
/* The crash info note without a p2m has fewer longs. */
#define INFO_LONGS_P2M 9

static struct err *find_p2m(const struct arch_env *env, uint64_t *ret_frame)
{
	const struct dump *dump = env->dump;
	size_t longs = dump->xen_info_len / 8;

	if (longs < INFO_LONGS_P2M)
		return err_new(ERR_NOT_FOUND, "Xen's crash info note of %zu longs does not tell where the "
			       "machine frames of domain 0 are listed", longs);
	*ret_frame = get_u64(dump->xen_info + 8 * (longs - 1), env->order);
	if (*ret_frame && *ret_frame < FRAME_MAX)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "Xen's crash info note has %#" PRIx64 " as the frame where those of "
		       "domain 0 are listed: it is not a paravirtual one", *ret_frame);
}

/* The machine frame of the domain's @frame. Three reads, whatever the tables hold. */
static struct err *to_machine(const struct arch_env *env, uint64_t frame, uint64_t *ret)
{
	uint64_t table = 0, unit = ENTRIES * ENTRIES;
	uint8_t raw[8];

	if (frame >= unit * ENTRIES)
		return err_new(ERR_BAD_INPUT, "page tables: frame %#" PRIx64 " is beyond what lists of frames "
			       "hold", frame);
	TRY(find_p2m(env, &table));
	for (unsigned int level = 0; level < LEVELS; level++, unit /= ENTRIES) {
		uint64_t at = (table << 12) + 8 * (frame / unit % ENTRIES);

		TRY(err_prepend(dump_view_read(env->view, at, raw, sizeof(raw)),
				"list of domain 0's frames at machine address %#" PRIx64, at));
		table = get_u64(raw, env->order);
		/* The highest bits mark frames that are not the domain's, or none at all. */
		if (!table || table >= FRAME_MAX)
			return err_new(ERR_BAD_INPUT, "list of domain 0's frames at machine address %#" PRIx64
				       ": %#" PRIx64 " is no frame", at, table);
	}
	*ret = table;
	return NULL;
}

struct err *x86_64_xen_find_root(const struct arch_env *env, uint64_t root_va,
				 struct x86_64 *state)
{
	uint64_t frame = 0;

	if (root_va < X86_64_KERNEL_MAP || root_va & 0xfff)
		return err_new(ERR_BAD_INPUT, "page tables: root address %#" PRIx64 " is not possible", root_va);
	TRY(to_machine(env, (root_va - X86_64_KERNEL_MAP) >> 12, &frame));
	state->root_pa = frame << 12;
	x86_64_form_init(&state->form, 4, 0);
	if (probe_walk(env, &state->form, state->root_pa, root_va, state->root_pa) == PROBE_YES)
		return NULL;
	return err_new(ERR_BAD_INPUT, "page tables: those of domain 0 are not at machine address %#" PRIx64
		       ": it is another kernel, or not a paravirtual one", state->root_pa);
}
