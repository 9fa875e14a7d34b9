/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an opened dump to a kernel whose memory can be read: facts, page size, architecture, utsname. */
#include <stdlib.h>

#include "base/checked.h"
#include "facts/wanted.h"
#include "kernel/backup.h"
#include "kernel/cpus.h"
#include "kernel/internal.h"
#include "kernel/recover.h"

#define PAGE_SIZE_MIN 4096ull
#define PAGE_SIZE_MAX (256ull << 10)

/* The dump's own word, which no other source overrides. */
static struct err *gather_facts(struct kernel *kernel)
{
	const struct dump *dump = kernel->dump;

	log_debug(kernel->log, "facts from vmcoreinfo: %s", dump->vmcoreinfo ? "taken" : "none");
	if (!dump->vmcoreinfo)
		return NULL;
	return err_prepend(facts_add_vmcoreinfo(&kernel->facts, dump->vmcoreinfo,
						dump->vmcoreinfo_len, FACTS_OWN, kernel->log),
			   "facts from vmcoreinfo");
}

/*
 * PAGESIZE; without it what the dump's format says; else the smallest
 * the machine has. A page frame of ours is then part of one of the kernel's,
 * so that telling present, missing and zero pages apart stays right.
 */
static struct err *find_page_size(struct kernel *kernel, const struct facts *linked, uint64_t *ret)
{
	const struct facts *facts = fact_has(&kernel->facts, "PAGESIZE") ? &kernel->facts : linked;
	const char *text;
	uint64_t size;

	if (!fact_text(facts, "PAGESIZE", &text)) {
		unsigned int shift = kernel->dump->page_shift;

		*ret = shift ? 1ull << shift : arch_machine_min_page(kernel->dump->machine);
		log_debug(kernel->log, "page size %llu assumed: no PAGESIZE in the dump",
			  (unsigned long long)*ret);
		return NULL;
	}
	if (!fact_text_number(facts, "PAGESIZE", 10, &size) || !is_pow2(size) ||
	    size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX)
		return err_new(ERR_BAD_INPUT,
			       "VMCOREINFO: PAGESIZE=%s is not a power of two from 4096 to 262144", text);
	*ret = size;
	return NULL;
}

static struct err *set_page_size(struct kernel *kernel, const struct kernel_given *given)
{
	uint64_t size = 0;

	TRY(find_page_size(kernel, &given->linked, &size));
	TRY(dump_set_page_size(kernel->dump, size));
	kernel->page_shift = (unsigned int)__builtin_ctzll(size);
	return NULL;
}

struct err *kernel_find_arch(const struct kernel *kernel, const struct arch **ret)
{
	const struct dump *dump = kernel->dump;
	const struct arch *arch = NULL;
	char name[64];

	if (dump->xen_info)
		arch = arch_of_domain0(dump->machine);
	else if (dump->machine)
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

struct arch_env kernel_arch_env(const struct kernel *kernel, const struct facts *facts)
{
	return (struct arch_env){
		.dump = kernel->dump,
		.facts = facts,
		.page_shift = kernel->page_shift,
		.word = kernel->word,
		.order = kernel->order,
		.log = kernel->log,
	};
}

struct err *kernel_start_arch(struct kernel *kernel)
{
	struct arch_env env = kernel_arch_env(kernel, &kernel->facts);
	const struct arch *arch = NULL;
	void *state;
	struct err *e;

	if (kernel->dump->xen_info && kernel->facts.map.count == 0)
		return err_new(ERR_NOT_FOUND, "this is a dump of a Xen host, which does not tell of its Linux; "
			       "-x VMLINUX can");
	TRY(kernel_find_arch(kernel, &arch));
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

void kernel_stop_arch(struct kernel *kernel)
{
	if (kernel->arch)
		kernel->arch->deinit(kernel->arch_state);
	kernel->arch = NULL;
	kernel->arch_state = NULL;
}

/* What the utsname proves the translation with. What fails here is kept in no_arch. */
static struct err *settle_translation(struct kernel *kernel, struct err *e)
{
	if (!e)
		e = kernel_read_uts(kernel);
	else
		kernel_uts_without_memory(kernel);
	if (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_WRONG_RELEASE)
		return e;
	if (e) {
		kernel_stop_arch(kernel);
		kernel->no_arch = e;
	}
	return NULL;
}

static struct err *learn_translation(struct kernel *kernel)
{
	return settle_translation(kernel, kernel_start_arch(kernel));
}

/* VMCOREINFO calls the kernel's page tables swapper_pg_dir, which is a macro on x86_64. */
static struct err *name_page_tables(struct facts *facts)
{
	static const char *const names[] = { "init_top_pgt", "init_level4_pgt" };
	uint64_t root;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (fact_symbol(facts, names[i], &root))
			return facts_add(facts, FACT_SYMBOL, "swapper_pg_dir", (int64_t)root, names[i]);
	}
	return NULL;
}

/* Readers look for VMCOREINFO in a dump; where it had none, what was given is as good. */
static struct err *give_vmcoreinfo(struct kernel *kernel)
{
	struct dump *dump = kernel->dump;
	char *text = NULL;
	size_t len = 0;

