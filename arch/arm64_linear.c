/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The direct map of arm64, for pages whose tables are not in the dump.
 *
 * It takes one half of the kernel's addresses and the image the other, so the
 * address of the image tells which: up to v5.3 the direct map was the upper
 * half, since v5.4, 14c127c957c1 ("arm64: mm: Flip kernel VA space"), it is the lower.
 */
#include "arch/arm64.h"

#include "arch/probe.h"
#include "base/checked.h"

/*
 * Fewest bits a kernel of this configuration can run with (VA_BITS_MIN in
 * asm/memory.h); they bound the halves. 16K pages had no 52-bit configuration before
 * v6.9, so 47 there needs no version.
 */
static unsigned int va_bits_min(const struct arm64 *state)
{
	if (state->va_bits <= 48)
		return state->va_bits;
	return state->page_shift == 14 ? 47 : 48;
}

static uint64_t minus(unsigned int bits)
{
	return -(1ull << bits);
}

/* The tables map their own root where this base says, or at least do not say otherwise. */
static enum probe try_base(const struct arch_env *env, const struct arm64 *state, uint64_t base)
{
	uint64_t va = state->root_pa - state->phys_offset + base;

	return probe_walk(env, &state->form, state->root_pa, va, state->root_pa);
}

void arm64_find_linear(const struct arch_env *env, struct arm64 *state)
{
	/*
	 * With 52 bits configured and 48 in use, since v5.10 PHYS_OFFSET is lowered to
	 * make the first hold; v5.4 to v5.9 count from the bits in use.
	 */
	uint64_t bases[] = { minus(state->va_bits), minus(state->va_actual) };
	uint64_t half = minus(va_bits_min(state) - 1);
	bool image_upper = state->root_va >= half;
	int64_t number;

	if (!fact_number(env->facts, "PHYS_OFFSET", &number))
		return;
	state->linear_start = image_upper ? minus(state->va_bits) : half;
	state->linear_end = image_upper ? half : 0;
	if (!image_upper)
		bases[0] = bases[1] = half;
	for (size_t i = 0; i < ARRAY_LEN(bases) && !state->has_linear; i++) {
		enum probe answer = try_base(env, state, bases[i]);

		if (answer == PROBE_NO || (answer == PROBE_UNKNOWN && i > 0))
			continue;
		state->has_linear = true;
		state->linear_base = bases[i];
	}
}
