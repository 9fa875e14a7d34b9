# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: the program on the guest's own /proc/kcore, before the crash.

Memory changes while it is read. So what is compared page by page are pages
about which /proc/kpageflags says the same before and after (with the program's
run in between), and what is compared in numbers may differ by CHURN pages.
"""

import functools
import re

import verify.paths  # noqa: F401
from pylib import bits, kpageflags
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile
from pylib.kmem import KernelMemory
from verify.compare import sound
from verify.dmesg import printed
from verify.program import ROW
from verify.tags import DumpCore, leaks

# Pages that may come and go while the program runs: its own, and those of its output.
CHURN = 4096
# A page can be freed and taken again for the same purpose between two looks; 59 have been
# seen on 6.18.
CHANGED_UNSEEN = 256
# A page that is free before and after was often taken and given back by the program; one
# of the commands before and after it was often free between them. Compaction takes whole
# free blocks, of up to 1024 pages, off the free lists while it moves pages into them
# (isolate_freepages(), mm/compaction.c of v6.1). No page of the workload is among the
# latter: those that stay would show by their text.
TAKEN_BETWEEN = 4096
# Struct pages that cannot be read at one moment; the report counts them.
UNREADABLE = re.compile(r"Unreadable struct page  : 0x([0-9a-f]+)")
UNREADABLE_LIMIT = 128
# Bytes of a page of text that may have been patched between two dumps.
PATCHED = 64
HEADER = "TYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n"
TABLE = re.compile(r"^(ZERO|NON_PRI_CACHE|PRI_CACHE|USER|FREE|KERN_DATA)\t+(\d+) *\t(yes|no)\t\t", re.M)
RAM = re.compile(r"^ *([0-9a-f]+)-([0-9a-f]+) : (System RAM|Crash kernel)", re.M)
DROPPED = ("free", "user", "cache", "cache_private", "hwpoison", "offline")


class Live:
    """The folder live/ of a guest's results."""

    def __init__(self, subject):
        self.subject = subject
        self.folder = subject.folder / "live"
        self.status = dict(line.split() for line in self.text("status").splitlines())
        self.page_size = subject.core.page_size

    def text(self, name):
        """A file as text."""
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")

    def flags(self, number):
        """/proc/kpageflags at one of three moments."""
        return kpageflags.load(self.folder / f"kpageflags.{number}")

    def stable(self):
        """{class: pages} of which /proc/kpageflags said the same before and after dump.31."""
        before, after = self.flags(1), self.flags(2)
        same = bits.from_iterable(pfn for pfn, (a, b) in enumerate(zip(before, after)) if a == b)
        return {name: pages & same for name, pages in kpageflags.classes(after).items()}

    def iomem(self, name):
        """Pages wholly inside the ranges of this name."""
        size = self.page_size
        return bits.from_ranges(
            (-(-int(first, 16) // size), (int(last, 16) + 1) // size)
            for first, last, what in RAM.findall(self.subject.folder.joinpath("iomem")
                                                 .read_text(encoding="ascii")) if what == name)

    @functools.cached_property
    def offline(self):
        """Pages of System RAM without struct pages: blocks that are not online.

        The kernel lists those behind the last online page in /proc/iomem, not in /proc/kcore.
        """
        return self.iomem("System RAM") & kpageflags.classes(self.flags(1)).get("none", 0)

    @functools.cached_property
    def ram(self):
        """What /proc/kcore must have."""
        return self.iomem("System RAM") & ~self.iomem("Crash kernel") & ~self.offline

    def meminfo(self, number, key):
        """Pages of a line of /proc/meminfo."""
        kib = re.search(rf"^{key}:\s+(\d+) kB", self.text(f"meminfo.{number}"), re.M).group(1)
        return int(kib) * 1024 // self.page_size


def steps(live):
    """Every run succeeded and complains of nothing."""
    for name, status in live.status.items():
        said = "" if name == "mem-usage" else live.text(f"{name}.err")
        said = re.sub(r"^[A-Z][\w ]+: \[[ \d.]+ %\].*\n", "", said, flags=re.M)
        expect_equal(status, "0", f"{name}: exit status, {said}")
        expect(not said.strip(), f"{name}: complains: {said}")
        if name != "mem-usage":
            expect(live.text(f"{name}.log").endswith("makedumpfile Completed.\n"), f"{name}: last line")
    expect(live.status.keys() >= {"dmesg", "dry-run", "dump.31", "mem-usage"}, f"runs: {live.status}")
    expect(not (live.folder / "none").exists(), "--dry-run made a file")


def between(live, told, key, numbers=(0, 1)):
    """A number of the program and the kernel's before and after it."""
    counts = [live.meminfo(number, key) for number in numbers]
    expect(min(counts) - CHURN <= told <= max(counts) + CHURN, f"{key}: {counts}, the program {told}")


def mem_usage(live):
    """The table is the first thing on either stream, and right."""
    text = live.text("mem-usage.txt")
    expect(text.startswith("\n" + HEADER), f"starts with {text[:80]!r}")
    rows = {name: int(pages) for name, pages, _ in TABLE.findall(text)}
    expect_equal(len(rows), 6, "rows")
    total = int(re.search(r"^Total pages on system:\t(\d+) *$", text, re.M).group(1))
    expect(text.endswith(f"\nTotal size on system:\t{total * live.page_size:<16} Byte\n\n"),
           f"ends with {text[-80:]!r}")
    sizes = [live.ram.bit_count(), (live.ram | live.offline).bit_count()]
    expect(total in sizes, f"{total} pages, of System RAM without the crash kernel's are {sizes}")
    expect(live.iomem("Crash kernel"), "the guest has no crash kernel")
    sizes = [{name: pages.bit_count() for name, pages in kpageflags.classes(live.flags(n)).items()}
             for n in (0, 1)]
    never = sum(sizes[1].get(name, 0) for name in ("hwpoison", "offline"))
    expect(abs(sum(rows.values()) + never - total) <= CHANGED_UNSEEN, f"{rows}: sum is not {total}")
    between(live, rows["FREE"], "MemFree")
    for row, names in (("USER", ("user",)), ("NON_PRI_CACHE", ("cache",)),
                       ("PRI_CACHE", ("cache_private",))):
        counts = [sum(size.get(name, 0) for name in names) for size in sizes]
        expect(min(counts) - CHURN <= rows[row] <= max(counts) + CHURN,
               f"{row}: kpageflags {counts}, the program {rows[row]}")
    print("     " + ", ".join(f"{name} {pages}" for name, pages in rows.items()))


def dump_31(live, facts):
    """Form and header of the dump, no user text, no page of the crash kernel."""
    path = live.folder / "dump.31"
    done = sound(path, DumpCore(path), 31, live=True)
    facts["live kept"] = done.kept
    with KdumpFile(path) as dump:
        present = dump.bitmap1
        expect_equal(dump.vmcoreinfo.get("OSRELEASE"), live.subject.meta["release"], "release")
        expect(0 <= int(live.text("now")) - dump.head["tv_sec"] < 300, "the timestamp is not now")
        expect_equal([(note.name, note.type) for note in dump.notes], [("VMCOREINFO", 0)], "notes")
        expect_equal(dump.head["status"] & 0x08, 0, "marked incomplete")
    reserved = live.iomem("Crash kernel")
    expect(reserved, "the guest has no crash kernel")
    expect(not present & reserved, f"of the crash kernel: {bits.show(present & reserved)}")
    wrong = present & ~live.offline ^ live.ram
    expect(not wrong, f"of System RAM missing, or not of it: {bits.show(wrong)}")
    no_user_text(live, DumpCore(path), done.tagged)


def constant_pages(live):
    """Text and read-only data are those of the dump from outside.

    Nobody writes to them but who patches text, a few bytes at a place. Of two threads that
    read /proc/kcore through one open file one gets the other's bytes.
    """
    symbols = {}
    for line in (live.subject.folder / "kallsyms").read_text(encoding="ascii").splitlines():
        address, _, name = line.split()[:3]
        symbols.setdefault(name, int(address, 16))
    core = DumpCore(live.folder / "dump.31")
    memory, size, seen = KernelMemory(core), live.page_size, 0
    for first, last in (("_stext", "_etext"), ("__start_rodata", "__end_rodata")):
        if first not in symbols or last not in symbols:
            continue
        for address in range(symbols[first] & -size, symbols[last], size):
            pfn = memory.translate(address) // size
            mine, theirs = core.page(pfn), live.subject.core.page(pfn)
            expect(mine is not None, f"{address:#x}: pfn {pfn:#x} is missing")
            seen += 1
            if mine != theirs:
                other = sum(a != b for a, b in zip(mine, theirs))
                expect(other <= PATCHED, f"{address:#x}: pfn {pfn:#x}: {other} bytes are others")
    expect(seen > 500, f"only {seen} pages were compared")


def no_user_text(live, core, tagged):
    """Pages that were users' before and after the program ran are not there.

    Others may have become that behind its back, as many as CHURN. It keeps
    those whose struct page it could not read, and says how many.
    """
    unreadable = int(UNREADABLE.search(live.text("dump.31.log")).group(1), 16)
    expect(unreadable <= UNREADABLE_LIMIT, f"{unreadable} struct pages could not be read")
    users = live.stable()["user"]
    stable = {pfn: kind for pfn, kind in tagged.items() if users >> pfn & 1}
    changed = len(tagged) - len(stable)
    expect(changed <= CHURN, f"{changed} pages with user text that were not users' all the time")
    excused, bad = leaks(core, stable)
    print(f"     pages with user text kept: {changed} changed, {len(bad)} of {unreadable} with an "
          f"unreadable struct page, {sum(excused.values())} excused")
    expect(len(bad) <= unreadable, f"{len(bad)} pages with user text: " + "; ".join(bad[:4]))
    expect(sum(excused.values()) <= CHANGED_UNSEEN, f"{excused}")


def classes(live, facts):
    """Each page that did not change has the class the kernel says."""
    kept, stable = facts["live kept"], live.stable()
    present = live.ram
    stable = {name: pages & present for name, pages in stable.items()}
    number = sum(pages.bit_count() for pages in stable.values())
    expect(number > present.bit_count() * 3 // 4, f"only {number} pages did not change")
    for name, pages in sorted(stable.items()):
        wrong = pages & kept if name in DROPPED else pages & ~kept
        print(f"     {name}: {pages.bit_count()} pages did not change, {wrong.bit_count()} of them wrong")
        limit = TAKEN_BETWEEN if name in ("free", "user") else CHANGED_UNSEEN
        expect(wrong.bit_count() <= limit, f"{name}: {bits.show(wrong)}")


def estimate(live, facts):
    """The row of level 31 with lzo is near what the dump became."""
    dumped = (live.folder / "dump.31").stat().st_size
    row = re.search(r"^ +31 +lzo +(\d+) +(\d+) +([\d.]+)%", live.text("estimate.log"), re.M)
    expect(row, "no row of level 31 with lzo")
    print(f"     estimated {row.group(2)} bytes +/- {row.group(3)}%, the dump has {dumped}")
    expect(abs(int(row.group(2)) - dumped) < dumped * 0.25, f"{row.group(0)}: the dump has {dumped}")
    kept = facts["live kept"].bit_count()
    expect(abs(int(row.group(1)) - kept) < CHURN, f"{row.group(0)}: the dump has {kept} pages")


def dry_run(live, facts):
    """The report of a dump that was not written has the numbers of the one that was."""
    rows = {label: int(value, 16) for label, value in ROW.findall(live.text("dry-run.log"))}
    kept = facts["live kept"].bit_count()
    stay = rows["Remaining pages"] + rows["Pages filled with zero"]
    expect(abs(stay - kept) < CHURN, f"{stay} pages would stay, the dump has {kept}")
    expect_equal(rows["Original pages"] - live.ram.bit_count() in (0, live.offline.bit_count()), True,
                 f"{rows['Original pages']} original pages")


def dmesg(live):
    """The log has what the guest printed before, in order."""
    records = printed((live.folder / "dmesg.txt").read_bytes())
    snapshot = (live.subject.folder / "dmesg.txt").read_bytes().splitlines()
    firsts = [record.split(b"\n")[0] for record in records]
    expect(len(records) > 100, f"only {len(records)} records")
    expect(snapshot[-1] in firsts, f"{snapshot[-1]!r} is missing")


def add(suite, subject, facts):
    """Add the cases."""
    live = Live(subject)
    suite.add("live: every run on /proc/kcore succeeds", lambda: steps(live))
    suite.add("live: --mem-usage against the kernel's counters", lambda: mem_usage(live))
    suite.add("live: dump.31 sound, no user text, no crash kernel", lambda: dump_31(live, facts))
    suite.add("live: text and read-only data as in the memory", lambda: constant_pages(live))
    suite.add("live: classes of pages that did not change", lambda: classes(live, facts))
    if "estimate" in live.status:
        suite.add("live: --estimate", lambda: estimate(live, facts))
    suite.add("live: --dry-run --show-stats", lambda: dry_run(live, facts))
    suite.add("live: --dump-dmesg", lambda: dmesg(live))
