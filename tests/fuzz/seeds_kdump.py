#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_kdump: small files of every version, layout and codec, from the
generator of recipes. Usage: seeds_kdump.py DIR"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "gen"))

import mkdump  # noqa: E402

MACHINES = (("x86_64", 64, "little"), ("ppc64", 64, "big"), ("386", 32, "little"), ("arm", 32, "little"),
            ("ppc", 32, "big"))
KEYS = ("", "codec = zlib lzo snappy zstd none", "level = 1", "bitmaps = 1", "exclude = 0x11 0x13-0x15",
        "split = 0x10-0x14", "incomplete = yes\nlost = 0x12", "corrupt = 0x11-0x13", "block = 65536",
        "| erase something size 4", "time64 = yes", "sub = packed", "vmcoreinfo = no") + tuple(
            f"version = {version}" for version in range(7))


def main(folder):
    """Write the seeds."""
    for machine, bits, order in MACHINES:
        for number, keys in enumerate(KEYS):
            text = (f"[elf]\nclass = {bits}\norder = {order}\nmachine = {machine}\n"
                    "[note]\nname = CORE\ntype = 1\nsize = 144\n"
                    "[note]\nname = VMCOREINFO\n| OSRELEASE=6.1.0\n| PAGESIZE=4096\n"
                    "[load]\npaddr = 0x10000\nmemsz = 20K\n[load]\npaddr = 0x18000\nmemsz = 8K\nfill = zero\n"
                    f"[kdump]\n{keys}\n")
            mkdump.make(text, str(Path(folder) / f"{machine}-{number}"))


if __name__ == "__main__":
    main(sys.argv[1])
