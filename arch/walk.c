/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generic page table walk: one step per level, no state. */
#include "arch/arch.h"

static struct mapping leaf_around(uint64_t va, uint64_t pa, unsigned int shift)
{
	uint64_t size = 1ull << shift;

	return (struct mapping){
		.va = va & ~(size - 1),
		.pa = pa & ~(size - 1),
		.len = size,
	};
}

struct err *pt_walk(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		    uint64_t va, struct mapping *ret)
{
	uint64_t table = root_pa;

	for (unsigned int i = 0; i < form->levels; i++) {
		const struct pt_level *level = &form->level[i];
		uint64_t index = va >> level->shift & ((1ull << level->bits) - 1);
		const void *raw;
		struct pt_entry entry;

		TRY(dump_view_get(view, table + index * form->entry_size, form->entry_size, &raw));
		entry = form->decode(form, i, get_word(raw, form->entry_size, form->order));
		if (entry.kind == PT_NONE)
			return err_no_mapping;
		if (entry.kind == PT_LEAF) {
			*ret = leaf_around(va, entry.pa, level->shift);
			return NULL;
		}
		table = entry.pa;
	}
	/* The last level claims to point to another table: damaged. */
	return err_no_mapping;
}
