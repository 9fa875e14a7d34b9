#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_btf: a set with every kind, either byte order, split or not. Usage: seeds_btf.py DIR"""

import struct
import sys
from pathlib import Path

(INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO,
 VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64) = range(1, 20)


class Btf:
    """Types are added in the order of their ids; a string stands as often as it is used."""

    def __init__(self, order, first_string=0):
        self.order = order
        self.first_string = first_string
        self.types = b""
        self.strings = b"" if first_string else b"\0"

    def words(self, *values):
        """32-bit words of the target; a str is the offset of its string."""
        return b"".join(struct.pack(self.order + "I", self.name(v) if isinstance(v, str) else v)
                        for v in values)

    def name(self, text):
        """Offset of the string."""
        if not text:
            return 0
        self.strings += text.encode() + b"\0"
        return self.first_string + len(self.strings) - len(text) - 1

    def add(self, name, kind, count, value, *rest, flag=0):
        """One record and the words behind it."""
        self.types += self.words(name, flag << 31 | kind << 24 | count, value, *rest)

    def blob(self, layout=b""):
        """The bytes as in a kernel."""
        head = 32 if layout else 24
        sizes = struct.pack(self.order + "HBBIIIII", 0xeb9f, 1, 0, head, 0, len(self.types),
                            len(self.types), len(self.strings))
        if layout:
            sizes += struct.pack(self.order + "II", len(self.types) + len(self.strings), len(layout))
        return sizes + self.types + self.strings + layout


def everything(order):
    """One type of each kind."""
    btf = Btf(order)
    btf.add("long unsigned int", INT, 0, 8, 64)
    btf.add("", PTR, 0, 0)
    btf.add("list_head", STRUCT, 2, 16, "next", 2, 0, "prev", 2, 64)
    btf.add("", STRUCT, 2, 24, "lru", 8, 0, "mapping", 2, 128)
    btf.add("", UNION, 2, 24, "", 4, 0, "pgmap", 2, 0)
    btf.add("page", FWD, 0, 0)
    btf.add("page", STRUCT, 2, 32, "flags", 1, 0, "", 5, 64)
    btf.add("list_t", TYPEDEF, 0, 3)
    btf.add("", ARRAY, 0, 0, 1, 1, 6)
    btf.add("", ARRAY, 0, 0, 9, 1, 5)
    btf.add("info", STRUCT, 2, 256, "flags", 1, 5 << 24 | 3, "table", 10, 64, flag=1)
    btf.add("pageflags", ENUM, 2, 4, "PG_locked", 0, "PG_lru", 5)
    btf.add("wide", ENUM64, 1, 8, "WIDE", 1, 2)
    btf.add("int", VAR, 0, 11, 1)
    btf.add(".data..percpu", DATASEC, 1, 256, 14, 0, 256)
    btf.add("", FUNC_PROTO, 1, 1, "arg", 2)
    btf.add("f", FUNC, 1, 16)
    btf.add("double", FLOAT, 0, 8)
    btf.add("tag", DECL_TAG, 0, 7, 0xffffffff)
    btf.add("user", TYPE_TAG, 0, 1)
    btf.add("", CONST, 0, 20)
    btf.add("", VOLATILE, 0, 21)
    btf.add("", RESTRICT, 0, 22)
    return btf


def split_from(base, count):
    """A module's types, which use those of the kernel."""
    btf = Btf(base.order, len(base.strings))
    btf.add("page", STRUCT, 2, 40, "flags", 7, 0, "lru", 3, 256)
    btf.add("info", TYPEDEF, 0, count + 1)
    return btf


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for order, bit in (("<", b"\0"), (">", b"\1")):
        base = everything(order)
        blob = base.blob()
        start = bit + struct.pack("<H", len(blob))
        (target / f"whole{bit[0]}").write_bytes(start + blob)
        (target / f"split{bit[0]}").write_bytes(start + blob + split_from(base, 23).blob())
        newer = everything(order)
        newer.add("new", 21, 2, 0, 1, 2)
        layout = bytes(4 * 21) + bytes([0, 4, 0, 0])
        (target / f"layout{bit[0]}").write_bytes(bit + b"\0\0" + newer.blob(layout))
    cycle = Btf("<")
    cycle.add("page", TYPEDEF, 0, 1)
    cycle.add("info", STRUCT, 2, 8, "", 2, 0, "", 2, 0)
    (target / "cycle").write_bytes(b"\0\0\0" + cycle.blob())


if __name__ == "__main__":
    main()
