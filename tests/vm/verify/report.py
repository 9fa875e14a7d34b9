# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: the report against the file written and against the guest's own counts."""

import re

import verify.paths  # noqa: F401
from matrix import guest
from pylib import kpageflags
from pylib.harness import expect, expect_equal
from verify.program import CLASS_ROWS, DOUBT_ROWS, PMEM_ROWS

# QEMU dumps its flash, 64 pages without struct pages; an offline block of added
# memory has none either.
FLASH_PAGES = 64
BLOCK_BYTES = 128 << 20
FREE_CHURN = 0.01
OWN_LIMIT_KIB = 40 << 10


def buddy_pages(folder):
    """Free pages according to /proc/buddyinfo."""
    total = 0
    for line in (folder / "buddyinfo").read_text(encoding="ascii").splitlines():
        numbers = line.split("zone", 1)[1].split()[1:]
        total += sum(int(count) << order for order, count in enumerate(numbers))
    return total


def sums(subject, facts):
    """Original, excluded, remaining, holes: from each other and from the file."""
    rows = subject.output(31, "-l").rows
    done = facts["pass 31"]
    present = subject.core.present().bit_count()
    labels = CLASS_ROWS + (PMEM_ROWS if PMEM_ROWS[0] in rows else ())
    excluded = sum(rows[label] for label in labels)
    expect_equal(rows["Original pages"], present, "Original pages")
    expect_equal(rows["Excluded pages"], excluded, "Excluded pages")
    expect_equal(rows["Remaining pages"], present - excluded, "Remaining pages")
    expect_equal(rows["Pages filled with zero"], done.zero_pages, "Pages filled with zero")
    expect_equal(done.kept.bit_count() - done.zero_pages, present - excluded, "pages in the file")
    expect_equal(rows["Total pages"], subject.core.max_mapnr(), "Total pages")
    expect_equal(rows["Memory Hole"], subject.core.max_mapnr() - present, "Memory Hole")
    expect_equal(subject.output(31, "-l").written, subject.output(31, "-l").path.stat().st_size,
                 "Write bytes")


def block(subject):
    """The lines scripts match, in their order."""
    text = subject.output(31, "-l").text
    pmem = PMEM_ROWS if PMEM_ROWS[0] in text else ()
    order = ["STEP [Checking for memory holes  ] : ", "STEP [Excluding unnecessary pages] : ",
             "STEP [Copying data               ] : ", "\nOriginal pages  : ",
             "\n  Excluded pages   : ", *(f"\n    {label:24}: 0x" for label in CLASS_ROWS + pmem),
             "\n    Extension filter pages  : 0x0000000000000000\n", "\n  Remaining pages  : ",
             "\n  (The number of pages is reduced to ", "\nMemory Hole     : ",
             "\n" + "-" * 50 + "\n", "\nTotal pages     : ", "\nWrite bytes     : ",
             "\nKept for lack of facts : ", "\nPeak memory     : ", "The dumpfile is saved to "]
    at = 0
    for piece in order:
        found = text.find(piece, at)
        expect(found >= 0, f"{piece.strip()!r} is missing or out of order")
        at = found


def truths(subject):
    """Counts that cannot have changed between the guest's snapshot and its dump."""
    rows = subject.output(31, "-l").rows
    page_kib = subject.core.page_size >> 10
    huge = kpageflags.select(subject.flags, ["HUGE"])
    total = subject.meminfo("Hugetlb")
    expect_equal(huge.bit_count() * page_kib, total, "hugetlb KiB: kpageflags and meminfo")
    for label, name in (("Hwpoison pages", "HWPOISON"), ("Offline pages", "OFFLINE")):
        expect_equal(rows[label], kpageflags.select(subject.flags, [name]).bit_count(), label)


def hugetlb(subject, facts):
    """All huge pages, in use or not, are user pages."""
    huge = kpageflags.select(subject.flags, ["HUGE"])
    expect(huge, "the guest has no huge pages, so this proves nothing")
    expect_equal((facts["pass 31"].kept & huge).bit_count(), 0, "hugetlb pages kept")
    facts["hugetlb"] = huge.bit_count()


def free(subject):
    """Free pages of the report and of /proc/buddyinfo."""
    told, own = buddy_pages(subject.folder), subject.output(31, "-l").rows["Free pages"]
    expect(abs(told - own) <= told * FREE_CHURN, f"buddyinfo has {told}, the report {own}")


def doubts(subject):
    """Pages kept because a fact is missing: those known to have no struct page."""
    output = subject.output(31, "-l")
    rows = output.rows
    plugged = BLOCK_BYTES // subject.core.page_size if guest(subject.meta["guest"]).plug else 0
    expect_equal(rows["Kept for lack of facts"], sum(rows[label] for label in DOUBT_ROWS),
                 "sum of reasons")
    expect(rows["No struct page"] <= FLASH_PAGES + plugged,
           f"{rows['No struct page']} pages without struct page")
    for label in DOUBT_ROWS:
        if label != "No struct page":
            expect_equal(rows[label], 0, label)
    expect(re.search(r"^Unreadable, zeros kept : 0x0{16}$", output.text, re.M), "unreadable pages")


def memory(subject):
    """Memory of its own stays under what the design allows, with threads too."""
    for words in ([], ["--num-threads", "2"]):
        output = subject.output(31, "-l", *words)
        expect(output.own_kib < OWN_LIMIT_KIB, f"{words}: {output.own_kib} KiB")
        if words:
            subject.drop(output)


def add(suite, subject, facts):
    """Add the cases."""
    suite.add("report: the block scripts parse", lambda: block(subject))
    suite.add("report: sums, and the file has as many pages", lambda: sums(subject, facts))
    suite.add("report: hwpoison, offline and hugetlb as the kernel counts them",
              lambda: truths(subject))
    suite.add("report: free pages as /proc/buddyinfo has them", lambda: free(subject))
    suite.add("report: little is kept for lack of facts", lambda: doubts(subject))
    suite.add("level 31: no huge page of either size", lambda: hugetlb(subject, facts))
    suite.add("memory of its own", lambda: memory(subject))
