# SPDX-License-Identifier: GPL-2.0-or-later
"""Flattened dumps: making one of any file in any way, and taking one apart.

A stream is a header of 4096 bytes, records (s64 offset, s64 size, big endian,
then the bytes), and an end record of -1 and -1.
"""

import struct

HEADER = b"makedumpfile".ljust(16, b"\0") + struct.pack(">qq", 1, 1) + bytes(4064)
HEAD = struct.Struct(">qq")
END = HEAD.pack(-1, -1)


class FlatError(Exception):
    """The stream breaks a rule."""


def record(off, data):
    """One record."""
    return HEAD.pack(off, len(data)) + data


def cut(data, piece):
    """(offset, bytes) of a file in pieces of one size."""
    return [(off, data[off:off + piece]) for off in range(0, len(data), piece)]


def flatten(pieces, end=True):
    """A stream with these records."""
    return HEADER + b"".join(record(*piece) for piece in pieces) + (END if end else b"")


def records(stream):
    """(offset, bytes) of every record of a whole stream in bytes, strictly: FlatError for anything odd."""
    if stream[:len(HEADER)] != HEADER:
        raise FlatError("no flattened header, or bytes in it that are not zero")
    at, found = len(HEADER), []
    while True:
        if at + HEAD.size > len(stream):
            raise FlatError(f"no end record after {len(found)} records")
        off, size = HEAD.unpack_from(stream, at)
        at += HEAD.size
        if (off, size) == (-1, -1):
            break
        if off < 0 or size <= 0 or at + size > len(stream):
            raise FlatError(f"record {len(found)}: offset {off}, size {size}")
        found.append((off, stream[at:at + size]))
        at += size
    if at != len(stream):
        raise FlatError(f"{len(stream) - at} bytes behind the end record")
    return found


def faults(found):
    """What a writer must not do, of records(): bytes sent twice, a start elsewhere than at 0."""
    wrong = []
    if not found or found[0][0] != 0:
        wrong.append("the first record is not at offset 0")
    end = 0
    for off, data in sorted((off, data) for off, data in found):
        if off < end:
            wrong.append(f"bytes {off:#x} to {end:#x} are sent twice")
        end = max(end, off + len(data))
    return wrong


def rearrange(found):
    """The file that records() carry."""
    out = bytearray(max(off + len(data) for off, data in found))
    for off, data in found:
        out[off:off + len(data)] = data
    return bytes(out)
