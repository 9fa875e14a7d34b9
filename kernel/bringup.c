/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an opened dump to a kernel whose memory can be read: facts, page size, architecture, utsname. */
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/internal.h"

#define PAGE_SIZE_MIN 4096ull
#define PAGE_SIZE_MAX (256ull << 10)

static struct err *fill_vmcoreinfo(struct facts *facts, void *ctx)
{
	const struct kernel *kernel = ctx;
	const struct dump *dump = kernel->dump;

	if (!dump->vmcoreinfo)
		return err_not_found;
	return facts_add_vmcoreinfo(facts, dump->vmcoreinfo, dump->vmcoreinfo_len, "vmcoreinfo",
				    kernel->log);
}

/* In order of trust; see struct fact_provider. ctx is the struct kernel being made. */
static const struct fact_provider providers[] = {
	{ "vmcoreinfo", fill_vmcoreinfo },
	{ NULL, NULL },
};

static struct err *gather_facts(struct kernel *kernel)
{
	for (const struct fact_provider *p = providers; p->fill; p++) {
		struct err *e = p->fill(&kernel->facts, kernel);

		if (e && err_kind(e) != ERR_NOT_FOUND)
			return err_prepend(e, "facts from %s", p->name);
		log_debug(kernel->log, "facts from %s: %s", p->name, e ? "none" : "taken");
		err_free(e);
	}
	return NULL;
}

/*
 * PAGESIZE; without VMCOREINFO what the dump's format says; else the smallest
 * the machine has. A page frame of ours is then part of one of the kernel's,
 * so that telling present, missing and zero pages apart stays right.
 */
static struct err *find_page_size(struct kernel *kernel, uint64_t *ret)
{
	const char *text;
	uint64_t size;

	if (!fact_text(&kernel->facts, "PAGESIZE", &text)) {
		unsigned int shift = kernel->dump->page_shift;

		*ret = shift ? 1ull << shift : arch_machine_min_page(kernel->dump->machine);
		log_debug(kernel->log, "page size %llu assumed: no PAGESIZE in the dump",
			  (unsigned long long)*ret);
		return NULL;
	}
	if (!fact_text_number(&kernel->facts, "PAGESIZE", 10, &size) || !is_pow2(size) ||
	    size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX)
		return err_new(ERR_BAD_INPUT,
			       "VMCOREINFO: PAGESIZE=%s is not a power of two from 4096 to 262144", text);
	*ret = size;
	return NULL;
}

static struct err *set_page_size(struct kernel *kernel)
{
	uint64_t size = 0;

	TRY(find_page_size(kernel, &size));
	TRY(dump_set_page_size(kernel->dump, size));
	kernel->page_shift = (unsigned int)__builtin_ctzll(size);
	return NULL;
}

/* The row for this dump, or an error that names the machine. */
static struct err *find_arch(const struct kernel *kernel, const struct arch **ret)
{
	const struct dump *dump = kernel->dump;
	const struct arch *arch = NULL;
	char name[64];

	if (dump->machine)
		arch = arch_by_machine(dump->machine);
	else if (dump->uts)
		arch = arch_by_uts_name(dump->uts->field[4]);
	if (arch) {
		*ret = arch;
		return NULL;
	}
	if (dump->machine)
		return err_new(ERR_UNSUPPORTED, "no address translation for machine %s",
			       arch_machine_name(dump->machine, name, sizeof(name)));
	return err_new(ERR_UNSUPPORTED, "no address translation for machine \"%.65s\"",
		       dump->uts ? dump->uts->field[4] : "");
}

static struct err *start_arch(struct kernel *kernel)
{
	struct arch_env env = {
		.dump = kernel->dump,
		.facts = &kernel->facts,
		.page_shift = kernel->page_shift,
		.word = kernel->word,
		.order = kernel->order,
		.log = kernel->log,
	};
	const struct arch *arch = NULL;
	void *state;
	struct err *e;

	TRY(find_arch(kernel, &arch));
	if (kernel->facts.map.count == 0)
		return err_new(ERR_NOT_FOUND,
			       "nothing is known about the kernel: the dump has no VMCOREINFO");
	TRY(dump_view_create(kernel->dump, 0, &env.view));
	e = arch->init(&env, &state);
	dump_view_destroy(env.view);
	if (e)
		return err_prepend(e, "%s", arch->name);
	kernel->arch = arch;
	kernel->arch_state = state;
	return NULL;
}

static void stop_arch(struct kernel *kernel)
{
	if (kernel->arch)
		kernel->arch->deinit(kernel->arch_state);
	kernel->arch = NULL;
	kernel->arch_state = NULL;
}

/* Architecture and utsname, which proves it. What fails here is kept in no_arch. */
static struct err *learn_translation(struct kernel *kernel)
{
	struct err *e = start_arch(kernel);

	if (!e)
		e = kernel_read_uts(kernel);
	else
		kernel_uts_without_memory(kernel);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e) {
		stop_arch(kernel);
		kernel->no_arch = e;
	}
	return NULL;
}

static struct err *learn(struct kernel *kernel)
{
	struct dump *dump = kernel->dump;

	/* Formats without a number for it have a name. */
	if (!dump->machine && dump->uts)
		dump->machine = arch_machine_by_uname(dump->uts->field[4], dump->word);
	kernel->order = dump->order;
	kernel->word = arch_machine_word(dump->machine, dump->word);
	TRY(gather_facts(kernel));
	TRY(set_page_size(kernel));
	if (!fact_text_number(&kernel->facts, "CRASHTIME", 10, &kernel->crash_time))
		kernel->crash_time = dump->crash_time;
	return learn_translation(kernel);
}

struct err *kernel_create(struct dump *dump, const struct log *log, struct kernel **ret)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	struct err *e;

	if (!kernel)
		return err_nomem;
	kernel->dump = dump;
	kernel->log = log;
	facts_init(&kernel->facts);
	e = learn(kernel);
	if (e) {
		kernel_destroy(kernel);
		return e;
	}
	*ret = kernel;
	return NULL;
}

void kernel_destroy(struct kernel *kernel)
{
	if (!kernel)
		return;
	stop_arch(kernel);
	err_free(kernel->no_arch);
	facts_deinit(&kernel->facts);
	free(kernel);
}
