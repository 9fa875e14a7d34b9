/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that a range of virtual addresses maps, table by table. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/checked.h"

struct visit {
	const struct pt_form *form;
	struct dump_view *view;
	const struct pt_visitor *visitor;
	uint64_t from;
	uint64_t to;
	uint64_t *budget;
	uint8_t *tables[5];	/* a copy of the table at work, by level */
};

static size_t table_bytes(const struct pt_form *form, unsigned int level)
{
	return (size_t)form->entry_size << form->level[level].bits;
}

static struct err *visit_table(struct visit *visit, unsigned int level, uint64_t pa, uint64_t base);

/* The entry that maps from @va on. */
static struct err *visit_entry(struct visit *visit, unsigned int level, uint64_t raw, uint64_t va)
{
	const struct pt_form *form = visit->form;
	struct pt_entry entry = form->decode(form, level, raw);
	struct mapping leaf = {
		.va = va, .pa = entry.pa, .len = UINT64_C(1) << form->level[level].shift,
	};

	if (entry.kind == PT_LEAF) {
		leaf.pa &= ~(leaf.len - 1);
		return visit->visitor->leaf(visit->visitor->ctx, &leaf);
	}
	if (entry.kind == PT_NONE || level + 1 == form->levels)
		return NULL;
	TRY(visit->visitor->table(visit->visitor->ctx, entry.pa));
	return visit_table(visit, level + 1, entry.pa, va);
}

static struct err *visit_table(struct visit *visit, unsigned int level, uint64_t pa, uint64_t base)
{
	const struct pt_form *form = visit->form;
	uint64_t size = UINT64_C(1) << form->level[level].shift;
	uint64_t count = UINT64_C(1) << form->level[level].bits;
	uint8_t *table = visit->tables[level];
	struct err *e = dump_view_read(visit->view, pa, table, table_bytes(form, level));

	if (e) {
		err_free(e);
		return NULL;
	}
	for (uint64_t i = 0; i < count && *visit->budget; i++) {
		uint64_t va = base + i * size;
		uint64_t raw = get_word(table + i * form->entry_size, form->entry_size, form->order);

		if (!raw || va + (size - 1) < visit->from || va > visit->to)
			continue;
		--*visit->budget;
		TRY(visit_entry(visit, level, raw, va));
	}
	return NULL;
}

struct err *pt_visit(const struct pt_form *form, struct dump_view *view, uint64_t root_pa,
		     uint64_t from, uint64_t to, uint64_t *budget,
		     const struct pt_visitor *visitor)
{
	struct visit visit = {
		.form = form, .view = view, .visitor = visitor, .from = from, .to = to,
		.budget = budget,
	};
	unsigned int top = form->level[0].shift + form->level[0].bits;
	struct err *e = NULL;

	for (unsigned int i = 0; i < form->levels && !e; i++) {
		visit.tables[i] = malloc(table_bytes(form, i));
		if (!visit.tables[i])
			e = err_nomem;
	}
	if (!e)
		e = visitor->table(visitor->ctx, root_pa);
	if (!e)
		e = visit_table(&visit, 0, root_pa, top < 64 ? from >> top << top : 0);
	for (unsigned int i = 0; i < form->levels; i++)
		free(visit.tables[i]);
	return e;
}
