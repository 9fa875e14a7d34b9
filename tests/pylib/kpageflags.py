# SPDX-License-Identifier: GPL-2.0-or-later
"""Reader of a saved /proc/kpageflags (and /proc/kpagecount): one u64 per pfn.

Bit numbers are those of include/uapi/linux/kernel-page-flags.h (stable user
ABI) and include/linux/kernel-page-flags.h (the hacking-only bits from 32).
"""

import array
import sys

from . import bits

USER_BITS = {
    "LOCKED": 0, "ERROR": 1, "REFERENCED": 2, "UPTODATE": 3, "DIRTY": 4, "LRU": 5,
    "ACTIVE": 6, "SLAB": 7, "WRITEBACK": 8, "RECLAIM": 9, "BUDDY": 10, "MMAP": 11,
    "ANON": 12, "SWAPCACHE": 13, "SWAPBACKED": 14, "COMPOUND_HEAD": 15,
    "COMPOUND_TAIL": 16, "HUGE": 17, "UNEVICTABLE": 18, "HWPOISON": 19, "NOPAGE": 20,
    "KSM": 21, "THP": 22, "OFFLINE": 23, "ZERO_PAGE": 24, "IDLE": 25, "PGTABLE": 26,
}
KERNEL_BITS = {
    "RESERVED": 32, "MLOCKED": 33, "MAPPEDTODISK": 34, "PRIVATE": 35, "PRIVATE_2": 36,
    "OWNER_PRIVATE": 37, "ARCH": 38, "UNCACHED": 39, "SOFTDIRTY": 40, "ARCH_2": 41,
    "ARCH_3": 42,
}
BITS = USER_BITS | KERNEL_BITS
MASK = {name: 1 << bit for name, bit in BITS.items()}


def load(path):
    """array('Q') with one word per pfn; files come from little-endian guests."""
    words = array.array("Q")
    with open(path, "rb") as stream:
        data = stream.read()
    words.frombytes(data[:len(data) // 8 * 8])
    if sys.byteorder == "big":
        words.byteswap()
    return words


def names(word):
    """Names of the bits set in one word, lowest bit first."""
    return [name for name, bit in sorted(BITS.items(), key=lambda item: item[1]) if word >> bit & 1]


def select(words, all_of=(), none_of=()):
    """Set (see bits) of pfns that have every bit of all_of and none of none_of."""
    want = sum(MASK[name] for name in all_of)
    test = want | sum(MASK[name] for name in none_of)
    image = bytearray(len(words) // 8 + 1)
    for pfn, word in enumerate(words):
        if word & test == want:
            image[pfn >> 3] |= 1 << (pfn & 7)
    return int.from_bytes(image, "little")


def kind(words, pfn, head):
    """Class of a page by its kpageflags; head = pfn of its compound head."""
    flag, mask = words[pfn], MASK
    if flag & mask["NOPAGE"]:
        return "none"
    if flag & mask["HWPOISON"]:
        return "hwpoison"
    if flag & mask["OFFLINE"]:
        return "offline"
    if flag & mask["BUDDY"]:
        return "free"
    flag |= words[head]
    if flag & (mask["HUGE"] | mask["ANON"]):
        return "user"
    if flag & (mask["SLAB"] | mask["PGTABLE"]):
        return "kernel"
    swap = mask["SWAPCACHE"] | mask["SWAPBACKED"]
    if flag & mask["LRU"] or flag & swap == swap:
        return "cache_private" if flag & mask["PRIVATE"] else "cache"
    return "kernel"


def classes(words):
    """class -> set of pages according to a kpageflags array."""
    lists, head = {}, 0
    tail = MASK["COMPOUND_TAIL"]
    for pfn, word in enumerate(words):
        if not word & tail:
            head = pfn
        lists.setdefault(kind(words, pfn, head), []).append(pfn)
    return {name: bits.from_iterable(members) for name, members in lists.items()}
