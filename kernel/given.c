/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts from a vmlinux (-x) or a vmcoreinfo file (-i): is it this kernel's, and
 * how far was the kernel moved from where it was linked?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "dwarf_info.h"
#include "kernel/internal.h"

#define GIVEN_TEXT_MAX (1u << 20)
#define UTS_RELEASE 2
#define UTS_LEN 65

void kernel_given_init(struct kernel_given *given)
{
	given->name = NULL;
	facts_init(&given->linked);
}

void kernel_given_deinit(struct kernel_given *given)
{
	facts_deinit(&given->linked);
}

static struct err *read_vmlinux(const struct kernel *kernel, const char *path, struct facts *facts)
{
	char name[64], other[64];
	struct vmlinux *vmlinux;
	struct err *e = NULL;

	TRY(vmlinux_open(path, kernel->log, &vmlinux));
	if (kernel->dump->machine && vmlinux->machine != kernel->dump->machine)
		e = err_new(ERR_WRONG_RELEASE, "%s is for %s, the dump is of %s", path,
			    arch_machine_name(vmlinux->machine, name, sizeof(name)),
			    arch_machine_name(kernel->dump->machine, other, sizeof(other)));
	if (!e)
		e = vmlinux_add_symbols(vmlinux, facts);
	if (!e)
		e = dwarf_info_add(vmlinux, facts);
	/* Symbols alone are worth something: they may be all that the dump lacks. */
	if (err_kind(e) == ERR_NOT_FOUND || err_kind(e) == ERR_UNSUPPORTED) {
		log_warn(kernel->log, "%s", err_text(e));
		err_free(e);
		e = NULL;
	}
	vmlinux_close(vmlinux);
	return e;
}

/* The file's bytes; one that is larger than any such text is not read. */
static struct err *read_text(const char *path, char **ret, size_t *ret_len)
{
	struct source *src;
	char *text = malloc(GIVEN_TEXT_MAX + 1);
	struct err *e;

	if (!text)
		return err_nomem;
	e = source_open_file(path, false, &src);
	if (!e) {
		e = source_read_some(src, 0, text, GIVEN_TEXT_MAX + 1, ret_len);
		source_destroy(src);
	}
	if (!e && *ret_len > GIVEN_TEXT_MAX)
		e = err_new(ERR_BAD_INPUT, "%s: more than %u bytes, not a vmcoreinfo file", path,
			    GIVEN_TEXT_MAX);
	if (e) {
		free(text);
		return e;
	}
	*ret = text;
	return NULL;
}

/* "An array", says -g of other versions, "and nobody knows how long": the largest long but one. */
static void drop_unknown_lengths(struct facts *facts)
{
	for (size_t i = 0; i < facts->map.count; i++) {
		struct fact *fact = facts->map.v[i].value;

		if (fact->kind == FACT_LENGTH &&
		    (fact->value == INT64_MAX - 1 || fact->value == INT32_MAX - 1))
			fact->kind = FACT_TEXT;
	}
}

/* Text copied from a running or crashed kernel has the addresses of that boot, and says how far it was moved. */
static struct err *to_linked(struct facts *facts)
{
	uint64_t slide;

	if (!fact_text_number(facts, "KERNELOFFSET", 16, &slide))
		return NULL;
	return facts_move_image(facts, 0 - slide);
}

static struct err *read_vmcoreinfo(const struct kernel *kernel, const char *path,
				   struct facts *facts)
{
	char *text = NULL;
	size_t len = 0;
	struct err *e;

	TRY(read_text(path, &text, &len));
	e = facts_add_vmcoreinfo(facts, text, len, path, kernel->log);
	free(text);
	if (e)
		return e;
	if (!fact_has(facts, "OSRELEASE"))
		return err_new(ERR_BAD_INPUT, "%s: no OSRELEASE line: not a vmcoreinfo file", path);
	drop_unknown_lengths(facts);
	return to_linked(facts);
}

/* @key says one thing in the dump and another in the file. */
static struct err *check_text(const struct kernel *kernel, const struct kernel_given *given,
			      const char *key)
{
	const char *ours, *theirs;

	if (!fact_text(&kernel->facts, key, &ours) || !fact_text(&given->linked, key, &theirs) ||
	    !strcmp(ours, theirs))
		return NULL;
	return err_new(ERR_WRONG_RELEASE, "%s is of another kernel: its %s is %s, the dump's is %s",
		       given->name, key, theirs, ours);
}

static struct err *check_header(const struct kernel *kernel, const struct kernel_given *given)
{
	const char *theirs, *ours;

