#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_crash_bitmap: structs of every layout, good ones and nearly so. Usage: seeds_crash_bitmap.py DIR"""

import struct
import sys
from pathlib import Path

BITMAP, PAGES = 0x2000, 40008
# Zero bits: four pages of the low memory, eight of the high one, and 12 that do not exist.
ZERO = (*range(8, 12), *range(40000, 40008), *range(100, 112))
BITS = ((1 << PAGES) - 1 & ~sum(1 << bit for bit in ZERO)).to_bytes(PAGES // 8, "little")


def seed(form, size, counters):
    """One input without its level."""
    order, word = "<>"[form & 1], "QI"[form >> 1 & 1]
    align = 4 if form & 6 == 6 else 8
    info = struct.pack(order + "I", 1).ljust(align, b"\0") + struct.pack(order + "QQ", BITMAP, size) \
        + struct.pack(order + "5" + word, *counters)
    return info.ljust(64, b"\0") + BITS


def main():
    """Write one file per seed."""
    for form in range(8):
        for size in (PAGES // 8, 2, 5000):
            for counters in ((0, 0, 12, 0, 0), (1, 2, 3, 4, 10), (0, 0, 0, 1, 0), (6, 0, 6, 6, 6)):
                for level in (31, 8):
                    name = f"{form}-{size}-{sum(counters)}-{counters[2]}-{level}"
                    (Path(sys.argv[1]) / name).write_bytes(
                        bytes([form, level]) + seed(form, size, counters))


if __name__ == "__main__":
    main()
