/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an x86_64 kernel lies in a dump that does not say, by its vmlinux
 * alone: its utsname is at one of the places 2 MiB apart where the image can have been
 * loaded, and the page tables beside it say at which address that is mapped. Tables that a
 * CPU used lead there at once. What is found is proved by both; nothing is taken for granted.
 */
#include "arch/x86_64.h"

#include "arch/probe.h"
#include "base/checked.h"

/* CONFIG_PHYSICAL_ALIGN is at least that, and KASLR moves an image by multiples of it. */
#define IMAGE_ALIGN (UINT64_C(2) << 20)
/* KASLR stays inside KERNEL_IMAGE_SIZE, 1 GiB where it is largest. */
#define SLIDE_MAX (UINT64_C(1) << 30)

/* Linked addresses, and what was found out of the tables. */
struct place {
	uint64_t uts;
	uint64_t root;
	uint64_t sme;		/* 0: no such variable */
	uint64_t sme_mask;
	uint64_t slide;
	uint64_t phys_base;
	unsigned int levels;
};

static bool find_root(const struct facts *facts, uint64_t *ret)
{
	static const char *const names[] = { "init_top_pgt", "init_level4_pgt", "swapper_pg_dir" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (fact_symbol(facts, names[i], ret))
			return true;
	}
	return false;
}

/* The encryption bit of page table entries, in a kernel that has the variable (v4.14). */
static uint64_t read_sme_mask(const struct arch_env *env, const struct place *place,
			      uint64_t uts_pa)
{
	uint8_t raw[8];
	struct err *e;

	if (!place->sme)
		return 0;
	e = dump_view_read(env->view, uts_pa + (place->sme - place->uts), raw, sizeof(raw));
	if (e) {
		err_free(e);
		return 0;
	}
	return get_u64(raw, env->order);
}

/* With the tables at their place beside @uts_pa, some slide leads to @uts_pa. */
static bool find_slide(const struct arch_env *env, struct place *place, uint64_t uts_pa)
{
	uint64_t root_pa = uts_pa + (place->root - place->uts);
	struct pt_form form;

	if (root_pa & 0xfff)
		return false;
	place->sme_mask = read_sme_mask(env, place, uts_pa);
	for (unsigned int levels = 4; levels <= 5; levels++) {
		x86_64_form_init(&form, levels, place->sme_mask);
		for (uint64_t slide = 0; slide < SLIDE_MAX; slide += IMAGE_ALIGN) {
			uint64_t va = place->uts + slide;

			if (va < place->uts ||
			    probe_walk(env, &form, root_pa, va, uts_pa) != PROBE_YES)
				continue;
			place->levels = levels;
			place->slide = slide;
			place->phys_base = uts_pa - (va - X86_64_KERNEL_MAP);
			return true;
		}
	}
	return false;
}

static bool fits_at(const struct arch_env *env, struct place *place, uint64_t uts_pa)
{
	return probe_uts(env, uts_pa) == PROBE_YES && find_slide(env, place, uts_pa);
}

/* All places of the image inside one stretch of stored memory. */
static bool search_segment(const struct arch_env *env, const struct dump_segment *seg,
			   struct place *place)
{
	uint64_t inside = (place->uts - X86_64_KERNEL_MAP) % IMAGE_ALIGN;
	uint64_t end, pa = round_down(seg->paddr, IMAGE_ALIGN) + inside;

	if (!checked_add(seg->paddr, seg->filesz, &end))
		return false;
	for (; pa < end; pa += IMAGE_ALIGN) {
		if (pa >= seg->paddr && fits_at(env, place, pa))
			return true;
		if (pa > UINT64_MAX - IMAGE_ALIGN)
			break;
	}
	return false;
}

/* Some slide leads through tables that a CPU used to a utsname. */
static bool fits_root(const struct arch_env *env, const struct x86_64_cpu *cpu, uint64_t memory_mask,
		      struct place *place)
{
	struct pt_form form;
	uint64_t mask = 0;

	if (!x86_64_root_mask(env, memory_mask, cpu->root_pa, &mask))
		return false;
	x86_64_form_init(&form, cpu->levels, mask);
	for (uint64_t slide = 0; slide < SLIDE_MAX; slide += IMAGE_ALIGN) {
		uint64_t va = place->uts + slide;
		struct mapping map;
		struct err *e = va < place->uts ? err_no_mapping :
						  pt_walk(&form, env->view, cpu->root_pa, va, &map);

		err_free(e);
		if (!e && fits_at(env, place, mapping_pa(&map, va)))
			return true;
	}
	return false;
}

static bool search_cpus(const struct arch_env *env, struct place *place)
{
	uint64_t memory_mask = x86_64_memory_mask(env->dump);
	struct x86_64_cpu_pos pos = { .cpu = 0 };
	struct x86_64_cpu cpu;

	while (x86_64_next_cpu(env->dump, &pos, &cpu)) {
		cpu.root_pa &= memory_mask;
		if (fits_root(env, &cpu, memory_mask, place))
			return true;
		if (!(cpu.root_pa & X86_64_USER_HALF))
			continue;
		cpu.root_pa &= ~X86_64_USER_HALF;
		if (fits_root(env, &cpu, memory_mask, place))
			return true;
	}
	return false;
}

static struct err *search(const struct arch_env *env, struct place *place)
{
	if (search_cpus(env, place))
		return NULL;
	/* An image where it was linked is the usual case without KASLR. */
	if (fits_at(env, place, place->uts - X86_64_KERNEL_MAP))
		return NULL;
	for (size_t i = 0; i < env->dump->segment_count; i++) {
		if (search_segment(env, &env->dump->segments[i], place))
			return NULL;
	}
	return err_not_found;
}

struct err *x86_64_locate(const struct arch_env *env, struct facts *learned, uint64_t *ret_slide)
{
	struct place place = { .sme = 0 };

	if (!fact_symbol(env->facts, "init_uts_ns", &place.uts) ||
	    !find_root(env->facts, &place.root) || place.uts < X86_64_KERNEL_MAP ||
	    place.root < X86_64_KERNEL_MAP)
		return err_new(ERR_BAD_INPUT, "no address of init_uts_ns and of init_top_pgt to look for");
	if (!fact_symbol(env->facts, "sme_me_mask", &place.sme))
		place.sme = 0;
	TRY(search(env, &place));
	log_debug(env->log, "the kernel was moved by %#llx, phys_base is %#llx",
		  (unsigned long long)place.slide, (unsigned long long)place.phys_base);
	TRY(facts_add(learned, FACT_NUMBER, "phys_base", (int64_t)place.phys_base,
		      "found in memory"));
	TRY(facts_add(learned, FACT_NUMBER, "pgtable_l5_enabled", place.levels == 5,
		      "found in memory"));
	if (place.sme_mask)
		TRY(facts_add(learned, FACT_NUMBER, "sme_mask", (int64_t)place.sme_mask,
			      "found in memory"));
	*ret_slide = place.slide;
	return NULL;
}
