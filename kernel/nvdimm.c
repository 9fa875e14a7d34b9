/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Info blocks of persistent memory namespaces; little-endian on every machine. */
#include "kernel/nvdimm.h"

#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

/* Offsets in struct nd_pfn_sb. */
enum {
	SB_SIGNATURE = 0,
	SB_VERSION_MAJOR = 52,
	SB_VERSION_MINOR = 54,
	SB_DATAOFF = 56,	/* from the namespace's start plus start_pad */
	SB_NPFNS = 64,
	SB_MODE = 72,
	SB_START_PAD = 76,	/* since minor version 1, as end_trunc */
	SB_END_TRUNC = 80,
	SB_PAGE_SIZE = 88,	/* since minor version 4; 4096 before */
	SB_CHECKSUM = 4088,
};

#define SIGNATURE_BYTES 16
#define MODE_RAM 1u
#define MODE_PMEM 2u

/* The block and what is before it: the kernel refuses less. */
#define DATAOFF_MIN (2 * NVDIMM_BLOCK_BYTES)

static uint32_t sb_u32(const uint8_t *bytes, unsigned int at)
{
	return get_u32(bytes + at, ORDER_LITTLE);
}

static uint64_t sb_u64(const uint8_t *bytes, unsigned int at)
{
	return get_u64(bytes + at, ORDER_LITTLE);
}

/* Fletcher's sum of 32-bit words (nd_fletcher64()), with zeros in place of the sum itself. */
static uint64_t checksum(const uint8_t *bytes)
{
	uint32_t low = 0, high = 0;

	for (unsigned int at = 0; at < NVDIMM_BLOCK_BYTES; at += 4) {
		if (at < SB_CHECKSUM)
			low += sb_u32(bytes, at);
		high += low;
	}
	return (uint64_t)high << 32 | low;
}

static bool find_signature(const uint8_t *bytes, bool *dax)
{
	static const char pfn[SIGNATURE_BYTES] = "NVDIMM_PFN_INFO";
	static const char dev[SIGNATURE_BYTES] = "NVDIMM_DAX_INFO";

	*dax = memcmp(bytes + SB_SIGNATURE, dev, SIGNATURE_BYTES) == 0;
	return *dax || memcmp(bytes + SB_SIGNATURE, pfn, SIGNATURE_BYTES) == 0;
}

/* Bytes of one of npfns. */
static uint64_t page_bytes(const uint8_t *bytes)
{
	uint32_t size = sb_u32(bytes, SB_PAGE_SIZE);

	if (get_u16(bytes + SB_VERSION_MINOR, ORDER_LITTLE) < 4 || !is_pow2(size))
		return NVDIMM_BLOCK_BYTES;
	return size;
}

static bool find_sizes(const uint8_t *bytes, struct nvdimm_block *ret)
{
	uint64_t dataoff = sb_u64(bytes, SB_DATAOFF), data;
	uint32_t pad = 0, trunc = 0;

	if (get_u16(bytes + SB_VERSION_MINOR, ORDER_LITTLE) >= 1) {
		pad = sb_u32(bytes, SB_START_PAD);
		trunc = sb_u32(bytes, SB_END_TRUNC);
	}
	return dataoff >= DATAOFF_MIN && dataoff % NVDIMM_BLOCK_BYTES == 0 &&
	       checked_add(dataoff, pad, &ret->metadata) &&
	       checked_mul(sb_u64(bytes, SB_NPFNS), page_bytes(bytes), &data) &&
	       checked_add(ret->metadata, data, &ret->size) &&
	       checked_add(ret->size, trunc, &ret->size);
}

bool nvdimm_block_parse(const uint8_t *bytes, struct nvdimm_block *ret)
{
	uint32_t mode = sb_u32(bytes, SB_MODE);

	*ret = (struct nvdimm_block){ .memmap = mode == MODE_PMEM };
	return find_signature(bytes, &ret->dax) &&
	       get_u16(bytes + SB_VERSION_MAJOR, ORDER_LITTLE) == 1 &&
	       (mode == MODE_RAM || mode == MODE_PMEM) &&
	       sb_u64(bytes, SB_CHECKSUM) == checksum(bytes) && find_sizes(bytes, ret);
}

struct err *nvdimm_block_read(struct dump_view *view, uint64_t start, uint64_t end,
			      struct nvdimm_block *ret, bool *found)
{
	uint8_t bytes[NVDIMM_BLOCK_BYTES];
	struct err *e;

	*found = false;
	if (end < start || end - start <= DATAOFF_MIN)
		return NULL;
	e = dump_view_read(view, start + NVDIMM_BLOCK_BYTES, bytes, sizeof(bytes));
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (!e)
		*found = nvdimm_block_parse(bytes, ret) && ret->metadata < end - start;
	err_free(e);
	return NULL;
}
