/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an x86_64 kernel was loaded: candidates from all that may say so, each
 * tried against what memory holds.
 */
#include "arch/x86_64.h"

#include <string.h>

#include "arch/probe.h"
#include "base/checked.h"

struct candidate {
	uint64_t value;
	const char *origin;
};

struct candidates {
	struct candidate v[8];
	size_t count;
};

static void add(struct candidates *list, uint64_t value, const char *origin)
{
	if (list->count < ARRAY_LEN(list->v))
		list->v[list->count++] = (struct candidate){ value, origin };
}

/*
 * The segment that maps kernel text: the first with an address in the image
 * window. kexec-tools and kexec_file_load put it in front of those of the direct map.
 */
static const struct dump_segment *text_segment(const struct dump *dump)
{
	for (size_t i = 0; i < dump->segment_count; i++) {
		const struct dump_segment *seg = &dump->segments[i];

		if (seg->has_vaddr && seg->vaddr >= X86_64_KERNEL_MAP)
			return seg;
	}
	return NULL;
}

/* Up to v4.9 VMCOREINFO has the variable's address, which only the text segment can resolve. */
static void add_variable(const struct arch_env *env, const struct dump_segment *text,
			 struct candidates *list)
{
	uint64_t va, value;
	uint8_t raw[8];
	struct err *e;

	if (!fact_symbol(env->facts, "phys_base", &va) || va < text->vaddr ||
	    !range_fits(va - text->vaddr, sizeof(raw), text->memsz))
		return;
	e = dump_view_read(env->view, text->paddr + (va - text->vaddr), raw, sizeof(raw));
	if (e) {
		log_debug(env->log, "SYMBOL(phys_base): %s", err_text(e));
		err_free(e);
		return;
	}
	value = get_u64(raw, env->order);
	add(list, value, "SYMBOL(phys_base)");
}

static void gather(const struct arch_env *env, struct candidates *list)
{
	const struct dump_segment *text = text_segment(env->dump);
	int64_t number;
	uint64_t slide;

	/*
	 * Since v4.10, 401721ecd1dc ("kexec: export the value of phys_base instead of
	 * symbol address").
	 */
	if (fact_number(env->facts, "phys_base", &number))
		add(list, (uint64_t)number, "NUMBER(phys_base)");
	if (text) {
		add_variable(env, text, list);
		add(list, text->paddr - (text->vaddr - X86_64_KERNEL_MAP), "the text segment");
	}
	if (env->dump->has_phys_base)
		add(list, env->dump->phys_base, "the file header");
	/* Up to v4.7 KASLR moved the image by the same amount in both address spaces. */
	if (fact_text_number(env->facts, "KERNELOFFSET", 16, &slide) && slide)
		add(list, slide, "KERNELOFFSET");
	/* An image loaded where it was linked. */
	add(list, 0, "the linked address");
}

/* Index of the first that memory confirms, else the first it does not refute, else count. */
static size_t choose(const struct arch_env *env, uint64_t uts_va, const struct candidates *list)
{
	size_t open = list->count;

	for (size_t i = 0; i < list->count; i++) {
		uint64_t pa = uts_va - X86_64_KERNEL_MAP + list->v[i].value;
		enum probe answer = probe_uts(env, pa);

		if (answer == PROBE_YES)
			return i;
		if (answer == PROBE_UNKNOWN && open == list->count)
			open = i;
		log_debug(env->log, "phys_base %#llx from %s: utsname %s at physical %#llx",
			  (unsigned long long)list->v[i].value, list->v[i].origin,
			  answer == PROBE_NO ? "is not" : "cannot be read",
			  (unsigned long long)pa);
	}
	return open;
}

struct err *x86_64_find_phys_base(const struct arch_env *env, uint64_t *ret)
{
	struct candidates list = { .count = 0 };
	uint64_t uts_va;
	size_t pick = 0;

