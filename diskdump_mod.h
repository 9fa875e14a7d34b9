/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On-disk layout of the kdump-compressed format, header version 6.
 *
 * The format has no specification; these are its numbers as crash,
 * libkdumpfile and drgn read them (checked with crash 8.0.2, libkdumpfile
 * 0.5.1 and drgn 0.0.22). The producer's C types decide the layout, so there
 * are variants; fields are placed by offset and never by a host struct. All
 * integers are in the byte order of the dumped machine.
 *
 *   block 0                          main header
 *   block 1 ..                       sub header, notes
 *   (1 + sub_hdr_size) blocks        bitmap1: bit set = the page exists
 *   + bitmap_blocks / 2 blocks       bitmap2: bit set = the page has a descriptor
 *   (1 + sub_hdr_size + bitmap_blocks) blocks
 *                                    descriptors, 24 bytes, one per bit of
 *                                    bitmap2 in ascending pfn order
 *   anywhere behind                  page data
 */
#ifndef DISKDUMP_MOD_H
#define DISKDUMP_MOD_H

#include <stdint.h>

#define KDUMP_SIGNATURE "KDUMP   "
#define KDUMP_SIGNATURE_LEN 8
#define KDUMP_VERSION 6
#define KDUMP_BLOCK_MIN 4096u
#define KDUMP_BLOCK_MAX (256u << 10)

/* Bits of the main header's status and, where marked, of page_desc.flags. */
#define KDUMP_ZLIB 0x01u	/* also a page flag */
#define KDUMP_LZO 0x02u		/* also a page flag */
#define KDUMP_SNAPPY 0x04u	/* also a page flag */
#define KDUMP_INCOMPLETE 0x08u
#define KDUMP_NO_VMEMMAP 0x10u	/* unused vmemmap was left out */
#define KDUMP_ZSTD 0x20u	/* also a page flag */
#define KDUMP_PAGE_CODECS (KDUMP_ZLIB | KDUMP_LZO | KDUMP_SNAPPY | KDUMP_ZSTD)

/* struct new_utsname: six fields of 65 bytes. */
#define UTS_FIELD_LEN 65
#define UTS_FIELDS 6

/* Byte offsets in the main header that depend on the word size of the machine. */
struct kdump_header_layout {
	uint16_t utsname;	/* 6 x 65 bytes */
	uint16_t tv_sec;	/* word */
	uint16_t tv_usec;	/* word; written 0: libkdumpfile takes it for block_size in its 32-bit probe */
	uint16_t status;	/* u32 */
	uint16_t block_size;	/* s32 */
	uint16_t sub_hdr_size;	/* s32, blocks behind block 0, notes included */
	uint16_t bitmap_blocks;	/* u32, both bitmaps */
	uint16_t max_mapnr;	/* u32, clipped to 32 bits since version 6 */
	uint16_t total_ram_blocks;
	uint16_t device_blocks;
	uint16_t written_blocks;
	uint16_t current_cpu;
	uint16_t nr_cpus;	/* s32, number of PRSTATUS notes */
	uint16_t size;
};

/* Byte offsets in the sub header; "word" fields follow the machine's word size. */
struct kdump_sub_layout {
	uint16_t phys_base;		/* word, signed, since version 0 */
	uint16_t dump_level;		/* s32, 1 */
	uint16_t split;			/* s32, 2 */
	uint16_t start_pfn;		/* word, 2; obsolete in 6 */
	uint16_t end_pfn;		/* word, 2; obsolete in 6 */
	uint16_t offset_vmcoreinfo;	/* s64, 3 */
	uint16_t size_vmcoreinfo;	/* word, 3 */
	uint16_t offset_note;		/* s64, 4 */
	uint16_t size_note;		/* word, 4 */
	uint16_t offset_eraseinfo;	/* s64, 5 */
	uint16_t size_eraseinfo;	/* word, 5 */
	uint16_t start_pfn_64;		/* u64, 6 */
	uint16_t end_pfn_64;		/* u64, 6 */
	uint16_t max_mapnr_64;		/* u64, 6 */
	uint16_t size;
};

