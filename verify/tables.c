/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's page tables: every table that its root leads to. Tables that are
 * reached by several ways (KASAN's shadow) are looked at once, which also bounds
 * the walk where entries are damaged.
 */
#include "base/bytes.h"
#include "base/checked.h"
#include "base/ranges.h"
#include "verify/internal.h"

/* Pieces of the set of tables seen, 16 bytes each; a machine has fewer by far. */
#define PIECES_MAX (1u << 17)

struct table_walk {
	struct verify *v;
	const struct pt_form *form;
	struct ranges seen;	/* physical addresses of tables, in units of UNIT */
};

/* The smallest table there is, so that each has a number of its own. */
#define UNIT 64u

static struct err *look_at_table(struct table_walk *walk, unsigned int level, uint64_t pa);

/* Read what the table at @pa says in entry @index; the page is known to be there. */
static bool read_entry(struct table_walk *walk, uint64_t pa, uint64_t index, uint64_t *ret)
{
	const struct pt_form *form = walk->form;
	const void *raw;
	struct err *e = dump_view_get(kreader_view(walk->v->reader), pa + index * form->entry_size,
				      form->entry_size, &raw);

	if (!e)
		*ret = get_word(raw, form->entry_size, form->order);
	err_free(e);
	return !e;
}

static struct err *look_below(struct table_walk *walk, unsigned int level, uint64_t pa)
{
	const struct pt_form *form = walk->form;
	uint64_t count = UINT64_C(1) << form->level[level].bits;

	TRY(verify_tick(walk->v));
	for (uint64_t i = 0; i < count; i++) {
		struct pt_entry entry;
		uint64_t raw;

		if (!read_entry(walk, pa, i, &raw) || !raw)
			continue;
		entry = form->decode(form, level, raw);
		if (entry.kind == PT_TABLE)
			TRY(look_at_table(walk, level + 1, entry.pa));
	}
	return NULL;
}

/* A table and all below it; its depth is that of the form, at most 5. */
static struct err *look_at_table(struct table_walk *walk, unsigned int level, uint64_t pa)
{
	struct verify *v = walk->v;

	if (ranges_contains(&walk->seen, pa / UNIT))
		return NULL;
	if (walk->seen.count >= PIECES_MAX)
		return err_new(ERR_BAD_INPUT, "more than %u pieces: entries are damaged", PIECES_MAX);
	TRY(ranges_add(&walk->seen, pa / UNIT,
		       pa / UNIT + max_u64(((uint64_t)walk->form->entry_size
					    << walk->form->level[level].bits) / UNIT, 1)));
	v->area->counts.objects++;
	verify_name(v, "page table (%s)", pt_level_name(walk->form, level));
	if (!verify_physical(v, pa, CONTENT_ANY) || level + 1 == walk->form->levels)
		return NULL;
	return look_below(walk, level, pa);
}

struct err *verify_tables(struct verify *v)
{
	const struct kernel *kernel = v->kernel;
	struct table_walk walk = { .v = v };
	uint64_t root, va, any = 0;
	struct err *e;

	if (!kernel->arch->tables)
		return err_new(ERR_UNSUPPORTED, "%s: which memory they are is not known",
			       kernel->arch->name);
	if (!fact_symbol(&kernel->facts, "_stext", &any))
		fact_symbol(&kernel->facts, "swapper_pg_dir", &any);
	walk.form = kernel->arch->tables(kernel->arch_state, any, &root, &va);
	e = look_at_table(&walk, 0, root);
	ranges_deinit(&walk.seen);
	return e;
}
