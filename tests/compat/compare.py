#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py --ours PROG --theirs CMD [--levels 0-31] VMCORE...

Filters each ELF vmcore with both programs at each level and compares the sets
of page frame numbers that were kept. Every page kept by only one of them must
be explained by a rule of rules.json; anything else fails with the page's
struct page. CMD may be several words, for example a loader with a library path.
"""

import argparse
import re
import shlex
import subprocess
import sys

import compatpath  # noqa: F401
import dumps
import justify
from pylib import bits, harness
from pylib.elfcore import ElfCore
from pylib.pageview import PageView

SHOWN = 5


def parse_levels(text):
    """Levels from "0-31" or "1,2,8-15"."""
    result = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        result += range(int(first), int(last or first) + 1)
    return result


def version_of(command):
    """Version text of the other program, "?" when it tells none."""
    done = subprocess.run(shlex.split(command) + ["-v"], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    match = re.search(r"version ([0-9][^ ]*)", (done.stdout + done.stderr).decode("latin-1"))
    return match.group(1) if match else "?"


class Pair:
    """Both programs on one vmcore."""

    def __init__(self, ours, theirs, vmcore, room):
        self.ours, self.theirs, self.vmcore, self.room = ours, theirs, vmcore, room
        self.core = ElfCore(vmcore)
        self.release = self.core.vmcoreinfo.get("OSRELEASE", "?")
        view = PageView(self.core)
        self.context = justify.Context(self.core, view, view.kinds())
        self.rules = justify.load_rules(self.release, version_of(theirs))
        self.used = set()
        self.input_for_theirs = vmcore
        if dumps.needs_plain_headers(vmcore):
            if not dumps.free_space_for(vmcore, room):
                raise harness.Skip("no disk space for a copy with plain program headers")
            self.input_for_theirs = dumps.plain_copy(vmcore, room)

    def level(self, level):
        """Compare one level: prints its row, returns the list of faults."""
        ours, _ = dumps.kept_pages(self.ours, self.vmcore, self.room, level)
        theirs, _ = dumps.kept_pages(self.theirs, self.input_for_theirs, self.room, level)
        self.context.level = level
        faults, notes = [], []
        for who, pages in (("ours", ours & ~theirs), ("theirs", theirs & ~ours)):
            why, left = justify.explain(self.context, self.rules, who, pages)
            self.used |= set(why)
            notes += [f"{members.bit_count()} {name}" for name, members in sorted(why.items())]
            if left:
                faults.append(f"level {level}: kept by {who} only, unexplained: {bits.show(left)}")
                faults += self.describe(left)
        print(f"{level:5}{ours.bit_count():10}{theirs.bit_count():10}"
              f"{(ours & ~theirs).bit_count():12}{(theirs & ~ours).bit_count():13}"
              f"{'FAIL' if faults else 'ok':>6}  {', '.join(notes)}", flush=True)
        return faults

    def describe(self, pages):
        """Struct page words of the first pages of a set, and its kinds."""
        kinds = {kind: (pages & members).bit_count()
                 for kind, members in self.context.seen.items() if pages & members}
        lines = [f"    by struct page: {kinds}"]
        for pfn in list(bits.iterate(pages))[:SHOWN]:
            page, head = self.context.page_and_head(pfn)
            lines.append(f"    {page or f'pfn {pfn:x}: no struct page'}")
            if head is not page:
                lines.append(f"      head {head}")
        return lines


def compare(ours, theirs, vmcore, levels):
    """One case: all levels of one vmcore."""
    with dumps.workspace() as room:
        pair = Pair(ours, theirs, vmcore, room)
        print(f"\n{vmcore}: Linux {pair.release}; {theirs} is {version_of(theirs)}")
        print(f"{'level':>5}{'ours':>10}{'theirs':>10}{'only ours':>12}{'only theirs':>13}")
        faults = []
        for level in levels:
            faults += pair.level(level)
        for rule in pair.rules:
            if rule["name"] in pair.used:
                print(f"  {rule['name']}: {rule['reason']}")
        harness.expect(not faults, "\n".join(faults))


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--ours", required=True)
    parser.add_argument("--theirs", required=True)
    parser.add_argument("--levels", default="0-31", type=parse_levels)
    parser.add_argument("vmcore", nargs="+")
    args = parser.parse_args()
    suite = harness.Suite("compat")
    for vmcore in args.vmcore:
        suite.add(vmcore, lambda vmcore=vmcore: compare(args.ours, args.theirs, vmcore, args.levels))
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
