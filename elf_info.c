// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decoding of the on-disk structs is libelf's: elf32_xlatetom() and
 * elf64_xlatetom() take one table at a time, wherever it lies. Where the
 * tables lie is found here, because libelf's file interface (elf_begin,
 * elf_memory) cannot be used on cores of whole machines: it wants the file in
 * memory as one piece, it refuses a file whose section headers lie outside
 * the piece it was given (QEMU writes them behind terabytes of memory when it
 * needs PN_XNUM), and it takes e_phentsize for granted.
 */
#include "elf_info.h"

#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

/* More program headers than any machine has pieces of memory; 4 Mi of them are 256 MiB in core. */
#define SEGMENT_LIMIT (UINT32_C(1) << 22)
/* All notes together. Device dumps (NT_VMCOREDD, since v4.18) can be tens of MiB each. */
#define NOTES_LIMIT (UINT64_C(1) << 30)
#define NOTE_HEADER 12
#define TABLE_PIECE (64u << 10)

/* What the ELF header says, widened. */
struct elf_head {
	uint64_t phoff;
	uint64_t shoff;
	uint32_t phnum;
	uint16_t phentsize;
	uint16_t shentsize;
	uint16_t type;
	uint32_t version;
};

/* While reading. */
struct elf_reader {
	struct source *src;
	const struct log *log;
	struct elf_info *info;
	struct elf_head head;
	size_t notes_room;
};

static unsigned int encoding(const struct elf_info *info)
{
	return info->order == ORDER_LITTLE ? ELFDATA2LSB : ELFDATA2MSB;
}

/* File form to host form, in place. @buf is aligned for the struct. */
static struct err *to_host(const struct elf_reader *reader, Elf_Type type, void *buf, size_t len)
{
	Elf_Data data = { .d_buf = buf, .d_type = type, .d_version = EV_CURRENT, .d_size = len };
	unsigned int encode = encoding(reader->info);
	Elf_Data *done = reader->info->word == 8 ? elf64_xlatetom(&data, &data, encode)
						 : elf32_xlatetom(&data, &data, encode);

	if (done)
		return NULL;
	return err_new(ERR_OTHER, "%s: libelf cannot decode %zu bytes of headers: %s",
		       reader->src->name, len, elf_errmsg(-1));
}

/* ELF32's all ones means "unknown" as ELF64's does. */
static uint64_t widen_address(uint32_t v)
{
	return v == UINT32_MAX ? UINT64_MAX : v;
}

static struct err *check_ident(const struct source *src, const uint8_t *ident, size_t len)
{
	if (len < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return err_not_mine;
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_ident[EI_CLASS] is %u, not 1 or 2",
			       src->name, ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_ident[EI_DATA] is %u, not 1 or 2",
			       src->name, ident[EI_DATA]);
	return NULL;
}

union any_ehdr {
	uint8_t ident[EI_NIDENT];
	Elf32_Ehdr e32;
	Elf64_Ehdr e64;
};

static void widen_ehdr(const union any_ehdr *ehdr, struct elf_info *info, struct elf_head *head)
{
	if (info->word == 8) {
		const Elf64_Ehdr *e = &ehdr->e64;

		*head = (struct elf_head){ e->e_phoff, e->e_shoff, e->e_phnum, e->e_phentsize,
					   e->e_shentsize, e->e_type, e->e_version };
		info->machine = e->e_machine;
		info->flags = e->e_flags;
	} else {
		const Elf32_Ehdr *e = &ehdr->e32;

		*head = (struct elf_head){ e->e_phoff, e->e_shoff, e->e_phnum, e->e_phentsize,
					   e->e_shentsize, e->e_type, e->e_version };
		info->machine = e->e_machine;
		info->flags = e->e_flags;
	}
}

/* e_ehsize is not looked at: QEMU 7.2 writes 8 there. */
static struct err *read_ehdr(struct elf_reader *reader)
{
	const char *name = reader->src->name;
	struct elf_info *info = reader->info;
	union any_ehdr ehdr;
	size_t got = 0, want;

