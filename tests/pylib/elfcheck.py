# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules an ELF core written by a filter must obey, and its pages against those of the source.

Run as a program: python3 -m pylib.elfcheck FILE [SOURCE] (from tests/) prints
the faults and exits 1 when there is any.
"""

import os
import sys

from . import bits
from .elfcore import PN_XNUM, PT_LOAD, PT_NOTE, ElfCore

INCOMPLETE = 1
CHUNK = 1 << 20
MAX_SHOWN = 5


def header_faults(core):
    """Faults in the headers, each one that some reader stumbles over."""
    faults = []
    if core.phoff != (64 if core.is64 else 52):
        faults.append(f"program headers at {core.phoff}, not right behind the ELF header")
    if (core.shoff != 0) != (len(core.phdrs) >= PN_XNUM):
        faults.append(f"{len(core.phdrs)} program headers and e_shoff {core.shoff}")
    if [p.type for p in core.phdrs] != [PT_NOTE] + [PT_LOAD] * (len(core.phdrs) - 1):
        faults.append("program headers are not one PT_NOTE and then PT_LOADs")
    if core.flags & ~INCOMPLETE:
        faults.append(f"e_flags {core.flags:#x}")
    return faults + core.problems


def load_faults(core):
    """Faults of the PT_LOADs: alignment, place of their data, and doubles."""
    faults, incomplete = [], core.flags & INCOMPLETE
    note = core.phdrs[0]
    for load in core.all_loads:
        if load.align:
            faults.append(f"{load}: p_align {load.align}")
        if load.offset < note.offset + note.filesz:
            faults.append(f"{load}: before the end of the notes")
        if not load.memsz:
            faults.append(f"{load}: empty")
        if not incomplete and load.filesz and load.offset + load.filesz > core.file_size:
            faults.append(f"{load}: ends behind the file")
    return faults


def stored_bytes(core):
    """Sorted, disjoint ranges of file offsets that PT_LOADs name."""
    return bits.merge([(p.offset, p.offset + p.filesz) for p in core.all_loads if p.filesz])


def size_faults(core):
    """All data is named by a PT_LOAD, and none of it is there twice: page data has no holes."""
    if core.flags & INCOMPLETE:
        return []
    size, data = core.page_size, stored_bytes(core)
    pages = sum(1 for _ in bits.iterate(stored_pages(core)))
    expected = (data[0][0] // size * size if data else core.file_size) + pages * size
    return [] if core.file_size == expected else [f"{core.file_size} bytes for {pages} pages, not {expected}"]


def stored_pages(core):
    """Set (see bits) of pfns with data."""
    size = core.page_size
    return bits.from_ranges((p.paddr // size, -(-(p.paddr + p.filesz) // size))
                            for p in core.loads if p.filesz)


def _load_differs(core, source, load):
    """Where the data of one PT_LOAD is not that of the source; None: nowhere."""
    end = min(load.filesz, max(core.file_size - load.offset, 0))
    for at in range(0, end, CHUNK):
        length = min(CHUNK, end - at)
        got = os.pread(core.fd, length, load.offset + at)
        if got != source.read_phys(load.paddr + at, length):
            return load.paddr + at
    return None


def source_faults(core, source):
    """Every stored byte equals the source's; both machines have the same memory."""
    faults = []
    for load in core.loads:
        where = _load_differs(core, source, load)
        if where is not None:
            faults.append(f"{load}: differs from the source behind {where:#x}")
    if core.present() != source.present():
        faults.append("memory differs from that of the source")
    if [(n.name, n.type, n.desc) for n in core.notes] != [(n.name, n.type, n.desc) for n in source.notes]:
        faults.append("notes differ from those of the source")
    return faults


def check(path, source=None):
    """Faults of the file, and against the ELF core it was made from."""
    with ElfCore(path) as core:
        faults = header_faults(core) + load_faults(core) + size_faults(core)
        if source and not faults:
            with ElfCore(source) as original:
                faults = source_faults(core, original)
    if len(faults) > MAX_SHOWN:
        faults[MAX_SHOWN:] = [f"and {len(faults) - MAX_SHOWN} more"]
    return faults


if __name__ == "__main__":
    found = check(*sys.argv[1:3])
    print("\n".join(found))
    sys.exit(bool(found))
