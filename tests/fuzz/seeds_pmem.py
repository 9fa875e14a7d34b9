#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_pmem: two namespaces with all that knows of them. Usage: seeds_pmem.py DIR

Layouts as in tests/unit/pmemkernel.h."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "gen"))
from infoblock import DEVICE, RAM, info_block  # noqa: E402

MEM, NS, NS_SIZE = 0x100000, 0x40000000, 0x10000
IOMEM, PGMAPS = 0x100, 0x80
RESOURCES, MAPS, NODE = 0x200, 0x800, 0xa00
FS_DAX, GENERIC = 3, 4


class Kernel:
    """Memory being filled."""

    def __init__(self, order):
        self.order, self.mem = order, bytearray(0x1000)

    def put(self, at, fmt, *values):
        """Values at an offset."""
        struct.pack_into(self.order + fmt, self.mem, at, *values)

    def resource(self, at, start, end, name, sibling=0, child=0):
        """struct resource at offset at; sibling and child are offsets, 0 for none."""
        self.put(at, "8Q", start, end - 1, MEM + at + 64, 0x200, 0, 0,
                 sibling and MEM + sibling, child and MEM + child)
        self.mem[at + 64:at + 64 + len(name)] = name

    def page_map(self, at, number, kind, free):
        """struct dev_pagemap of namespace number."""
        start = NS + number * NS_SIZE
        self.put(at, "6QIIII2Q", start >> 12, 0, 2, free, 0, 0, kind, bool(free), 1, 0,
                 start, start + NS_SIZE - 1)


def kernel(order):
    """RAM, one region with both namespaces and some RAM by kmem, two page maps in one node."""
    out = Kernel(order)
    at = [RESOURCES + 0x80 * i for i in range(8)]
    out.resource(IOMEM, 0, 1 << 64, b"PCI mem", child=at[0])
    out.resource(at[0], MEM, MEM + 0x20000, b"System RAM", sibling=at[1])
    out.resource(at[1], NS, NS + 0x20000, b"Persistent Memory", child=at[2])
    out.resource(at[2], NS, NS + NS_SIZE, b"namespace0.0", sibling=at[3])
    out.resource(at[3], NS + NS_SIZE, NS + NS_SIZE + 0x4000, b"namespace0.1", sibling=at[4])
    out.resource(at[4], NS + NS_SIZE + 0x4000, NS + 0x20000, b"dax0.1", child=at[5])
    out.resource(at[5], NS + NS_SIZE + 0xc000, NS + 0x20000, b"System RAM (kmem)")
    out.page_map(MAPS, 0, FS_DAX, 2)
    out.page_map(MAPS + 0x80, 1, GENERIC, 0)
    out.put(PGMAPS + 8, "Q", MEM + NODE + 2)
    out.put(NODE, "B", 6)
    out.put(NODE + 40, "4Q", MEM + MAPS, 2, MEM + MAPS + 0x80, 0)
    return bytes(out.mem)


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    blocks = info_block("fsdax", DEVICE, 0x4000, NS_SIZE) + info_block("devdax", RAM, 0x4000, NS_SIZE)
    for choices in (0, 1, 2, 4, 8, 18, 32, 33):
        (target / f"choice{choices}").write_bytes(
            bytes([choices]) + blocks + kernel(">" if choices & 1 else "<"))


if __name__ == "__main__":
    main()
