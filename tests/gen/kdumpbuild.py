# SPDX-License-Identifier: GPL-2.0-or-later
"""Turning the ELF core of a recipe into a kdump-compressed file ([kdump] section).

Every version, word size, byte order and layout that was ever written, and
nothing is checked for sanity: tests need wrong files as much as good ones.
"""

import ctypes
import os
import struct
import zlib

import genpath  # noqa: F401
import recipe
from expect import Expected
from pylib import bits, elfnote, pagecodec
from pylib.elfcore import ElfCore
from pylib.kdumplayout import MAIN32, MAIN64, SINCE, SUB32_ALIGN4, SUB32_ALIGN8, SUB64, UTSNAME

FLAGS = {"none": 0, "zlib": pagecodec.ZLIB, "lzo": pagecodec.LZO, "snappy": pagecodec.SNAPPY,
         "zstd": pagecodec.ZSTD}
# i386 with a 64-bit time_t
MAIN32_TIME64 = {name: (offset + (8 if offset > 408 else 4 if offset == 408 else 0),
                        "q" if name.startswith("tv_") else code)
                 for name, (offset, code) in MAIN32.items()}
SUB_SIZES = {8: (8, 16, 32, 48, 64, 80, 104), 4: (4, 8, 20, 32, 44, 56, 80),
             -4: (4, 8, 20, 40, 56, 72, 96)}
UNAMES = {3: "i686", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "armv7l", 62: "x86_64",
          183: "aarch64", 243: "riscv64"}


def _lzo(data):
    lib = pagecodec.library(FLAGS["lzo"])
    out, work = ctypes.create_string_buffer(len(data) * 2 + 128), ctypes.create_string_buffer(1 << 18)
    length = ctypes.c_ulong(0)
    lib.lzo1x_1_compress(data, ctypes.c_ulong(len(data)), out, ctypes.byref(length), work)
    return out.raw[:length.value]


def _snappy(data):
    lib = pagecodec.library(FLAGS["snappy"])
    out, length = ctypes.create_string_buffer(len(data) * 2 + 64), ctypes.c_size_t(len(data) * 2 + 64)
    lib.snappy_compress(data, ctypes.c_size_t(len(data)), out, ctypes.byref(length))
    return out.raw[:length.value]


def _zstd(data):
    lib = pagecodec.library(FLAGS["zstd"])
    lib.ZSTD_compress.restype = ctypes.c_size_t
    room = len(data) * 2 + 512
    out = ctypes.create_string_buffer(room)
    length = lib.ZSTD_compress(out, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), 1)
    return out.raw[:length]


PACK = {"zlib": lambda data: zlib.compress(data, 1), "lzo": _lzo, "snappy": _snappy, "zstd": _zstd}


def pfn_ranges(text):
    """Set of `FIRST-END ...`, half open, or single numbers."""
    ranges = []
    for word in (text or "").split():
        first, dash, end = word.partition("-")
        ranges.append((recipe.number(first), recipe.number(end) if dash else recipe.number(first) + 1))
    return bits.from_ranges(ranges)


