# SPDX-License-Identifier: GPL-2.0-or-later
"""What both reader checks share: which pages to read, and the command line.

A reader is a function read(physical address, size) -> bytes that raises
Unreadable when the library refuses.
"""

import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from pylib import bits, harness  # noqa: E402
from pylib.elfcore import ElfCore  # noqa: E402
from pylib.kdumpfile import KdumpFile  # noqa: E402

MAX_READ = 256  # pages per read of consecutive kept pages
EXCLUDED_SAMPLE = 500
SHOWN = 5
SYSTEM_PYTHON = "/usr/bin/python3"


class Unreadable(Exception):
    """The library refuses this address; the text is its message."""


def arguments(description):
    """Parsed command line: dump, vmcore, every."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--every", type=int, default=1, metavar="N",
                        help="read only every Nth run of pages (default: all)")
    parser.add_argument("dump")
    parser.add_argument("vmcore")
    return parser.parse_args()


def use_system_python(module):
    """Start again under the distribution's Python when only that has `module`."""
    try:
        __import__(module)
    except ImportError:
        if sys.executable != SYSTEM_PYTHON and os.path.exists(SYSTEM_PYTHON) \
                and not os.environ.get("READERS_RESTARTED"):
            os.environ["READERS_RESTARTED"] = "1"
            os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON] + sys.argv)
        return False
    return True


def spans(pages, limit):
    """Half-open pfn ranges of at most `limit` consecutive members."""
    for first, end in bits.ranges(pages):
        for at in range(first, end, limit):
            yield at, min(at + limit, end)


def compare_kept(dump, core, read, every):
    """Every kept page (or every Nth run) read back equals the vmcore's bytes."""
    size, faults, count = dump.block_size, [], 0
    for index, (first, end) in enumerate(spans(dump.kept(), MAX_READ)):
        if index % every:
            continue
        want = core.read_phys(first * size, (end - first) * size)
        try:
            got = read(first * size, (end - first) * size)
        except Unreadable as why:
            faults.append(f"pages {first:#x}-{end - 1:#x}: {why}")
        else:
            faults += [f"page {pfn:#x} differs" for pfn in range(first, end)
                       if got[(pfn - first) * size:(pfn - first + 1) * size]
                       != want[(pfn - first) * size:(pfn - first + 1) * size]]
        count += end - first
        if len(faults) >= SHOWN:
            break
    harness.expect(not faults, "; ".join(faults))
    harness.expect(count > 0, "the dump holds no page")
    print(f"     {count} pages read back")


def compare_excluded(dump, read):
    """Pages that were left out give an error, not made-up bytes."""
    excluded = dump.bitmap1 & ~dump.bitmap2
    if not excluded:
        raise harness.Skip("the dump leaves out no page")
    members = [first for first, _ in spans(excluded, 64)]
    step = max(len(members) // EXCLUDED_SAMPLE, 1)
    wrong = []
    for pfn in members[::step]:
        try:
            read(pfn * dump.block_size, dump.block_size)
            wrong.append(hex(pfn))
        except Unreadable:
            pass
    harness.expect(not wrong, f"excluded pages were readable: {' '.join(wrong[:SHOWN])}")
    print(f"     {len(members[::step])} excluded pages refused")


def run(name, options, open_reader):
    """Run the cases of one reader; open_reader(path) -> (read function, text)."""
    suite, state = harness.Suite(name), {}

    @suite.case("opens")
    def opens():
        state["read"], text = open_reader(options.dump)
        print(f"     {text}")

    @suite.case("kept pages")
    def kept():
        harness.expect("read" in state, "the dump was not opened")
        with KdumpFile(options.dump) as dump, ElfCore(options.vmcore, dump.block_size) as core:
            compare_kept(dump, core, state["read"], options.every)

    @suite.case("excluded pages")
    def excluded():
        harness.expect("read" in state, "the dump was not opened")
        with KdumpFile(options.dump) as dump:
            compare_excluded(dump, state["read"])

    return suite.main()


def skip_all(name, reason):
    """Print one skipped case; exit status of an entirely skipped suite."""
    suite = harness.Suite(name)

    @suite.case("library")
    def missing():
        raise harness.Skip(reason)

    return suite.main()
