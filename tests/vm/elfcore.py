# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads physical memory and notes out of a little-endian ELF64 core."""

import bisect
import struct

PT_LOAD, PT_NOTE = 1, 4
EHDR_BYTES = 64
PHDR = struct.Struct("<IIQQQQQQ")


class ElfCore:
    """`with ElfCore(path) as core:`; loads are [(paddr, file bytes, offset)], sorted."""

    def __init__(self, path):
        self.file = open(path, "rb")
        head = self.file.read(EHDR_BYTES)
        if head[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no little-endian ELF64 file")
        table, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        self.file.seek(table)
        raw = self.file.read(size * count)
        entries = [PHDR.unpack_from(raw, number * size) for number in range(count)]
        self.loads = sorted((paddr, filesz, offset) for kind, _, offset, _, paddr, filesz, _, _
                            in entries if kind == PT_LOAD)
        self.starts = [load[0] for load in self.loads]
        self.note_spans = [(offset, filesz) for kind, _, offset, _, _, filesz, _, _
                           in entries if kind == PT_NOTE]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.file.close()

    def read(self, address, size):
        """size bytes at a physical address, or None where no load has them all."""
        for load in range(bisect.bisect_right(self.starts, address) - 1, -1, -1):
            paddr, filesz, offset = self.loads[load]
            if address + size <= paddr + filesz:
                self.file.seek(offset + address - paddr)
                return self.file.read(size)
        return None

    def notes(self):
        """Yields (name, type, data) of every note."""
        for offset, size in self.note_spans:
            self.file.seek(offset)
            raw = self.file.read(size)
            at = 0
            while at + 12 <= len(raw):
                name_size, data_size, kind = struct.unpack_from("<III", raw, at)
                at += 12
                name = raw[at:at + name_size].rstrip(b"\0").decode("ascii", "replace")
                at += -(-name_size // 4) * 4
                yield name, kind, raw[at:at + data_size]
                at += -(-data_size // 4) * 4

    def vmcoreinfo(self):
        """{key: value} of the VMCOREINFO note, empty without one."""
        for name, _, data in self.notes():
            if name == "VMCOREINFO":
                text = data.rstrip(b"\0").decode("ascii", "replace")
                return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        return {}