def scale(blocks, size, new):
    """A set of page frames of one size as those of another that they touch."""
    if size == new:
        return blocks
    return bits.from_ranges((first * size // new, -(-end * size // new))
                            for first, end in bits.ranges(blocks))


class KdumpFile:
    """A kdump-compressed file being made of an open ElfCore, by the keys of a
    [kdump] section. expected: an Expected, or None."""

    def __init__(self, section, core, expected):
        self.section, self.core, self.expected = section, core, expected
        self.order = core.order
        self.version = section.number("version", 6)
        self.block = section.number("block", core.page_size)
        self.level = section.number("level", 0)
        self.codecs = section.get("codec", "zlib").split()
        self._choose_layout()
        self._choose_pages()

    def _choose_layout(self):
        time64 = self.section.flag("time64")
        aligned = self.section.get("sub", "packed" if self.core.machine == 3 else "aligned") == "aligned"
        self.word = 8 if self.core.is64 else 4
        if self.word == 8:
            self.main, self.sub, sizes = MAIN64, SUB64, SUB_SIZES[8]
        else:
            self.sub = SUB32_ALIGN8 if aligned else SUB32_ALIGN4
            sizes = SUB_SIZES[-4 if aligned else 4]
            self.main = MAIN32
            if time64:
                self.main = MAIN64 if aligned else MAIN32_TIME64
        self.sub_size = sizes[min(self.version, 6)]

    def _choose_pages(self):
        self.present = scale(self.core.present(), self.core.page_size, self.block)
        self.max_mapnr = self.present.bit_length()
        self.stored = self.present & ~pfn_ranges(self.section.get("exclude"))
        if self.expected and self.level > 1:
            self.stored &= ~self.expected.dropped(self.level)
        split = self.section.get("split")
        self.first, self.end = 0, self.max_mapnr
        if split:
            self.first, self.end = (recipe.number(word) for word in split.split("-"))

    def page(self, block):
        """The bytes of one block; parts that are not in the core are zero."""
        return self.core.read_phys(block * self.block, self.block) or bytes(self.block)

    def notes(self):
        """(bytes of the note area, offset and size of VMCOREINFO's text in it)."""
        area, place = b"", (0, 0)
        for note in self.core.notes:
            if note.name == elfnote.VMCOREINFO:
                if not self.section.flag("vmcoreinfo", True):
                    continue
                place = (len(area) + 12 + elfnote.pad4(len(note.name) + 1), len(note.desc))
            area += elfnote.build(note.name, note.type, note.desc, self.order)
        return area, place

    def _front(self):
        """Sub header fields that say where things are, and the bytes behind the sub header."""
        area, (info, info_size) = self.notes()
        start = self.block + self.sub_size
        text = "".join(line + "\n" for line in self.section.text).encode("latin-1")
        fields = {"dump_level": self.level, "max_mapnr_64": self.max_mapnr,
                  "phys_base": self.section.number("phys_base") & (1 << 8 * self.word) - 1,
                  "offset_note": start if area else 0, "size_note": len(area),
                  "offset_vmcoreinfo": start + info if info_size else 0,
                  "size_vmcoreinfo": info_size, "offset_eraseinfo": start + len(area) if text else 0,
                  "size_eraseinfo": len(text)}
        if "split" in self.section.keys:
            fields.update(split=1, start_pfn=self.first, end_pfn=self.end, start_pfn_64=self.first,
                          end_pfn_64=self.end)
        return fields, area + text

    def _head(self, front_blocks, bitmap_blocks):
        status = FLAGS[self.codecs[0]] | (8 if self.section.flag("incomplete") else 0)
        return {"header_version": self.version, "tv_sec": self.section.number("tv_sec"),
                "status": status, "block_size": self.block, "sub_hdr_size": front_blocks - 1,
                "bitmap_blocks": bitmap_blocks, "max_mapnr": min(self.max_mapnr, 0xFFFFFFFF),
                "nr_cpus": sum(n.name == "CORE" and n.type == 1 for n in self.core.notes)}

    def _put(self, raw, base, fields, values, prefix):
        """Write header fields; keys head.NAME and sub.NAME of the recipe overrule them."""
        for name, (offset, code) in fields.items():
            key = prefix + name
            if name in SINCE and SINCE[name] > self.version and key not in self.section.keys:
                continue
            value = self.section.number(key, values.get(name, 0))
            size = struct.calcsize("=" + code)
            struct.pack_into(self.order + code.upper(), raw, base + offset, value & (1 << 8 * size) - 1)

    def _put_utsname(self, raw):
        machine = self.section.get("machine", UNAMES.get(self.core.machine, ""))
        names = dict(zip(UTSNAME, ("Linux", "host", self.core.vmcoreinfo.get("OSRELEASE", "6.1.0"),
                                   "#1 SMP", machine, "(none)")))
        if not self.section.flag("utsname", True):
            names = {"machine": machine}
        for i, name in enumerate(UTSNAME):
            raw[12 + 65 * i:12 + 65 * i + len(names.get(name, ""))] = names.get(name, "").encode()

    def own(self):
        """Blocks with a descriptor in this file."""
        return self.stored & ((1 << self.end) - 1) & -(1 << self.first)

    def bad(self, key):
        """Blocks that the key "lost" or "corrupt" names."""
        return pfn_ranges(self.section.get(key))

    def _pages(self, fd, descs):
        """Descriptors and data of the blocks of this file."""
        own, lost, corrupt = self.own(), self.bad("lost"), self.bad("corrupt")
        at = descs + 24 * own.bit_count()
        table, zero = bytearray(), bytes(self.block)
        if self.level & 1:
            os.pwrite(fd, zero, at)
            shared, at = at, at + self.block
        for number, block in enumerate(bits.iterate(own)):
            data, codec = self.page(block), self.codecs[number % len(self.codecs)]
            if lost >> block & 1:
                table += bytes(24)
                continue
            if self.level & 1 and data == zero:
                table += struct.pack(self.order + "QIIQ", shared, self.block, 0, 0)
                continue
            packed = PACK[codec](data) if codec in PACK else data
            flag = FLAGS[codec] if len(packed) < self.block else 0
            packed = packed if flag else data
            if corrupt >> block & 1:
                packed = bytes(byte ^ 0x5a for byte in packed)
            os.pwrite(fd, packed, at)
            table += struct.pack(self.order + "QIIQ", at, len(packed), flag, 0)
            at += len(packed)
        os.pwrite(fd, bytes(table), descs)

    def write(self, path):
        """Write the file."""
        fields, front = self._front()
        front_blocks = -(-(self.block + self.sub_size + len(front)) // self.block)
        half = -(-self.max_mapnr // 8 // self.block) or 1
        half += self.max_mapnr > half * self.block * 8
        count = self.section.number("bitmaps", 2)
        raw = bytearray((front_blocks + half * count) * self.block)
        raw[:8] = b"KDUMP   "
        raw[self.block + self.sub_size:self.block + self.sub_size + len(front)] = front
        self._put(raw, 0, self.main, self._head(front_blocks, half * count), "head.")
        self._put_utsname(raw)
        self._put(raw, self.block, self.sub, fields, "sub.")
        for i, pages in enumerate((self.present, self.stored)[-count:]):
            image = bits.to_bytes(pages)
            start = (front_blocks + i * half) * self.block
            raw[start:start + len(image)] = image
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.pwrite(fd, bytes(raw), 0)
        self._pages(fd, len(raw))
        os.close(fd)


def convert(path, section):
    """Replace the ELF core at path by the kdump-compressed file of a [kdump] section."""
    known = os.path.exists(f"{path}.json")
    with ElfCore(path) as core:
        KdumpFile(section, core, Expected(f"{path}.json") if known else None).write(f"{path}.kdump")
    os.rename(f"{path}.kdump", path)