static const struct kdump_header_layout kdump_header_64 = {
	.utsname = 12, .tv_sec = 408, .tv_usec = 416, .status = 424, .block_size = 428,
	.sub_hdr_size = 432, .bitmap_blocks = 436, .max_mapnr = 440, .total_ram_blocks = 444,
	.device_blocks = 448, .written_blocks = 452, .current_cpu = 456, .nr_cpus = 460, .size = 464,
};

static const struct kdump_header_layout kdump_header_32 = {
	.utsname = 12, .tv_sec = 404, .tv_usec = 408, .status = 412, .block_size = 416,
	.sub_hdr_size = 420, .bitmap_blocks = 424, .max_mapnr = 428, .total_ram_blocks = 432,
	.device_blocks = 436, .written_blocks = 440, .current_cpu = 444, .nr_cpus = 448, .size = 452,
};

/*
 * i386 with a 64-bit time_t: the timestamp has 16 bytes and the rest moves up.
 * 32-bit machines that align 64-bit integers to 8 bytes, with such a time_t,
 * have kdump_header_64 in front of a 32-bit sub header.
 */
static const struct kdump_header_layout kdump_header_32_time64 = {
	.utsname = 12, .tv_sec = 404, .tv_usec = 412, .status = 420, .block_size = 424,
	.sub_hdr_size = 428, .bitmap_blocks = 432, .max_mapnr = 436, .total_ram_blocks = 440,
	.device_blocks = 444, .written_blocks = 448, .current_cpu = 452, .nr_cpus = 456, .size = 460,
};

static const struct kdump_sub_layout kdump_sub_64 = {
	.phys_base = 0, .dump_level = 8, .split = 12, .start_pfn = 16, .end_pfn = 24,
	.offset_vmcoreinfo = 32, .size_vmcoreinfo = 40, .offset_note = 48, .size_note = 56,
	.offset_eraseinfo = 64, .size_eraseinfo = 72, .start_pfn_64 = 80, .end_pfn_64 = 88,
	.max_mapnr_64 = 96, .size = 104,
};

/* 32-bit machines that align 64-bit integers to 4 bytes: i386, and QEMU for every 32-bit machine. */
static const struct kdump_sub_layout kdump_sub_32_packed = {
	.phys_base = 0, .dump_level = 4, .split = 8, .start_pfn = 12, .end_pfn = 16,
	.offset_vmcoreinfo = 20, .size_vmcoreinfo = 28, .offset_note = 32, .size_note = 40,
	.offset_eraseinfo = 44, .size_eraseinfo = 52, .start_pfn_64 = 56, .end_pfn_64 = 64,
	.max_mapnr_64 = 72, .size = 80,
};

/* 32-bit machines that align them to 8: ARM, MIPS, PPC32. */
static const struct kdump_sub_layout kdump_sub_32_aligned = {
	.phys_base = 0, .dump_level = 4, .split = 8, .start_pfn = 12, .end_pfn = 16,
	.offset_vmcoreinfo = 24, .size_vmcoreinfo = 32, .offset_note = 40, .size_note = 48,
	.offset_eraseinfo = 56, .size_eraseinfo = 64, .start_pfn_64 = 72, .end_pfn_64 = 80,
	.max_mapnr_64 = 88, .size = 96,
};

/* page_desc, 24 bytes on every machine. */
#define PAGE_DESC_SIZE 24
#define PAGE_DESC_OFFSET 0	/* s64, file offset of the data, never 0 */
#define PAGE_DESC_LEN 8		/* u32, stored bytes; exactly the block size when raw */
#define PAGE_DESC_FLAGS 12	/* u32, at most one bit of KDUMP_PAGE_CODECS */
#define PAGE_DESC_PAGE_FLAGS 16	/* u64, 0 */

#endif
