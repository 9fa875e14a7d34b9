#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Mark the loads of persistent memory in a copy of an ELF vmcore.

QEMU writes p_flags 0 and the released kexec-tools leave such memory out, so the
flag that the proposed kernels and kexec-tools would set (bit 4, 0x10, beside
R, W and X) has to be put in afterwards.
"""

import pathlib
import re
import struct
import subprocess
import sys

PT_LOAD = 1
PMEM_FLAGS = 0x10 | 7
# Offsets in Elf64_Ehdr and Elf64_Phdr of the ELF specification.
E_PHOFF, E_PHENTSIZE = 32, 54
P_FLAGS, P_PADDR, P_MEMSZ = 4, 24, 40


def pmem_ranges(iomem):
    """[(start, end)] of the top-level persistent memory of a /proc/iomem text, end exclusive."""
    return [(int(start, 16), int(end, 16) + 1) for start, end in
            re.findall(r"^\s*([0-9a-f]+)-([0-9a-f]+) : Persistent Memory$", iomem, re.MULTILINE)]


def mark(source, target, ranges):
    """Copy source to target, marking each load inside one of ranges; returns how many.

    source must be a little-endian ELF64 core.
    """
    subprocess.run(["cp", "--sparse=always", source, target], check=True)
    pathlib.Path(target).chmod(0o600)
    marked = 0
    with open(target, "r+b") as file:
        head = file.read(64)
        if head[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{source} is no little-endian ELF64 file")
        table, = struct.unpack_from("<Q", head, E_PHOFF)
        size, count = struct.unpack_from("<HH", head, E_PHENTSIZE)
        for number in range(count):
            file.seek(table + number * size)
            entry = file.read(size)
            kind, = struct.unpack_from("<I", entry)
            start, = struct.unpack_from("<Q", entry, P_PADDR)
            length, = struct.unpack_from("<Q", entry, P_MEMSZ)
            if kind == PT_LOAD and any(low <= start and start + length <= high
                                       for low, high in ranges):
                file.seek(table + number * size + P_FLAGS)
                file.write(struct.pack("<I", PMEM_FLAGS))
                marked += 1
    return marked


def main():
    """mark_pmem.py IOMEM SOURCE TARGET; exit status 1 when no load was marked."""
    if len(sys.argv) != 4:
        print(main.__doc__, file=sys.stderr)
        return 2
    ranges = pmem_ranges(pathlib.Path(sys.argv[1]).read_text(encoding="ascii"))
    marked = mark(sys.argv[2], sys.argv[3], ranges)
    print(f"{marked} loads marked in {sys.argv[3]}")
    return 0 if marked else 1


if __name__ == "__main__":
    sys.exit(main())