	TRY(source_read_some(reader->src, 0, &ehdr, sizeof(ehdr), &got));
	TRY(check_ident(reader->src, ehdr.ident, got));
	info->word = ehdr.ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	info->order = ehdr.ident[EI_DATA] == ELFDATA2LSB ? ORDER_LITTLE : ORDER_BIG;
	want = info->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	if (got < want)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: the file ends after %zu of %zu bytes",
			       name, got, want);
	TRY(to_host(reader, ELF_T_EHDR, &ehdr, want));
	widen_ehdr(&ehdr, info, &reader->head);
	if (reader->head.version != EV_CURRENT)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_version is %" PRIu32 ", not 1",
			       name, reader->head.version);
	if (reader->head.type != ET_CORE)
		return err_new(ERR_UNSUPPORTED, "%s: is an ELF file but no core dump: e_type is %u, "
			       "not 4", name, reader->head.type);
	return NULL;
}

/* PN_XNUM in e_phnum: the count is sh_info of section header 0, which may be anywhere. */
static struct err *resolve_phnum(struct elf_reader *reader)
{
	size_t size = reader->info->word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	struct elf_head *head = &reader->head;
	const char *name = reader->src->name;
	union {
		Elf32_Shdr s32;
		Elf64_Shdr s64;
	} shdr;

	if (head->phnum != PN_XNUM)
		return NULL;
	if (!head->shoff)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_phnum is 0xffff, which puts the count "
			       "into section header 0, but e_shoff is 0", name);
	if (head->shentsize < size)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_shentsize is %u, less than %zu",
			       name, head->shentsize, size);
	if (!range_fits(head->shoff, size, reader->src->size))
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_shoff is %#" PRIx64 ", but the file has "
			       "only %" PRIu64 " bytes", name, head->shoff, reader->src->size);
	TRY(source_read(reader->src, head->shoff, &shdr, size));
	TRY(to_host(reader, ELF_T_SHDR, &shdr, size));
	head->phnum = reader->info->word == 8 ? shdr.s64.sh_info : shdr.s32.sh_info;
	return NULL;
}

static struct err *check_phdr_table(const struct elf_reader *reader, size_t phdr_size)
{
	const struct elf_head *head = &reader->head;
	const char *name = reader->src->name;
	uint64_t len = (uint64_t)head->phnum * head->phentsize;

	if (!head->phnum)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: the number of program headers is 0", name);
	if (head->phentsize < phdr_size)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_phentsize is %u, less than %zu",
			       name, head->phentsize, phdr_size);
	if (head->phnum > SEGMENT_LIMIT)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: the number of program headers is %" PRIu32
			       ", more than %" PRIu32, name, head->phnum, SEGMENT_LIMIT);
	if (!range_fits(head->phoff, len, reader->src->size))
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_phoff is %#" PRIx64 " with %" PRIu32
			       " program headers of %u bytes, but the file has only %" PRIu64 " bytes",
			       name, head->phoff, head->phnum, head->phentsize, reader->src->size);
	return NULL;
}

static void widen_phdr(const void *phdr, unsigned int word, struct elf_segment *ret)
{
	if (word == 8) {
		const Elf64_Phdr *p = phdr;

		*ret = (struct elf_segment){ p->p_type, p->p_flags, p->p_offset, p->p_vaddr,
					     p->p_paddr, p->p_filesz, p->p_memsz, p->p_align };
	} else {
		const Elf32_Phdr *p = phdr;

		*ret = (struct elf_segment){ p->p_type, p->p_flags, p->p_offset,
					     widen_address(p->p_vaddr), widen_address(p->p_paddr),
					     p->p_filesz, p->p_memsz, p->p_align };
	}
}

