/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF core headers, program headers and notes: both classes, both byte orders.
 *
 * Headers are decoded by libelf where it can take them. Whoever wrote the file
 * is trusted with nothing: e_phoff is honoured (QEMU since 7.2 puts section
 * headers in front), e_ehsize is ignored (QEMU 7.2 writes 8), PN_XNUM is
 * resolved through section header 0, and counts are bounded by the file size.
 */
#ifndef ELF_INFO_H
#define ELF_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"

/* One program header in host order, 32-bit values widened; p_vaddr and p_paddr of all ones in ELF32 become all ones in 64 bits. */
struct elf_segment {
	uint32_t type;		/* PT_LOAD, PT_NOTE, others */
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

struct elf_note {
	const char *name;	/* not NUL-terminated; name_len excludes trailing NULs */
	size_t name_len;
	uint32_t type;
	const uint8_t *desc;
	size_t desc_len;
};

struct elf_info {
	unsigned int word;	/* 4 for ELFCLASS32, 8 for ELFCLASS64; not always the kernel's word size */
	enum byte_order order;
	uint16_t machine;	/* EM_* */
	uint32_t flags;		/* e_flags; bit 0: incomplete, written by a filter */
	struct elf_segment *segments;	/* file order, all types */
	size_t segment_count;
	uint8_t *notes;		/* bytes of all PT_NOTE segments, one behind another, each padded to 4 */
	size_t notes_len;
};

#define ELF_FLAG_INCOMPLETE 0x1u

/*
 * Read the headers and notes of @src. ERR_NOT_MINE when the magic is not ELF's;
 * ERR_BAD_INPUT names field and value; ERR_UNSUPPORTED for an ELF file that is no core.
 * Notes that run over their segment end the walk with a warning through @log.
 */
struct err *elf_info_read(struct source *src, const struct log *log, struct elf_info **ret)
	__attribute__((warn_unused_result));
void elf_info_destroy(struct elf_info *info);

/*
 * Walk notes: *@pos starts at 0; returns false at the end or at the first note
 * that does not fit. A note with namesz, descsz and type all 0 (padding of
 * /proc/vmcore's merged area, or a CPU that never saved registers) is skipped.
 */
bool elf_note_next(const uint8_t *notes, size_t len, enum byte_order order, size_t *pos,
		   struct elf_note *ret);

/* The name equals @name, as a NUL-terminated string would. */
bool elf_note_is(const struct elf_note *note, const char *name, uint32_t type);

#endif
