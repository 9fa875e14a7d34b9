# SPDX-License-Identifier: GPL-2.0-or-later
"""Reader of ELF cores made from a whole machine's memory.

Both classes, both byte orders, program headers anywhere (e_phoff), PN_XNUM,
overlapping loads, partly filled pages at either end of a load. Physical
addresses identify pages; loads whose address is unknown (all ones) are kept
in `loads` but never used for pages.
"""

import os
import struct

from . import bits, elfnote

PT_LOAD, PT_NOTE, PN_XNUM, ET_CORE = 1, 4, 0xFFFF, 4
EM_386, EM_ARM, EM_X86_64, EM_AARCH64 = 3, 40, 62, 183


class ElfError(Exception):
    """The file is not a usable ELF core; the text says why."""


class Phdr:
    """One program header, in bytes; `index` is its place in the table."""

    def __init__(self, index, values):
        self.index = index
        (self.type, self.flags, self.offset, self.vaddr, self.paddr,
         self.filesz, self.memsz, self.align) = values

    def __repr__(self):
        return (f"Phdr({self.index}: type {self.type}, paddr {self.paddr:#x}, vaddr {self.vaddr:#x}, "
                f"offset {self.offset:#x}, filesz {self.filesz:#x}, memsz {self.memsz:#x})")


def unpack_phdr(raw, order, is64):
    """The eight fields in Phdr order from one raw header of either class."""
    if is64:
        kind, flags, offset, vaddr, paddr, filesz, memsz, align = struct.unpack(order + "IIQQQQQQ", raw)
    else:
        kind, offset, vaddr, paddr, filesz, memsz, flags, align = struct.unpack(order + "8I", raw)
    return kind, flags, offset, vaddr, paddr, filesz, memsz, align


def pack_phdr(values, order, is64):
    """Raw bytes of one header; values in Phdr order."""
    kind, flags, offset, vaddr, paddr, filesz, memsz, align = values
    if is64:
        return struct.pack(order + "IIQQQQQQ", kind, flags, offset, vaddr, paddr, filesz, memsz, align)
    return struct.pack(order + "8I", kind, offset, vaddr, paddr, filesz, memsz, flags, align)