/* @count headers from number @first on; @buf has room for them with their stride. */
static struct err *read_phdr_piece(struct elf_reader *reader, uint32_t first, uint32_t count,
				   size_t phdr_size, uint8_t *buf)
{
	struct elf_info *info = reader->info;
	size_t stride = reader->head.phentsize;
	uint32_t i;

	TRY(source_read(reader->src, reader->head.phoff + (uint64_t)first * stride, buf,
			count * stride));
	for (i = 1; i < count; i++)
		memmove(buf + i * phdr_size, buf + i * stride, phdr_size);
	TRY(to_host(reader, ELF_T_PHDR, buf, count * phdr_size));
	for (i = 0; i < count; i++)
		widen_phdr(buf + i * phdr_size, info->word, &info->segments[first + i]);
	return NULL;
}

static struct err *read_phdrs(struct elf_reader *reader)
{
	size_t phdr_size = reader->info->word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	uint32_t first, count, piece;
	struct err *e = NULL;
	uint8_t *buf;

	TRY(check_phdr_table(reader, phdr_size));
	reader->info->segments = calloc(reader->head.phnum, sizeof(*reader->info->segments));
	if (!reader->info->segments)
		return err_nomem;
	reader->info->segment_count = reader->head.phnum;
	buf = malloc(TABLE_PIECE);
	if (!buf)
		return err_nomem;
	/* e_phentsize has 16 bits, so at least one fits. */
	piece = TABLE_PIECE / reader->head.phentsize;
	for (first = 0; !e && first < reader->head.phnum; first += count) {
		count = (uint32_t)min_u64(piece, reader->head.phnum - first);
		e = read_phdr_piece(reader, first, count, phdr_size, buf);
	}
	free(buf);
	return err_prepend(e, "%s: program headers", reader->src->name);
}

/* How many bytes of PT_NOTE @seg to read: clipped to the file and to what is still allowed. */
static uint64_t clip_notes(const struct elf_reader *reader, const struct elf_segment *seg)
{
	uint64_t limit = min_u64(NOTES_LIMIT, reader->src->size);
	uint64_t len = seg->filesz;

	if (seg->offset >= reader->src->size)
		len = 0;
	else if (!range_fits(seg->offset, len, reader->src->size))
		len = reader->src->size - seg->offset;
	if (len < seg->filesz)
		log_warn(reader->log, "%s: PT_NOTE: p_offset %#" PRIx64 " p_filesz %#" PRIx64
			 " runs over the end of the file (%" PRIu64 " bytes)", reader->src->name,
			 seg->offset, seg->filesz, reader->src->size);
	if (len > limit - min_u64(limit, reader->info->notes_len)) {
		len = limit - min_u64(limit, reader->info->notes_len);
		log_warn(reader->log, "%s: PT_NOTE: p_filesz %#" PRIx64 " is cut to %" PRIu64
			 " bytes: more than %" PRIu64 " bytes of notes in all",
			 reader->src->name, seg->filesz, len, limit);
	}
	return len;
}

static struct err *reserve_notes(struct elf_reader *reader, size_t more)
{
	size_t need = reader->info->notes_len + more;
	size_t room = reader->notes_room * 2 > need ? reader->notes_room * 2 : need;
	uint8_t *grown;

	if (need <= reader->notes_room)
		return NULL;
	grown = realloc(reader->info->notes, room);
	if (!grown)
		return err_nomem;
	reader->info->notes = grown;
	reader->notes_room = room;
	return NULL;
}

/* Length of the good notes at the start of @notes; warns when something else follows them. */
static size_t good_notes(const struct elf_reader *reader, const uint8_t *notes, size_t len)
{
	struct elf_note note;
	size_t pos = 0;

	while (elf_note_next(notes, len, reader->info->order, &pos, &note))
		;
	if (pos < len)
		log_warn(reader->log, "%s: PT_NOTE: the note at byte %zu of %zu runs over the end; "
			 "it and what follows is ignored", reader->src->name, pos, len);
	return pos;
}

