/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF headers of a core in bytes: both classes, both byte orders. */
#ifndef OUTPUT_ELF_HEADER_H
#define OUTPUT_ELF_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "elf_info.h"

#define ELF_HEADER_MAX 64	/* bytes of the longest of them */

struct elf_header {
	unsigned int word;	/* 4: ELFCLASS32, 8: ELFCLASS64 */
	enum byte_order order;
	uint16_t machine;	/* EM_* */
	uint32_t flags;		/* e_flags */
	uint64_t phdrs;		/* number of program headers, right behind the header; below 2^32 */
	uint64_t section;	/* offset of section header 0; not 0 when there are PN_XNUM phdrs or more */
};

/* Each writes into @at, ELF_HEADER_MAX bytes, and returns how many of them are used. */
size_t elf_header_put(const struct elf_header *header, uint8_t *at);
size_t elf_segment_put(const struct elf_header *header, const struct elf_segment *segment,
		       uint8_t *at);
/* Section header 0, which holds the number of program headers. */
size_t elf_section_put(const struct elf_header *header, uint8_t *at);

/* Offset of e_flags. */
size_t elf_flags_offset(unsigned int word);

#endif
