#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_elf: small cores of both classes and byte orders, with overlapping, fractional, partly
stored and cut-off loads, section headers in front, PN_XNUM. Usage: seeds_elf.py DIR"""

import struct
import sys
from pathlib import Path

PT_LOAD, PT_NOTE = 1, 4
ALL_ONES = {False: 0xFFFFFFFF, True: 0xFFFFFFFFFFFFFFFF}


def ehdr(order, is64, phoff, phnum, shoff=0, flags=0):
    """An ELF header of a core."""
    ident = b"\x7fELF" + bytes([2 if is64 else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    sizes = (64, 56, phnum, 64, 1 if shoff else 0, 0) if is64 else (52, 32, phnum, 40, 1 if shoff else 0, 0)
    word = "Q" if is64 else "I"
    return ident + struct.pack(f"{order}HHI3{word}I6H", 4, 62 if is64 else 3, 1, 0, phoff, shoff, flags, *sizes)


def phdr(order, is64, kind, offset, paddr, filesz, memsz, vaddr=0, flags=7):
    """One program header."""
    if is64:
        return struct.pack(order + "IIQQQQQQ", kind, flags, offset, vaddr, paddr, filesz, memsz, 0)
    return struct.pack(order + "8I", kind, offset, vaddr, paddr, filesz, memsz, flags, 0)


def note(order, name, kind, desc):
    """One note, padded to 4 bytes."""
    name = name.encode() + b"\0"
    pad = lambda data: data + bytes(-len(data) % 4)
    return struct.pack(order + "3I", len(name), len(desc), kind) + pad(name) + pad(desc)


def notes_of(order):
    """PRSTATUS of two CPUs, an area of zeros, VMCOREINFO."""
    return (note(order, "CORE", 1, bytes(32)) + note(order, "CORE", 1, bytes(range(32))) + bytes(24)
            + note(order, "VMCOREINFO", 0, b"OSRELEASE=6.1\nPAGESIZE=4096\nSIZE(page)=64\n"))


def core(order, is64, loads, shdrs=0, xnum=False, gap=0, flags=0):
    """A whole core. loads: (paddr, filesz, memsz) or with vaddr and p_flags behind."""
    notes = notes_of(order)
    phoff = (64 if is64 else 52) + shdrs * (64 if is64 else 40)
    phsize = 56 if is64 else 32
    at = phoff + phsize * (len(loads) + 1)
    table = phdr(order, is64, PT_NOTE, at, 0, len(notes), len(notes))
    body = notes
    for paddr, filesz, memsz, *rest in loads:
        body += bytes(gap)
        table += phdr(order, is64, PT_LOAD, at + len(body), paddr & ALL_ONES[is64], filesz, memsz, *rest)
        body += bytes((i * 7 + i // 256) % 256 for i in range(filesz))
    shoff, tail = 0, b""
    if xnum:
        shoff = at + len(body)
        head = bytes(44 if is64 else 28) + struct.pack(order + "I", len(loads) + 1)
        tail = head + bytes((64 if is64 else 40) - len(head))
    count = 0xFFFF if xnum else len(loads) + 1
    head = ehdr(order, is64, phoff, count, shoff, flags)
    return head + bytes(phoff - len(head)) + table + body + tail


LOADS = {
    "plain": [(0x1000, 4096, 4096), (0x3000, 8192, 8192)],
    "overlap": [(0x2000, 6000, 8192, 0x8000), (0x1000, 16384, 16384), (0x2800, 100, 100)],
    "fraction": [(0x1C00, 1000, 1000), (0x1FF0, 3000, 5000), (0x5001, 1, 1)],
    "hole": [(0x1000, 0, 8192), (0x8000, 10, 4096), (-1, 64, 64, 0xF000), (0x4000, 0, 0)],
    "pmem": [(0x1000, 4096, 4096), (0x4000, 0, 0x100000, 0, 0x17)],
    "tail": [(0x1000, 4096, 12288), (0x2000, 4096, 4096), (0x2000, 1, 12288)],
}


def seeds():
    """Name and bytes of every seed."""
    for order in "<>":
        for is64 in (True, False):
            form = ("le" if order == "<" else "be") + ("64" if is64 else "32")
            for name, loads in LOADS.items():
                yield f"{form}-{name}", core(order, is64, loads, gap=len(name))
            yield f"{form}-sections", core(order, is64, LOADS["plain"], shdrs=2, flags=1)
            yield f"{form}-xnum", core(order, is64, LOADS["overlap"], xnum=True)
            yield f"{form}-cut", core(order, is64, LOADS["plain"])[:-5000]
            yield f"{form}-many", core(order, is64, [(i * 700, 300, 900) for i in range(40)])
    yield "le64-window", core("<", True, [(0x10000, 150000, 150000), (0x20000, 4096, 4096)])


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for name, data in seeds():
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
