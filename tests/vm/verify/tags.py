# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: the text of the workload's user pages is in a level 0 dump, and not in one of 31.

A page that the kernel itself has in transit cannot be told by its struct page.
Such pages are excused by a reason that the guest's own files prove, listed,
and bounded by how many the guest says there are.
"""

import collections
import re

import verify.paths  # noqa: F401
from pylib import bits, kpageflags
from pylib.harness import expect

# The lists of /proc/zoneinfo are read a moment before the dump.
PCP_CHURN = 64
# Per-CPU batches of pages on their way to the LRU lists hold 15 pages each, 31 since
# v6.8 ("mm: folio_batch: increase the size"); two CPUs have one for each of five moves.
LRU_BATCH_LIMIT = 2 * 5 * 31


def pcp_pages(folder):
    """Pages on the per-CPU free lists when the guest read /proc/zoneinfo."""
    text = (folder / "zoneinfo").read_text(encoding="ascii")
    return sum(map(int, re.findall(r"cpu: \d+\s+count:\s+(\d+)", text)))


def reason(subject, pfn):
    """Why a page with user text may be kept: its name, or None."""
    if pfn >= len(subject.flags):
        return None
    word, count = subject.flags[pfn], subject.counts[pfn]
    if not word and not count:
        return "on a per-CPU free list"
    if not word & (kpageflags.MASK["LRU"] | kpageflags.MASK["ANON"] | kpageflags.MASK["SLAB"]) \
            and word & kpageflags.MASK["UPTODATE"] and not word & kpageflags.MASK["HUGE"]:
        return "file page in a per-CPU batch, not yet on an LRU list"
    return None


def leaks(subject, tagged):
    """(Counter of reasons, list of texts of unexcused pages) of {pfn: kind}."""
    excused, bad = collections.Counter(), []
    for pfn, kind in sorted(tagged.items()):
        why = reason(subject, pfn)
        if why:
            excused[why] += 1
        else:
            names = " ".join(kpageflags.names(subject.flags[pfn])) \
                if pfn < len(subject.flags) else "beyond kpageflags"
            bad.append(f"pfn {pfn:#x} ({kind}, kernel says: {names or 'nothing'})")
    return excused, bad


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
        excused, bad = leaks(subject, facts["pass 31"].tagged)
        facts["leaks"] = sum(excused.values()) + len(bad)
        for why, number in excused.items():
            print(f"     {number} pages with user text kept: {why}")
        expect(not bad, f"{len(bad)} pages with user text, such as {bad[:4]}")
        free = excused["on a per-CPU free list"]
        limit = pcp_pages(subject.folder) + PCP_CHURN
        expect(free <= limit, f"{free} freed pages kept, the per-CPU lists have {limit}")
        expect(sum(excused.values()) - free <= LRU_BATCH_LIMIT,
               f"{excused} is more than per-CPU batches hold")

    suite.add("level 0: every tagged user page is there", level_0)
    suite.add("level 31: no text of user pages", level_31)
