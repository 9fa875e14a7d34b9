/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel whose virtual addresses are its physical ones, of any word size and
 * byte order: for tests of what is built on reads by address.
 */
#ifndef TESTS_UNIT_FLATKERNEL_H
#define TESTS_UNIT_FLATKERNEL_H

#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/memkernel.h"
#include "tests/unit/unit.h"

struct flatkernel {
	struct memkernel mk;
	struct log_catch log;
	struct kernel kernel;
	struct kreader *reader;
};

static struct err *flat_vtop(const void *state, struct dump_view *view, uint64_t va,
			     struct mapping *ret)
{
	(void)state;
	(void)view;
	*ret = (struct mapping){ .va = va & ~4095ull, .pa = va & ~4095ull, .len = 4096 };
	return NULL;
}

static const struct arch flat_arch = { .name = "flat", .vtop = flat_vtop };

static inline void flatkernel_init(struct flatkernel *fk, struct elf_form form)
{
	memset(fk, 0, sizeof(*fk));
	fk->mk.form = form;
	fk->mk.machine = form.word == 8 ? EM_PPC64 : EM_PPC;
	log_catch_init(&fk->log);
}

/* Facts in @info, memory as added and filled before. False when it cannot be opened. */
static inline bool flatkernel_open(struct flatkernel *fk, const char *info)
{
	struct kernel *k = &fk->kernel;
	struct err *e = memkernel_open(&fk->mk, &fk->log.log);

	k->log = &fk->log.log;
	k->arch = &flat_arch;
	k->page_shift = 12;
	k->word = fk->mk.form.word;
	k->order = fk->mk.form.order;
	facts_init(&k->facts);
	k->dump = fk->mk.dump;
	if (!e)
		e = dump_set_page_size(k->dump, 4096);
	if (!e)
		e = facts_add_vmcoreinfo(&k->facts, info, strlen(info), "test", k->log);
	if (!e)
		e = kreader_create(k, &fk->reader);
	CHECK_OK(e);
	return fk->reader != NULL;
}

static inline void flatkernel_close(struct flatkernel *fk)
{
	kreader_destroy(fk->reader);
	facts_deinit(&fk->kernel.facts);
	memkernel_close(&fk->mk);
}

#endif
