#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_xen: the smallest Xen host, eleven pages, and five of its Linux. Usage: seeds_xen.py DIR"""

import struct
import sys
from pathlib import Path

import seeds_elf

PAGE, BASE = 4096, 0x10000
TEXT, DIRECT, FRAMES = 0xFFFF82D080000000, 0xFFFF830000000000, 0xFFFF82E000000000
BITMAP = 512  # in the page of variables
VARS, L4, L3, L3_DIRECT, L2, L1, L2_FRAMES, L1_FRAMES, DOM0, GUEST, TABLE = range(11)
LISTS, L3_LINUX, L2_LINUX, L1_LINUX, UTS = range(11, 16)
LINUX = 0xFFFFFFFF80000000
ROOT_PFN, UTS_PFN = 5, 6  # as Linux counts


def pa(page):
    """Machine address of one of the pages."""
    return BASE + page * PAGE


def index(va, shift):
    """Index of va in the table of a level."""
    return va >> shift & 511


def account(raw, free):
    """Frame table, and what else tells of frames; free: "3.4", "3.3", or where the state bits are."""
    old = free == "3.3"
    size, count, at_info, at_owner = (40, "<I", 16, 20) if old else (32, "<Q", 8, 24)
    allocated, heap = (1 << 31, 0) if old else (1 << 63, 1 << 62)
    owners = [pa(GUEST) >> 12, 0, pa(DOM0) >> 12, 77]
    if old:
        owners = [owner << 12 for owner in owners]
    none = 0 if free in ("3.4", "3.3") else 3 << free
    for page in range(11):
        at = TABLE * PAGE + (pa(page) >> 12) * size
        info = [allocated | 1, none, allocated | 1, heap][page % 4]
        struct.pack_into(count, raw, at + at_info, heap if page == DOM0 else info)
        struct.pack_into("<I", raw, at + at_owner, owners[page % 4])
        if page % 4 != 1 or page == DOM0:
            frame = pa(page) >> 12
            raw[VARS * PAGE + BITMAP + frame // 8] |= 1 << frame % 8


def memory(free):
    """The pages: variables, page tables, domains, frame table."""
    raw = bytearray(16 * PAGE)

    def put(page, offset, value):
        struct.pack_into("<Q", raw, page * PAGE + offset, value)

    def table(page, va, shift, below, flags=0x63):
        put(page, index(va, shift) * 8, below | flags)

    put(VARS, 0, DIRECT + pa(DOM0))
    put(VARS, 8, FRAMES)
    put(VARS, 16, DIRECT + pa(VARS) + BITMAP)
    put(VARS, 24, pa(TABLE) + PAGE >> 12)
    put(VARS, 32, pa(GUEST))
    table(L4, TEXT, 39, pa(L3))
    table(L4, DIRECT, 39, pa(L3_DIRECT))
    table(L3, TEXT, 30, pa(L2))
    table(L3, FRAMES, 30, pa(L2_FRAMES))
    table(L3_DIRECT, DIRECT, 30, 0, 0xE3)
    table(L2, TEXT, 21, pa(L1))
    table(L2_FRAMES, FRAMES, 21, pa(L1_FRAMES))
    for page in range(11):
        table(L1, TEXT + page * PAGE, 12, pa(page))
    table(L1_FRAMES, FRAMES, 12, pa(TABLE))
    put(DOM0, 8, DIRECT + pa(GUEST))
    put(GUEST, 0, 1)
    # Lists of frames of all three levels in one page, and Linux in the hypervisor's tables.
    put(LISTS, 0, pa(LISTS) >> 12)
    put(LISTS, ROOT_PFN * 8, pa(L4) >> 12)
    table(L4, LINUX, 39, pa(L3_LINUX))
    table(L3_LINUX, LINUX, 30, pa(L2_LINUX))
    table(L2_LINUX, LINUX, 21, pa(L1_LINUX))
    table(L1_LINUX, LINUX + ROOT_PFN * PAGE, 12, pa(L4))
    table(L1_LINUX, LINUX + UTS_PFN * PAGE, 12, pa(UTS))
    for field, text in enumerate((b"Linux", b"host", b"6.1.0-seed", b"#1", b"x86_64", b"(none)")):
        raw[UTS * PAGE + field * 65:UTS * PAGE + field * 65 + len(text)] = text
    account(raw, free)
    return bytes(raw)


def told(free, size):
    """VMCOREINFO_XEN."""
    count, owner = (16, 20) if free == "3.3" else (8, 24)
    lines = ["PAGESIZE=4096", f"SYMBOL(domain_list)={TEXT:x}", f"SYMBOL(frame_table)={TEXT + 8:x}",
             f"SYMBOL(pgd_l4)={TEXT + PAGE:x}", f"SIZE(page_info)={size}",
             f"OFFSET(page_info.count_info)={count}", f"OFFSET(page_info._domain)={owner}",
             "OFFSET(domain.domain_id)=0", "OFFSET(domain.next_in_list)=8"]
    if free in ("3.4", "3.3"):
        lines += [f"SYMBOL(alloc_bitmap)={TEXT + 16:x}", f"SYMBOL(max_page)={TEXT + 24:x}",
                  f"SYMBOL(xenheap_phys_end)={TEXT + 32:x}"]
    return "".join(f"{line}\n" for line in lines)


def linux():
    """VMCOREINFO of domain 0."""
    return "".join(f"{line}\n" for line in (
        "OSRELEASE=6.1.0-seed", "PAGESIZE=4096", f"SYMBOL(swapper_pg_dir)={LINUX + ROOT_PFN * PAGE:x}",
        f"SYMBOL(init_uts_ns)={LINUX + UTS_PFN * PAGE:x}", "OFFSET(uts_namespace.name)=0"))


def host(free=55, longs=10, size=32, version=(4, 17), domain0=False):
    """A whole ELF core."""
    info = list(version) + [0] * 6 + [BASE, pa(LISTS) >> 12]
    notes = (seeds_elf.note("<", "Xen", 0x1000001, struct.pack(f"<{longs}Q", *info[:longs]))
             + seeds_elf.note("<", "VMCOREINFO_XEN", 0, told(free, size).encode())
             + (seeds_elf.note("<", "VMCOREINFO", 0, linux().encode()) if domain0 else b""))
    at = 64 + 2 * 56
    data = memory(free)
    return (seeds_elf.ehdr("<", True, 64, 2)
            + seeds_elf.phdr("<", True, seeds_elf.PT_NOTE, at, 0, len(notes), len(notes))
            + seeds_elf.phdr("<", True, seeds_elf.PT_LOAD, at + len(notes), BASE, len(data), len(data))
            + notes + data)


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for name, data in (("old", host()), ("new", host(free=58)), ("short", host(longs=9)),
                       ("odd-size", host(size=40)), ("xen3", host("3.4", version=(3, 4))),
                       ("domain0", host(domain0=True)),
                       ("xen33", host("3.3", size=40, version=(3, 3)))):
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
