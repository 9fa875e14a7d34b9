#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_gaps: images with a table of exports and BTF. Usage: seeds_gaps.py DIR"""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from seeds_btf import everything  # noqa: E402

EXPORTS, BTF = 20, 0x1000
TABLE, STRINGS = 0x200, 0x600


def image(order):
    """A table of exports in the order of its names, and BTF behind it."""
    memory = bytearray(0x2000)
    string = STRINGS
    for number in range(EXPORTS):
        name = b"\0name_%c\0" % (ord("a") + number)
        entry = TABLE + 12 * number
        memory[string:string + len(name)] = name
        struct.pack_into(order + "ii", memory, entry, 0x100, string + 1 - entry - 4)
        string += len(name) - 1
    blob = everything(order).blob()
    memory[BTF:BTF + len(blob)] = blob
    return bytes(memory), BTF + len(blob)


def main():
    """Write one file per word size and byte order."""
    target = Path(sys.argv[1])
    for form, order in enumerate("<><>"):
        memory, end = image(order)
        head = struct.pack("<BHH", form, BTF // 16, -(-end // 16))
        (target / f"image{form}").write_bytes(head + memory)


if __name__ == "__main__":
    main()
