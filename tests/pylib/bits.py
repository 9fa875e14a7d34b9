# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets of page frame numbers as Python integers: bit n set = pfn n in the set.

Set algebra on machines of many GiB is then a single big-integer operation.
"""

import re

NONZERO, NOT_FULL = re.compile(rb"[^\0]+"), re.compile(rb"[^\xff]")


def from_ranges(ranges):
    """Set of all n in the half-open ranges [(first, end), ...].

    Painted into bytes: OR-ing one big integer per range would be quadratic.
    """
    ranges = merge(ranges)
    image = bytearray(ranges[-1][1] // 8 + 1 if ranges else 0)
    for first, end in ranges:
        low, high = first >> 3, end >> 3
        if low == high:
            image[low] |= (1 << (end & 7)) - (1 << (first & 7))
            continue
        image[low] |= 0x100 - (1 << (first & 7))
        image[low + 1:high] = b"\xff" * (high - low - 1)
        image[high] |= (1 << (end & 7)) - 1
    return int.from_bytes(image, "little")


def from_iterable(numbers):
    """Set of the given numbers."""
    numbers = list(numbers)
    if not numbers:
        return 0
    image = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        image[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(image, "little")


def merge(ranges):
    """Sorted, non-overlapping, non-empty copy of half-open ranges."""
    result = []
    for first, end in sorted(r for r in ranges if r[0] < r[1]):
        if result and first <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((first, end))
    return result


def to_bytes(number_set):
    """Little-endian bytes image, least significant bit first in each byte."""
    return number_set.to_bytes((number_set.bit_length() + 7) // 8, "little")


def iterate(number_set):
    """Yield the members in ascending order."""
    image = to_bytes(number_set)
    for run in NONZERO.finditer(image):
        for index in range(run.start(), run.end()):
            byte = image[index]
            while byte:
                low = byte & -byte
                yield index * 8 + low.bit_length() - 1
                byte ^= low


def ranges(number_set):
    """Half-open ranges of consecutive members, ascending."""
    image = to_bytes(number_set)
    result, start, index = [], None, 0
    while index < len(image):
        # skip bytes that cannot hold a border
        border = (NONZERO if start is None else NOT_FULL).search(image, index)
        if border is None:
            break
        index = border.start()
        for bit in range(8):
            member = image[index] >> bit & 1
            if member and start is None:
                start = index * 8 + bit
            elif not member and start is not None:
                result.append((start, index * 8 + bit))
                start = None
        index += 1
    if start is not None:
        result.append((start, len(image) * 8))
    return result


def show(number_set, limit=8):
    """Short text of a set: count and its first ranges in hex."""
    parts = ranges(number_set)
    text = " ".join(f"{a:x}" if b == a + 1 else f"{a:x}-{b - 1:x}" for a, b in parts[:limit])
    more = " ..." if len(parts) > limit else ""
    return f"{number_set.bit_count()} pages ({text}{more})"


class RankTable:
    """rank(n) = number of members below n, over a little-endian bit image."""

    BLOCK = 512

    def __init__(self, image):
        self.image = image
        self.sums = [0]
        for start in range(0, len(image), self.BLOCK):
            block = int.from_bytes(image[start:start + self.BLOCK], "little")
            self.sums.append(self.sums[-1] + block.bit_count())

    def test(self, number):
        """True when number is a member."""
        index = number >> 3
        return 0 <= index < len(self.image) and bool(self.image[index] >> (number & 7) & 1)

    def rank(self, number):
        """Members smaller than number."""
        block = min((number >> 3) // self.BLOCK, len(self.sums) - 1)
        start = block * self.BLOCK
        low = int.from_bytes(self.image[start:start + self.BLOCK], "little")
        return self.sums[block] + (low & ((1 << max(number - start * 8, 0)) - 1)).bit_count()
