# SPDX-License-Identifier: GPL-2.0-or-later
"""Building ELF cores: headers, notes and a sparse file of memory.

Nothing is checked for sanity: tests need wrong files as much as good ones.
"""

import os
import struct

import genpath  # noqa: F401  (makes tests/pylib importable)
from pylib.elfcore import PT_LOAD, PT_NOTE, PN_XNUM, pack_phdr

MACHINES = {"386": 3, "mips": 8, "ppc": 20, "ppc64": 21, "s390": 22, "arm": 40, "ia64": 50,
            "x86_64": 62, "aarch64": 183, "riscv": 243, "loongarch": 258}
EHDR_FIELDS = {"type": (16, 16, "H"), "machine": (18, 18, "H"), "version": (20, 20, "I"),
               "phoff": (28, 32, "A"), "shoff": (32, 40, "A"), "flags": (36, 48, "I"),
               "ehsize": (40, 52, "H"), "phentsize": (42, 54, "H"), "phnum": (44, 56, "H"),
               "shentsize": (46, 58, "H"), "shnum": (48, 60, "H"), "shstrndx": (50, 62, "H")}
PHDR_FIELDS = {"type": (0, 0, "I"), "flags": (24, 4, "I"), "offset": (4, 8, "A"),
               "vaddr": (8, 16, "A"), "paddr": (12, 24, "A"), "filesz": (16, 32, "A"),
               "memsz": (20, 40, "A"), "align": (28, 48, "A")}


