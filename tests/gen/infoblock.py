# SPDX-License-Identifier: GPL-2.0-or-later
"""The info block at byte 4096 of a persistent memory namespace (drivers/nvdimm/pfn.h)."""

import struct

SIGNATURES = {"fsdax": b"NVDIMM_PFN_INFO", "devdax": b"NVDIMM_DAX_INFO"}
RAM, DEVICE = 1, 2
OFFSET = 4096


def info_block(kind, mode, dataoff, size):
    """4096 bytes: kind fsdax or devdax, mode RAM or DEVICE (where struct pages are),
    dataoff and size of the namespace in bytes."""
    raw = bytearray(4096)
    raw[:15] = SIGNATURES[kind]
    struct.pack_into("<HHQQIIIII", raw, 52, 1, 4, dataoff, (size - dataoff) >> 12, mode,
                     0, 0, 2 << 20, 4096)
    low = high = 0
    for word, in struct.iter_unpack("<I", raw):
        low = low + word & 0xFFFFFFFF
        high = high + low & 0xFFFFFFFF
    struct.pack_into("<Q", raw, 4088, high << 32 | low)
    return bytes(raw)
