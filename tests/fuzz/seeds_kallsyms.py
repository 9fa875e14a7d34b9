#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_kallsyms: every shape of whole tables, and patches here and there.
Usage: seeds_kallsyms.py DIR"""

import struct
import sys
from pathlib import Path

# Where names begin within the tables, roughly: behind 700 offsets, or at once.
PLACES = (0, 4, 2800, 5600, 3000, 9000, 12000)
VALUES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x80\x80", b"\x80\0", b"0\0001\0002\0")


def patch(place, value):
    """Bytes to overwrite from a place of the tables on."""
    return struct.pack("<I", place | len(value) << 24) + value


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for form in range(64):
        for known in (0, 4, 8, 12):
            head = bytes([form, known, 75 if form % 3 else 0, 0])
            (target / f"whole{form}-{known}").write_bytes(head)
        for number, place in enumerate(PLACES):
            value = VALUES[(form + number) % len(VALUES)]
            (target / f"patch{form}-{place}").write_bytes(
                bytes([form, 4 * (number % 4), 0, 0]) + patch(place, value))
    for form in range(4):
        (target / f"markers{form}").write_bytes(bytes([form, 10, 0, 0]))
        (target / f"bytes{form}").write_bytes(bytes([form | 4, 1, 100, 0]))


if __name__ == "__main__":
    main()
