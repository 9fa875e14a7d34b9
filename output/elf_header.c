// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/elf_header.h"

#include <elf.h>
#include <string.h>

#include "base/checked.h"

/* Place of a field in the header of the class; both have the same names. */
#define AT(header, type, field) \
	((header)->word == 8 ? offsetof(Elf64_##type, field) : offsetof(Elf32_##type, field))
#define SIZE(header, type) \
	((header)->word == 8 ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

_Static_assert(sizeof(Elf64_Ehdr) <= ELF_HEADER_MAX && sizeof(Elf64_Phdr) <= ELF_HEADER_MAX &&
	       sizeof(Elf64_Shdr) <= ELF_HEADER_MAX, "each header fits");

size_t elf_flags_offset(unsigned int word)
{
	return word == 8 ? offsetof(Elf64_Ehdr, e_flags) : offsetof(Elf32_Ehdr, e_flags);
}

static void put_ident(const struct elf_header *header, uint8_t *at)
{
	memcpy(at, ELFMAG, SELFMAG);
	at[EI_CLASS] = header->word == 8 ? ELFCLASS64 : ELFCLASS32;
	at[EI_DATA] = header->order == ORDER_LITTLE ? ELFDATA2LSB : ELFDATA2MSB;
	at[EI_VERSION] = EV_CURRENT;
}

size_t elf_header_put(const struct elf_header *h, uint8_t *at)
{
	enum byte_order order = h->order;

	memset(at, 0, ELF_HEADER_MAX);
	put_ident(h, at);
	put_u16(at + AT(h, Ehdr, e_type), ET_CORE, order);
	put_u16(at + AT(h, Ehdr, e_machine), h->machine, order);
	put_u32(at + AT(h, Ehdr, e_version), EV_CURRENT, order);
	put_word(at + AT(h, Ehdr, e_phoff), SIZE(h, Ehdr), h->word, order);
	put_u32(at + AT(h, Ehdr, e_flags), h->flags, order);
	put_u16(at + AT(h, Ehdr, e_ehsize), (uint16_t)SIZE(h, Ehdr), order);
	put_u16(at + AT(h, Ehdr, e_phentsize), (uint16_t)SIZE(h, Phdr), order);
	put_u16(at + AT(h, Ehdr, e_phnum), (uint16_t)min_u64(h->phdrs, PN_XNUM), order);
	if (h->section) {
		put_word(at + AT(h, Ehdr, e_shoff), h->section, h->word, order);
		put_u16(at + AT(h, Ehdr, e_shentsize), (uint16_t)SIZE(h, Shdr), order);
		put_u16(at + AT(h, Ehdr, e_shnum), 1, order);
	}
	return SIZE(h, Ehdr);
}

size_t elf_segment_put(const struct elf_header *h, const struct elf_segment *segment, uint8_t *at)
{
	enum byte_order order = h->order;
	unsigned int word = h->word;

	memset(at, 0, ELF_HEADER_MAX);
	put_u32(at + AT(h, Phdr, p_type), segment->type, order);
	put_u32(at + AT(h, Phdr, p_flags), segment->flags, order);
	put_word(at + AT(h, Phdr, p_offset), segment->offset, word, order);
	put_word(at + AT(h, Phdr, p_vaddr), segment->vaddr, word, order);
	put_word(at + AT(h, Phdr, p_paddr), segment->paddr, word, order);
	put_word(at + AT(h, Phdr, p_filesz), segment->filesz, word, order);
	put_word(at + AT(h, Phdr, p_memsz), segment->memsz, word, order);
	put_word(at + AT(h, Phdr, p_align), segment->align, word, order);
	return SIZE(h, Phdr);
}

size_t elf_section_put(const struct elf_header *h, uint8_t *at)
{
	memset(at, 0, ELF_HEADER_MAX);
	put_word(at + AT(h, Shdr, sh_size), 1, h->word, h->order);
	put_u32(at + AT(h, Shdr, sh_info), (uint32_t)h->phdrs, h->order);
	return SIZE(h, Shdr);
}
