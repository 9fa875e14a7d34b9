# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: namespaces of persistent memory on a stock kernel, which marks nothing in its dump.

The truth is what the guest's kernel said in sysfs (guest/nvdimm puts it in the log),
and its page tables: where the struct pages of a namespace are.
"""

import dataclasses
import functools
import re

import verify.paths  # noqa: F401
from matrix import guest
from pylib import bits, iomem
from pylib.harness import expect, expect_equal
from pylib.kmem import NotMapped
from pylib.pageview import SP, PageView
from verify import program, qemudump
from verify.compare import sound
from verify.pmem import METADATA, USERDATA
from verify.subject import TAG, kept_pages

LINE = re.compile(r"nvdimm: (\S+) namespace (0x[0-9a-f]+) (\d+) data (0x[0-9a-f]+) (\d+)")
TAGGED_PAGES = 1024


@dataclasses.dataclass
class Namespace:
    """what: as in matrix.py; pages and data: sets of page frames (pylib.bits)."""

    what: str
    pages: int
    data: int


class Device:
    """All namespaces of a guest."""

    def __init__(self, subject):
        size = subject.core.page_size

        def pages(start, length):
            start, length = int(start, 16), int(length)
            return bits.from_ranges([(start // size, (start + length) // size)])

        text = (subject.folder / "kmsg.txt").read_text(encoding="latin-1")
        self.namespaces = [Namespace(what, pages(*whole), pages(*data))
                           for what, *rest in LINE.findall(text)
                           for whole, data in [(rest[:2], rest[2:])]]
        self.in_ram = 0  # pages of RAM with struct pages of the devices
        text = (subject.folder / "iomem").read_text(encoding="ascii")
        _, self.ram = iomem.persistent(text, size)

    @functools.cached_property
    def all(self):
        """Every page of the devices that did not become RAM."""
        return functools.reduce(int.__or__, (item.pages for item in self.namespaces), 0) & ~self.ram

    @functools.cached_property
    def metadata(self):
        """What must be in a dump."""
        data = functools.reduce(int.__or__, (item.data for item in self.namespaces), 0)
        return self.all & ~data

    @property
    def userdata(self):
        """What may never be in one."""
        return self.all & ~self.metadata


def struct_pages(view, pages):
    """Page frames that hold the struct pages of the set."""
    size, found = view.core.page_size, set()
    for pfn in bits.iterate(pages):
        base = view.addresses.get(pfn // view.per_section)
        if base is not None and not pfn % (size // SP):
            try:
                found.add(view.memory.translate((base + pfn * SP) & (1 << 64) - 1) // size)
            except NotMapped:
                pass
    return bits.from_iterable(found)


def truth(subject, device):
    """The lists fit each other, and the text is where it was written."""
    wanted = [word.partition(":")[0] for word in guest(subject.meta["guest"]).namespaces.split()]
    expect_equal([item.what for item in device.namespaces], wanted, "namespaces")
    expect(bool(device.ram) == ("kmem" in wanted), f"RAM by kmem: {bits.show(device.ram)}")
    view = PageView(subject.core)
    for item in device.namespaces:
        if item.what == "kmem":
            expect(not device.ram & ~item.data, "RAM by kmem is elsewhere")
            continue
        expect(item.data and not item.data & ~item.pages, f"{item.what}: data is elsewhere")
        tagged = sum(1 for pfn in bits.iterate(item.data)
                     if TAG.match(subject.core.page(pfn) or b""))
        expect(tagged >= TAGGED_PAGES, f"{item.what}: {tagged} pages with text")
        if item.what == "raw":
            continue
        where = struct_pages(view, item.data)
        expect(where, f"{item.what}: no struct pages")
        if item.what.endswith("-dev"):
            expect(not where & ~(item.pages & ~item.data), f"struct pages at {bits.show(where)}")
        else:
            expect(not where & device.all, f"struct pages at {bits.show(where)}")
        device.in_ram |= where & ~device.all


def judge(subject, device, output, number, keep):
    """A dump of one level has all metadata of the device and nothing else of it."""
    done = sound(output.path, subject.core, number)
    wrong = (done.kept & device.all) ^ (device.metadata if keep else 0)
    expect(not wrong, f"wrongly kept or lost: {bits.show(wrong)}")
    lost = device.in_ram & ~done.kept
    expect(not lost, f"struct pages in RAM are lost: {bits.show(lost)}")
    expect_equal(output.rows[USERDATA], device.userdata.bit_count(), USERDATA)
    expect_equal(output.rows[METADATA], 0 if keep else device.metadata.bit_count(), METADATA)
    # The guest's pipes and page cache had the text, too, before it was on a device.
    kinds = {kind for pfn, kind in done.tagged.items() if kind == "dax" or device.all >> pfn & 1}
    expect(not kinds, f"text of {sorted(kinds)} is in the dump")


def level(subject, device, number, keep):
    """The dump's own levels."""
    judge(subject, device, subject.output(number, "-l"), number, keep)


def as_kdump(subject, device):
    """From a kdump file, which cannot mark anything either; and once more from that."""
    first = program.filter_dump(subject.program, subject.folder / qemudump.NAME,
                                subject.scratch / "nv0", "-d", "0", "-l")
    judge(subject, device, first, 0, True)
    second = program.filter_dump(subject.program, first.path, subject.scratch / "nv31",
                                 "-d", "31", "-l")
    wrong = kept_pages(second.path) ^ kept_pages(subject.output(31, "-l").path)
    for output in (first, second):
        output.path.unlink()
    expect(not wrong, f"in one and not in the other: {bits.show(wrong)}")


def add(suite, subject, facts):
    """Add the cases of a guest with namespaces."""
    device = Device(subject)
    facts["never"], facts["device"] = device.userdata, device.all
    suite.add("nvdimm: the guest's lists fit each other", lambda: truth(subject, device))
    for number in (0, 31):
        suite.add(f"nvdimm: level {number} has all metadata and no data",
                  lambda number=number: level(subject, device, number, True))
    for number in (32, 63):
        suite.add(f"nvdimm: level {number} has nothing of the devices",
                  lambda number=number: level(subject, device, number, False))
    suite.add("nvdimm: from a kdump file", lambda: as_kdump(subject, device))