	/* In the dump of a Xen host it would be taken for one that the addresses are right for. */
	if (dump->vmcoreinfo || dump->xen_info || kernel->no_arch)
		return NULL;
	TRY(name_page_tables(&kernel->facts));
	TRY(facts_format_all(&kernel->facts, UINT64_C(1) << kernel->page_shift, &text, &len));
	dump_give_vmcoreinfo(dump, text, len);
	return NULL;
}

/*
 * A dump that says all that dumps say is believed to lack what it does not say. That of
 * a Xen host is not searched: most of it is not this kernel's.
 */
static struct err *fill_facts(struct kernel *kernel)
{
	const char *missing = facts_missing(&kernel->facts);

	if (!missing || !kernel->arch || kernel->dump->xen_info)
		return NULL;
	log_debug(kernel->log, "facts: %s is not known; asking the kernel's own memory", missing);
	TRY(kernel_fill_facts(kernel));
	/* Only now its address may be known. */
	return kernel->uts_from_memory ? NULL : settle_translation(kernel, NULL);
}

static struct err *learn_with(struct kernel *kernel, struct kernel_given *given)
{
	TRY(set_page_size(kernel, given));
	TRY(kernel_take_given(kernel, given));
	if (!fact_text_number(&kernel->facts, "CRASHTIME", 10, &kernel->crash_time))
		kernel->crash_time = kernel->dump->crash_time;
	TRY(learn_translation(kernel));
	TRY(fill_facts(kernel));
	TRY(kernel_restore_backup(kernel));
	TRY(kernel_order_cpus(kernel));
	return give_vmcoreinfo(kernel);
}

static struct err *learn(struct kernel *kernel, const struct kernel_files *files)
{
	struct dump *dump = kernel->dump;
	struct kernel_given given;
	struct err *e;

	/* Formats without a number for it have a name. */
	if (!dump->machine && dump->uts)
		dump->machine = arch_machine_by_uname(dump->uts->field[4], dump->word);
	kernel->order = dump->order;
	TRY(gather_facts(kernel));
	/* A file tells more than a search, but not which of two kernels in memory crashed. */
	if (recover_is_needed(kernel))
		TRY(kernel_recover(kernel, files->vmlinux || files->vmcoreinfo));
	if (!dump->machine)
		dump->machine = arch_machine_by_facts(&kernel->facts);
	kernel->word = arch_machine_word(dump->machine, dump->word);
	kernel_given_init(&given);
	e = kernel_read_given(kernel, files, &given);
	if (!e)
		e = learn_with(kernel, &given);
	kernel_given_deinit(&given);
	return e;
}

struct err *kernel_create_with(struct dump *dump, const struct kernel_files *files,
			       const struct log *log, struct kernel **ret)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	struct err *e;

	if (!kernel)
		return err_nomem;
	kernel->dump = dump;
	kernel->log = log;
	kernel->vmlinux = files->vmlinux;
	facts_init(&kernel->facts);
	e = kallsyms_place_create(&kernel->kallsyms_place);
	if (!e)
		e = learn(kernel, files);
	if (e) {
		kernel_destroy(kernel);
		return e;
	}
	*ret = kernel;
	return NULL;
}

struct err *kernel_create(struct dump *dump, const struct log *log, struct kernel **ret)
{
	return kernel_create_with(dump, &(struct kernel_files){ .vmlinux = NULL }, log, ret);
}

void kernel_destroy(struct kernel *kernel)
{
	if (!kernel)
		return;
	kernel_stop_arch(kernel);
	err_free(kernel->no_arch);
	kallsyms_place_destroy(kernel->kallsyms_place);
	facts_deinit(&kernel->facts);
	free(kernel);
}
