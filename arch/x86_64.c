/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86_64: page tables of 4 or 5 levels.
 *
 * Every address goes through the tables of init_top_pgt, which map all there
 * is: direct map, vmalloc, vmemmap, modules and the image. The image and direct
 * map formulas serve only to find the root, and where a table page itself is
 * not in the dump.
 */
#include "arch/x86_64.h"

#include <elf.h>
#include <stdlib.h>

#include "arch/probe.h"
#include "arch/rows.h"
#include "base/checked.h"

#define PTE_PRESENT 0x1ull
#define PTE_PSE 0x80ull
#define PTE_PROTNONE 0x100ull	/* _PAGE_BIT_GLOBAL */
#define PTE_ADDRESS 0x000ffffffffff000ull	/* bits 51:12 */

/* Bytes of image window where NUMBER(KERNEL_IMAGE_SIZE) is not known: without KASLR. */
#define IMAGE_LEN_DEFAULT (512ull << 20)

/*
 * The levels that take a page size bit are PUD (1 GiB) and PMD (2 MiB), second
 * and third from the end; at the last level that bit is PAT, above the PUD it is reserved.
 */
static struct pt_entry decode(const struct pt_form *form, unsigned int level, uint64_t entry)
{
	unsigned int from_end = form->levels - 1 - level;
	struct pt_entry ret = { PT_NONE, entry & form->pa_mask };

	if (!(entry & PTE_PRESENT))
		return ret;
	if (from_end == 0)
		ret.kind = PT_LEAF;
	else if (!(entry & PTE_PSE))
		ret.kind = PT_TABLE;
	else if (from_end <= 2)
		ret.kind = PT_LEAF;
	return ret;
}

/*
 * A page that is not present has the bit that means global otherwise, and since v4.19
 * (6b28baca9b1f, "x86/speculation/l1tf: Protect PROT_NONE PTEs against speculation") its
 * address inverted, which is how no memory is as high.
 */
static bool hidden(const struct pt_form *form, uint64_t entry, uint64_t *ret_pa)
{
	*ret_pa = min_u64(entry & form->pa_mask, ~entry & form->pa_mask);
	return (entry & (PTE_PRESENT | PTE_PROTNONE)) == PTE_PROTNONE;
}

void x86_64_form_init(struct pt_form *form, unsigned int levels, uint64_t sme_mask)
{
	*form = (struct pt_form){
		.levels = levels,
		.entry_size = 8,
		.order = ORDER_LITTLE,
		.decode = decode,
		.hidden = hidden,
		/* The encryption bit lies among the address bits (AMD SME and SEV). */
		.pa_mask = PTE_ADDRESS & ~sme_mask,
	};
	for (unsigned int i = 0; i < levels; i++) {
		form->level[i].shift = 12 + 9 * (levels - 1 - i);
		form->level[i].bits = 9;
	}
}

/* Levels as the facts have them. */
static unsigned int levels_expected(const struct facts *facts)
{
	int64_t number;

	/* Since v4.18. */
	if (fact_number(facts, "pgtable_l5_enabled", &number))
		return number ? 5 : 4;
	/* Since v5.9: 46 with 4 levels, 52 with 5. */
	if (fact_number(facts, "MAX_PHYSMEM_BITS", &number) && number == 52)
		return 5;
	return 4;
}

static struct err *find_root(const struct facts *facts, uint64_t *ret_va)
{
	/* VMCOREINFO says swapper_pg_dir, a macro for the others in x86_64 kernels. */
	static const char *const names[] = { "init_top_pgt", "init_level4_pgt", "swapper_pg_dir" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (fact_symbol(facts, names[i], ret_va))
			return NULL;
	}
	return err_new(ERR_NOT_FOUND, "page tables: SYMBOL(swapper_pg_dir) is not known");
}

/*
 * Set up for the depth with which the tables map their own root's linked
 * address, trying the one the facts say first.
 */
static struct err *choose_levels(const struct arch_env *env, struct x86_64 *state,
				 uint64_t root_va, uint64_t sme_mask)
{
	unsigned int expected = levels_expected(env->facts);
	const unsigned int depths[] = { expected, expected == 5 ? 4 : 5 };
	enum probe first = PROBE_NO;

	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		enum probe answer;

		x86_64_form_init(&state->form, depths[i], sme_mask);
		answer = probe_walk(env, &state->form, state->root_pa, root_va, state->root_pa);
		if (i == 0)
			first = answer;
		if (answer == PROBE_YES) {
			log_debug(env->log, "page tables of %u levels at physical %#llx", depths[i],
				  (unsigned long long)state->root_pa);
			return NULL;
		}
	}
	x86_64_form_init(&state->form, expected, sme_mask);
	if (first == PROBE_NO)
		return err_new(ERR_BAD_INPUT,
			       "page tables: the root at physical %#llx does not map itself at %#llx",
			       (unsigned long long)state->root_pa, (unsigned long long)root_va);
	log_debug(env->log, "page tables at physical %#llx: not all in the dump",
		  (unsigned long long)state->root_pa);
	return NULL;
}

static struct err *fill(const struct arch_env *env, struct x86_64 *state)
{
	int64_t number;
	uint64_t root_va;
	uint64_t sme_mask = 0;

