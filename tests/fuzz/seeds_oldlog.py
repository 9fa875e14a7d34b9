#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_oldlog: buffers of both kinds, every word size and byte order. Usage: seeds_oldlog.py DIR

Layout as tests/unit/oldlog.h has it."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "gen"))

from oldlog import RecordBuffer, TextBuffer  # noqa: E402
from printk import Record  # noqa: E402

BUFFER = 0x101000
SIZE = 8192
NAMES = ("log_buf_len", "log_first_idx", "log_next_idx", "clear_idx", "log_end", "logged_chars")


def seed(kind, word, order, count):
    """One input."""
    log = RecordBuffer(order, SIZE) if kind == 0 else TextBuffer(order, SIZE)
    for number in range(count):
        log.add(Record(b"message %d\n\x01" % number, number * 1000000))
    log.clear(count * 3 // 4)
    values = log.variables()
    head = struct.pack(order + ("Q" if word == 8 else "I"), BUFFER).ljust(16, b"\0")
    for name in NAMES:
        head += struct.pack(order + "I", values.get(name, 0)).ljust(16, b"\0")
    return head + bytes(log.data)


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for form, (word, order) in enumerate(((8, "<"), (8, ">"), (4, "<"), (4, ">"))):
        for kind in (0, 1):
            for count in (5, 400):
                for partial in (0, 8):
                    choice = bytes([form | kind * 4 | partial])
                    (target / f"{form}-{kind}-{count}-{partial}").write_bytes(
                        choice + seed(kind, word, order, count))


if __name__ == "__main__":
    main()
