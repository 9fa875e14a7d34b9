#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_xlat: page tables of x86_64 and arm64 in one stretch of memory. Usage: seeds_xlat.py DIR"""

import struct
import sys
from pathlib import Path

MEM = 0x40000000
ROOT, UTS = 0x0, 0x10000
ALL = (1 << 64) - 1


class Tables:
    """Memory with a root table at its start, utsname, and room for more tables behind."""

    def __init__(self, page_shift, va_bits, leaf, table):
        self.mem = bytearray(0x3F000)
        self.page_shift, self.va_bits, self.leaf, self.table = page_shift, va_bits, leaf, table
        self.free = 0x20000 if page_shift == 16 else 0x14000
        for i, text in enumerate((b"Linux", b"host", b"6.1.0", b"#1", b"m", b"d")):
            at = UTS + 4 + i * 65
            self.mem[at:at + len(text)] = text

    def map(self, va, pa, shift):
        """A leaf of 1 << shift bytes."""
        bits = self.page_shift - 3
        top = self.page_shift
        while top + bits < self.va_bits:
            top += bits
        table = ROOT
        while True:
            width = min(bits, self.va_bits - top)
            at = table + (va >> top & ((1 << width) - 1)) * 8
            if top == shift:
                struct.pack_into("<Q", self.mem, at, self.leaf(pa, top))
                return
            old, = struct.unpack_from("<Q", self.mem, at)
            if not old:
                struct.pack_into("<Q", self.mem, at, self.table(MEM + self.free))
                table, self.free = self.free, self.free + (1 << self.page_shift)
            else:
                table = (old & 0xFFFFF000 & ~((1 << self.page_shift) - 1)) - MEM
            top -= bits


def seed(choices, numbers, addresses, tables):
    """Bytes of one input: 8 choices, 6 numbers, a gap, 8 addresses, memory."""
    addresses = (addresses + [0] * 8)[:8]
    return (bytes(choices) + bytes(8 - len(choices))
            + struct.pack("<6Q", *(n & ALL for n in numbers)) + bytes(8)
            + struct.pack("<8Q", *(a & ALL for a in addresses)) + bytes(tables.mem))


def x86_64(levels, sme):
    """Text, a 2 MiB, a 1 GiB and a 4 KiB leaf."""
    tables = Tables(12, 12 + 9 * levels,
                    lambda pa, shift: pa | sme | 0x63 | (0x80 if shift > 12 else 0), lambda pa: pa | sme | 0x63)
    text = 0xFFFFFFFF81000000
    spots = [text, 0xFFFFFFFFC0000000, 0xFFFFEA0000000000, 0xFFFF888040000000]
    for va, shift in zip(spots, (21, 12, 21, 30)):
        tables.map(va, MEM, shift)
    offset = MEM - (text - 0xFFFFFFFF80000000)
    return seed([0, 0, 0, 0, 46, levels == 5], [text + ROOT, offset, 0, sme, text + UTS, text],
                spots + [spots[3] + 0x100000, 0x1000, text + 0x400000], tables)


def arm64(page_shift, va_bits, lpa2):
    """An image in pages, and one more leaf."""
    def leaf(pa, shift):
        return pa | (0 if lpa2 else 0x300) | 0x400 | (3 if shift == page_shift else 1)
    tables = Tables(page_shift, va_bits, leaf, lambda pa: pa | 3)
    text = -(1 << (min(va_bits, 47) - 1)) + 0x8000000
    for at in range(0, 0x20000, 1 << page_shift):
        tables.map(text + at & ALL, MEM + at, page_shift)
    return seed([1 | {12: 0, 14: 2, 16: 4}[page_shift], 0, va_bits, 64 - va_bits, 52 if lpa2 else 48],
                [text + ROOT, text - MEM, MEM, 0, text + UTS, text],
                [text, text + 0x1000, text ^ 0xA5 << 56, -(1 << va_bits), -(1 << va_bits) + 0x10000], tables)


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    seeds = {"x4": x86_64(4, 0), "x5": x86_64(5, 0), "x4sme": x86_64(4, 1 << 47)}
    for page_shift, va_bits, lpa2 in ((12, 48, 0), (12, 39, 0), (12, 52, 1), (14, 47, 0), (14, 52, 1), (16, 52, 0)):
        seeds[f"a{page_shift}-{va_bits}"] = arm64(page_shift, va_bits, lpa2)
    for name, data in seeds.items():
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
