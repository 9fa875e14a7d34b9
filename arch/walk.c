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

/* Entry number @i of the walk, whose table is at *table. */
static struct err *step(const struct pt_form *form, struct dump_view *view, uint64_t va,
			unsigned int i, uint64_t table, struct pt_step *ret)
{
	const struct pt_level *level = &form->level[i];
	uint64_t index = va >> level->shift & ((1ull << level->bits) - 1);
	const void *raw;

	ret->pa = table + index * form->entry_size;
	TRY(dump_view_get(view, ret->pa, form->entry_size, &raw));
	ret->entry = get_word(raw, form->entry_size, form->order);
	return NULL;
}

struct err *pt_walk(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		    uint64_t va, struct mapping *ret)
{
	uint64_t table = root_pa;

	for (unsigned int i = 0; i < form->levels; i++) {
		struct pt_entry entry;
		struct pt_step at;

		TRY(step(form, view, va, i, table, &at));
		entry = form->decode(form, i, at.entry);
		if (entry.kind == PT_NONE)
			return err_no_mapping;
		if (entry.kind == PT_LEAF) {
			*ret = leaf_around(va, entry.pa, form->level[i].shift);
			return NULL;
		}
		table = entry.pa;
	}
	/* The last level claims to point to another table: damaged. */
	return err_no_mapping;
}

struct err *pt_walk_hidden(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
			   uint64_t va, struct mapping *ret)
{
	unsigned int last = form->levels - 1;
	struct err *e = pt_walk(form, view, root_pa, va, ret);
	struct pt_step steps[5];
	uint64_t pa;

	if (err_kind(e) != ERR_NO_MAPPING || !form->hidden ||
	    pt_trace(form, view, root_pa, va, steps) != form->levels ||
	    !form->hidden(form, steps[last].entry, &pa))
		return e;
	err_free(e);
	*ret = leaf_around(va, pa, form->level[last].shift);
	return NULL;
}

unsigned int pt_trace(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		      uint64_t va, struct pt_step steps[5])
{
	uint64_t table = root_pa;

	for (unsigned int i = 0; i < form->levels; i++) {
		struct err *e = step(form, view, va, i, table, &steps[i]);
		struct pt_entry entry;

		if (e) {
			err_free(e);
			return i;
		}
		entry = form->decode(form, i, steps[i].entry);
		if (entry.kind != PT_TABLE)
			return i + 1;
		table = entry.pa;
	}
	return form->levels;
}

const char *pt_level_name(const struct pt_form *form, unsigned int level)
{
	static const char *const from_end[] = { "PTE", "PMD", "PUD", "P4D", "PGD" };

	/* Linux folds levels from below the top, which is PGD always. */
	return level == 0 ? "PGD" : from_end[form->levels - 1 - level];
}
