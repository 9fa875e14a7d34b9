# SPDX-License-Identifier: GPL-2.0-or-later
"""On-disk layouts of the kdump-compressed format, version 6.

The file holds the C structs of the tool that wrote it, so there are three
layouts: 64-bit, and 32-bit with 64-bit integers aligned to 4 or to 8 bytes.
No field says which; detect() finds out by plausibility.
"""

import struct

SIGNATURE = b"KDUMP   "
UTSNAME = ("sysname", "nodename", "release", "version", "machine", "domainname")
STATUS_INCOMPLETE = 0x08
COMPRESS_FLAGS = 0x01 | 0x02 | 0x04 | 0x20
DESC_SIZE = 24

# name -> (offset, struct code) of the main header
MAIN64 = {
    "header_version": (8, "i"), "tv_sec": (408, "q"), "tv_usec": (416, "q"), "status": (424, "I"),
    "block_size": (428, "i"), "sub_hdr_size": (432, "i"), "bitmap_blocks": (436, "I"),
    "max_mapnr": (440, "I"), "total_ram_blocks": (444, "I"), "device_blocks": (448, "I"),
    "written_blocks": (452, "I"), "current_cpu": (456, "I"), "nr_cpus": (460, "i"),
}
MAIN32 = {
    "header_version": (8, "i"), "tv_sec": (404, "i"), "tv_usec": (408, "i"), "status": (412, "I"),
    "block_size": (416, "i"), "sub_hdr_size": (420, "i"), "bitmap_blocks": (424, "I"),
    "max_mapnr": (428, "I"), "total_ram_blocks": (432, "I"), "device_blocks": (436, "I"),
    "written_blocks": (440, "I"), "current_cpu": (444, "I"), "nr_cpus": (448, "i"),
}
SUB64 = {
    "phys_base": (0, "Q"), "dump_level": (8, "i"), "split": (12, "i"), "start_pfn": (16, "Q"),
    "end_pfn": (24, "Q"), "offset_vmcoreinfo": (32, "q"), "size_vmcoreinfo": (40, "Q"),
    "offset_note": (48, "q"), "size_note": (56, "Q"), "offset_eraseinfo": (64, "q"),
    "size_eraseinfo": (72, "Q"), "start_pfn_64": (80, "Q"), "end_pfn_64": (88, "Q"),
    "max_mapnr_64": (96, "Q"),
}
SUB32_ALIGN4 = {
    "phys_base": (0, "I"), "dump_level": (4, "i"), "split": (8, "i"), "start_pfn": (12, "I"),
    "end_pfn": (16, "I"), "offset_vmcoreinfo": (20, "q"), "size_vmcoreinfo": (28, "I"),
    "offset_note": (32, "q"), "size_note": (40, "I"), "offset_eraseinfo": (44, "q"),
    "size_eraseinfo": (52, "I"), "start_pfn_64": (56, "Q"), "end_pfn_64": (64, "Q"),
    "max_mapnr_64": (72, "Q"),
}
SUB32_ALIGN8 = {
    "phys_base": (0, "I"), "dump_level": (4, "i"), "split": (8, "i"), "start_pfn": (12, "I"),
    "end_pfn": (16, "I"), "offset_vmcoreinfo": (24, "q"), "size_vmcoreinfo": (32, "I"),
    "offset_note": (40, "q"), "size_note": (48, "I"), "offset_eraseinfo": (56, "q"),
    "size_eraseinfo": (64, "I"), "start_pfn_64": (72, "Q"), "end_pfn_64": (80, "Q"),
    "max_mapnr_64": (88, "Q"),
}
# sub header field -> first header_version that has it
SINCE = {"phys_base": 0, "dump_level": 1, "split": 2, "start_pfn": 2, "end_pfn": 2,
         "offset_vmcoreinfo": 3, "size_vmcoreinfo": 3, "offset_note": 4, "size_note": 4,
         "offset_eraseinfo": 5, "size_eraseinfo": 5, "start_pfn_64": 6, "end_pfn_64": 6,
         "max_mapnr_64": 6}


class Layout:
    """One (word size, byte order, sub header padding) combination."""

    def __init__(self, name, order, main, sub, header_size, sub_size):
        self.name, self.order, self.main, self.sub = name, order, main, sub
        self.header_size, self.sub_size = header_size, sub_size
        self.is64 = main is MAIN64

    def decode(self, fields, raw):
        """dict of the fields of a header held in raw."""
        return {name: struct.unpack_from(self.order + code, raw, offset)[0]
                for name, (offset, code) in fields.items()}


def layouts():
    """All layouts; 64-bit first, since a 32-bit reading rarely fits by chance."""
    for order, end in (("<", "le"), (">", "be")):
        yield Layout("64" + end, order, MAIN64, SUB64, 464, 104)
    for order, end in (("<", "le"), (">", "be")):
        yield Layout("32" + end + "-align4", order, MAIN32, SUB32_ALIGN4, 452, 80)
        yield Layout("32" + end + "-align8", order, MAIN32, SUB32_ALIGN8, 452, 96)


def plausible(head):
    """True when decoded main header fields can be those of a real file."""
    size = head["block_size"]
    return (0 <= head["header_version"] <= 6 and 4096 <= size <= 262144 and not size & (size - 1)
            and head["sub_hdr_size"] >= 1 and head["bitmap_blocks"] >= 1)


def detect(raw):
    """The layout of a file whose first bytes (two blocks) are raw, or None."""
    for layout in layouts():
        if len(raw) < layout.header_size:
            continue
        head = layout.decode(layout.main, raw)
        if not plausible(head) or len(raw) < head["block_size"] + layout.sub_size:
            continue
        sub = layout.decode(layout.sub, raw[head["block_size"]:])
        limit = (1 + head["sub_hdr_size"]) * head["block_size"]
        at, size = sub["offset_vmcoreinfo"], sub["size_vmcoreinfo"]
        if (at == 0 and size == 0) or (at > head["block_size"] and at + size <= limit):
            return layout
    return None