def align_up(value, unit):
    """value rounded up to a multiple of unit."""
    return -(-value // unit) * unit


class Load:
    """One PT_LOAD to be written. offset is assigned by ElfFile.layout()
    unless given; share = another Load in which this one's memory is stored; repeat,
    set later, = another Load whose file bytes are this one's memory too."""

    repeat = None

    def __init__(self, paddr, memsz, vaddr=None, filesz=None, flags=7, share=None, offset=None,
                 p_align=0):
        self.paddr, self.memsz = paddr, memsz
        self.vaddr = paddr if vaddr is None else vaddr
        self.filesz = memsz if filesz is None else filesz
        self.flags, self.share, self.offset, self.align = flags, share, offset, p_align


class ElfFile:
    """An ELF core being written to `path`.

    phoff_mode: "after-ehdr", or "after-sections" as QEMU 7.2 and later do.
    xnum: write e_phnum = PN_XNUM and the count in section header 0.
    """

    def __init__(self, path, is64=True, order="<", machine=62, e_type=4, phoff_mode="after-ehdr",
                 xnum=False, ehsize=None, page=4096):
        self.is64, self.order, self.machine, self.type = is64, order, machine, e_type
        self.phoff_mode, self.xnum, self.ehsize, self.page = phoff_mode, xnum, ehsize, page
        self.loads, self.notes, self.extra_phdrs = [], b"", []
        self.note_room = 0  # least space kept for notes that are not known at layout()
        self.note_memsz = None  # p_memsz of the PT_NOTE, where it is not p_filesz
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)

    def close(self):
        """Release the file."""
        os.close(self.fd)

    def layout(self):
        """Assign file offsets to notes and loads; call once before writing."""
        ehdr, phdr, shdr = (64, 56, 64) if self.is64 else (52, 32, 40)
        self.phnum = 1 + len(self.loads) + len(self.extra_phdrs)
        sections = {"after-sections": 2, "after-ehdr": 0}[self.phoff_mode]
        if self.xnum and not sections:
            sections = 1
        self.shnum = sections
        if self.phoff_mode == "after-sections":
            self.shoff, self.phoff = ehdr, ehdr + sections * shdr
            end = self.phoff + self.phnum * phdr
        else:
            self.phoff = ehdr
            end = self.phoff + self.phnum * phdr
            self.shoff = end if sections else 0
            end += sections * shdr
        self.note_offset = end
        at = align_up(end + max(len(self.notes), self.note_room), self.page)
        for load in self.loads:
            if load.repeat:
                load.offset = load.repeat.offset
            elif load.offset is None and load.share is None:
                load.offset = at + load.paddr % self.page
                at = align_up(load.offset + load.filesz, self.page)
        for load in self.loads:
            if load.offset is None:
                load.offset = load.share.offset + load.paddr - load.share.paddr
        stored = [load.offset + load.filesz for load in self.loads if load.filesz]
        self.end = max(stored, default=end + len(self.notes))

    def write_headers(self):
        """Write Ehdr, program headers, section headers and notes; set the size."""
        os.ftruncate(self.fd, max(self.end, self.note_offset + len(self.notes)))
        ident = b"\x7fELF" + bytes([2 if self.is64 else 1, 1 if self.order == "<" else 2, 1])
        layout = "HHIQQQIHHHHHH" if self.is64 else "HHIIIIIHHHHHH"
        sizes = (64, 56, 64) if self.is64 else (52, 32, 40)
        phnum = PN_XNUM if self.xnum else self.phnum
        head = ident.ljust(16, b"\0") + struct.pack(
            self.order + layout, self.type, self.machine, 1, 0, self.phoff, self.shoff, 0,
            sizes[0] if self.ehsize is None else self.ehsize, sizes[1], phnum,
            sizes[2] if self.shnum else 0, self.shnum, self.shnum - 1 if self.shnum > 1 else 0)
        os.pwrite(self.fd, head, 0)
        memsz = len(self.notes) if self.note_memsz is None else self.note_memsz
        rows = [(PT_NOTE, 0, self.note_offset, 0, 0, len(self.notes), memsz, 4)]
        rows += [(PT_LOAD, l.flags, l.offset, l.vaddr, l.paddr, l.filesz, l.memsz, l.align)
                 for l in self.loads]
        rows += self.extra_phdrs
        mask = (1 << (64 if self.is64 else 32)) - 1
        table = b"".join(pack_phdr(tuple(v & mask for v in row), self.order, self.is64)
                         for row in rows)
        os.pwrite(self.fd, table, self.phoff)
        if self.shnum:
            os.pwrite(self.fd, self._sections(sizes[2]), self.shoff)
        os.pwrite(self.fd, self.notes, self.note_offset)

    def _sections(self, size):
        """Section headers; number 0 carries the PN_XNUM count in sh_info."""
        raw = bytearray(size * self.shnum)
        if self.xnum:
            struct.pack_into(self.order + "I", raw, 44 if self.is64 else 28, self.phnum)
        if self.shnum > 1:  # an empty string table, as QEMU's .shstrtab
            struct.pack_into(self.order + "I", raw, size + 4, 3)
        return bytes(raw)

    def load_of(self, paddr):
        """The first load that stores this physical address, or None."""
        for load in self.loads:
            if load.paddr <= paddr < load.paddr + load.filesz:
                return load
        return None

    def read_phys(self, paddr, size):
        """Memory of one load."""
        load = self.load_of(paddr)
        return os.pread(self.fd, size, load.offset + paddr - load.paddr)

    def write_phys(self, paddr, data):
        """Write memory; every byte must be stored by some load."""
        view = memoryview(data)
        while len(view):
            load = self.load_of(paddr)
            if load is None:
                raise ValueError(f"physical address {paddr:#x} is in no load")
            count = min(len(view), load.paddr + load.filesz - paddr)
            os.pwrite(self.fd, view[:count], load.offset + paddr - load.paddr)
            paddr += count
            view = view[count:]


def write_field(fd, table, base, name, value, order, is64):
    """Overwrite one field of an Ehdr or Phdr at file offset base."""
    at32, at64, code = table[name]
    size = {"H": 2, "I": 4, "A": 8 if is64 else 4}[code]
    raw = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little" if order == "<" else "big")
    os.pwrite(fd, raw, base + (at64 if is64 else at32))
