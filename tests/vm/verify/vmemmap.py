# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: -e leaves out the struct pages of dropped pages, and only those.

Where struct pages are is worked out here page by page, from mem_section and page
tables, and which of them are needed from the pages of a dump made without -e.
"""

import verify.paths  # noqa: F401
from pylib import bits
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile
from pylib.kmem import NotMapped
from pylib.pageview import SP, PageView
from verify.compare import sound
from verify.subject import kept_pages
from verify.tags import DumpCore

LEVELS = (31, 8)
# What is dropped at another level is dropped in the same way: oldest, newest, other machine.
OTHER_LEVELS = ("x86-5.10", "x86-7.2-big", "arm64-7.2")
OPTIONS = ("-l", "-e", "--work-dir", "/tmp")
STATUS_BIT = 0x10
ROW = "Unused vmemmap pages"


def unused(view, kept, present, max_mapnr):
    """Set of pages that hold struct pages of no kept page."""
    per = view.core.page_size // SP
    needed, every = set(), set()
    for section, base in view.addresses.items():
        first = section * view.per_section
        for pfn in range(first, first + view.per_section, per):
            try:
                page = view.memory.translate((base + pfn * SP) & (1 << 64) - 1)
            except NotMapped:
                continue
            page //= view.core.page_size
            every.add(page)
            if kept >> pfn & (1 << per) - 1 or pfn + per > max_mapnr:
                needed.add(page)
    return bits.from_iterable(every - needed) & present


def heads_needed(view, kept):
    """Pages with the head of a tail that is kept while its head is not."""
    result = set()
    for pfn in bits.iterate(kept):
        page = view.pages.get(pfn)
        head = view.head_of(page) if page else None
        if head and not kept >> head.pfn & 1:
            base = view.addresses[head.pfn // view.per_section]
            for address in (base + head.pfn * SP, base + (head.pfn + 2) * SP - 1):
                result.add(view.memory.translate(address) // view.core.page_size)
    return bits.from_iterable(result)


def exact(subject, view, facts, level):
    """With -e just the unused pages are missing, and the others are as they were."""
    plain, without = subject.output(level, "-l"), subject.output(level, *OPTIONS)
    kept = kept_pages(plain.path)
    # Struct pages of persistent memory are a matter of level 32, or in RAM and all kept.
    want = unused(view, kept | facts["device"], kept, subject.core.max_mapnr())
    want &= ~heads_needed(view, kept)
    done = sound(without.path, subject.core, level)
    wrong = done.kept ^ (kept & ~want)
    expect(not wrong, f"{bits.show(wrong)}, of them unused {bits.show(wrong & want)}")
    expect(want, "nothing was left out, so this case proves nothing")
    expect_equal(without.rows[ROW], want.bit_count(), ROW)
    with KdumpFile(without.path) as written:
        expect(written.head["status"] & STATUS_BIT, "the status does not say so")
    facts["unused vmemmap"] = want.bit_count()
    subject.drop(without)


def readable(subject, source):
    """All struct pages of kept pages that the source has are in a dump made with -e at 31."""
    output = subject.output(31, *OPTIONS)
    view = PageView(DumpCore(output.path))
    kept = kept_pages(output.path)
    lost = bits.from_iterable(pfn for pfn in bits.iterate(kept)
                              if pfn in source.pages and pfn not in view.pages)
    expect(not lost, f"no struct page: {bits.show(lost)}")
    subject.drop(output)


def add(suite, subject, facts):
    """Add the cases."""
    views = []

    def view():
        if not views:
            views.append(PageView(subject.core))
        return views[0]

    for level in LEVELS if subject.meta["guest"] in OTHER_LEVELS else LEVELS[:1]:
        suite.add(f"vmemmap: level {level} with -e",
                  lambda level=level: exact(subject, view(), facts, level))
    suite.add("vmemmap: struct pages of kept pages are there", lambda: readable(subject, view()))