	if (env->page_shift != 12)
		return err_new(ERR_UNSUPPORTED, "x86_64: page size %#llx is not 4096",
			       1ull << env->page_shift);
	/* Since v5.1; printed signed, so an encryption bit 63 would be negative. */
	if (fact_number(env->facts, "sme_mask", &number))
		sme_mask = (uint64_t)number;
	state->page_shift = env->page_shift;
	state->image_len = IMAGE_LEN_DEFAULT;
	if (fact_number(env->facts, "KERNEL_IMAGE_SIZE", &number) && number > 0 &&
	    (uint64_t)number <= -X86_64_KERNEL_MAP)
		state->image_len = (uint64_t)number;
	TRY(find_root(env->facts, &root_va));
	TRY(x86_64_find_phys_base(env, &state->phys_base));
	state->root_pa = root_va - X86_64_KERNEL_MAP + state->phys_base;
	if (root_va < X86_64_KERNEL_MAP || state->root_pa & 0xfff)
		return err_new(ERR_BAD_INPUT, "page tables: root address %#llx is not possible",
			       (unsigned long long)root_va);
	TRY(choose_levels(env, state, root_va, sme_mask));
	x86_64_find_linear(env, state);
	return NULL;
}

/* Page tables only: physical addresses of the kernel's are not the dump's. */
static struct err *fill_xen(const struct arch_env *env, struct x86_64 *state)
{
	uint64_t root_va;

	state->page_shift = env->page_shift;
	TRY(find_root(env->facts, &root_va));
	return x86_64_xen_find_root(env, root_va, state);
}

static struct err *init_by(struct err *(*fn)(const struct arch_env *env, struct x86_64 *state),
			   const struct arch_env *env, void **ret_state)
{
	struct x86_64 *state = calloc(1, sizeof(*state));
	struct err *e;

	if (!state)
		return err_nomem;
	e = fn(env, state);
	if (e) {
		free(state);
		return e;
	}
	*ret_state = state;
	return NULL;
}

static struct err *x86_64_init(const struct arch_env *env, void **ret_state)
{
	return init_by(fill, env, ret_state);
}

static struct err *x86_64_xen_init(const struct arch_env *env, void **ret_state)
{
	return init_by(fill_xen, env, ret_state);
}

static void x86_64_deinit(void *state)
{
	free(state);
}

/* The upper half: bits from the sign bit of the deepest table upward are all ones. */
static bool x86_64_is_kernel_address(const void *priv, uint64_t va)
{
	const struct x86_64 *state = priv;

	return va >= -(1ull << (state->form.levels == 5 ? 56 : 47));
}

/* What the formulas say, one page of it; false outside both. */
static bool by_formula(const struct x86_64 *state, uint64_t va, struct mapping *ret)
{
	uint64_t page = va & ~((1ull << state->page_shift) - 1);
	uint64_t pa;

	if (va - X86_64_KERNEL_MAP < state->image_len)
		pa = page - X86_64_KERNEL_MAP + state->phys_base;
	else if (state->has_linear && va - state->linear_base < state->linear_len)
		pa = page - state->linear_base;
	else
		return false;
	*ret = (struct mapping){ .va = page, .pa = pa, .len = 1ull << state->page_shift };
	return true;
}

static struct err *x86_64_vtop(const void *priv, struct dump_view *view, uint64_t va,
			       struct mapping *ret)
{
	const struct x86_64 *state = priv;
	struct err *e;

	if (!x86_64_is_kernel_address(state, va))
		return err_no_mapping;
	e = pt_walk(&state->form, view, state->root_pa, va, ret);
	if (e && probe_table_missing(e) && by_formula(state, va, ret)) {
		err_free(e);
		return NULL;
	}
	return e;
}

static const struct pt_form *x86_64_tables(const void *priv, uint64_t va, uint64_t *ret_root_pa,
					   uint64_t *ret_va)
{
	const struct x86_64 *state = priv;

	*ret_root_pa = state->root_pa;
	*ret_va = va;
	return &state->form;
}

static uint64_t x86_64_phys_base(const void *priv)
{
	const struct x86_64 *state = priv;

	return state->phys_base;
}

/* The page tables at boot: init_level4_pgt until 4.12, init_top_pgt since (65ade2f872b4). */
static const char *const telling_facts[] = { "SYMBOL(init_top_pgt)", "SYMBOL(init_level4_pgt)",
					     NULL };

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.uts_names = "x86_64",
	.machine = EM_X86_64,
	.telling_facts = telling_facts,
	.init = x86_64_init,
	.deinit = x86_64_deinit,
	.vtop = x86_64_vtop,
	.is_kernel_address = x86_64_is_kernel_address,
	.phys_base = x86_64_phys_base,
	.tables = x86_64_tables,
	.locate = x86_64_locate,
	.search = x86_64_search,
	.count_cpus = x86_64_count_cpus,
};

const struct arch arch_x86_64_xen = {
	.name = "x86_64",
	.uts_names = "x86_64",
	.machine = EM_X86_64,
	.init = x86_64_xen_init,
	.deinit = x86_64_deinit,
	.vtop = x86_64_vtop,
	.is_kernel_address = x86_64_is_kernel_address,
	.phys_base = x86_64_phys_base,
	.tables = x86_64_tables,
};
