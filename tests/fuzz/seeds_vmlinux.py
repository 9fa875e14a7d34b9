#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_vmlinux: everything.c in several forms of debug information. Usage: seeds_vmlinux.py DIR"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent),
                str(Path(__file__).resolve().parent.parent / "dwarf")]

import vmlinux  # noqa: E402


def main():
    """Write one file per form."""
    target = Path(sys.argv[1])
    for name, flags in (("dwarf5", ["-g"]), ("dwarf4", ["-gdwarf-4"]), ("dwarf2", ["-gdwarf-2"]),
                        ("zlib", ["-g", "-gz=zlib"])):
        vmlinux.build(target / name, *flags)
    vmlinux.run("objcopy", "--only-keep-debug", target / "dwarf5", target / "only-debug")
    stripped = vmlinux.build(target / "stripped")
    vmlinux.run("objcopy", "--strip-all", stripped)


if __name__ == "__main__":
    main()
