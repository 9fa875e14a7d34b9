/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64, between its files. */
#ifndef ARCH_ARM64_H
#define ARCH_ARM64_H

#include "arch/arch.h"

struct arm64 {
	struct pt_form form;
	uint64_t root_pa;	/* of swapper_pg_dir */
	uint64_t root_va;
	unsigned int page_shift;
	unsigned int va_bits;	/* configured (VA_BITS), 36 .. 52 */
	unsigned int va_actual;	/* used by the hardware (64 - TCR_EL1.T1SZ), <= va_bits */
	uint64_t kimage_voffset;	/* image: pa = va - kimage_voffset */
	uint64_t phys_offset;	/* memstart_addr, modulo 2^64; 0 when not known */
	uint64_t image_start;	/* where that formula may be used; start == end: nowhere */
	uint64_t image_end;
	/* Direct map: pa = va - linear_base + phys_offset inside [start, end), end 0 = 2^64. */
	bool has_linear;
	uint64_t linear_start;
	uint64_t linear_end;
	uint64_t linear_base;
};

/* The tables for addresses of @va_bits bits; @lpa2: 52-bit output addresses in 4K and 16K tables. */
void arm64_form_init(struct pt_form *form, unsigned int page_shift, unsigned int va_bits,
		     bool lpa2);

/*
 * Choose va_bits, va_actual and the form so that the tables map their own root
 * at its linked address. Page shift, root and kimage_voffset are set.
 */
struct err *arm64_choose_form(const struct arch_env *env, struct arm64 *state)
	__attribute__((warn_unused_result));

/* Find the direct map once the form is set; it is not needed, so no error. */
void arm64_find_linear(const struct arch_env *env, struct arm64 *state);

/* arch->search */
struct err *arm64_search(const struct arch_env *env, enum arch_scope scope, struct facts *learned)
	__attribute__((warn_unused_result));

#endif
