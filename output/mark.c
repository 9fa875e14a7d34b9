// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/mark.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "diskdump_mod.h"
#include "elf_info.h"

#define VERSION_OFFSET KDUMP_SIGNATURE_LEN
#define VERSION_LIMIT 0x10000u	/* in the other byte order a small number is above it */
#define BLOCK_SIZE_MIN 4096u
#define BLOCK_SIZE_MAX (1u << 20)

/* A 32-bit word of the header, the bit in it, and what a file needs to be opened. */
struct place {
	size_t offset;
	uint32_t bit;
	enum byte_order order;
	uint64_t size;		/* bytes */
};

/* Only in the layout of the file's machine do these fields make sense together. */
static bool is_layout(const uint8_t *front, const struct kdump_header_layout *layout,
		      enum byte_order order)
{
	uint32_t block = get_u32(front + layout->block_size, order);

	return is_pow2(block) && block >= BLOCK_SIZE_MIN && block <= BLOCK_SIZE_MAX &&
	       get_u32(front + layout->sub_hdr_size, order) > 0 &&
	       get_u32(front + layout->bitmap_blocks, order) > 0;
}

static bool find_kdump(const uint8_t *front, struct place *place)
{
	const struct kdump_header_layout *layouts[] = {
		&kdump_header_64, &kdump_header_32, &kdump_header_32_time64,
	};

	if (memcmp(front, KDUMP_SIGNATURE, KDUMP_SIGNATURE_LEN))
		return false;
	place->bit = KDUMP_INCOMPLETE;
	place->order = get_u32(front + VERSION_OFFSET, ORDER_LITTLE) < VERSION_LIMIT ? ORDER_LITTLE
										    : ORDER_BIG;
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		place->offset = layouts[i]->status;
		if (!is_layout(front, layouts[i], place->order))
			continue;
		place->size = (UINT64_C(1) + get_u32(front + layouts[i]->sub_hdr_size, place->order) +
			       get_u32(front + layouts[i]->bitmap_blocks, place->order)) *
			      get_u32(front + layouts[i]->block_size, place->order);
		return true;
	}
	return false;
}

/* End of the program headers; as many as e_phnum says: of more, at least these. */
static uint64_t elf_size(const uint8_t *front, enum byte_order order)
{
	if (front[EI_CLASS] == ELFCLASS32)
		return get_u32(front + offsetof(Elf32_Ehdr, e_phoff), order) +
		       (uint64_t)get_u16(front + offsetof(Elf32_Ehdr, e_phnum), order) *
		       sizeof(Elf32_Phdr);
	return get_u64(front + offsetof(Elf64_Ehdr, e_phoff), order) +
	       (uint64_t)get_u16(front + offsetof(Elf64_Ehdr, e_phnum), order) * sizeof(Elf64_Phdr);
}

static bool find_elf(const uint8_t *front, struct place *place)
{
	if (memcmp(front, ELFMAG, SELFMAG))
		return false;
	place->bit = ELF_FLAG_INCOMPLETE;
	place->order = front[EI_DATA] == ELFDATA2MSB ? ORDER_BIG : ORDER_LITTLE;
	place->offset = front[EI_CLASS] == ELFCLASS32 ? offsetof(Elf32_Ehdr, e_flags)
						     : offsetof(Elf64_Ehdr, e_flags);
	place->size = elf_size(front, place->order);
	return true;
}

bool mark_find(const uint8_t front[MARK_FRONT], uint64_t size, struct mark *ret)
{
	struct place place;
	uint32_t word;

	if (!find_kdump(front, &place) && !find_elf(front, &place))
		return false;
	word = get_u32(front + place.offset, place.order);
	ret->offset = place.offset;
	ret->is_set = word & place.bit;
	put_u32(ret->word, word | place.bit, place.order);
	return size >= place.size;
}

bool mark_incomplete(struct sink *sink, const uint8_t front[MARK_FRONT])
{
	struct mark mark;
	struct err *e;

	if (!mark_find(front, UINT64_MAX, &mark))
		return false;
	e = sink_rewrite(sink, mark.offset, mark.word, sizeof(mark.word));
	err_free(e);
	return !e;
}
