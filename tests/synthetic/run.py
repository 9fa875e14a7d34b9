#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole synthetic machines: run.py --program PROGRAM [WORD...]

For every good recipe the file written must not depend on threads, on the
memory budget or on how the dump is read, and the log must be the recipe's. The
classes at every level are a matter of tests/corpus. With -e, exactly the struct
pages of dropped pages are left out (unused.py). Then machines of 1 and 16 TiB are
filtered in bounded memory (bigmachine.py).
"""

import argparse
import filecmp
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GEN = HERE.parent / "gen"
sys.path[:0] = [str(HERE.parent), str(GEN), str(HERE)]

import bigmachine  # noqa: E402
import logtext  # noqa: E402
import mkdump  # noqa: E402
import unused  # noqa: E402
from expect import Expected  # noqa: E402
from pylib import harness  # noqa: E402
from pylib.kdumpfile import KdumpFile  # noqa: E402
from pylib.scratch import scratch  # noqa: E402

TIMEOUT = 600
SAMPLE = GEN / "sample.recipe"
WINDOWS = HERE / "windows.recipe"
# Each must write what the plain run writes. Every machine has the first and the last, and two
# of the others in turn.
VARIANTS = [["--num-threads", "0"], ["--num-threads", "1"], ["--num-threads", "2"],
            ["--num-threads", "4"],
            ["--cyclic-buffer", "1"], ["--cyclic-buffer", "64"], ["--non-mmap"],
            ["--cyclic-buffer", "1", "--num-threads", "2"],
            ["--non-mmap", "--num-threads", "4", "--cyclic-buffer", "1"]]
# Level to use, by what the recipe promises.
LEVELS = {"ok": 31, "ok at levels 0 and 1": 1}
AGAIN = re.compile(r"^Page plan .* (\d+) of (\d+) blocks judged again$", re.M)


def promised(recipe):
    """The "# result:" line of a recipe."""
    match = re.search(r"^# result: (.*)$", recipe.read_text(encoding="utf-8"), re.M)
    return match.group(1) if match else "ok"


def call(program, *words):
    """Run the program, which must succeed; its standard output."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, check=False)
    text = done.stdout.decode("latin-1")
    harness.expect(done.returncode == 0, f"{' '.join(map(str, words))}: exit status "
                   f"{done.returncode}: {done.stderr.decode('latin-1').strip()[-300:]}")
    return text


def made(recipe, folder):
    """The recipe's dump in folder."""
    dump = folder / "vmcore"
    mkdump.make(recipe.read_text(encoding="utf-8"), str(dump))
    return dump


def variants(turn):
    """Those of the machine whose turn it is, a number."""
    first, *others, last = VARIANTS
    return [first, *(others[(turn * 2 + i) % len(others)] for i in range(2)), last]


def same_bytes(program, dump, folder, level, options, chosen=VARIANTS):
    """Run the chosen variants; returns the reports by variant, and leaves the plain file."""
    plain, other = folder / "plain", folder / "other"
    words = ["-f", "--message-level", "20", *options, "-d", level, *mkdump.input_words(dump)]
    reports = {"plain": call(program, *words, plain)}
    harness.expect(plain.stat().st_size > 0, "an empty file")
    for variant in chosen:
        name = " ".join(variant)
        reports[name] = call(program, *variant, *words, other)
        harness.expect(filecmp.cmp(plain, other, shallow=False), f"{name}: other bytes")
    return reports


def check_log(program, dump, folder):
    """--dump-dmesg against the JSON; False when the machine has no log."""
    path = pathlib.Path(f"{dump}.json")
    records = Expected(path).raw["log"] if path.exists() else None
    if not records:
        return False
    info = pathlib.Path(f"{dump}.vmcoreinfo")
    given = ["-i", info] if info.exists() else []
    call(program, "--dump-dmesg", "-f", *given, *mkdump.input_words(dump), folder / "log")
    got, want = (folder / "log").read_bytes(), logtext.expected(records)
    if got != want:
        pairs = zip(got.split(b"\n") + [b""], want.split(b"\n") + [b""])
        first = next((pair for pair in pairs if pair[0] != pair[1]), (got[-80:], want[-80:]))
        raise harness.Failure(f"the log differs: {first[0][:150]!r}, not {first[1][:150]!r}")
    return True


def try_recipe(program, recipe, turn):
    """One machine: the same bytes however it is read, and its log."""
    level = LEVELS[promised(recipe)]
    with tempfile.TemporaryDirectory(prefix="synthetic-") as name:
        folder = pathlib.Path(name)
        dump = made(recipe, folder)
        same_bytes(program, dump, folder, level, ["-l"], variants(turn))
        has_log = check_log(program, dump, folder)
        harness.expect(has_log or "log" not in recipe.stem and recipe != SAMPLE, "it has no log")


def try_windows(program):
    """More plan blocks than fit a small budget: they are judged again, with the same result."""
    with scratch("synthetic-", bigmachine.disk()) as name:
        folder = pathlib.Path(name)
        dump = made(WINDOWS, folder)
        same_bytes(program, dump, folder, 31, ["-z", "-e", "--work-dir", folder], variants(1))
        reports = same_bytes(program, dump, folder, 31, ["-l"])
        wrong = Expected(f"{dump}.json").compare(KdumpFile(folder / "plain").bitmap2, 31)
        harness.expect(not wrong, "; ".join(wrong))
        for name, text in reports.items():
            forgotten = int(AGAIN.search(text).group(1))
            harness.expect((forgotten > 0) == ("--cyclic-buffer 1" in name),
                           f"{name}: {forgotten} blocks judged again, so this case proves nothing")


def main():
    """Run the cases whose names contain one of the words."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("word", nargs="*")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    suite = harness.Suite("synthetic")
    recipes = [path for path in sorted((GEN / "recipes").glob("good-*.recipe"))
               if promised(path) in LEVELS]
    for turn, recipe in enumerate([SAMPLE, *recipes]):
        suite.add(recipe.stem, lambda recipe=recipe, turn=turn: try_recipe(program, recipe, turn))
    for recipe in [SAMPLE, *recipes]:
        if promised(recipe) == "ok" and unused.applies(recipe):
            suite.add(f"{recipe.stem} -e", lambda recipe=recipe: unused.try_recipe(program, recipe))
    suite.add("windows -e", lambda: unused.try_recipe(program, WINDOWS))
    suite.add("windows", lambda: try_windows(program))
    bigmachine.add(suite, program)
    return suite.main(args.word, workers=os.cpu_count())


if __name__ == "__main__":
    sys.exit(main())
