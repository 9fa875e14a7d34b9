#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prove one guest's dumps: run.py --program PROGRAM [--summary FILE] [--only WORD] GUEST

The guest's results must be there (lab.py makes them). The last line counts the
cases; FILE gets one line for the table of all guests. With --only just the own
cases whose names contain a WORD run, and no other judge.
"""

import argparse
import contextlib
import pathlib
import sys
import time

if __name__ == "__main__":
    # The folder of this file would hide the modules of tests/vm that have the same names.
    sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)
import verify.paths  # noqa: E402,F401
from callers import SCRIPT  # noqa: E402
from matrix import guest  # noqa: E402
from packages import cache_dir  # noqa: E402
from pylib.harness import Failure, Suite  # noqa: E402
from pylib.scratch import scratch  # noqa: E402
from verify import (  # noqa: E402
    audit, callers, crash_bitmap, crashes, dmesg, dumps, erase, external, facts as own_facts,
    flattened, live, nvdimm, pmem, program, qemudump, recover, refilter, report, roundtrip,
    symbols, tags, verified, vmemmap, writers)
from verify.subject import Subject  # noqa: E402

COLUMNS = (f"{'guest':18} {'release':28} {'MiB':>5} {'kept':>7} {'zero':>7} {'lzo MiB':>8} "
           f"{'zstd':>6} {'own KiB':>8} {'leaks':>6} {'log':>6} {'passed':>7} {'failed':>7} "
           f"{'seconds':>8}")


class Facts(dict):
    """What cases leave for later ones."""

    def __missing__(self, key):
        raise Failure(f"an earlier case should have found {key!r} and failed")


class CountingSuite(Suite):
    """A Suite that keeps the number of cases per result in `counts`."""

    def __init__(self, name):
        super().__init__(name)
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    def run_one(self, name, function):
        """As Suite.run_one."""
        result = super().run_one(name, function)
        self.counts[result] += 1
        return result


def build(subject, facts):
    """The Suite of one guest."""
    suite = CountingSuite(subject.meta["guest"])
    if guest(subject.meta["guest"]).script == SCRIPT:
        callers.add(suite, subject)
        return suite
    if guest(subject.meta["guest"]).script == crash_bitmap.SCRIPT:
        crash_bitmap.add(suite, subject)
        return suite
    if guest(subject.meta["guest"]).secrets:
        erase.add(suite, subject)
        return suite
    # First, because it says which pages of the dump are never to be seen again.
    if subject.vmcore.name == "vmcore.pmem.elf":
        pmem.add(suite, subject, facts)
    if guest(subject.meta["guest"]).namespaces:
        nvdimm.add(suite, subject, facts)
    for part in (dumps, tags, report, dmesg, symbols, verified):
        part.add(suite, subject, facts)
    if not guest(subject.meta["guest"]).brief:
        vmemmap.add(suite, subject, facts)
    own_facts.add(suite, subject, facts)
    if (subject.folder / qemudump.NAME).exists():
        qemudump.add(suite, subject)
    for part in (recover, refilter, roundtrip, flattened, audit, writers):
        if subject.meta["guest"] in part.GUESTS:
            part.add(suite, subject, facts)
    if (subject.folder / "crash").is_dir():
        crashes.add(suite, subject, facts)
    if (subject.folder / "live").is_dir():
        live.add(suite, subject, facts)
    return suite


def summary(subject, facts, totals, seconds):
    """The guest's line of the table under COLUMNS."""
    done = facts.get("pass 31")
    own = max((output.own_kib for output in subject.outputs.values()), default=0)
    sizes = {option: facts.get("bytes " + option) for option in ("-l", "-z")}
    mib = {option: f"{size / 2**20:.1f}" if size else "" for option, size in sizes.items()}
    return (f"{subject.meta['guest']:18} {subject.meta['release']:28} "
            f"{subject.meta['memory_mib']:5} {done.pages if done else 0:7} "
            f"{done.zero_pages if done else 0:7} {mib['-l']:>8} {mib['-z']:>6} {own:8} "
            f"{facts.get('leaks', '?'):>6} {facts.get('log', '?'):>6} {totals[0]:7} "
            f"{totals[1]:7} {seconds:8.0f}")


def main():
    """Exit status as pylib.harness gives it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--summary", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("guest")
    args = parser.parse_args()
    start = time.monotonic()
    folder = cache_dir() / "vm" / args.guest
    marked = folder / "vmcore.pmem.elf"
    facts = Facts(never=0, device=0)
    with scratch("verify-", program.scratch_parent()) as room, contextlib.closing(Subject(
            folder, marked if marked.exists() else folder / "vmcore.elf", args.program.resolve(),
            room)) as subject:
        others = external.Background([] if args.only else external.judges(subject))
        others.start()
        suite = build(subject, facts)
        suite.main(args.only)
        totals = [a + b for a, b in zip(suite.counts.values(), others.finish())]
        if args.summary:
            args.summary.write_text(summary(subject, facts, totals, time.monotonic() - start)
                                    + "\n", encoding="utf-8")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