	if (!kernel->dump->uts || fact_has(&kernel->facts, "OSRELEASE") ||
	    !fact_text(&given->linked, "OSRELEASE", &theirs))
		return NULL;
	ours = kernel->dump->uts->field[UTS_RELEASE];
	if (!ours[0] || !strncmp(ours, theirs, UTS_LEN - 1))
		return NULL;
	return err_new(ERR_WRONG_RELEASE, "%s is of another kernel: its release is %s, the dump's "
		       "is %.65s", given->name, theirs, ours);
}

struct err *kernel_read_given(const struct kernel *kernel, const struct kernel_files *files,
			      struct kernel_given *ret)
{
	ret->name = files->vmlinux ? files->vmlinux : files->vmcoreinfo;
	if (!ret->name)
		return NULL;
	if (files->vmlinux)
		TRY(read_vmlinux(kernel, files->vmlinux, &ret->linked));
	else
		TRY(read_vmcoreinfo(kernel, files->vmcoreinfo, &ret->linked));
	TRY(check_text(kernel, ret, "OSRELEASE"));
	TRY(check_text(kernel, ret, "BUILD-ID"));
	return check_header(kernel, ret);
}

/*
 * Symbols that are addresses of variables of the image in VMCOREINFO and in
 * vmlinux alike. Not mem_section and vmemmap, which are values of pointers there.
 */
static const char *const image_symbols[] = {
	"init_uts_ns", "_stext", "swapper_pg_dir", "prb", "clear_seq", "log_buf", "log_end",
	"log_first_idx", "vmap_area_list", "contig_page_data", "node_online_map",
};

/* The slide that the symbols both know agree on. */
static struct err *slide_by_symbols(const struct kernel *kernel, const struct kernel_given *given,
				    bool *found, uint64_t *slide)
{
	for (size_t i = 0; i < ARRAY_LEN(image_symbols); i++) {
		const char *name = image_symbols[i];
		uint64_t run, linked;

		if (!fact_symbol(&kernel->facts, name, &run) ||
		    !fact_symbol(&given->linked, name, &linked))
			continue;
		if (*found && run - linked != *slide)
			return err_new(ERR_WRONG_RELEASE, "%s is of another kernel: %s is linked at %#"
				       PRIx64 " there, and the dump's is at %#" PRIx64 " after a move by %#"
				       PRIx64, given->name, name, linked, run, *slide);
		*found = true;
		*slide = run - linked;
	}
	return NULL;
}

/* From memory: nothing in the dump's facts tells. */
static struct err *slide_by_memory(struct kernel *kernel, const struct kernel_given *given,
				   uint64_t *slide)
{
	struct arch_env env = kernel_arch_env(kernel, &given->linked);
	const struct arch *arch = NULL;
	struct err *e = kernel_find_arch(kernel, &arch);

	/* Without translation there is nothing to move addresses for. */
	if (e || !arch->locate) {
		err_free(e);
		return NULL;
	}
	TRY(dump_view_create(kernel->dump, 0, &env.view));
	e = arch->locate(&env, &kernel->facts, slide);
	dump_view_destroy(env.view);
	if (err_kind(e) == ERR_NOT_FOUND) {
		err_free(e);
		return err_new(ERR_WRONG_RELEASE, "%s is of another kernel: no place in the dump's "
			       "memory fits it", given->name);
	}
	return e;
}

static struct err *find_slide(struct kernel *kernel, const struct kernel_given *given,
			      uint64_t *ret)
{
	uint64_t slide = 0;
	bool found = fact_text_number(&kernel->facts, "KERNELOFFSET", 16, &slide);

	TRY(slide_by_symbols(kernel, given, &found, &slide));
	if (!found)
		TRY(slide_by_memory(kernel, given, &slide));
	*ret = slide;
	return NULL;
}

/* In front of what a file may say about another boot. */
static struct err *add_slide(struct kernel *kernel, const struct kernel_given *given,
			     uint64_t slide)
{
	char text[24];

	if (!slide && !fact_has(&given->linked, "KERNELOFFSET"))
		return NULL;
	snprintf(text, sizeof(text), "%" PRIx64, slide);
	return facts_add_text(&kernel->facts, "KERNELOFFSET", text, "found in memory");
}

struct err *kernel_take_given(struct kernel *kernel, struct kernel_given *given)
{
	uint64_t slide;

	if (!given->name)
		return NULL;
	TRY(find_slide(kernel, given, &slide));
	log_debug(kernel->log, "facts from %s: taken, addresses moved by %#" PRIx64, given->name,
		  slide);
	TRY(facts_move_image(&given->linked, slide));
	TRY(add_slide(kernel, given, slide));
	return facts_merge(&kernel->facts, &given->linked);
}
