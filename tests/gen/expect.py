# SPDX-License-Identifier: GPL-2.0-or-later
"""What a filter must do with a generated machine, and comparing with it.

A generated dump DUMP has DUMP.json beside it:
	page_size, max_mapnr
	present   [[first, end], ...]  pfns in some load, half open
	runs      [[first, end, class], ...]  ascending, non-overlapping
	zero      [[first, end], ...]  pfns whose bytes are all zero
	log       [{"seq", "ts_nsec", "caller_id", "lost", "text"}, ...] or null; ts_nsec and
	          caller_id are null where the kernel has none
	memory_map  [[pfn, pa], ...]  each page of struct pages: of pfns from which on, where
	log       [{"seq", "ts_nsec", "caller_id", "lost", "text"}, ...] or null
	notes     anything else a test wants to know (symbols, regions)
Classes: kernel, free, cache, cache_private, user, hwpoison, offline,
pmem_userdata, pmem_metadata. Pages without a run are kernel pages.
"""

import json

import genpath  # noqa: F401
from pylib import bits

LEVEL_OF = {"kernel": 0, "free": 16, "cache": 2 | 4, "cache_private": 4, "user": 8,
            "pmem_metadata": 32}
# Struct pages of blocks of so many pages without any memory are left alone.
BLOCK_SHIFT = 18
ALWAYS = ("hwpoison", "offline", "pmem_userdata")
REPORT_ROWS = {"cache": "Non-private cache pages", "cache_private": "Private cache pages",
               "user": "User process data pages", "free": "Free pages",
               "hwpoison": "Hwpoison pages", "offline": "Offline pages",
               "pmem_metadata": "pmem metadata pages", "pmem_userdata": "pmem userdata pages"}


def dropped_at(kind, level):
    """True when a page of this class is left out at a dump level."""
    return kind in ALWAYS or bool(LEVEL_OF[kind] & level)


class Expected:
    """The contents of a DUMP.json; sets are those of bits."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            self.raw = json.load(stream)
        self.page_size, self.max_mapnr = self.raw["page_size"], self.raw["max_mapnr"]
        self.present = bits.from_ranges(map(tuple, self.raw["present"]))
        self.zero = bits.from_ranges(map(tuple, self.raw["zero"])) & self.present
        by_class = {}
        for first, end, kind in self.raw["runs"]:
            by_class.setdefault(kind, []).append((first, end))
        self.classes = {kind: bits.from_ranges(ranges) & self.present
                        for kind, ranges in by_class.items()}

    def dropped(self, level):
        """Pages without a descriptor at this level."""
        result = 0
        for kind, pages in self.classes.items():
            if dropped_at(kind, level):
                result |= pages
        return result

    def kept(self, level):
        """Pages with a descriptor at this level (zero pages keep theirs)."""
        return self.present & ~self.dropped(level)

    def unused_vmemmap(self, level):
        """Pages that hold struct pages of no page that is kept at this level; those on
        persistent memory have a level of their own."""
        per, used, every = self.page_size // 64, set(), set()
        kept = self.kept(level)
        for pfn, address in self.raw["memory_map"]:
            page = address // self.page_size
            every.add(page)
            block = pfn >> BLOCK_SHIFT << BLOCK_SHIFT
            if (kept >> pfn & (1 << per) - 1 or pfn + per > self.max_mapnr
                    or not self.present >> block & (1 << (1 << BLOCK_SHIFT)) - 1):
                used.add(page)
        return bits.from_iterable(every - used) & kept & ~self.classes.get("pmem_metadata", 0)

    def counters(self, level):
        """Report label -> number of pages at this level."""
        result = {label: self.classes.get(kind, 0).bit_count() if dropped_at(kind, level) else 0
                  for kind, label in REPORT_ROWS.items()}
        result["Pages filled with zero"] = \
            (self.kept(level) & self.zero).bit_count() if level & 1 else 0
        return result

    def log_text(self, partial=False):
        """The log as --dump-dmesg must write it: caller ids, hex escapes, lines of
        one record indented; a record whose text was lost is left out, an empty one is not."""
        start = self.raw["notes"].get("clear_seq", 0) if partial else 0
        if partial and "partial_log" in self.raw["notes"]:
            return "".join(map(record_text, self.raw["notes"]["partial_log"]))
        return "".join(record_text(record) for record in self.raw["log"]
                       if not record["lost"] and record["seq"] >= start)

    def class_of(self, pfn):
        """Class name of one page."""
        for kind, pages in self.classes.items():
            if pages >> pfn & 1:
                return kind
        return "kernel"

    def compare(self, kept, level):
        """List of texts, one per class and direction in which `kept` is wrong."""
        want, faults = self.kept(level), []
        for text, pages in (("kept needlessly", kept & ~want), ("lost", want & ~kept)):
            for kind, members in list(self.classes.items()) + [("kernel", self.kernel())]:
                if pages & members:
                    faults.append(f"level {level}: {kind} {text}: {bits.show(pages & members)}")
        stray = kept & ~self.present
        if stray:
            faults.append(f"level {level}: not in the dump: {bits.show(stray)}")
        return faults

    def kernel(self):
        """Present pages of no other class."""
        result = self.present
        for pages in self.classes.values():
            result &= ~pages
        return result


def record_text(record):
    """Output of one log record."""
    caller, stamp, head = record["caller_id"], record["ts_nsec"], ""
    if stamp is not None:
        head += f"[{stamp // 10 ** 9:5d}.{stamp % 10 ** 9 // 1000:06d}] "
    if caller is not None:
        who = f"C{caller & 0x7FFFFFFF}" if caller >> 31 else f"T{caller}"
        head += f"[{who:>8}] "
    body = []
    for byte in record["text"].encode("latin-1"):
        if byte == 10:
            body.append("\n" + " " * len(head))
        elif 32 <= byte < 127 or byte in (9, 11, 12, 13):
            body.append(chr(byte))
        else:
            body.append(f"\\x{byte:02x}")
    return head + "".join(body) + "\n"
