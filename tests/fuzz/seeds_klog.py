#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_klog: small printk rings of every word size and byte order. Usage: seeds_klog.py DIR

Layout of memory from address 0x100000 on, as tests/unit/ringbuild.h has it."""

import struct
import sys
from pathlib import Path

MEM = 0x100000
VAR, RB, DESCS, INFOS, TEXT = 0x10, 0x100, 0x1000, 0x8000, 0x20000
FORMS = [(8, "<"), (8, ">"), (4, "<"), (4, ">")]
COUNT_BITS, SIZE_BITS = 4, 10


class Ring:
    """Memory being filled; word() and the rest put one value at an offset."""

    def __init__(self, word, order):
        self.size, self.order = word, order
        self.mem = bytearray(TEXT + (1 << SIZE_BITS))

    def put(self, at, fmt, value):
        """One value in the ring's byte order."""
        struct.pack_into(self.order + fmt, self.mem, at, value)

    def word(self, at, value):
        """An unsigned long."""
        self.put(at, "Q" if self.size == 8 else "I", value & ((1 << (self.size * 8)) - 1))


def ring(form, info_size, texts, first_id, states=None):
    """Log texts one behind another; states overrides the state of some records."""
    word, order = FORMS[form]
    out = Ring(word, order)
    count, size = 1 << COUNT_BITS, 1 << SIZE_BITS
    mask = (1 << (word * 8 - 2)) - 1
    lpos = -size
    for n, text in enumerate(texts):
        ident = (first_id + n) & mask
        length = word + (len(text) + word - 1) // word * word
        begin = lpos
        if begin // size != (begin + length - 1) // size:
            lpos = (begin + length - 1) // size * size
        at = TEXT + lpos % size
        lpos += length
        out.word(TEXT + begin % size, ident)
        out.word(at, ident)
        out.mem[at + word:at + word + len(text)] = text
        desc, info = DESCS + ident % count * 3 * word, INFOS + ident % count * info_size
        state = (states or {}).get(n, 2)
        out.word(desc, state << (word * 8 - 2) | ident)
        out.word(desc + word, begin)
        out.word(desc + 2 * word, lpos)
        out.put(info + 8, "Q", n * 1234567890)
        out.put(info + 16, "H", len(text))
        out.put(info + 20, "I", 0x80000000 | n if n % 2 else n)
    out.word(VAR, MEM + RB)
    out.put(RB, "I", COUNT_BITS)
    head = first_id + len(texts) - 1
    for i, value in ((1, MEM + DESCS), (2, MEM + INFOS), (3, head & mask),
                     (4, max(first_id, head - count + 1) & mask), (7, MEM + TEXT)):
        out.word(RB + i * word, value)
    out.put(RB + 6 * word, "I", SIZE_BITS)
    return bytes([form | (4 if info_size == 112 else 0)] + [255] * 7) + bytes(out.mem)


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    few = [b"first", b"", b"with \x1b and \xff\nand a line", b"last"]
    for form in range(4):
        (target / f"few{form}").write_bytes(ring(form, 88, few, 0xFFFFFFBF))
        (target / f"wrapped{form}").write_bytes(
            ring(form, 112, [b"x" * (n * 7 % 60) for n in range(60)], -20))
        (target / f"exact{form}").write_bytes(ring(form, 88, [b"y" * 56] * 17, -20))
        (target / f"states{form}").write_bytes(ring(form, 88, few * 2, 5, {1: 0, 3: 3, 7: 1}))
    dataless = bytearray(ring(0, 88, few, 16))
    for n, value in ((0, 1), (1, 3)):
        struct.pack_into("<QQ", dataless, 8 + DESCS + n * 24 + 8, value, value)
    (target / "dataless").write_bytes(bytes(dataless))


if __name__ == "__main__":
    main()
