# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules a written kdump-compressed file must obey, one function per area.

Run as a program: python3 -m pylib.kdumpcheck FILE... (from tests/) prints the
faults of each file and exits 1 when there is any.
"""

import os
import sys

from . import bits, elfnote, pagecodec
from .kdumpfile import KdumpError, KdumpFile
from .kdumplayout import COMPRESS_FLAGS, DESC_SIZE, STATUS_INCOMPLETE

MAX_SHOWN = 5
SMALL = 64


def blocks(size, block):
    """Blocks needed for size bytes."""
    return -(-size // block)


def header_faults(dump):
    """Faults in the main header."""
    head, faults = dump.head, []
    for name in ("tv_usec", "total_ram_blocks", "device_blocks", "written_blocks", "current_cpu"):
        if head[name]:
            faults.append(f"header field {name} is {head[name]}, not 0")
    if head["header_version"] != 6:
        faults.append(f"header_version is {head['header_version']}, not 6")
    if head["max_mapnr"] != min(dump.max_mapnr, 0xFFFFFFFF):
        faults.append(f"max_mapnr {head['max_mapnr']} does not match max_mapnr_64 {dump.max_mapnr}")
    compress = head["status"] & COMPRESS_FLAGS
    if compress & (compress - 1):
        faults.append(f"status {head['status']:#x} names more than one compressor")
    if head["status"] & ~(COMPRESS_FLAGS | STATUS_INCOMPLETE | 0x10):
        faults.append(f"status {head['status']:#x} has unknown bits")
    gap = (402, 408) if dump.layout.is64 else (402, 404)
    if any(dump.raw_head[gap[0]:gap[1]]):
        faults.append("padding after utsname is not zero")
    if any(dump.raw_head[dump.layout.header_size:dump.block_size]):
        faults.append("bytes after the main header in block 0 are not zero")
    return faults


def geometry_faults(dump):
    """Faults in the sizes of the header areas and bitmaps."""
    head, size, faults = dump.head, dump.block_size, []
    want = 2 * blocks(blocks(dump.max_mapnr, 8), size)
    if head["bitmap_blocks"] != want:
        faults.append(f"bitmap_blocks is {head['bitmap_blocks']}, not {want}")
    need = blocks(dump.layout.sub_size + dump.sub["size_note"], size)
    if head["sub_hdr_size"] < need:
        faults.append(f"sub_hdr_size is {head['sub_hdr_size']}, needs {need}")
    if dump.bitmap1 >> dump.max_mapnr or dump.bitmap2 >> dump.max_mapnr:
        faults.append("a bitmap has bits at or after max_mapnr")
    stray = dump.bitmap2 & ~dump.bitmap1
    if stray:
        faults.append(f"bitmap2 has pages that bitmap1 lacks: {bits.show(stray)}")
    start, end = dump.sub["start_pfn_64"], dump.sub["end_pfn_64"]
    if dump.sub["split"] and (start % 64 or not start <= end <= dump.max_mapnr):
        faults.append(f"split range [{start}, {end}) is not usable")
    if dump.sub["split"] not in (0, 1):
        faults.append(f"split is {dump.sub['split']}")
    if not dump.sub["split"] and start:
        faults.append(f"start_pfn is {start} in a file that is not split")
    return faults


def note_faults(dump, kernel):
    """Faults in notes, VMCOREINFO position, utsname and CPU count."""
    faults = list(dump.note_problems)
    sub, low = dump.sub, dump.block_size + dump.layout.sub_size
    high = (1 + dump.head["sub_hdr_size"]) * dump.block_size
    if sub["size_note"] and not low <= sub["offset_note"] <= high - sub["size_note"]:
        faults.append("the note area is not between sub header and bitmaps")
    cpus = sum(n.name == "CORE" and n.type == elfnote.NT_PRSTATUS for n in dump.notes)
    if dump.head["nr_cpus"] != max(cpus, 1):
        faults.append(f"nr_cpus is {dump.head['nr_cpus']} with {cpus} PRSTATUS notes")
    infos = [n for n in dump.notes if n.name == elfnote.VMCOREINFO]
    places = [(sub["offset_note"] + n.position, len(n.desc)) for n in infos]
    if infos and (sub["offset_vmcoreinfo"], sub["size_vmcoreinfo"]) not in places:
        faults.append("offset_vmcoreinfo does not point at the VMCOREINFO note's text")
    if kernel and not infos:
        faults.append("no VMCOREINFO note")
    for name, raw in dump.raw_utsname.items():
        if kernel and b"\0" not in raw:
            faults.append(f"utsname.{name} is not terminated")
        if kernel and name not in ("domainname", "nodename") and not dump.utsname[name]:
            faults.append(f"utsname.{name} is empty")
    if kernel and dump.utsname["sysname"] != "Linux":
        faults.append(f"utsname.sysname is {dump.utsname['sysname']!r}")
    release = dump.vmcoreinfo.get("OSRELEASE")
    if kernel and release is not None and release != dump.utsname["release"]:
        faults.append(f"utsname.release {dump.utsname['release']!r} is not OSRELEASE {release!r}")
    crash = dump.vmcoreinfo.get("CRASHTIME", "")
    if crash.isdigit() and dump.head["tv_sec"] != int(crash):
        faults.append(f"timestamp {dump.head['tv_sec']} is not CRASHTIME {crash}")
    return faults


def descriptor_fault(dump, desc, data_start, incomplete):
    """The fault of one descriptor, or None."""
    offset, size, flags, page_flags = desc
    if offset == 0:
        return None if incomplete and not any(desc) else "descriptor without data"
    if page_flags:
        return f"page_flags is {page_flags:#x}"
    if flags & ~COMPRESS_FLAGS or flags & (flags - 1):
        return f"flags {flags:#x}"
    if size > dump.block_size or size == 0 or bool(flags) == (size == dump.block_size):
        return f"size {size} with flags {flags:#x}"
    if offset < data_start or offset + size > dump.file_size:
        return f"data at {offset:#x}+{size:#x} is outside the page area"
    if flags and not flags & dump.head["status"]:
        return f"flags {flags:#x} but status {dump.head['status']:#x}"
    return None


def descriptor_faults(dump):
    """Faults in the descriptor table and in the placing of page data."""
    faults, extents = [], {}
    incomplete = bool(dump.head["status"] & STATUS_INCOMPLETE)
    count = dump.bitmap2.bit_count()
    data_start = dump.desc_offset + DESC_SIZE * count
    if data_start > dump.file_size and not incomplete:
        return [f"file ends inside the descriptors ({dump.file_size} < {data_start})"]
    shared = set()
    for pfn, desc in zip(bits.iterate(dump.kept()), dump.descriptors()):
        fault = descriptor_fault(dump, desc, data_start, incomplete)
        if fault:
            faults.append(f"pfn {pfn:#x}: {fault}")
        elif desc[0]:
            if desc[0] in extents:
                shared.add(desc[0])
            if extents.setdefault(desc[0], desc[1]) != desc[1]:
                faults.append(f"pfn {pfn:#x}: shares an offset with another size")
        if len(faults) >= MAX_SHOWN:
            return faults + ["more descriptor faults not shown"]
    if len(shared) > 1:
        faults.append(f"{len(shared)} places are shared by several pages; only the zero page may be")
    if shared and not dump.sub["dump_level"] & 1:
        faults.append("pages share data although dump_level has no zero bit")
    end = 0
    for offset in sorted(extents):
        if offset < end:
            faults.append(f"page data at {offset:#x} overlaps the data before it")
            break
        end = offset + extents[offset]
    return faults


def page_faults(dump):
    """Faults found by decoding every page.

    Pages stored in a few bytes are mostly the same few contents (zeros), so
    what those decode to is remembered.
    """
    faults, seen_zero, known = [], set(), {}
    zero = bytes(dump.block_size)
    for pfn, (offset, size, flags, _) in zip(bits.iterate(dump.kept()), dump.descriptors()):
        if offset == 0 or offset in seen_zero:
            continue
        stored = os.pread(dump.fd, size, offset)
        is_zero = known.get((flags, stored)) if size <= SMALL else None
        if is_zero is None:
            try:
                is_zero = pagecodec.decode(flags & COMPRESS_FLAGS, stored, dump.block_size) == zero
            except pagecodec.CodecError as why:
                faults.append(f"pfn {pfn:#x}: {why}")
                is_zero = False
            if size <= SMALL:
                known[flags, stored] = is_zero
        if is_zero:
            seen_zero.add(offset)
        if len(faults) >= MAX_SHOWN:
            return faults + ["more page faults not shown"]
    if dump.sub["dump_level"] & 1 and len(seen_zero) > 1:
        faults.append(f"zero pages are stored {len(seen_zero)} times, not once")
    return faults


def check(path, deep=True, kernel=True):
    """All faults of the file at path, as text; see kdumpfile.check()."""
    try:
        dump = KdumpFile(path)
    except (KdumpError, OSError) as why:
        return [f"cannot be read: {why}"]
    with dump:
        faults = header_faults(dump) + geometry_faults(dump) + note_faults(dump, kernel)
        faults += descriptor_faults(dump)
        # Decoding trusts descriptors, so it only makes sense on sound ones.
        return faults + (page_faults(dump) if deep and not faults else [])


def main(paths):
    """Print the faults of each file; exit status 1 when there is any."""
    bad = 0
    for path in paths:
        for fault in check(path):
            print(f"{path}: {fault}")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
