#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_module: every era whole, and patches of what matters. Usage: seeds_module.py DIR

Places are those of tests/unit/modulebuild.h."""

import struct
import sys
from pathlib import Path

HEAD, BTF_NODE, BTF = 0x10, 0x80, 0x100
MODULE, TABLES, SYMTAB = 0x2000, 0x280, 0x13FD0
VALUES = (b"\0" * 8, b"\xff" * 8, struct.pack("<Q", 0x100010), struct.pack(">Q", 0x101010))


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    places = [HEAD, BTF_NODE, BTF, BTF + 92, SYMTAB, SYMTAB + 24]
    places += [MODULE + at for at in (0, 16, 24, 32, 0x100, 0x108, 0x10C, 0x200, 0x300, TABLES,
                                      TABLES + 8)]
    for shape in range(12):
        (target / f"whole{shape}").write_bytes(bytes([shape]))
        for number, place in enumerate(places):
            value = VALUES[(shape + number) % len(VALUES)]
            (target / f"patch{shape}-{place:x}").write_bytes(
                bytes([shape]) + struct.pack("<I", place | len(value) << 24) + value)


if __name__ == "__main__":
    main()
