// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that people hand to a dump filter and that it cannot read, told by their first bytes. */
#include <stdlib.h>

#include "base/checked.h"
#include "input/formats.h"

struct foreign {
	uint32_t offset;	/* of the signature in the file */
	uint8_t len;
	const char *signature;
	const char *what;	/* "FILE is WHAT" */
};

#define AT(offset_, text_, what_) { offset_, sizeof(text_) - 1, text_, what_ }

static const struct foreign table[] = {
	AT(0, "DISKDUMP", "an old diskdump dump (before kdump), which is not supported"),
	AT(0, "sadump\0\0", "a sadump (firmware) dump; reading those is not supported yet"),
	/* Media of a backup: one block precedes. */
	AT(4096, "sadump\0\0", "a sadump (firmware) dump; reading those is not supported yet"),
	AT(0, "LibvirtQemudSave", "a libvirt save image, a migration stream and no memory image; "
	   "use virsh dump --memory-only"),
	AT(0, "LibvirtQemudPart", "an unfinished libvirt save image, a migration stream and no "
	   "memory image; use virsh dump --memory-only"),
	AT(0, "QEVM", "a QEMU migration stream and no memory image; use dump-guest-memory"),
	AT(0, "\xa8\x19\x01\x73\x61\x8f\x23\xed", "an LKCD dump (big endian), which is not supported"),
	AT(0, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "an LKCD dump (little endian), which is not supported"),
	AT(0, "\xa8\x19\x01\x73\x61\x8f\x23\xfd", "an s390 stand-alone dump; convert it with zgetdump"),
	AT(0, "PAGEDU64", "a Windows crash dump (64 bit), which is not supported"),
	AT(0, "PAGEDUMP", "a Windows crash dump (32 bit), which is not supported"),
	/* Capture scripts compress; the name does not always tell. */
	AT(0, "\x1f\x8b", "compressed with gzip; decompress it first"),
	AT(0, "BZh", "compressed with bzip2; decompress it first"),
	AT(0, "\xfd" "7zXZ\0", "compressed with xz; decompress it first"),
	AT(0, "\x28\xb5\x2f\xfd", "compressed with zstd; decompress it first"),
	AT(0, "\x04\x22\x4d\x18", "compressed with lz4; decompress it first"),
};

static struct err *foreign_open(struct dump *dump)
{
	uint8_t start[16];
	size_t i, got = 0;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		TRY(source_read_some(dump->src, table[i].offset, start, table[i].len, &got));
		if (got == table[i].len && memcmp(start, table[i].signature, got) == 0)
			return err_new(ERR_UNSUPPORTED, "%s: is %s", dump->src->name, table[i].what);
	}
	return err_not_mine;
}

static struct err *foreign_read(struct dump *dump, const struct dump_segment *seg, uint64_t paddr,
				void *buf, size_t len)
{
	(void)dump;
	(void)seg;
	(void)paddr;
	(void)buf;
	(void)len;
	return err_lost;
}

const struct dump_format dump_format_foreign = {
	.name = "unsupported",
	.open = foreign_open,
	.read = foreign_read,
};