class ElfCore:
    """An open core. Attributes: is64, order, machine, page_size, phdrs, loads
    (known physical address only), notes, vmcoreinfo, problems (list of text)."""

    def __init__(self, path, page_size=None):
        self.path = str(path)
        self.fd = os.open(self.path, os.O_RDONLY)
        self.file_size = os.fstat(self.fd).st_size
        self.problems = []
        self._read_header()
        self._read_phdrs()
        self.all_loads = [p for p in self.phdrs if p.type == PT_LOAD]
        self.loads = [p for p in self.all_loads if self._usable(p)]
        self.notes = self._read_notes()
        texts = [n.desc for n in self.notes if n.name == elfnote.VMCOREINFO]
        self.vmcoreinfo_text = texts[-1].decode("latin-1") if texts else ""
        self.vmcoreinfo = elfnote.Vmcoreinfo(self.vmcoreinfo_text)
        self.page_size = page_size or int(self.vmcoreinfo.get("PAGESIZE", 4096))
        if self.page_size < 1 or self.page_size & (self.page_size - 1):
            raise ElfError(f"page size {self.page_size} is not a power of two")

    def close(self):
        """Release the file descriptor."""
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read_header(self):
        ident = os.pread(self.fd, 64, 0)
        if ident[:4] != b"\x7fELF":
            raise ElfError("no ELF magic")
        if len(ident) < 52 or ident[4] not in (1, 2) or ident[5] not in (1, 2):
            raise ElfError("bad class or data encoding, or header cut short")
        self.is64 = ident[4] == 2
        self.order = "<" if ident[5] == 1 else ">"
        if self.is64 and len(ident) < 64:
            raise ElfError("header cut short")
        layout = "HHIQQQIHHHHHH" if self.is64 else "HHIIIIIHHHHHH"
        (self.type, self.machine, _, _, self.phoff, self.shoff, self.flags, _, self.phentsize,
         self.phnum, self.shentsize, self.shnum, _) = struct.unpack_from(self.order + layout, ident, 16)
        if self.type != ET_CORE:
            raise ElfError(f"e_type is {self.type}, not a core")
        if self.phentsize < (56 if self.is64 else 32):
            raise ElfError(f"e_phentsize {self.phentsize} is too small")

    def _read_phdrs(self):
        if self.phnum == PN_XNUM:
            raw = os.pread(self.fd, 64 if self.is64 else 40, self.shoff) if self.shoff else b""
            if len(raw) < (64 if self.is64 else 40):
                raise ElfError("e_phnum is PN_XNUM but there is no section header 0")
            self.phnum = struct.unpack_from(self.order + "I", raw, 44 if self.is64 else 28)[0]
        end = self.phoff + self.phnum * self.phentsize
        if self.phnum == 0 or end > self.file_size:
            raise ElfError(f"{self.phnum} program headers at {self.phoff:#x} do not fit the file")
        table = os.pread(self.fd, end - self.phoff, self.phoff)
        used = 56 if self.is64 else 32
        self.phdrs = []
        for index in range(self.phnum):
            raw = table[index * self.phentsize:index * self.phentsize + used]
            self.phdrs.append(Phdr(index, unpack_phdr(raw, self.order, self.is64)))

    def _usable(self, load):
        ones = (1 << (64 if self.is64 else 32)) - 1
        if load.paddr == ones:
            return False
        if load.paddr + load.memsz > 1 << 64 or load.offset + load.filesz > 1 << 64:
            self.problems.append(f"load {load.index} wraps around")
            return False
        if load.memsz < load.filesz:
            self.problems.append(f"load {load.index}: memsz < filesz")
            load.memsz = load.filesz
        return True

    def _read_notes(self):
        result = []
        for phdr in self.phdrs:
            if phdr.type != PT_NOTE:
                continue
            area = os.pread(self.fd, min(phdr.filesz, 1 << 30), phdr.offset)
            notes, problems = elfnote.parse(area, self.order)
            result += notes
            self.problems += problems
        return result

    def present(self):
        """Set (see bits) of pfns touched by any load with known address."""
        size = self.page_size
        return bits.from_ranges(
            (p.paddr // size, -(-(p.paddr + p.memsz) // size)) for p in self.loads if p.memsz)

    def max_mapnr(self):
        """Pfn after the last page of any load with known address."""
        return max((-(-(p.paddr + p.memsz) // self.page_size) for p in self.loads if p.memsz), default=0)

    def read_phys(self, address, size):
        """`size` bytes at a physical address; None when no load touches them.

        For each byte the first load in table order that has file data there
        wins; bytes only in the unstored tail of a load, and holes, are zero.
        """
        result = bytearray(size)
        filled = bits.merge([])
        touched = False
        for load in self.loads:
            first = max(address, load.paddr)
            if first < min(address + size, load.paddr + load.memsz):
                touched = True
            last = min(address + size, load.paddr + load.filesz)
            for start, end in _minus(first, last, filled):
                data = os.pread(self.fd, end - start, load.offset + start - load.paddr)
                result[start - address:start - address + len(data)] = data
                filled = bits.merge(filled + [(start, start + len(data))])
            if filled == [(address, address + size)]:
                break
        return bytes(result) if touched else None

    def page(self, pfn):
        """The bytes of one page, or None when it is not in the dump."""
        return self.read_phys(pfn * self.page_size, self.page_size)


def _minus(first, last, taken):
    """Parts of [first, last) not in the sorted ranges `taken`."""
    result = []
    for start, end in taken:
        if first < min(start, last):
            result.append((first, min(start, last)))
        first = max(first, end)
    if first < last:
        result.append((first, last))
    return result
