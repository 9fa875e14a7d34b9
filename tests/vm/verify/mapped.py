# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of an ELF vmcore, fast: slices of a mapping of the file."""

import bisect
import mmap
import os

import verify.paths  # noqa: F401
from pylib.elfcore import ElfCore


class MappedCore(ElfCore):
    """An ElfCore whose page() is a slice where one load has the whole page.

    Every other page (fractional, split over loads, cut off) takes the plain
    way of ElfCore, so the answers are the same.
    """

    def __init__(self, path):
        super().__init__(path)
        self.map = mmap.mmap(self.fd, 0, access=mmap.ACCESS_READ)
        self.pieces = self._pieces()
        self.starts = [piece[0] for piece in self.pieces]

    def close(self):
        """Release mapping and file."""
        self.map.close()
        super().close()

    def _pieces(self):
        """Sorted (first pfn, end pfn, file offset) of whole pages.

        The first load of the table wins, as in read_phys(); a page is in no
        piece when the winner of its bytes is not one load.
        """
        size, pieces, touched = self.page_size, [], []
        for load in self.loads:
            stored = min(load.filesz, max(0, self.file_size - load.offset))
            first, end = -(-load.paddr // size), (load.paddr + stored) // size
            for low, high in _minus(first, end, touched):
                pieces.append((low, high, load.offset + low * size - load.paddr))
            touched.append((load.paddr // size, -(-(load.paddr + load.filesz) // size)))
        return sorted(pieces)

    def page(self, pfn):
        """The bytes of one page, or None when it is not in the dump."""
        index = bisect.bisect_right(self.starts, pfn) - 1
        if index >= 0:
            first, end, offset = self.pieces[index]
            if pfn < end:
                at = offset + (pfn - first) * self.page_size
                return self.map[at:at + self.page_size]
        return super().page(pfn)


def _minus(first, end, taken):
    """Parts of [first, end) in none of the ranges taken."""
    parts = [(first, end)]
    for low, high in taken:
        parts = [part for a, b in parts for part in ((a, min(b, low)), (max(a, high), b))
                 if part[0] < part[1]]
    return [part for part in parts if part[0] < part[1]]


def same_file(one, other):
    """None when two files have the same bytes, else the first offset that differs."""
    if os.path.getsize(one) != os.path.getsize(other):
        return min(os.path.getsize(one), os.path.getsize(other))
    at = 0
    with open(one, "rb") as left, open(other, "rb") as right:
        while True:
            a, b = left.read(1 << 20), right.read(1 << 20)
            if a != b:
                return at + next(i for i, (x, y) in enumerate(zip(a, b)) if x != y)
            if not a:
                return None
            at += len(a)
