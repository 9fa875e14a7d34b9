# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: persistent memory with its struct pages on the device.

The loads are marked in a copy of the dump (tools/mark_pmem.py) and the ranges
of struct pages come from the guest's module (guest/devmemmap), whose kernel
message is the truth here.
"""

import re

import verify.paths  # noqa: F401
from pylib import bits
from pylib.harness import expect, expect_equal
from tools.mark_pmem import pmem_ranges
from verify.compare import sound

RANGE = re.compile(r"devmemmap: range ([0-9a-f]+)-([0-9a-f]+), (\d+) pages used")
METADATA, USERDATA = "pmem metadata pages", "pmem userdata pages"


class Pmem:
    """The guest's persistent memory: all of it, its struct pages, those in use (a number)."""

    def __init__(self, subject):
        size = subject.core.page_size
        iomem = (subject.folder / "iomem").read_text(encoding="ascii")
        self.all = bits.from_ranges((start // size, end // size)
                                    for start, end in pmem_ranges(iomem))
        found = RANGE.findall((subject.folder / "kmsg.txt").read_text(encoding="latin-1"))
        self.metadata = bits.from_ranges((int(a, 16), int(b, 16)) for a, b, _ in found)
        self.used = sum(int(number) for _, _, number in found)

    @property
    def userdata(self):
        """What may never be in a dump."""
        return self.all & ~self.metadata


def level(subject, pmem, number, keep):
    """At one level: which pages of the device are kept, and the report's rows."""
    output = subject.output(number, "-l")
    done = sound(output.path, subject.core, number)
    want = pmem.metadata if keep else 0
    wrong = (done.kept & pmem.all) ^ want
    expect(not wrong, f"wrongly kept or lost: {bits.show(wrong)}")
    expect_equal(output.rows[USERDATA], pmem.userdata.bit_count(), USERDATA)
    expect_equal(output.rows[METADATA], 0 if keep else pmem.metadata.bit_count(), METADATA)
    expect("dax" not in done.tagged.values(), "text of DAX files is in the dump")


def add(suite, subject, facts):
    """Add the cases; the dump must have marked loads."""
    pmem = Pmem(subject)
    facts["never"], facts["device"] = pmem.userdata, pmem.all

    def truth():
        expect(pmem.metadata and not pmem.metadata & ~pmem.all,
               f"struct pages at {bits.show(pmem.metadata)}, device at {bits.show(pmem.all)}")
        marked = bits.from_ranges((load.paddr // 4096, (load.paddr + load.memsz) // 4096)
                                  for load in subject.core.loads if load.flags & 0x10)
        expect_equal(marked, pmem.all, "marked loads")
        written = sum(1 for pfn in bits.iterate(pmem.metadata) if any(subject.core.page(pfn)))
        expect(pmem.used // 2 < written <= pmem.used,
               f"{written} pages hold struct pages, the kernel uses {pmem.used}")
        dax = {pfn for pfn, (kind, _) in subject.tagged.items() if kind == "dax"}
        expect(dax and not bits.from_iterable(dax) & ~pmem.userdata, "the DAX file is elsewhere")

    suite.add("pmem: the guest's lists fit each other", truth)
    for number in (0, 31):
        suite.add(f"pmem: level {number} keeps the struct pages and no data",
                  lambda number=number: level(subject, pmem, number, True))
    for number in (32, 63):
        suite.add(f"pmem: level {number} drops all of the device",
                  lambda number=number: level(subject, pmem, number, False))
