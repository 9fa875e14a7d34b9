#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_backup: kimage, elfcorehdr and command line that fit. Usage: seeds_backup.py DIR"""

import struct
import sys
from pathlib import Path

COPY, HEADER = 0x40000000, 0x40100000


def seed(offset, line):
    """One input; offset: where low memory is said to be."""
    kimage = struct.pack("<7Q", 1, 2 ** 63, 2 ** 63, COPY, 2 ** 63, 0, 2)
    for mem, size in ((COPY, 0xA0000), (HEADER, 0x1000)):
        kimage += struct.pack("<4Q", 0, size, mem, size)
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 4, 0, 0x12002000, 0, 0x12002000, 256, 256, 0)
    head += struct.pack("<IIQQQQQQ", 1, 7, offset, 0, 0x1000, 0x9EC00, 0x9EC00, 0)
    return kimage.ljust(1024, b"\0") + head.ljust(512, b"\0") + line


def main():
    """Write them."""
    folder = Path(sys.argv[1])
    folder.joinpath("moved").write_bytes(seed(COPY, b"elfcorehdr=0x1ef60000"))
    folder.joinpath("same").write_bytes(seed(0x1000, b"quiet elfcorehdr=2M@867704K"))


if __name__ == "__main__":
    main()
