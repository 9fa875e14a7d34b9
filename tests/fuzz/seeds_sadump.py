#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_sadump: headers of good single, set and media dumps. Usage: seeds_sadump.py DIR"""

import struct
import sys
from pathlib import Path

BLOCK = 4096


def part(disk, used):
    """A part header without its magic numbers."""
    raw = bytearray(168)
    struct.pack_into("<16s16s", raw, 88, b"system of seeds.", b"set of seeds....")
    struct.pack_into("<I", raw, 152, disk)
    struct.pack_into("<Q", raw, 160, used)
    return bytes(raw)


def dump_header(version, cpus, max_mapnr):
    """A dump header with one block of everything."""
    raw = bytearray(120)
    struct.pack_into("<I", raw, 8, version)
    struct.pack_into("<I", raw, 40, BLOCK)
    struct.pack_into("<4I", raw, 48, 1, 1, 1, max_mapnr)
    struct.pack_into("<I", raw, 80, cpus)
    struct.pack_into("<Q", raw, 88, max_mapnr)
    return bytes(raw)


def body(cpus, wide, ram, stored):
    """Sub header, bitmaps and pages of one letter each."""
    sub = bytearray(BLOCK)
    struct.pack_into("<I", sub, 0, cpus * 1024)
    for cpu in range(cpus):
        at = 4 + 16 * cpus + 1024 * cpu
        struct.pack_into("<Q", sub, at + 992, 0x500 if wide else 0)
        struct.pack_into("<Q", sub, at + 1016, 0x80000001)
    count = sum(bin(byte).count("1") for byte in stored)
    return (bytes(sub) + ram.ljust(BLOCK, b"\0") + stored.ljust(BLOCK, b"\0")
            + b"".join(bytes([65 + n % 26]) * BLOCK for n in range(min(count, 4))))


def seeds():
    """Name and bytes of every seed."""
    after = body(2, True, b"\x7f\xff\xf0", b"\x20\x81")
    yield "single", bytes([0]) + part(0, 0) + dump_header(1, 2, 24) + after
    yield "version0", bytes([0]) + part(0, 0) + dump_header(0, 1, 20) + body(1, False, b"\xff\x0f", b"\x01")
    media = b"system of seeds.set of seeds...." + bytes(16) + b"\1\1\1\1"
    yield "media", bytes([0x80]) + part(0, 0) + media + dump_header(1, 2, 24) + after
    for disks in (2, 3):
        parts = b"".join(part(n + 1, 2 * BLOCK + (6 * BLOCK if n == 0 else 0)) for n in range(disks))
        head = struct.pack("<IIQ", 1, disks, 0).ljust(80, b"\0")
        yield f"set{disks}", bytes([disks - 1]) + parts + head + dump_header(1, 2, 24) + after
    yield "no-cpus", bytes([0]) + part(0, 0) + dump_header(1, 0, 24) + after
    yield "fragments", bytes([0]) + part(0, 0) + dump_header(1, 2, 32768) + body(
        2, True, b"\x55" * 4096, b"\xaa" * 4096)


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for name, data in seeds():
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
