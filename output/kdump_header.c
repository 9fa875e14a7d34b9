// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/kdump_header.h"

#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

/*
 * crash (since 8.0.1) maps the bitmaps, and can do so only when their offset is
 * a multiple of the page size of the machine it runs on. Starting them at a
 * multiple of the largest usual one lets a 64K-page arm64 or ppc64le machine
 * open the dump of a 4K-page one. All readers skip by sub_hdr_size; the
 * padding is at most 60 KiB.
 */
#define FRONT_ALIGN (64u << 10)

#define VMCOREINFO_NAME "VMCOREINFO"
#define NOTE_HEADER 12

static bool is_inside(const char *p, size_t len, const uint8_t *area, size_t area_len)
{
	uintptr_t at = (uintptr_t)p, base = (uintptr_t)area;

	return area && at >= base && range_fits(at - base, len, area_len);
}

/* Old inputs may carry VMCOREINFO outside of their notes; readers look for it there only. */
static bool needs_vmcoreinfo_note(const struct dump *dump)
{
	return dump->vmcoreinfo && !is_inside(dump->vmcoreinfo, dump->vmcoreinfo_len, dump->notes,
					      dump->notes_len);
}

/* Offset of VMCOREINFO's text in a note of its own. */
static size_t vmcoreinfo_note_head(void)
{
	return NOTE_HEADER + round_up(sizeof(VMCOREINFO_NAME), 4);
}

static uint64_t notes_size(const struct dump *dump)
{
	uint64_t size = dump->notes_len;

	if (needs_vmcoreinfo_note(dump))
		size = round_up(size, 4) + vmcoreinfo_note_head() +
		       round_up(dump->vmcoreinfo_len, 4);
	return size;
}

static uint16_t machine_of(const struct kernel *kernel)
{
	return kernel->arch ? kernel->arch->machine : kernel->dump->machine;
}

static void choose_layout(struct kdump_geometry *geo, const struct kernel *kernel)
{
	geo->order = kernel->order;
	geo->word = kernel->word;
	geo->head = kernel->word == 8 ? &kdump_header_64 : &kdump_header_32;
	if (kernel->word == 8)
		geo->sub = &kdump_sub_64;
	else if (machine_of(kernel) == EM_386)
		geo->sub = &kdump_sub_32_packed;
	else
		geo->sub = &kdump_sub_32_aligned;
}

struct err *kdump_geometry_init(struct kdump_geometry *geo, const struct kernel *kernel,
				uint64_t kept)
{
	const struct dump *dump = kernel->dump;
	uint64_t block = UINT64_C(1) << dump->page_shift;
	uint64_t front_blocks, half_blocks;

	if (!dump->max_mapnr)
		return err_new(ERR_BAD_INPUT, "%s: has no physical memory", dump->src->name);
	choose_layout(geo, kernel);
	geo->block_size = (uint32_t)block;
	geo->max_mapnr = dump->max_mapnr;
	geo->kept = kept;
	geo->front_size = round_up(block + geo->sub->size + notes_size(dump) + dump->eraseinfo_len,
				   max_u64(block, FRONT_ALIGN));
	front_blocks = geo->front_size / block;
	half_blocks = div_round_up(div_round_up(dump->max_mapnr, 8), block);
	if (front_blocks > INT32_MAX || half_blocks > INT32_MAX)
		return err_new(ERR_UNSUPPORTED,
			       "%s: max_mapnr %#" PRIx64 " or %zu bytes of notes are more than a "
			       "kdump-compressed header can hold",
			       dump->src->name, dump->max_mapnr, dump->notes_len);
	geo->sub_hdr_size = (uint32_t)(front_blocks - 1);
	geo->bitmap_blocks = (uint32_t)(2 * half_blocks);
	geo->bitmap_size = half_blocks * block;
	geo->descs = geo->front_size + 2 * geo->bitmap_size;
	if (kept > geo->max_mapnr)
		return err_new(ERR_OTHER, "%" PRIu64 " pages are kept below max_mapnr %" PRIu64,
			       kept, geo->max_mapnr);
	geo->data = geo->descs + kept * PAGE_DESC_SIZE;
	return NULL;
}

static void put_utsname(uint8_t *at, const struct kernel_uts *uts)
{
	const char *const field[UTS_FIELDS] = {
		uts->sysname, uts->nodename, uts->release,
		uts->version, uts->machine, uts->domainname,
	};
	unsigned int i;

	/* The last byte of a field stays 0. */
	for (i = 0; i < UTS_FIELDS; i++, at += UTS_FIELD_LEN)
		memcpy(at, field[i], strnlen(field[i], UTS_FIELD_LEN - 1));
}

