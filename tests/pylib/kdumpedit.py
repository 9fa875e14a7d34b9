# SPDX-License-Identifier: GPL-2.0-or-later
"""Taking pages out of a kdump-compressed file, and spoiling them: for dumps that must not pass."""

import os

from . import bits
from .kdumpfile import KdumpError, KdumpFile
from .kdumplayout import DESC_SIZE


def remove(path, pfns):
    """Leave out pages of the file at path, as a filter that misjudged them would have.

    Their bits in the second bitmap go, and their descriptors; the data stays as waste.
    """
    gone = bits.from_iterable(pfns)
    with KdumpFile(path) as dump:
        kept, start = dump.kept(), dump.desc_offset
        if gone & ~kept:
            raise KdumpError(f"{path}: has no pages {bits.show(gone & ~kept)}")
        raw = os.pread(dump.fd, kept.bit_count() * DESC_SIZE, start)
        second, size = dump.bitmap_offset + dump.bitmap_size, dump.bitmap_size
        bitmap = dump.bitmap2 & ~gone
        numbers = {dump.table.rank(pfn) - dump.first_rank for pfn in bits.iterate(gone)}
    left = b"".join(raw[i * DESC_SIZE:(i + 1) * DESC_SIZE] for i in range(len(raw) // DESC_SIZE)
                    if i not in numbers)
    with open(path, "r+b") as file:
        file.seek(second)
        file.write(bitmap.to_bytes(size, "little"))
        file.seek(start)
        file.write(left)


def spoil(path, pfn):
    """Overwrite what is stored of a page so that it does not unpack."""
    with KdumpFile(path) as dump:
        offset, size, flags, _ = dump.descriptor(pfn)
    if not flags:
        raise KdumpError(f"{path}: page {pfn:#x} is stored as it is: any bytes are good")
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)
