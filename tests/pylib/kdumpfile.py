# SPDX-License-Identifier: GPL-2.0-or-later
"""Reader of kdump-compressed files, and a checker of what a writer promised.

KdumpFile reads; check() lists every way in which a file departs from the
format or from the promises of a careful writer. An empty list = no fault.
"""

import os
import struct

from . import bits, elfnote, pagecodec
from .kdumplayout import COMPRESS_FLAGS, DESC_SIZE, SIGNATURE, SINCE, UTSNAME, detect


class KdumpError(Exception):
    """The file cannot be read as kdump-compressed; the text says why."""


class KdumpFile:
    """An open file. Attributes: layout, head, sub (dicts of header fields),
    utsname (dict), block_size, max_mapnr, bitmap1, bitmap2 (sets, see bits),
    notes, vmcoreinfo, desc_offset, file_size."""

    def __init__(self, path):
        self.path = str(path)
        self.fd = os.open(self.path, os.O_RDONLY)
        self.file_size = os.fstat(self.fd).st_size
        self._read_headers()
        self._read_bitmaps()
        self._read_notes()

    def close(self):
        """Release the file descriptor."""
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read_headers(self):
        self.raw_head = os.pread(self.fd, 2 * 262144, 0)
        if self.raw_head[:8] != SIGNATURE:
            raise KdumpError("no KDUMP signature")
        self.layout = detect(self.raw_head)
        if self.layout is None:
            raise KdumpError("no header layout fits")
        self.head = self.layout.decode(self.layout.main, self.raw_head)
        self.block_size = self.head["block_size"]
        version = self.head["header_version"]
        sub = self.layout.decode(self.layout.sub, self.raw_head[self.block_size:])
        self.sub = {name: value if SINCE[name] <= version else 0 for name, value in sub.items()}
        self.max_mapnr = self.sub["max_mapnr_64"] if version >= 6 else self.head["max_mapnr"]
        self.raw_utsname = {name: self.raw_head[12 + 65 * i:12 + 65 * (i + 1)]
                            for i, name in enumerate(UTSNAME)}
        self.utsname = {name: raw.split(b"\0")[0].decode("latin-1")
                        for name, raw in self.raw_utsname.items()}

    def _read_bitmaps(self):
        half = self.head["bitmap_blocks"] // 2 * self.block_size
        self.bitmap_offset = (1 + self.head["sub_hdr_size"]) * self.block_size
        self.bitmap_size = half
        self.desc_offset = self.bitmap_offset + self.head["bitmap_blocks"] * self.block_size
        if self.desc_offset > self.file_size:
            raise KdumpError("file ends before the end of the bitmaps")
        first = os.pread(self.fd, half, self.bitmap_offset)
        second = os.pread(self.fd, half, self.bitmap_offset + half)
        self.bitmap1 = int.from_bytes(first, "little")
        self.bitmap2 = int.from_bytes(second, "little")
        self.table = bits.RankTable(second)
        start, _ = self.pfn_range()
        self.first_rank = self.table.rank(start)

    def _read_notes(self):
        area = os.pread(self.fd, min(self.sub["size_note"], 1 << 24), self.sub["offset_note"]) \
            if self.sub["size_note"] else b""
        self.notes, self.note_problems = elfnote.parse(area, self.layout.order)
        raw = os.pread(self.fd, min(self.sub["size_vmcoreinfo"], 1 << 20),
                       self.sub["offset_vmcoreinfo"]) if self.sub["size_vmcoreinfo"] else b""
        self.vmcoreinfo_text = raw.decode("latin-1")
        self.vmcoreinfo = elfnote.Vmcoreinfo(self.vmcoreinfo_text)

    def pfn_range(self):
        """Half-open pfn range this file has descriptors for."""
        if self.sub["split"]:
            return self.sub["start_pfn_64"], self.sub["end_pfn_64"]
        return 0, self.max_mapnr

    def kept(self):
        """Set of pfns that have a descriptor in this file."""
        start, end = self.pfn_range()
        return self.bitmap2 & ((1 << end) - 1) & -(1 << start)

    def descriptors(self):
        """Yield (offset, size, flags, page_flags) for each kept page in order."""
        left = self.kept().bit_count()
        at = self.desc_offset
        while left:
            count = min(left, 65536)
            raw = os.pread(self.fd, count * DESC_SIZE, at)
            raw = raw.ljust(count * DESC_SIZE, b"\0")
            yield from struct.iter_unpack(self.layout.order + "qIIQ", raw)
            at += count * DESC_SIZE
            left -= count

    def descriptor(self, pfn):
        """The descriptor of one kept pfn."""
        index = self.table.rank(pfn) - self.first_rank
        raw = os.pread(self.fd, DESC_SIZE, self.desc_offset + index * DESC_SIZE)
        return struct.unpack(self.layout.order + "qIIQ", raw.ljust(DESC_SIZE, b"\0"))

    def page(self, pfn):
        """Bytes of a kept page; None when the dump does not hold it."""
        start, end = self.pfn_range()
        if not start <= pfn < end or not self.table.test(pfn):
            return None
        offset, size, flags, _ = self.descriptor(pfn)
        return self.page_at(offset, size, flags)

    def page_at(self, offset, size, flags):
        """Bytes of the page stored at a descriptor's place; None when lost."""
        if offset == 0:
            return None
        if size > self.block_size:
            raise KdumpError(f"stored size {size} is larger than a page")
        data = os.pread(self.fd, size, offset)
        return pagecodec.decode(flags & COMPRESS_FLAGS, data, self.block_size)

    def pages(self):
        """Yield (pfn, bytes or None) of all kept pages in ascending order."""
        for pfn, (offset, size, flags, _) in zip(bits.iterate(self.kept()), self.descriptors()):
            yield pfn, self.page_at(offset, size, flags)


def check(path, deep=True, kernel=True):
    """List of faults of a kdump-compressed file, as text.

    deep   also decode every page and look for zero pages stored needlessly.
    kernel the source had a VMCOREINFO note, so utsname and note are due.
    """
    from . import kdumpcheck
    return kdumpcheck.check(path, deep=deep, kernel=kernel)
