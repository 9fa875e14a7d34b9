#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Give a dump that QEMU made without VMCOREINFO the note that is in its memory.

QEMU copies the note where the guest's driver qemu_fw_cfg has told it the address.
A guest without that driver has the same in /sys/kernel/vmcoreinfo.
"""

import os
import pathlib
import struct
import sys

PT_LOAD, PT_NOTE = 1, 4
# Offsets in Elf64_Ehdr and Elf64_Phdr of the ELF specification.
E_PHOFF, E_PHENTSIZE = 32, 54
ENTRY = struct.Struct("<IIQQQQQQ")


def _entries(file):
    """[(offset in the file, the entry's fields)] of the program headers."""
    file.seek(0)
    head = file.read(64)
    if head[:6] != b"\x7fELF\x02\x01":
        raise ValueError("no little-endian ELF64 file")
    table, = struct.unpack_from("<Q", head, E_PHOFF)
    size, count = struct.unpack_from("<HH", head, E_PHENTSIZE)
    result = []
    for at in range(table, table + size * count, size):
        file.seek(at)
        result.append((at, ENTRY.unpack(file.read(ENTRY.size))))
    return result


def _memory(file, entries, address, size):
    for _, (kind, _, offset, _, paddr, filesz, _, _) in entries:
        if kind == PT_LOAD and paddr <= address and address + size <= paddr + filesz:
            file.seek(offset + address - paddr)
            return file.read(size)
    raise ValueError(f"no load holds {size} bytes at {address:#x}")


def add_note(path, where):
    """Append the note at where ("PADDR SIZE", both hex) to the notes of the dump."""
    address, size = (int(word, 16) for word in where.split())
    with open(path, "r+b") as file:
        entries = _entries(file)
        note = _memory(file, entries, address, size)
        if b"VMCOREINFO\0" not in note[:32]:
            raise ValueError(f"{path}: no note VMCOREINFO at {address:#x}")
        at, fields = next(item for item in entries if item[1][0] == PT_NOTE)
        file.seek(fields[2])
        notes = file.read(fields[5]) + note
        end = file.seek(0, os.SEEK_END)
        file.write(notes)
        file.seek(at)
        file.write(ENTRY.pack(*fields[:2], end, *fields[3:5], len(notes), len(notes), fields[7]))


def main():
    """add_note.py VMCOREINFO_FILE DUMP"""
    if len(sys.argv) != 3:
        print(main.__doc__, file=sys.stderr)
        return 2
    add_note(sys.argv[2], pathlib.Path(sys.argv[1]).read_text(encoding="ascii"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
