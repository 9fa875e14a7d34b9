#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_verify: a whole machine, each page away, and patches of what matters. Usage:
seeds_verify.py DIR

Places are those of tests/unit/verifyrig.h."""

import struct
import sys
from pathlib import Path

LINEAR = 0xFFFF888000000000
TASK, SIGNALS, RUN_QUEUES, OFFSETS, BTF, FILES = 0x10000, 0x40000, 0x50000, 0x60000, 0x70000, 0x80000
PLACES = [TASK + 48, TASK + 0x1000 + 48, TASK + 0x1000 + 88, TASK + 0x2000 + 104, TASK + 0x1000 + 120,
          SIGNALS + 16, SIGNALS + 0x90, RUN_QUEUES, RUN_QUEUES + 0x1008, OFFSETS, OFFSETS + 8,
          OFFSETS + 16, OFFSETS + 24, BTF, BTF + 8, BTF + 24, FILES, FILES + 0x1000, FILES + 0x1008,
          FILES + 0x2000]
VALUES = [0, 0xFFFFFFFFFFFFFFFF, LINEAR + TASK + 48, LINEAR + FILES, 0x7777777777777777]


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    (target / "whole").write_bytes(b"\0")
    for page in range(0x10, 0x84, 3):
        (target / f"away{page:x}").write_bytes(bytes([page]))
    for place in PLACES:
        for number, value in enumerate(VALUES):
            (target / f"patch{place:x}-{number}").write_bytes(
                b"\0" + struct.pack("<IQ", place | 8 << 24, value))


if __name__ == "__main__":
    main()
