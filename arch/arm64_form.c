/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shape of arm64 page tables: 4K, 16K and 64K pages, 36 to 52 bits of virtual
 * address, 48 or 52 bits of physical address in two encodings.
 */
#include "arch/arm64.h"

#include "arch/probe.h"
#include "base/checked.h"

#define DESC_VALID 0x1ull
#define DESC_TABLE 0x2ull	/* a table, or at the last level a page; else a block */

static uint64_t output_of(const struct pt_form *form, uint64_t entry)
{
	return (entry & form->pa_mask) | (entry & form->pa_mask_high) << form->pa_high_shift;
}

/* The type of a page without the valid bit; entries of swap have zeros for both. */
static bool hidden(const struct pt_form *form, uint64_t entry, uint64_t *ret_pa)
{
	*ret_pa = output_of(form, entry);
	return (entry & (DESC_VALID | DESC_TABLE)) == DESC_TABLE;
}

static struct pt_entry decode(const struct pt_form *form, unsigned int level, uint64_t entry)
{
	bool last = level == form->levels - 1;
	struct pt_entry ret = { PT_NONE, output_of(form, entry) };

	if (!(entry & DESC_VALID))
		return ret;
	if (entry & DESC_TABLE)
		ret.kind = last ? PT_LEAF : PT_TABLE;
	else if (!last)
		ret.kind = PT_LEAF;
	return ret;
}

static uint64_t bits_between(unsigned int high, unsigned int low)
{
	return (1ull << (high + 1)) - (1ull << low);
}

/*
 * Output addresses of descriptors (Arm ARM, stage 1 VMSAv8-64):
 * - 64K pages: bits 47:16, and 15:12 are address bits 51:48 (FEAT_LPA) or zero,
 *   so they can always be taken;
 * - 4K and 16K with TCR_EL1.DS (FEAT_LPA2): bits 49:page, and 9:8 are address
 *   bits 51:50; without it 9:8 are the shareability, not to be taken.
 */
static void output_address(struct pt_form *form, unsigned int page_shift, bool lpa2)
{
	if (page_shift == 16) {
		form->pa_mask = bits_between(47, 16);
		form->pa_mask_high = bits_between(15, 12);
		form->pa_high_shift = 36;
	} else if (lpa2) {
		form->pa_mask = bits_between(49, page_shift);
		form->pa_mask_high = bits_between(9, 8);
		form->pa_high_shift = 42;
	} else {
		form->pa_mask = bits_between(47, page_shift);
	}
}

void arm64_form_init(struct pt_form *form, unsigned int page_shift, unsigned int va_bits,
		     bool lpa2)
{
	unsigned int per_level = page_shift - 3;
	unsigned int levels = (va_bits - page_shift + per_level - 1) / per_level;

	*form = (struct pt_form){
		.levels = levels,
		.entry_size = 8,
		.decode = decode,
		.hidden = hidden,
	};
	for (unsigned int i = 0; i < levels; i++) {
		form->level[i].shift = page_shift + per_level * (levels - 1 - i);
		form->level[i].bits = per_level;
	}
	form->level[0].bits = va_bits - form->level[0].shift;
	output_address(form, page_shift, lpa2);
}

/* Sizes the kernel can be configured for (arch/arm64/Kconfig, ARM64_VA_BITS_*), likely ones first. */
static const unsigned int va_sizes[] = { 48, 39, 52, 47, 42, 36 };

static bool va_size_possible(int64_t bits)
{
	return bits >= 36 && bits <= 52;
}

/*
 * What the facts say. VA_BITS is there since v4.12, TCR_EL1_T1SZ since v5.9,
 * bbdbc11804ff ("arm64/crash_core: Export TCR_EL1.T1SZ in vmcoreinfo").
 * Without the first, 0: unknown.
 */
static void va_from_facts(const struct facts *facts, struct arm64 *state)
{
	int64_t number;

	if (fact_number(facts, "VA_BITS", &number) && va_size_possible(number))
		state->va_bits = (unsigned int)number;
	state->va_actual = state->va_bits;
	if (fact_number(facts, "TCR_EL1_T1SZ", &number) && va_size_possible(64 - number))
		state->va_actual = (unsigned int)(64 - number);
	if (state->va_bits < state->va_actual)
		state->va_bits = state->va_actual;
}

/*
 * Bits the tables are built for: with 64K pages those configured, whatever the
 * hardware can (the kernel shifts TTBR1 instead); with 4K and 16K those in use,
 * since levels fold at run time (v6.9, "arm64: Enable 52-bit virtual addressing
 * for 4k and 16k granule configs").
 */
static unsigned int table_bits(const struct arm64 *state)
{
	return state->page_shift == 16 ? state->va_bits : state->va_actual;
}

static enum probe try_form(const struct arch_env *env, struct arm64 *state, unsigned int bits,
			   bool lpa2)
{
	arm64_form_init(&state->form, state->page_shift, bits, lpa2);
	state->form.order = env->order;
	return probe_walk(env, &state->form, state->root_pa, state->root_va, state->root_pa);
}

/* Any shape that the tables confirm; sets the form and what follows from it. */
static bool search_form(const struct arch_env *env, struct arm64 *state)
{
	for (size_t i = 0; i < 2 * ARRAY_LEN(va_sizes); i++) {
		unsigned int bits = va_sizes[i / 2];

		if (try_form(env, state, bits, i % 2) != PROBE_YES)
			continue;
		if (!state->va_bits)
			state->va_bits = state->va_actual = bits;
		return true;
	}
	return false;
}

struct err *arm64_choose_form(const struct arch_env *env, struct arm64 *state)
{
	int64_t physmem_bits = 0;
	enum probe first = PROBE_NO;
	bool lpa2;

	va_from_facts(env->facts, state);
	/*
	 * Printed as in use since v6.9 (PHYS_MASK_SHIFT), as configured before, when
	 * only 64K pages had 52.
	 */
	lpa2 = fact_number(env->facts, "MAX_PHYSMEM_BITS", &physmem_bits) && physmem_bits == 52;
	if (state->va_bits)
		first = try_form(env, state, table_bits(state), lpa2);
	if (first == PROBE_YES || search_form(env, state)) {
		log_debug(env->log, "page tables of %u levels at physical %#llx", state->form.levels,
			  (unsigned long long)state->root_pa);
		return NULL;
	}
	if (first == PROBE_NO)
		return err_new(ERR_BAD_INPUT,
			       "page tables: the root at physical %#llx (NUMBER(kimage_voffset) %#llx, "
			       "NUMBER(VA_BITS) %u) does not map itself at %#llx",
			       (unsigned long long)state->root_pa,
			       (unsigned long long)state->kimage_voffset, state->va_bits,
			       (unsigned long long)state->root_va);
	arm64_form_init(&state->form, state->page_shift, table_bits(state), lpa2);
	state->form.order = env->order;
	log_debug(env->log, "page tables at physical %#llx: not all in the dump",
		  (unsigned long long)state->root_pa);
	return NULL;
}
