# SPDX-License-Identifier: GPL-2.0-or-later
"""The last pages of a kdump file that is too large to be looked at as a whole.

A set of 2^32 pages is half a GiB, so only the bits behind a pfn are taken, and
those before it are counted.
"""

import os
import struct

import expect
import machinepages
from pylib import bits, harness, pagecodec
from pylib.kdumplayout import COMPRESS_FLAGS, DESC_SIZE, detect

STEP = 1 << 20


class Tail:
    """Pages from pfn `first` (a multiple of 8) on; valid and kept are sets (see bits)
    of pfns less first."""

    def __init__(self, path, first):
        self.first, self.fd = first, os.open(path, os.O_RDONLY)
        raw = os.pread(self.fd, 1 << 16, 0)
        layout = detect(raw)
        head = layout.decode(layout.main, raw)
        sub = layout.decode(layout.sub, raw[head["block_size"]:])
        self.order, self.size, self.max_mapnr = layout.order, head["block_size"], sub["max_mapnr_64"]
        half = head["bitmap_blocks"] // 2 * self.size
        start = (1 + head["sub_hdr_size"]) * self.size
        self.descriptors = start + 2 * half
        self.valid = self._bits(start + first // 8, half - first // 8)
        self.kept = self._bits(start + half + first // 8, half - first // 8)
        self.before = sum(self._bits(start + half + at, min(STEP, first // 8 - at)).bit_count()
                          for at in range(0, first // 8, STEP))

    def _bits(self, offset, length):
        return int.from_bytes(os.pread(self.fd, length, offset), "little")

    def close(self):
        """Release the file."""
        os.close(self.fd)

    def page(self, pfn):
        """Bytes of a kept page."""
        rank = self.before + (self.kept & ((1 << pfn - self.first) - 1)).bit_count()
        raw = os.pread(self.fd, DESC_SIZE, self.descriptors + rank * DESC_SIZE)
        offset, size, flags, _ = struct.unpack(self.order + "qIIQ", raw)
        return pagecodec.decode(flags & COMPRESS_FLAGS, os.pread(self.fd, size, offset), self.size)


def check(path, built, first):
    """Compare pages from pfn first on, at level 31, with a machine as it was built."""
    everything = (1 << built.max_mapnr - first) - 1
    dropped = bits.from_ranges((max(low, first) - first, end - first)
                               for low, end, kind in built.runs
                               if end > first and expect.dropped_at(kind, 31))
    written = Tail(path, first)
    try:
        harness.expect(written.max_mapnr == built.max_mapnr, f"max_mapnr {written.max_mapnr:#x}")
        harness.expect(written.valid == everything, bits.show(written.valid ^ everything))
        wrong = written.kept ^ (everything & ~dropped)
        harness.expect(not wrong, f"from {first:#x} on: {bits.show(wrong)}")
        tagged = 0
        for words in built.statements:
            options = dict(word.split("=") for word in words if "=" in word)
            pfn = int(options["at"], 0)
            if pfn >= first and written.kept >> pfn - first & 1:
                tagged += 1
                want = machinepages.page_bytes(words[0], pfn, written.size, options["content"])
                harness.expect(written.page(pfn) == want, f"pfn {pfn:#x}: other bytes")
        harness.expect(tagged > 1, "no page compared")
    finally:
        written.close()
