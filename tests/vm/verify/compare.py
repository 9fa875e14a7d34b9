# SPDX-License-Identifier: GPL-2.0-or-later
"""One pass over a written dump: is each kept page that of the source?"""

import dataclasses
import mmap
import struct

import verify.paths  # noqa: F401
from pylib import bits, kdumpcheck, pagecodec
from pylib.harness import expect
from pylib.kdumpfile import KdumpFile
from pylib.kdumplayout import COMPRESS_FLAGS, DESC_SIZE
from verify.subject import TAG, TAG_WORD

# A page of zeros or of one pattern is a few bytes when compressed, and there are many.
SMALL = 96


@dataclasses.dataclass
class Pass:
    """What one pass over a dump has seen; sets are those of pylib.bits."""

    kept: int = 0
    pages: int = 0
    zero_pages: int = 0
    shared_zero: int = 0
    wrong: list = dataclasses.field(default_factory=list)
    tagged: dict = dataclasses.field(default_factory=dict)


class _Decoder:
    """Decodes pages; remembers those of few stored bytes."""

    def __init__(self, size):
        self.size, self.small = size, {}

    def page(self, flags, raw):
        """The page stored as raw; raises CodecError."""
        if not flags:
            return raw
        if len(raw) > SMALL:
            return pagecodec.decode(flags, raw, self.size)
        key = (flags, raw)
        if key not in self.small:
            self.small[key] = pagecodec.decode(flags, raw, self.size)
        return self.small[key]


def walk(path, source):
    """Decode every page of the dump at path, compare with source.page(pfn); a Pass.

    At most a few mismatches are described in wrong; tagged has {pfn: kind} of
    the pages with a workload tag anywhere in them.
    """
    result, places = Pass(), {}
    with KdumpFile(path) as dump:
        decoder = _Decoder(dump.block_size)
        zero = bytes(dump.block_size)
        view = mmap.mmap(dump.fd, 0, access=mmap.ACCESS_READ)
        result.kept = dump.kept()
        table = struct.iter_unpack(dump.layout.order + "qIIQ", view[
            dump.desc_offset:dump.desc_offset + DESC_SIZE * result.kept.bit_count()])
        for pfn, (offset, size, flags, _) in zip(bits.iterate(result.kept), table):
            result.pages += 1
            try:
                page = decoder.page(flags & COMPRESS_FLAGS, view[offset:offset + size])
            except pagecodec.CodecError as why:
                page = None
                result.wrong.append(f"pfn {pfn:#x}: {why}")
            if page is not None and page != source.page(pfn):
                result.wrong.append(f"pfn {pfn:#x} differs from the source")
            if len(result.wrong) > 4:
                break
            if page == zero:
                result.zero_pages += 1
                places[offset] = places.get(offset, 0) + 1
            elif page and TAG_WORD in page:
                match = TAG.search(page)
                if match:
                    result.tagged[pfn] = match[1].decode()
        view.close()
    result.shared_zero = max(places.values(), default=0)
    return result


def sound(path, source, level, live=False):
    """A Pass over a dump that must be correct in form and in every page.

    The zero pages are counted here; kdumpcheck decodes nothing a second time.
    """
    faults = kdumpcheck.check(str(path), deep=False, live=live)
    expect(not faults, f"{path.name}: {faults[:3]}")
    done = walk(path, source)
    expect(not done.wrong, f"{path.name}: {done.wrong}")
    expect(done.pages == done.kept.bit_count(), f"{path.name}: only {done.pages} pages decoded")
    if level & 1:
        expect(done.shared_zero == done.zero_pages,
               f"{path.name}: {done.zero_pages} zero pages, {done.shared_zero} of them shared")
    return done
