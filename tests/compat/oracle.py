#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py --program PROGRAM FOLDER...: our classes against the kernel's own.

A FOLDER holds vmcore.elf, kpageflags.bin (the guest's /proc/kpageflags just
before the dump) and workload/*.txt (`index pfn` lines per kind of page).

Pages move between snapshot and dump. So each page on which we and the
snapshot differ is looked at a third time: its struct page in the dump itself,
judged page by page by pylib.pageview. If that agrees with us, the page
changed in between (churn); if not, the test fails. Churn as a whole must stay
below --churn percent, or the snapshot proves nothing.
"""

import argparse
import pathlib
import sys

import compatpath  # noqa: F401
import dumps
from pylib import bits, harness, iomem, kpageflags
from pylib.elfcore import ElfCore
from pylib.pageview import PageView

DROPPED = ("free", "user", "cache", "cache_private", "hwpoison", "offline")
# Pages the workload holds until the dump: no churn is possible.
HELD = {"anon": ("user",), "thp": ("user",), "hugetlb": ("user",), "mlock": ("user",),
        # half of a private file mapping was written to, the rest is still the file
        "cow": ("user", "cache", "cache_private"), "tmpfs": ("cache", "cache_private")}
SHOWN = 5


def split_always(ours, seen):
    """Our pages dropped at every level, shared out to hwpoison and offline by
    what the dumped struct page says; anything else stays with hwpoison."""
    result = {kind: pages for kind, pages in ours.items() if kind != "always"}
    result["offline"] = ours["always"] & seen.get("offline", 0)
    result["hwpoison"] = ours["always"] & ~result["offline"]
    return result


class Comparison:
    """Sets for one guest: ours, the snapshot's, and the dump's struct pages."""

    def __init__(self, program, folder):
        self.folder = pathlib.Path(folder)
        vmcore = self.folder / "vmcore.elf"
        self.words = kpageflags.load(self.folder / "kpageflags.bin")
        self.kernel = kpageflags.classes(self.words)
        with ElfCore(vmcore) as core:
            self.view = PageView(core)
            self.page_size = core.page_size
            self.release = core.vmcoreinfo.get("OSRELEASE", "?")
            self.seen = self.view.kinds()
        with dumps.workspace() as room:
            ours, self.present = dumps.classes(program, vmcore, room)
        # pages hot-added or from another reservation have no snapshot
        self.known = (1 << len(self.words)) - 1 & self.present & ~self.persistent()
        self.ours = split_always(ours, self.seen)

    def persistent(self):
        """Persistent memory, which is no page to the kernel's snapshot and always goes."""
        path = self.folder / "iomem"
        if not path.exists():
            return 0
        device, ram = iomem.persistent(path.read_text(encoding="ascii"), self.page_size)
        return device & ~ram

    def rows(self):
        """One dict per class with the numbers of the table and the failing sets."""
        dropped_any = 0
        for pages in self.ours.values():
            dropped_any |= pages
        result = []
        for kind in DROPPED:
            ours = self.ours.get(kind, 0) & self.known
            kernel = self.kernel.get(kind, 0) & self.present
            seen = self.seen.get(kind, 0)
            other, kept = ours & ~kernel, kernel & ~dropped_any
            result.append({
                "kind": kind, "dropped": ours, "kernel": kernel, "agreed": ours & kernel,
                "churn": other & seen, "wrong": other & ~seen,
                "kept_changed": kept & ~seen, "kept_unexplained": kept & seen})
        return result

    def reasons(self, pages):
        """Text: what kept pages were when the dump was taken."""
        parts = []
        for kind, members in sorted(self.seen.items()):
            if pages & members:
                parts.append(f"{(pages & members).bit_count()} now {kind}")
        return ", ".join(parts)

    def describe(self, pages):
        """Lines about the first pages of a set."""
        lines = []
        for pfn in list(bits.iterate(pages))[:SHOWN]:
            flags = " ".join(kpageflags.names(self.words[pfn])) or "-"
            lines.append(f"    {self.view.pages.get(pfn, f'pfn {pfn:x}: no struct page')}"
                         f" | kernel said: {flags}")
        return lines


def print_table(name, comparison, rows):
    """The table of one guest."""
    print(f"\n{name}: Linux {comparison.release}, {comparison.present.bit_count()} pages")
    print(f"{'class':14}{'kernel says':>12}{'we drop':>10}{'agreed':>10}{'churn':>8}"
          f"{'wrong':>7}{'kept':>7}  kept because")
    for row in rows:
        kept = row["kept_changed"] | row["kept_unexplained"]
        because = comparison.reasons(row["kept_changed"])
        if row["kept_unexplained"]:
            because += f" UNEXPLAINED {row['kept_unexplained'].bit_count()}"
        print(f"{row['kind']:14}{row['kernel'].bit_count():12}{row['dropped'].bit_count():10}"
              f"{row['agreed'].bit_count():10}{row['churn'].bit_count():8}"
              f"{row['wrong'].bit_count():7}{kept.bit_count():7}  {because}")


def check_rows(comparison, rows, limit):
    """Fail on unexplained differences or too much churn."""
    faults = []
    for row in rows:
        for key, text in (("wrong", "dropped, but neither snapshot nor dump call it that"),
                          ("kept_unexplained", "kept, though snapshot and dump agree")):
            if row[key]:
                faults.append(f"{row['kind']} {text}: {bits.show(row[key])}")
                faults += comparison.describe(row[key])
    churn = sum((row["churn"] | row["kept_changed"]).bit_count() for row in rows)
    share = 100 * churn / max(comparison.present.bit_count(), 1)
    print(f"churn {churn} pages, {share:.2f}% (limit {limit}%)")
    if share > limit:
        faults.append(f"churn of {share:.2f}% is above {limit}%")
    harness.expect(not faults, "\n".join(faults))


def check_workload(comparison):
    """Every page the workload held until the dump has its class."""
    faults = []
    for kind, allowed in HELD.items():
        path = comparison.folder / "workload" / f"{kind}.txt"
        if not path.exists():
            continue
        pages = bits.from_iterable(int(line.split()[1], 16) for line in path.read_text().splitlines())
        pages &= comparison.present
        wrong = pages
        for name in allowed:
            wrong &= ~comparison.ours.get(name, 0)
        print(f"workload {kind}: {pages.bit_count()} pages, {wrong.bit_count()} not {'/'.join(allowed)}")
        if wrong:
            faults.append(f"{kind} pages not taken for {'/'.join(allowed)}: {bits.show(wrong)}")
            faults += comparison.describe(wrong)
    harness.expect(not faults, "\n".join(faults))


def add_guest(suite, program, folder, limit):
    """The cases of one guest folder."""
    name, state = pathlib.Path(folder).name, {}

    def classes():
        for needed in ("vmcore.elf", "kpageflags.bin"):
            if not (pathlib.Path(folder) / needed).exists():
                raise harness.Skip(f"{folder}/{needed} does not exist")
        state["comparison"] = Comparison(program, folder)
        rows = state["comparison"].rows()
        print_table(name, state["comparison"], rows)
        check_rows(state["comparison"], rows, limit)

    def workload():
        if "comparison" not in state:
            raise harness.Skip("no comparison was made")
        check_workload(state["comparison"])

    suite.add(f"{name} classes", classes)
    suite.add(f"{name} workload", workload)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--churn", type=float, default=2.0, help="limit in percent of all pages")
    parser.add_argument("folder", nargs="+")
    args = parser.parse_args()
    suite = harness.Suite("oracle")
    for folder in args.folder:
        add_guest(suite, args.program, folder, args.churn)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
