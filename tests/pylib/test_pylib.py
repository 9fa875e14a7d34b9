#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_pylib.py --program PROG: the format checker finds every planted fault.

A sound dump of the demonstration machine is damaged in one place at a time;
each time the checker must name a fault, and none in the sound file.
"""

import argparse
import io
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "gen")]

import mkdump  # noqa: E402
from pylib import bits, elfnote, harness, kdumpfile, scratch  # noqa: E402
from pylib.kdumplayout import DESC_SIZE  # noqa: E402

# field, value, words the checker must use
HEADER_FAULTS = (
    ("header_version", 5, "header_version"), ("tv_usec", 4096, "tv_usec"),
    ("status", 0x03, "more than one compressor"), ("status", 0x100, "unknown bits"),
    ("bitmap_blocks", None, "bitmap_blocks"), ("max_mapnr", 7, "max_mapnr"),
    ("total_ram_blocks", 1, "total_ram_blocks"), ("device_blocks", 1, "device_blocks"),
    ("written_blocks", 1, "written_blocks"), ("current_cpu", 1, "current_cpu"),
    ("nr_cpus", 9, "nr_cpus"), ("tv_sec", 1, "timestamp"),
)
SUB_FAULTS = (
    ("dump_level", 30, "no zero bit"), ("split", 2, "split"), ("start_pfn_64", 64, "start_pfn"),
    ("offset_vmcoreinfo", 4304, "VMCOREINFO"), ("size_vmcoreinfo", 10, "VMCOREINFO"),
    ("offset_note", 64, "note area"), ("max_mapnr_64", 100, "max_mapnr"),
)
DESC_FAULTS = (
    (0, "q", 0, "without data"), (0, "q", 64, "outside the page area"),
    (0, "q", 1 << 50, "outside the page area"), (8, "I", 5000, "size"), (8, "I", 0, "size"),
    (12, "I", 3, "flags"), (12, "I", 0x40, "flags"), (12, "I", 2, "status"),
    (16, "Q", 1, "page_flags"),
)


def make_dump(program, folder):
    """A sound dump of the demonstration machine."""
    source, dump = f"{folder}/vmcore", f"{folder}/dump"
    recipe = HERE.parent / "gen/sample.recipe"
    mkdump.make(recipe.read_text(encoding="utf-8"), source)
    done = subprocess.run([program, "-c", "-d", "31", source, dump], capture_output=True,
                          text=True, check=False, timeout=600)
    harness.expect(done.returncode == 0, f"exit status {done.returncode}: {done.stderr}")
    return dump


class Planted:
    """`with Planted(path, offset, bytes):` overwrites, and restores afterwards."""

    def __init__(self, path, offset, data):
        self.path, self.offset, self.data = path, offset, data

    def __enter__(self):
        with open(self.path, "r+b") as stream:
            stream.seek(self.offset)
            self.before = stream.read(len(self.data))
            stream.seek(self.offset)
            stream.write(self.data)

    def __exit__(self, *_):
        with open(self.path, "r+b") as stream:
            stream.seek(self.offset)
            stream.write(self.before)


def expect_fault(path, words, deep=False):
    """The checker names a fault with these words."""
    faults = kdumpfile.check(path, deep=deep)
    harness.expect(any(words in fault for fault in faults), f"want {words!r}, got {faults[:3]}")


def plant_fields(path, fields, base, cases, order):
    """Damage header fields one at a time."""
    for name, value, words in cases:
        offset, code = fields[name]
        with open(path, "rb") as stream:
            stream.seek(base + offset)
            old = struct.unpack(order + code, stream.read(struct.calcsize(code)))[0]
        new = old + 2 if value is None else value
        with Planted(path, base + offset, struct.pack(order + code, new)):
            expect_fault(path, words)


def add_cases(suite, state):
    """All cases; state["dump"] is the sound file."""

    @suite.case("a sound file has no fault")
    def sound():
        harness.expect_equal(kdumpfile.check(state["dump"]), [], "faults")

    @suite.case("header and sub header fields")
    def fields():
        with kdumpfile.KdumpFile(state["dump"]) as dump:
            layout, size = dump.layout, dump.block_size
        plant_fields(state["dump"], layout.main, 0, HEADER_FAULTS, layout.order)
        plant_fields(state["dump"], layout.sub, size, SUB_FAULTS, layout.order)

    @suite.case("descriptors")
    def descriptors():
        with kdumpfile.KdumpFile(state["dump"]) as dump:
            row = next(i for i, d in enumerate(dump.descriptors()) if d[2])
            base = dump.desc_offset + row * DESC_SIZE
        for offset, code, value, words in DESC_FAULTS:
            with Planted(state["dump"], base + offset, struct.pack("<" + code, value)):
                expect_fault(state["dump"], words)

    @suite.case("data that does not decode, overlaps or is zero")
    def data():
        with kdumpfile.KdumpFile(state["dump"]) as dump:
            rows = list(dump.descriptors())
            row = next(i for i, d in enumerate(rows) if d[2])
            desc, start = rows[row], dump.desc_offset
        with Planted(state["dump"], desc[0] + 4, b"\xff\xff\xff\xff"):
            expect_fault(state["dump"], "zlib data", deep=True)
        with Planted(state["dump"], start + row * DESC_SIZE, struct.pack("<q", desc[0] + 1)):
            expect_fault(state["dump"], "overlaps")

    @suite.case("bitmaps")
    def bitmaps():
        with kdumpfile.KdumpFile(state["dump"]) as dump:
            first, layout = dump.bitmap_offset, dump.layout
            place = dump.block_size + layout.sub["max_mapnr_64"][0]
            fewer = struct.pack(layout.order + "Q", dump.max_mapnr - 8)
        with Planted(state["dump"], first + 512, bytes(8)):
            expect_fault(state["dump"], "bitmap1 lacks")
        with Planted(state["dump"], place, fewer):
            expect_fault(state["dump"], "at or after max_mapnr")

    @suite.case("a truncated file")
    def truncated():
        size = os.path.getsize(state["dump"])
        with open(state["dump"], "rb") as stream:
            content = stream.read()
        for keep, words in ((size - 5000, "outside the page area"), (9000, "cannot be read"),
                            (100, "cannot be read")):
            os.truncate(state["dump"], keep)
            expect_fault(state["dump"], words)
            with open(state["dump"], "r+b") as stream:
                stream.write(content)


def add_small(suite):
    """Cases that need no dump."""

    @suite.case("notes that do not fit end the parsing")
    def notes():
        good = elfnote.build("CORE", 1, bytes(8), "<")
        found, problems = elfnote.parse(good + struct.pack("<III", 0xFFFFFFFF, 8, 1), "<")
        harness.expect_equal((len(found), len(problems)), (1, 1), "notes and problems")

    @suite.case("cases in several processes")
    def processes():
        out = io.StringIO()
        inner = harness.Suite("inner", out)
        for name in "abcd":
            inner.add(name, lambda name=name: harness.expect(name != "c", "it is c"))
        inner.add("e", lambda: os._exit(3))
        inner.add("f", lambda: None)
        inner.add("g", lambda: None)
        harness.expect_equal(inner.main(workers=2), 1, "exit status")
        harness.expect_equal([line.split(":")[0] for line in out.getvalue().splitlines()],
                             ["ok   inner", "ok   inner", "FAIL inner", "ok   inner", "FAIL inner",
                              "ok   inner", "FAIL inner", "4 passed, 3 failed, 0 skipped"],
                             "what is printed, where e takes its process and g with it")

    @suite.case("what a killed test leaves is removed, what is in use is not")
    def killed():
        with tempfile.TemporaryDirectory(prefix="pylib-") as parent, \
                mock.patch.object(scratch, "YOUNG_SECONDS", -1):
            child = os.fork()
            if not child:
                with scratch.scratch("test-", parent) as path:
                    (path / "file").touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            os.waitpid(child, 0)
            harness.expect_equal(len(os.listdir(parent)), 1, "folders left by the killed process")
            with scratch.scratch("test-", parent) as one, scratch.scratch("test-", parent) as two:
                harness.expect_equal(sorted(os.listdir(parent)), sorted((one.name, two.name)), "folders")
            harness.expect_equal(os.listdir(parent), [], "folders in the end")

    @suite.case("sets of pages")
    def sets():
        parts = [(1, 2), (7, 9), (64, 200), (1000, 1001)]
        whole = bits.from_ranges(parts)
        harness.expect_equal(bits.ranges(whole), parts, "ranges")
        members = list(bits.iterate(whole))
        harness.expect_equal(members, [n for a, b in parts for n in range(a, b)], "members")
        table = bits.RankTable(bits.to_bytes(whole) + bytes(4000))
        for number in (0, 1, 2, 8, 64, 199, 200, 1000, 1001, 30000):
            harness.expect_equal(table.rank(number), sum(m < number for m in members), "rank")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    args = parser.parse_args()
    suite, state = harness.Suite("pylib"), {}
    add_small(suite)
    with tempfile.TemporaryDirectory(prefix="pylib-") as folder:
        @suite.case("a dump to damage")
        def made():
            state["dump"] = make_dump(args.program, folder)
        add_cases(suite, state)
        return suite.main()


if __name__ == "__main__":
    sys.exit(main())
