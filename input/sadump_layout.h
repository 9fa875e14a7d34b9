/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sadump on disk: what the firmware of Fujitsu PRIMEQUEST and PRIMERGY servers
 * writes. Little endian, x86 only. There is no public specification; the
 * layout is known from files and from the programs that read them.
 *
 *	single partition   part header, dump header, sub header, both bitmaps, pages
 *	disk set, disk 1   part header, set header, dump header, and so on
 *	         disk n    part header, pages
 *	media backup       media header, part header, dump header, and so on
 *
 * Everything starts at a multiple of the block size, which is the page size.
 */
#ifndef INPUT_SADUMP_LAYOUT_H
#define INPUT_SADUMP_LAYOUT_H

#define SADUMP_SIGNATURE "sadump\0\0"	/* of part header and dump header */
#define SADUMP_SIGNATURE_LEN 8
#define SADUMP_BLOCK_MIN 512u
#define SADUMP_BLOCK_MAX (256u << 10)
#define SADUMP_MEDIA_HEADER 4096u	/* bytes before the part header of a media backup */
#define SADUMP_DISKS_MAX 16
#define SADUMP_CPUS_MAX 65536u	/* eight times what the kernel can have */
#define SADUMP_GUID_LEN 16
#define SADUMP_TIME_LEN 16

/* EFI time: local, and by how many minutes to change it for UTC. */
enum {
	EFI_TIME_YEAR = 0,		/* u16 */
	EFI_TIME_MONTH = 2,		/* u8 from 1 on, as is the day; then hour, minute, second */
	EFI_TIME_ZONE = 12,		/* s16 */
	EFI_ZONE_MAX = 1440,		/* 2047: not known; then it counts as UTC */
};

/* Part header: one block, to its end full of numbers each of which follows from the one before. */
enum {
	SADUMP_PART_COMPRESS = 16,	/* u32, 0 */
	SADUMP_PART_SYSTEM = 88,	/* GUID of the system */
	SADUMP_PART_SET = 104,		/* GUID of the disk set */
	SADUMP_PART_VOLUME = 120,	/* GUID of this volume */
	SADUMP_PART_TIME = 136,		/* EFI time */
	SADUMP_PART_DISK = 152,		/* u32: number in the set from 1 on; 0: no set */
	SADUMP_PART_USED = 160,		/* u64: bytes used on this device, headers included */
	SADUMP_PART_MAGIC = 168,	/* u32 magic[] */
};

/* The number behind @magic. */
#define SADUMP_NEXT_MAGIC(magic) (UINT32_C(11) * ((magic) + UINT32_C(7)))

enum {
	SADUMP_SET_SIZE = 0,		/* u32: blocks of this header */
	SADUMP_SET_DISKS = 4,		/* u32 */
	SADUMP_SET_VOLUMES = 16,	/* of disks 2 .. n */
	SADUMP_SET_VOLUME_LEN = 32,	/* GUID, then sizes and status */
};

enum {
	SADUMP_MEDIA_SYSTEM = 0,	/* GUID */
	SADUMP_MEDIA_SET = 16,		/* GUID */
	SADUMP_MEDIA_TIME = 32,		/* EFI time */
	SADUMP_MEDIA_NUMBER = 48,	/* u8: of the medium, from 1 on */
	SADUMP_MEDIA_LEN = 52,
};

enum {
	SADUMP_DUMP_VERSION = 8,	/* u32: 0; 1 with 64-bit counts */
	SADUMP_DUMP_TIME = 16,		/* EFI time */
	SADUMP_DUMP_STATUS = 32,	/* u32 */
	SADUMP_DUMP_COMPRESS = 36,	/* u32, 0 */
	SADUMP_DUMP_BLOCK_SIZE = 40,	/* u32 */
	SADUMP_DUMP_SUB_SIZE = 48,	/* u32 blocks */
	SADUMP_DUMP_BITMAP = 52,	/* u32 blocks of the first bitmap: RAM */
	SADUMP_DUMP_DUMPABLE = 56,	/* u32 blocks of the second one: stored pages */
	SADUMP_DUMP_MAX_MAPNR = 60,	/* u32 */
	SADUMP_DUMP_NR_CPUS = 80,	/* u32 */
	SADUMP_DUMP_MAX_MAPNR_64 = 88,	/* u64, version 1 */
	SADUMP_DUMP_LEN = 120,
};

/* Sub header: u32 bytes of all states, per CPU APIC id and LDR (u64 each), per CPU its state. */
enum {
	SADUMP_SUB_IDS = 4,
	SADUMP_SUB_ID_LEN = 16,
};

/* State of a CPU as system management mode saved it; registers u64, selectors and halves u32. */
enum {
	SMRAM_GDT_HIGH = 464, SMRAM_CR4 = 576, SMRAM_GDT_LOW = 652,
	SMRAM_R15 = 796, SMRAM_R14 = 804, SMRAM_R13 = 812, SMRAM_R12 = 820, SMRAM_R11 = 828,
	SMRAM_R10 = 836, SMRAM_R9 = 844, SMRAM_R8 = 852, SMRAM_RAX = 860, SMRAM_RCX = 868,
	SMRAM_RDX = 876, SMRAM_RBX = 884, SMRAM_RSP = 892, SMRAM_RBP = 900, SMRAM_RSI = 908,
	SMRAM_RDI = 916, SMRAM_ES = 936, SMRAM_CS = 940, SMRAM_SS = 944, SMRAM_DS = 948,
	SMRAM_FS = 952, SMRAM_GS = 956, SMRAM_RIP = 984, SMRAM_EFER = 992, SMRAM_RFLAGS = 1000,
	SMRAM_CR3 = 1008, SMRAM_CR0 = 1016, SMRAM_LEN = 1024,
};

#endif