	gather(env, &list);
	if (fact_symbol(env->facts, "init_uts_ns", &uts_va)) {
		pick = choose(env, uts_va, &list);
		if (pick == list.count)
			return err_new(ERR_BAD_INPUT,
				       "phys_base: SYMBOL(init_uts_ns) %#llx leads to no utsname of this kernel "
				       "with %#llx (%s) nor %zu others",
				       (unsigned long long)uts_va, (unsigned long long)list.v[0].value,
				       list.v[0].origin, list.count - 1);
	} else if (list.count == 1) {
		return err_new(ERR_NOT_FOUND,
			       "phys_base: neither NUMBER(phys_base) nor SYMBOL(init_uts_ns) nor a "
			       "segment that maps kernel text");
	}
	log_debug(env->log, "phys_base %#llx from %s", (unsigned long long)list.v[pick].value,
		  list.v[pick].origin);
	*ret = list.v[pick].value;
	return NULL;
}

/*
 * PAGE_OFFSET as the segments have it: all that carry an address below the
 * image agree on vaddr - paddr, and it is what a direct map can have (KASLR
 * moves it in steps of 1 GiB). Dumps of hypervisors have zeros or nonsense
 * there, and one that contradicts the rest makes all of them worthless.
 */
static bool linear_from_segments(const struct dump *dump, uint64_t *ret)
{
	bool found = false;
	uint64_t base = 0;

	for (size_t i = 0; i < dump->segment_count; i++) {
		const struct dump_segment *seg = &dump->segments[i];
		uint64_t delta = seg->vaddr - seg->paddr;

		if (!seg->has_vaddr || seg->vaddr >= X86_64_KERNEL_MAP)
			continue;
		if (seg->vaddr < seg->paddr || delta < 0xff00000000000000ull || delta & 0x3fffffff)
			return false;
		if (found && delta != base)
			return false;
		found = true;
		base = delta;
	}
	if (found)
		*ret = base;
	return found;
}

/* The variable, where somebody knows its address: it is not in VMCOREINFO. */
static bool linear_from_variable(const struct arch_env *env, const struct x86_64 *state,
				 uint64_t *ret)
{
	uint64_t va;
	uint8_t raw[8];
	struct err *e;

	if (!fact_symbol(env->facts, "page_offset_base", &va) || va < X86_64_KERNEL_MAP)
		return false;
	e = dump_view_read(env->view, va - X86_64_KERNEL_MAP + state->phys_base, raw, sizeof(raw));
	if (e) {
		err_free(e);
		return false;
	}
	*ret = get_u64(raw, env->order);
	return *ret >= 0xff00000000000000ull;
}

/* PAGE_OFFSET without KASLR: 4 levels since v4.20 and v2.6.27, 5 levels since v4.20 and v4.14. */
static const uint64_t linear_constants[] = {
	0xffff888000000000ull,
	0xffff880000000000ull,
	0xff11000000000000ull,
	0xff10000000000000ull,
};

/*
 * A base is right when the tables map the physical address of their own root
 * there. Where the tables do not answer, segments and the variable are
 * believed; constants are not, because KASLR moves the base.
 */
void x86_64_find_linear(const struct arch_env *env, struct x86_64 *state)
{
	struct candidates list = { .count = 0 };
	size_t trusted;
	uint64_t base;

	if (linear_from_segments(env->dump, &base))
		add(&list, base, "the segments");
	if (linear_from_variable(env, state, &base))
		add(&list, base, "SYMBOL(page_offset_base)");
	trusted = list.count;
	for (size_t i = 0; i < ARRAY_LEN(linear_constants); i++)
		add(&list, linear_constants[i], "the layout without KASLR");
	for (size_t i = 0; i < list.count && !state->has_linear; i++) {
		uint64_t root_va = list.v[i].value + state->root_pa;
		enum probe answer = probe_walk(env, &state->form, state->root_pa, root_va,
					       state->root_pa);

		if (answer == PROBE_NO || (answer == PROBE_UNKNOWN && i >= trusted))
			continue;
		state->has_linear = true;
		state->linear_base = list.v[i].value;
		log_debug(env->log, "direct map at %#llx from %s",
			  (unsigned long long)state->linear_base, list.v[i].origin);
	}
	/* With KASLR vmalloc space may begin right behind the memory there is. */
	state->linear_len = probe_memory_end(env->dump);
}
