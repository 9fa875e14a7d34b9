// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/kdump_header.h"

#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "output/notes.h"

/*
 * crash (since 8.0.1) maps the bitmaps, and can do so only when their offset is
 * a multiple of the page size of the machine it runs on. Starting them at a
 * multiple of the largest usual one lets a 64K-page arm64 or ppc64le machine
 * open the dump of a 4K-page one. All readers skip by sub_hdr_size; the
 * padding is at most 60 KiB.
 */
#define FRONT_ALIGN (64u << 10)

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
				uint64_t kept, size_t erase_room)
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
	geo->front_size = round_up(block + geo->sub->size + dump_notes_size(dump) + erase_room,
				   max_u64(block, FRONT_ALIGN));
	front_blocks = geo->front_size / block;
	half_blocks = div_round_up(div_round_up(dump->max_mapnr, 8), block);
	if (front_blocks > INT32_MAX || half_blocks > INT32_MAX)
		return err_new(ERR_UNSUPPORTED,
			       "%s: max_mapnr %#" PRIx64 " or %zu bytes of notes and %zu of erase "
			       "information are more than a kdump-compressed header can hold",
			       dump->src->name, dump->max_mapnr, dump->notes_len, erase_room);
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

static void put_piece(const struct kdump_geometry *geo, const struct range *pfns, uint8_t *at)
{
	const struct kdump_sub_layout *sub = geo->sub;

	put_u32(at + sub->split, 1, geo->order);
	/* Obsolete since version 6; clipped as max_mapnr is. */
	put_word(at + sub->start_pfn, min_u64(pfns->start, UINT32_MAX), geo->word, geo->order);
	put_word(at + sub->end_pfn, min_u64(pfns->end, UINT32_MAX), geo->word, geo->order);
	put_u64(at + sub->start_pfn_64, pfns->start, geo->order);
	put_u64(at + sub->end_pfn_64, pfns->end, geo->order);
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
	if (dump_notes_size(dump)) {
		put_u64(at + sub->offset_note, notes, order);
		put_word(at + sub->size_note, dump_notes_size(dump), geo->word, order);
	}
	if (params->erased->len) {
		put_u64(at + sub->offset_eraseinfo, notes + dump_notes_size(dump), order);
		put_word(at + sub->size_eraseinfo, params->erased->len, geo->word, order);
	}
	put_u64(at + sub->max_mapnr_64, geo->max_mapnr, order);
	if (params->piece)
		put_piece(geo, params->piece, at);
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
	vmcoreinfo = dump_notes_put(dump, geo->order, notes);
	if (params->erased->len)
		memcpy(notes + dump_notes_size(dump), params->erased->text, params->erased->len);
	put_sub_header(geo, params, vmcoreinfo, front + geo->block_size);
	*ret = front;
	return NULL;
}
