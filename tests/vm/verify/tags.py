# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: the text of the workload's user pages is in a level 0 dump, and not in one of 31.

Some pages with such text cannot be told from kernel pages, or are kernel pages
by now. Each is looked up in the struct pages of the same dump by an independent
reader (pylib.pageview), excused by one of REASONS or not at all, and counted.
"""

import collections
import re

import verify.paths  # noqa: F401
from pylib import bits, kpageflags
from pylib.elfcore import EM_AARCH64, EM_X86_64
from pylib.harness import expect
from pylib.kdumpfile import KdumpFile
from pylib.pageview import PageView

PCP = "free, on a per-CPU list"
TAKEN = "the kernel's own by now, not cleared"
BATCH = "of a file, in a per-CPU batch on the way to an LRU list"
# The lists of /proc/zoneinfo are read a moment before the dump.
PCP_CHURN = 256
# Two CPUs have a batch of up to 31 pages for each of five moves between LRU lists
# (PAGEVEC_SIZE of v6.10; 15 before).
BATCH_LIMIT = 2 * 5 * 31
# Pages of programs that ended and of buffers; the workload itself has 50 000.
TAKEN_LIMIT = 128
MACHINES = {"x86_64": EM_X86_64, "aarch64": EM_AARCH64}


class DumpCore:
    """A kdump-compressed dump with as much of ElfCore's interface as PageView needs.

    Struct pages and page tables are kernel pages, so even level 31 has them.
    """

    def __init__(self, path):
        self.dump = KdumpFile(path)
        self.vmcoreinfo, self.page_size = self.dump.vmcoreinfo, self.dump.block_size
        self.order, self.is64 = self.dump.layout.order, self.dump.layout.is64
        self.machine = MACHINES[self.dump.utsname["machine"]]

    def max_mapnr(self):
        """Page frame number after the last page."""
        return self.dump.max_mapnr

    def page(self, pfn):
        """The bytes of one page, None when it was left out."""
        return self.dump.page(pfn)

    def read_phys(self, address, size):
        """Bytes inside one or several pages that are in the dump, else None."""
        first, end = address // self.page_size, -(-(address + size) // self.page_size)
        pages = [self.page(pfn) for pfn in range(first, end)]
        if None in pages:
            return None
        start = address - first * self.page_size
        return b"".join(pages)[start:start + size]


def pcp_pages(folder):
    """Pages on the per-CPU free lists when the guest read /proc/zoneinfo."""
    text = (folder / "zoneinfo").read_text(encoding="ascii")
    return sum(map(int, re.findall(r"cpu: \d+\s+count:\s+(\d+)", text)))


def reason(view, free, pfn):
    """Why the page may be kept although it has user text, or None."""
    page = view.pages.get(pfn)
    if page is None or view.kind(pfn, free) != "kernel":
        return None
    head = view.head_of(page) or page
    if head.refcount == 0 and head.mapcount == 0xFFFFFFFF:
        return PCP
    if head.refcount > 0 and head.mapping > 4096 and not head.mapping & 3 \
            and not view.is_slab(head):
        return BATCH
    return TAKEN


def leaks(core, tagged):
    """(Counter of reasons, texts about pages without one) of {pfn: kind} in the dump of core."""
    excused, bad = collections.Counter(), []
    if not tagged:
        return excused, bad
    view = PageView(core)
    free = view.free_pages()
    for pfn, kind in sorted(tagged.items()):
        why = reason(view, free, pfn)
        if why:
            excused[why] += 1
        else:
            bad.append(f"{kind} page, {view.kind(pfn, free)}: {view.pages.get(pfn, hex(pfn))}")
    return excused, bad


def judge(core, folder, tagged):
    """Fail unless all tagged pages are excused and few; returns how many there are."""
    excused, bad = leaks(core, tagged)
    for why, number in sorted(excused.items()):
        print(f"     {number} pages with user text kept: {why}")
    expect(not bad, f"{len(bad)} pages with user text: " + "; ".join(bad[:4]))
    limits = {PCP: pcp_pages(folder) + PCP_CHURN, BATCH: BATCH_LIMIT, TAKEN: TAKEN_LIMIT}
    for why, number in excused.items():
        expect(number <= limits[why], f"{number} pages kept, {limits[why]} can be: {why}")
    return sum(excused.values())


def add(suite, subject, facts):
    """Add the cases; the passes over the dumps are those of verify.dumps."""
    def level_0():
        kept = facts["pass 0"].kept
        lost = bits.from_iterable(subject.tagged) & ~kept & ~facts["never"]
        poison = kpageflags.select(subject.flags, ["HWPOISON"])
        expect(not lost & ~poison, f"tagged pages not kept: {bits.show(lost & ~poison)}")
        kinds = collections.Counter(kind for kind, _ in subject.tagged.values())
        print("     tagged pages: " + ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())))
        wanted = {path.stem for path in (subject.folder / "workload").glob("*.txt")}
        missing = wanted - set(kinds) - {"poison"}
        expect(not missing, f"not one tagged page of {sorted(missing)} is in the dump")

    def level_31():
        facts["leaks"] = judge(subject.core, subject.folder, facts["pass 31"].tagged)

    suite.add("level 0: every tagged user page is there", level_0)
    suite.add("level 31: no text of user pages", level_31)
