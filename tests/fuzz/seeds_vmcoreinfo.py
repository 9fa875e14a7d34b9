#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_vmcoreinfo: texts with every form of line. Usage: seeds_vmcoreinfo.py DIR"""

import sys
from pathlib import Path

COMMON = """OSRELEASE=6.12.0-test
BUILD-ID=00112233445566778899aabbccddeeff00112233
PAGESIZE=4096
SYMBOL(init_uts_ns)=ffffffff81a00000
OFFSET(uts_namespace.name)=4
SIZE(page)=64
OFFSET(page.flags)=0
LENGTH(zone.free_area)=11
NUMBER(PG_lru)=5
NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129
NUMBER(VMALLOC_START)=0xffffc90000000000
KERNELOFFSET=15200000
CONFIG_ARM_LPAE=y
CRASHTIME=1700000000
"""

SEEDS = {
    "plain": COMMON,
    "padded": COMMON + "\0" * 100,
    "cut": COMMON[:-5],
    "repeated": COMMON + "SIZE(page)=56\nSIZE(page)=nonsense\n",
    "unusable": "SYMBOL(a)=0\nSYMBOL(b)=ffffffffffffffff\nSIZE(c)=-1\nNUMBER(d)=-9223372036854775809\n",
    "odd": "=\n\n==\nX\nKEY=\nSIZE()=1\nSIZE(=1\nOFFSET(a.b)=0x10\nLENGTH(l)=1a\n",
    "long": "SIZE(" + "n" * 300 + ")=1\nK=" + "v" * 1100 + "\n",
}


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for name, text in SEEDS.items():
        (target / name).write_bytes(text.encode("latin-1"))


if __name__ == "__main__":
    main()
