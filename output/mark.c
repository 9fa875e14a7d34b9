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

/* A 32-bit word of the header, and the bit in it. */
struct mark {
	size_t offset;
	uint32_t bit;
	enum byte_order order;
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

static bool find_kdump(const uint8_t *front, struct mark *mark)
{
	const struct kdump_header_layout *layouts[] = {
		&kdump_header_64, &kdump_header_32, &kdump_header_32_time64,
	};

	if (memcmp(front, KDUMP_SIGNATURE, KDUMP_SIGNATURE_LEN))
		return false;
	mark->bit = KDUMP_INCOMPLETE;
	mark->order = get_u32(front + VERSION_OFFSET, ORDER_LITTLE) < VERSION_LIMIT ? ORDER_LITTLE
										    : ORDER_BIG;
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		mark->offset = layouts[i]->status;
		if (is_layout(front, layouts[i], mark->order))
			return true;
	}
	return false;
}

static bool find_elf(const uint8_t *front, struct mark *mark)
{
	if (memcmp(front, ELFMAG, SELFMAG))
		return false;
	mark->bit = ELF_FLAG_INCOMPLETE;
	mark->order = front[EI_DATA] == ELFDATA2MSB ? ORDER_BIG : ORDER_LITTLE;
	mark->offset = front[EI_CLASS] == ELFCLASS32 ? offsetof(Elf32_Ehdr, e_flags)
						     : offsetof(Elf64_Ehdr, e_flags);
	return true;
}

bool mark_incomplete(struct sink *sink, const uint8_t front[MARK_FRONT])
{
	struct mark mark;
	uint8_t word[4];
	struct err *e;

	if (!find_kdump(front, &mark) && !find_elf(front, &mark))
		return false;
	put_u32(word, get_u32(front + mark.offset, mark.order) | mark.bit, mark.order);
	e = sink_rewrite(sink, mark.offset, word, sizeof(word));
	err_free(e);
	return !e;
}
