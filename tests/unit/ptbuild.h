/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables written into a memkernel, from the architectures' manuals and
 * not from the code under test.
 */
#ifndef TESTS_UNIT_PTBUILD_H
#define TESTS_UNIT_PTBUILD_H

#include "tests/unit/memkernel.h"

enum pt_style { STYLE_X86, STYLE_ARM64, STYLE_ARM64_64K, STYLE_ARM64_LPA2 };

struct ptbuild {
	struct memkernel *mk;
	enum pt_style style;
	unsigned int page_shift;
	unsigned int va_bits;	/* that the tables resolve */
	uint64_t crypt;		/* x86: bits set in every entry */
	uint64_t root;
	uint64_t pool;		/* free tables; all in one stretch aligned to 256 MiB */
};

static inline uint64_t ptbuild_output(const struct ptbuild *b, uint64_t pa)
{
	if (b->style == STYLE_ARM64_64K)
		return (pa & 0x0000ffffffff0000ull) | (pa >> 36 & 0xf000);
	if (b->style == STYLE_ARM64_LPA2)
		return (pa & 0x0003fffffffff000ull) | (pa >> 42 & 0x300);
	return pa;
}

/* @shift: of the level the entry is in; the last one has page_shift. */
static inline uint64_t ptbuild_entry(const struct ptbuild *b, uint64_t pa, unsigned int shift,
				     bool leaf)
{
	uint64_t entry = ptbuild_output(b, pa);

	if (b->style == STYLE_X86) {
		entry |= b->crypt | 0x63;
		if (leaf)	/* NX, global; PSE, or PAT in the last level */
			entry |= 1ull << 63 | 0x180;
		return entry;
	}
	if (leaf)	/* UXN, PXN, contiguous, AF, and inner shareable where that is not address */
		entry |= 0x0070000000000400ull | (b->style == STYLE_ARM64 ? 0x300 : 0);
	return entry | (leaf && shift > b->page_shift ? 1 : 3);
}

/* Index of @va at the level of @shift; the top level has what is left of va_bits. */
static inline uint64_t ptbuild_index(const struct ptbuild *b, uint64_t va, unsigned int shift)
{
	unsigned int bits = b->page_shift - 3;

	if (shift + bits > b->va_bits)
		bits = b->va_bits - shift;
	return va >> shift & ((1ull << bits) - 1);
}

/* Where the entry of @va at the level of @shift is; tables on the way are made. */
static inline uint64_t ptbuild_slot(struct ptbuild *b, uint64_t va, unsigned int shift)
{
	unsigned int bits = b->page_shift - 3, top = b->page_shift;
	uint64_t table = b->root;

	while (top + bits < b->va_bits)
		top += bits;
	for (; top > shift; top -= bits) {
		uint64_t at = table + ptbuild_index(b, va, top) * 8;
		uint64_t old = get_u64(memkernel_at(b->mk, at, 8), b->mk->form.order);

		table = (b->pool & ~0xfffffffull) | (old & 0xfffffff & ~((1ull << b->page_shift) - 1));
		if (old)
			continue;
		table = b->pool;
		b->pool += 1ull << b->page_shift;
		memkernel_put_u64(b->mk, at, ptbuild_entry(b, table, top, false));
	}
	return table + ptbuild_index(b, va, shift) * 8;
}

/* Map a leaf of 1 << @shift bytes. */
static inline void ptbuild_map(struct ptbuild *b, uint64_t va, uint64_t pa, unsigned int shift)
{
	memkernel_put_u64(b->mk, ptbuild_slot(b, va, shift), ptbuild_entry(b, pa, shift, true));
}

#endif
