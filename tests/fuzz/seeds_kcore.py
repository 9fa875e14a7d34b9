#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_kcore: a small /proc/kcore with and without physical addresses, and what
/proc/iomem and /sys/kernel/vmcoreinfo say beside it. Usage: seeds_kcore.py DIR"""

import sys
from pathlib import Path

from seeds_elf import PT_LOAD, PT_NOTE, ehdr, note, phdr

DIRECT, ONES = 0xFFFF888000000000, 0xFFFFFFFFFFFFFFFF
IOMEM = b"""00001000-0009fbff : System RAM
00100000-00103fff : System RAM
  00100000-00100fff : Kernel code
  00102000-00102fff : Crash kernel
"""


def kcore(tells, info=True):
    """The file: image, vmalloc, two areas of RAM."""
    notes = note("<", "CORE", 1, bytes(112)) + note("<", "CORE", 4, bytes(range(200)))
    if info:
        notes += note("<", "VMCOREINFO", 0, b"OSRELEASE=6.1\nPAGESIZE=4096\n")
    memory = 64 + 5 * 56 + len(notes)
    loads = [(0xFFFFFFFF81000000, 0x100000, 0x3000, 0), (0xFFFFC90000000000, ONES, 1 << 45, 1 << 44),
             (DIRECT + 0x1000, 0x1000, 0x9E000, 0x4000), (DIRECT + 0x100000, 0x100000, 0x4000, 0)]
    table = phdr("<", True, PT_NOTE, 64 + 5 * 56, 0, len(notes), 0)
    for vaddr, paddr, size, at in loads:
        head = phdr("<", True, PT_LOAD, memory + at, paddr if tells else 0, size, size, vaddr)
        table += head[:48] + (4096).to_bytes(8, "little")
    pages = bytearray(0x5000)
    inner = note("<", "VMCOREINFO", 0, b"OSRELEASE=4.9\n")
    pages[0x100:0x100 + len(inner)] = inner
    return ehdr("<", True, 64, 5) + table + notes + bytes(pages)


def seed(text, line, file):
    """One input of the target."""
    return len(text).to_bytes(2, "little") + text + line.ljust(32) + file


def main(folder):
    """Write the seeds."""
    line = b"0x100100 1024\n"
    seeds = {"tells": seed(IOMEM, line, kcore(True)), "old": seed(IOMEM, line, kcore(False, False)),
             "noinfo": seed(IOMEM + b"\n", line, kcore(True, False)),
             "silent": seed(b"", b"", kcore(True)), "copy": seed(IOMEM + b"\n\n", line, kcore(False))}
    for name, data in seeds.items():
        (Path(folder) / name).write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
