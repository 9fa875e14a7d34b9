#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_scrub: a whole kernel, and patches of what matters. Usage: seeds_scrub.py DIR

Places are those of tests/unit/scrubworld.h."""

import struct
import sys
from pathlib import Path

MEM = 0x10000
KEY, ALGORITHM, SKCIPHER, TASK, FILES, SOCK, CELL, CONFIG = (
    0x1000, 0x2000, 0x2100, 0x3000, 0x3300, 0x3400, 0x4000, 0x4200)
PLACES = [0x100, 0x110, 0x130, KEY, KEY + 8, KEY + 32, KEY + 40, KEY + 72, KEY + 0x80, ALGORITHM,
          ALGORITHM + 16, ALGORITHM + 40, SKCIPHER + 8, SKCIPHER + 16, TASK, TASK + 0x80,
          TASK + 0xa0, TASK + 0xa8, 0x3200, 0x3220, FILES, FILES + 0x10, FILES + 0x18, FILES + 0x30,
          SOCK, SOCK + 32, SOCK + 40, CELL + 8, CELL + 24, CELL + 0x60, CELL + 0x68, CONFIG,
          CONFIG + 8, CONFIG + 16]
VALUES = [0, 0xFFFFFFFFFFFFFFFF, MEM + KEY, MEM + SKCIPHER, MEM + TASK]


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for order in 0, 1:
        (target / f"whole{order}").write_bytes(bytes([order]))
    for place in PLACES:
        for number, value in enumerate(VALUES):
            (target / f"patch{place:x}-{number}").write_bytes(
                b"\0" + struct.pack("<HBQ", place, 8, value))


if __name__ == "__main__":
    main()