/* Append the notes of one segment. What cannot be read costs these notes, not the dump. */
static struct err *read_note_segment(struct elf_reader *reader, const struct elf_segment *seg)
{
	struct elf_info *info = reader->info;
	size_t len = (size_t)clip_notes(reader, seg), kept;
	struct err *e;

	if (!len)
		return NULL;
	TRY(reserve_notes(reader, len + 3));
	e = source_read(reader->src, seg->offset, info->notes + info->notes_len, len);
	if (e) {
		log_warn(reader->log, "%s: PT_NOTE is ignored: %s", reader->src->name, err_text(e));
		err_free(e);
		return NULL;
	}
	kept = good_notes(reader, info->notes + info->notes_len, len);
	memset(info->notes + info->notes_len + kept, 0, round_up(kept, 4) - kept);
	info->notes_len += round_up(kept, 4);
	return NULL;
}

static struct err *read_all(struct elf_reader *reader)
{
	struct elf_info *info = reader->info;
	size_t i;

	TRY(read_ehdr(reader));
	TRY(resolve_phnum(reader));
	TRY(read_phdrs(reader));
	for (i = 0; i < info->segment_count; i++)
		if (info->segments[i].type == PT_NOTE)
			TRY(read_note_segment(reader, &info->segments[i]));
	return NULL;
}

struct err *elf_info_read(struct source *src, const struct log *log, struct elf_info **ret)
{
	struct elf_reader reader = { .src = src, .log = log };
	struct err *e;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return err_new(ERR_OTHER, "libelf: %s", elf_errmsg(-1));
	reader.info = calloc(1, sizeof(*reader.info));
	if (!reader.info)
		return err_nomem;
	e = read_all(&reader);
	if (e) {
		elf_info_destroy(reader.info);
		return e;
	}
	*ret = reader.info;
	return NULL;
}

void elf_info_destroy(struct elf_info *info)
{
	if (!info)
		return;
	free(info->segments);
	free(info->notes);
	free(info);
}

/* Behind zero words; at a whole note header, or with less than one left. */
static size_t skip_zero_words(const uint8_t *notes, size_t len, size_t pos)
{
	static const uint8_t zero[NOTE_HEADER];

	if (memcmp(notes + pos, zero, min_u64(len - pos, sizeof(zero))) != 0)
		return pos;
	while (len - pos >= 4 && memcmp(notes + pos, zero, 4) == 0)
		pos += 4;
	if (memcmp(notes + pos, zero, min_u64(len - pos, 4)) == 0)
		pos = len;
	return pos;
}

bool elf_note_next(const uint8_t *notes, size_t len, enum byte_order order, size_t *pos,
		   struct elf_note *ret)
{
	uint64_t name_space, desc_len, name_len;
	const uint8_t *note;

	if (*pos >= len)
		return false;
	*pos = skip_zero_words(notes, len, *pos);
	if (len - *pos < NOTE_HEADER)
		return false;
	note = notes + *pos;
	name_len = get_u32(note, order);
	name_space = round_up(name_len, 4);
	desc_len = get_u32(note + 4, order);
	/* The padding behind the last description may be missing. */
	if (NOTE_HEADER + name_space + desc_len > len - *pos)
		return false;
	ret->name = (const char *)note + NOTE_HEADER;
	while (name_len && !ret->name[name_len - 1])
		name_len--;
	ret->name_len = (size_t)name_len;
	ret->type = get_u32(note + 8, order);
	ret->desc = note + NOTE_HEADER + name_space;
	ret->desc_len = (size_t)desc_len;
	*pos += (size_t)min_u64(NOTE_HEADER + name_space + round_up(desc_len, 4), len - *pos);
	return true;
}

bool elf_note_is(const struct elf_note *note, const char *name, uint32_t type)
{
	return note->type == type && note->name_len == strlen(name) &&
	       memcmp(note->name, name, note->name_len) == 0;
}