static void put_main_header(const struct kdump_geometry *geo,
			    const struct kdump_header_params *params, uint8_t *at)
{
	const struct kernel *kernel = params->kernel;
	const struct kdump_header_layout *head = geo->head;
	enum byte_order order = geo->order;
	uint64_t cpus = min_u64(max_u64(kernel->dump->nr_cpus, 1), INT32_MAX);

	memcpy(at, KDUMP_SIGNATURE, KDUMP_SIGNATURE_LEN);
	put_u32(at + KDUMP_SIGNATURE_LEN, KDUMP_VERSION, order);
	put_utsname(at + head->utsname, &kernel->uts);
	put_word(at + head->tv_sec, kernel->crash_time, geo->word, order);
	put_u32(at + head->status, params->status, order);
	put_u32(at + head->block_size, geo->block_size, order);
	put_u32(at + head->sub_hdr_size, geo->sub_hdr_size, order);
	put_u32(at + head->bitmap_blocks, geo->bitmap_blocks, order);
	put_u32(at + head->max_mapnr, (uint32_t)min_u64(geo->max_mapnr, UINT32_MAX), order);
	put_u32(at + head->nr_cpus, (uint32_t)cpus, order);
}

static uint64_t phys_base_of(const struct kernel *kernel)
{
	return kernel->arch && kernel->arch_state ? kernel->arch->phys_base(kernel->arch_state) :
						    kernel->dump->phys_base;
}

static void put_sub_header(const struct kdump_geometry *geo,
			   const struct kdump_header_params *params, uint64_t vmcoreinfo,
			   uint8_t *at)
{
	const struct dump *dump = params->kernel->dump;
	const struct kdump_sub_layout *sub = geo->sub;
	enum byte_order order = geo->order;
	uint64_t notes = geo->block_size + sub->size;

	put_word(at + sub->phys_base, phys_base_of(params->kernel), geo->word, order);
	put_u32(at + sub->dump_level, params->dump_level, order);
	if (dump->vmcoreinfo) {
		put_u64(at + sub->offset_vmcoreinfo, notes + vmcoreinfo, order);
		put_word(at + sub->size_vmcoreinfo, dump->vmcoreinfo_len, geo->word, order);
	}
	if (notes_size(dump)) {
		put_u64(at + sub->offset_note, notes, order);
		put_word(at + sub->size_note, notes_size(dump), geo->word, order);
	}
	if (dump->eraseinfo_len) {
		put_u64(at + sub->offset_eraseinfo, notes + notes_size(dump), order);
		put_word(at + sub->size_eraseinfo, dump->eraseinfo_len, geo->word, order);
	}
	put_u64(at + sub->max_mapnr_64, geo->max_mapnr, order);
}

/* Copy the notes; returns where in them VMCOREINFO's text begins. */
static uint64_t put_notes(const struct kdump_geometry *geo, const struct dump *dump, uint8_t *at)
{
	uint64_t own = round_up(dump->notes_len, 4);

	if (dump->notes_len)
		memcpy(at, dump->notes, dump->notes_len);
	if (!dump->vmcoreinfo)
		return 0;
	if (!needs_vmcoreinfo_note(dump))
		return (uint64_t)((uintptr_t)dump->vmcoreinfo - (uintptr_t)dump->notes);
	put_u32(at + own, sizeof(VMCOREINFO_NAME), geo->order);
	put_u32(at + own + 4, (uint32_t)dump->vmcoreinfo_len, geo->order);
	memcpy(at + own + NOTE_HEADER, VMCOREINFO_NAME, sizeof(VMCOREINFO_NAME));
	own += vmcoreinfo_note_head();
	memcpy(at + own, dump->vmcoreinfo, dump->vmcoreinfo_len);
	return own;
}

struct err *kdump_front_build(const struct kdump_geometry *geo,
			      const struct kdump_header_params *params, uint8_t **ret)
{
	const struct dump *dump = params->kernel->dump;
	uint8_t *front = calloc(1, geo->front_size), *notes;
	uint64_t vmcoreinfo;

	if (!front)
		return err_nomem;
	put_main_header(geo, params, front);
	notes = front + geo->block_size + geo->sub->size;
	vmcoreinfo = put_notes(geo, dump, notes);
	if (dump->eraseinfo_len)
		memcpy(notes + notes_size(dump), dump->eraseinfo, dump->eraseinfo_len);
	put_sub_header(geo, params, vmcoreinfo, front + geo->block_size);
	*ret = front;
	return NULL;
}
