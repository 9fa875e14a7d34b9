/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64. Every address goes through the tables of swapper_pg_dir, which map
 * direct map, image, modules, vmalloc and vmemmap of every kernel since v4.6.
 * The formulas for image and direct map serve to find the root, and where a
 * table page itself is not in the dump.
 *
 * Pointers may carry a tag in the top byte (KASAN, software or MTE): addresses
 * are sign-extended from bit 55 first.
 */
#include "arch/arm64.h"

#include <elf.h>
#include <stdlib.h>

#include "arch/probe.h"
#include "arch/rows.h"
#include "base/checked.h"

/* Below _stext lie at most the image header and early text. */
#define IMAGE_ALIGN (2ull << 20)
/* _end is not known; what follows the image in vmalloc space is not reached in this many bytes. */
#define IMAGE_LEN (64ull << 20)

static uint64_t untag(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 8) >> 8);
}

static void find_image(const struct arch_env *env, struct arm64 *state)
{
	uint64_t stext;

	if (!fact_symbol(env->facts, "_stext", &stext))
		return;
	state->image_start = stext & ~(IMAGE_ALIGN - 1);
	state->image_end = state->image_start + IMAGE_LEN;
}

/* kimage_voffset puts the utsname where memory has one, or nothing speaks against it. */
static struct err *check_voffset(const struct arch_env *env, const struct arm64 *state)
{
	uint64_t uts_va;

	if (!fact_symbol(env->facts, "init_uts_ns", &uts_va))
		return NULL;
	if (probe_uts(env, uts_va - state->kimage_voffset) != PROBE_NO)
		return NULL;
	return err_new(ERR_BAD_INPUT,
		       "NUMBER(kimage_voffset) %#llx: SYMBOL(init_uts_ns) %#llx leads to no utsname of "
		       "this kernel",
		       (unsigned long long)state->kimage_voffset, (unsigned long long)uts_va);
}

static struct err *fill(const struct arch_env *env, struct arm64 *state)
{
	int64_t number;

	if (env->page_shift != 12 && env->page_shift != 14 && env->page_shift != 16)
		return err_new(ERR_UNSUPPORTED, "arm64: page size %#llx is not 4K, 16K or 64K",
			       1ull << env->page_shift);
	state->page_shift = env->page_shift;
	if (!fact_symbol(env->facts, "swapper_pg_dir", &state->root_va))
		return err_new(ERR_NOT_FOUND, "page tables: SYMBOL(swapper_pg_dir) is not known");
	/* Since v4.12, 20a166243328 ("arm64: kdump: add VMCOREINFO's for user-space tools"). */
	if (!fact_number(env->facts, "kimage_voffset", &number))
		return err_new(ERR_NOT_FOUND, "page tables: NUMBER(kimage_voffset) is not known");
	state->kimage_voffset = (uint64_t)number;
	state->root_pa = state->root_va - state->kimage_voffset;
	if (fact_number(env->facts, "PHYS_OFFSET", &number))
		state->phys_offset = (uint64_t)number;
	TRY(check_voffset(env, state));
	TRY(arm64_choose_form(env, state));
	find_image(env, state);
	arm64_find_linear(env, state);
	return NULL;
}

static struct err *arm64_init(const struct arch_env *env, void **ret_state)
{
	struct arm64 *state = calloc(1, sizeof(*state));
	struct err *e;

	if (!state)
		return err_nomem;
	e = fill(env, state);
	if (e) {
		free(state);
		return e;
	}
	*ret_state = state;
	return NULL;
}

static void arm64_deinit(void *state)
{
	free(state);
}

static bool arm64_is_kernel_address(const void *priv, uint64_t va)
{
	const struct arm64 *state = priv;

	return untag(va) >= -(1ull << state->va_bits);
}

/* What the formulas say, one page of it; false outside both. */
static bool by_formula(const struct arm64 *state, uint64_t va, struct mapping *ret)
{
	uint64_t page = va & ~((1ull << state->page_shift) - 1);
	uint64_t pa;

	if (va - state->image_start < state->image_end - state->image_start)
		pa = page - state->kimage_voffset;
	else if (state->has_linear && va - state->linear_start < state->linear_end - state->linear_start)
		pa = page - state->linear_base + state->phys_offset;
	else
		return false;
	*ret = (struct mapping){ .va = page, .pa = pa, .len = 1ull << state->page_shift };
	return true;
}

static struct err *arm64_vtop(const void *priv, struct dump_view *view, uint64_t va,
			      struct mapping *ret)
{
	const struct arm64 *state = priv;
	uint64_t plain = untag(va);
	struct mapping map;
	struct err *e;

	if (!arm64_is_kernel_address(state, va))
		return err_no_mapping;
	e = pt_walk(&state->form, view, state->root_pa, plain, &map);
	if (e && probe_table_missing(e) && by_formula(state, plain, &map)) {
		err_free(e);
		e = NULL;
	}
	if (e)
		return e;
	/* Around the address as it was asked for, with its tag. */
	map.va += va - plain;
	*ret = map;
	return NULL;
}

static const struct pt_form *arm64_tables(const void *priv, uint64_t va, uint64_t *ret_root_pa,
					  uint64_t *ret_va)
{
	const struct arm64 *state = priv;

	*ret_root_pa = state->root_pa;
	*ret_va = untag(va);
	return &state->form;
}

static uint64_t arm64_phys_base(const void *priv)
{
	const struct arm64 *state = priv;

	return state->phys_offset;
}

/* Since 4.12 (20a166243328, "arm64: kdump: add VMCOREINFO's for user-space tools"). */
static const char *const telling_facts[] = { "NUMBER(kimage_voffset)", NULL };

const struct arch arch_arm64 = {
	.name = "aarch64",
	.uts_names = "aarch64 aarch64_be arm64",
	.machine = EM_AARCH64,
	.telling_facts = telling_facts,
	.init = arm64_init,
	.deinit = arm64_deinit,
	.vtop = arm64_vtop,
	.is_kernel_address = arm64_is_kernel_address,
	.phys_base = arm64_phys_base,
	.tables = arm64_tables,
	.search = arm64_search,
};
