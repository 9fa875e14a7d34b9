#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_flat: regular and scattered records, overlaps, cut-off and hostile ones. Usage: seeds_flat.py DIR"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pylib import flatfile  # noqa: E402

DATA = bytes((i * 7 + i // 251) % 256 for i in range(5000))


def seeds():
    """Name and bytes of every seed."""
    regular = flatfile.cut(DATA, 100)
    yield "regular", flatfile.flatten(regular)
    yield "backwards", flatfile.flatten(regular[::-1])
    yield "turns", flatfile.flatten([piece for pair in zip(regular[25:], regular) for piece in pair])
    yield "overlap", flatfile.flatten(regular + flatfile.cut(bytes(3000), 70) + [(50, b"last")])
    yield "nested-overlap", flatfile.flatten([(i * 3, bytes([i]) * (200 - 6 * i)) for i in range(30)])
    yield "gaps", flatfile.flatten(regular[::3])
    yield "far", flatfile.flatten([(0, b"a"), ((1 << 62), b"b")])
    yield "small", flatfile.flatten(flatfile.cut(DATA[:300], 1))
    yield "garbage-behind", flatfile.flatten(regular) + DATA
    yield "no-end", flatfile.flatten(regular, end=False)
    yield "cut", flatfile.flatten(regular)[:6007]
    yield "empty", flatfile.flatten([])
    yield "header", flatfile.HEADER
    yield "nested", flatfile.flatten([(0, flatfile.flatten([(0, b"x")]))])
    for name, head in (("zero", (0, 0)), ("negative", (-5, 3)), ("wrap", ((1 << 63) - 2, 8)), ("huge", (0, (1 << 63) - 1))):
        yield name, flatfile.flatten(regular[:3], end=False) + flatfile.HEAD.pack(*head) + b"data" * 4


def main():
    """Write one file per seed."""
    for name, data in seeds():
        (Path(sys.argv[1]) / name).write_bytes(data)


if __name__ == "__main__":
    main()
