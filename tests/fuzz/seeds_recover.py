#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_recover: small x86_64 kernels with and without their text. Usage: seeds_recover.py DIR"""

import struct
import sys
from pathlib import Path

PAGE = 4096
IMAGE = 0xFFFFFFFF81000000
ROOT, PUD, PMD, UTS, TEXT, BANNER, NOTE = range(1, 8)
X86, ARM64, S390X, PPC, UNKNOWN = range(5)


def text(release="6.1.0-test", more=""):
    """VMCOREINFO of an image at physical 0."""
    return (f"OSRELEASE={release}\nPAGESIZE=4096\nSYMBOL(init_uts_ns)={IMAGE + UTS * PAGE:x}\n"
            f"SYMBOL(init_top_pgt)={IMAGE + ROOT * PAGE:x}\n"
            f"SYMBOL(swapper_pg_dir)={IMAGE + ROOT * PAGE:x}\nNUMBER(phys_base)=-16777216\n{more}").encode()


def memory(pieces):
    """Eight pages: page tables of one image of 2 MiB, utsname, and what is asked for at its places."""
    raw = bytearray(8 * PAGE)

    def entry(page, index, value):
        struct.pack_into("<Q", raw, page * PAGE + index * 8, value)

    for index in (273, 402, 468):
        entry(ROOT, index, PUD * PAGE | 0x63)
    entry(ROOT, 511, PUD * PAGE | 0x63)
    entry(PUD, 510, PMD * PAGE | 0x63)
    entry(PMD, 8, 0x1E3)
    for index, field in enumerate((b"Linux", b"host", b"6.1.0-test", b"#1", b"x86_64", b"(none)")):
        at = UTS * PAGE + 4 + index * 65
        raw[at:at + len(field)] = field
    for at, data in pieces:
        raw[at:at + len(data)] = data
    return bytes(raw)


def note(desc, order="<"):
    """The note of a text."""
    return struct.pack(order + "III", 11, len(desc), 0) + b"VMCOREINFO\0\0" + desc


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    banner = (BANNER * PAGE + 100, b"Linux version 6.1.0-test (x@y) #1 SMP")
    page, noted = (TEXT * PAGE, text()), (NOTE * PAGE, note(text(more="CRASHTIME=1700000000\n")))
    odd = (TEXT * PAGE + 321, text())
    stale = (TEXT * PAGE, text("5.10.0"))
    for name, machine, pieces in (
            ("page", X86, [page]), ("note", X86, [page, noted]), ("odd", X86, [odd]),
            ("stale", X86, [stale]), ("both", X86, [stale, noted]), ("tables", X86, [banner]),
            ("no-banner", X86, []), ("arm64", ARM64, [page]), ("s390x", S390X, [page, odd]),
            ("s390x-note", S390X, [(NOTE * PAGE, note(text(), ">"))]), ("ppc", PPC, [stale]),
            ("differ", PPC, [stale, (NOTE * PAGE, text())]), ("unknown", UNKNOWN, [page])):
        (target / name).write_bytes(bytes([machine]) + memory(pieces))


if __name__ == "__main__":
    main()
