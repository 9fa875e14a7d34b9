#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_pages: section tables and struct pages of x86_64. Usage: seeds_pages.py DIR"""

import struct
import sys
from pathlib import Path

LINEAR = 0xFFFF888000000000
ROOT, PAGES = 0x1040, 0x4000


def page(flags=0, word8=0, word16=0, mapping=0, private=0, mapcount=0xFFFFFFFF):
    """A struct page of 5.10 and later."""
    return struct.pack("<6QII8x", flags, word8, word16, mapping, 0, private, mapcount, 1)


def pages(head, lru, buddy, mask):
    """Buddy blocks, anonymous, cache and compound pages; 256 in all."""
    out = [page(mapcount=buddy, private=3)] + [page()] * 7
    out += [page(flags=lru, mapping=LINEAR), page(mapping=LINEAR + 0x1001)] * 4
    for order in (4, 5, 6, 7):
        at = LINEAR + PAGES + len(out) * 64
        while len(out) % (1 << order):
            out.append(page())
            at += 64
        word = (-1 << order + 6 & (1 << 64) - 1) | 1 if mask else at | 1
        out.append(page(flags=head, mapping=LINEAR + 0x1001))
        out.append(page(flags=order, word8=word, word16=2 | order << 8))
        out += [page(word8=word)] * ((1 << order) - 2)
    return b"".join(out)


def seed(era, level, struct_pages, facts=b"", poke=()):
    """One input; the facts' length is counted in twos. poke: (place, word) pairs."""
    facts += b"\n" * (len(facts) % 2)
    memory = bytearray(0x14000)
    struct.pack_into("<Q", memory, 0, LINEAR + ROOT)
    for n in range(64):
        struct.pack_into("<Q", memory, ROOT + n * 16, (LINEAR + PAGES) | 15)
    memory[PAGES:PAGES + len(struct_pages)] = struct_pages
    for at, word in poke:
        struct.pack_into("<Q", memory, at, word)
    choices = bytes([era, level, 255, 0, 9, 9, 64, 3, level, len(facts) // 2, 0, level])
    return choices + bytes(16 - len(choices)) + facts + bytes(memory)


def free_lists(blocks):
    """Words of one zone at 0x2000 with free blocks, a dict of (order, type) to pfns."""
    words = [(0x2000 + 3840, 1), (0x2000 + 1000, 1000)]
    for order in range(11):
        for kind in range(2):
            circle = [0x2000 + order * 40 + kind * 16]
            circle += [PAGES + pfn * 56 + 40 for pfn in blocks.get((order, kind), ())]
            for at, after in zip(circle, circle[1:] + circle[:1]):
                words += [(at, LINEAR + after), (after + 8, LINEAR + at)]
    return words


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    old = pages(1 << 16, 1 << 4, 0xFFFFFF7F, False)
    new = pages(1 << 6, 1 << 5, 0xF0000000, False)
    seeds = {
        "old": seed(0, 31, old), "folio": seed(1, 8, old), "new": seed(4, 31, new),
        "masks": seed(5, 63, pages(1 << 6, 1 << 5, 0xF0000000, True)),
        "none": seed(9, 31, new), "flat": seed(9, 31, new, b"SYMBOL(mem_map)=ffff888000000000\n"),
        "odd": seed(4, 16, new, b"SIZE(page)=56\nLENGTH(mem_section)=131072\n"),
        "cut": seed(4, 31, new)[:20000],
        "lists": seed(8, 31, b"", poke=free_lists({(0, 0): [3, 1, 9], (2, 1): [20, 16], (3, 0): [24]})),
        "few": seed(8, 18, b"", poke=free_lists({(0, 1): range(9, 30, 2), (3, 0): [0]})),
    }
    for name, data in seeds.items():
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
