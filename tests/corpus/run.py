#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every recipe of tests/gen/recipes through the program.

Usage: tests/corpus/run.py --program PROGRAM [WORD...]

A recipe says what must happen in a comment line "# result: ...":
	ok                      every level works; classes as the generator expects
	ok at levels 0 and 1    these work; other levels may be refused
	error                   refused: exit 1, one line that names the file, no output
	either                  any of the above; what is written must obey the format
Whatever happens, the program ends by itself and with exit status 0 or 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
GEN = HERE.parent / "gen"
sys.path[:0] = [str(HERE.parent), str(GEN)]

import cpuorder  # noqa: E402
import corpusbitmap  # noqa: E402
import domain0log  # noqa: E402
import forms  # noqa: E402
import given  # noqa: E402
import mkdump  # noqa: E402
import recovered  # noqa: E402
import refilter  # noqa: E402
import xenhosts  # noqa: E402
from expect import Expected  # noqa: E402
from pylib import harness, kdumpcheck  # noqa: E402
from pylib.elfcore import ElfCore  # noqa: E402
from pylib.kdumpfile import KdumpFile  # noqa: E402

TIMEOUT = 600
LEVELS = {"ok": (0, 1, 2, 4, 8, 16, 31, 63), "ok at levels 0 and 1": (0, 1, 31), "error": (0, 31),
          "either": (0, 1, 31)}
MAY_BE_REFUSED = {("ok at levels 0 and 1", 31)}


def result_line(text):
    """The promised result of a recipe."""
    match = re.search(r"^# result: (.*)$", text, re.M)
    if not match or match.group(1) not in LEVELS:
        raise harness.Failure("the recipe has no '# result:' line this test knows")
    return match.group(1)


def run(program, *words):
    """Run the program; return (status, stdout, stderr). A signal or a hang fails the case."""
    try:
        done = subprocess.run([program, *words], capture_output=True, timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        raise harness.Failure(f"{' '.join(words)}: still running after {TIMEOUT} s") from None
    out, err = done.stdout.decode("latin-1"), done.stderr.decode("latin-1")
    harness.expect(done.returncode in (0, 1),
                   f"{' '.join(words)}: exit status {done.returncode}\n{out}{err}")
    return done.returncode, out, err


def check_refusal(dump, output, out, err):
    """A refused input: one clear line, nothing left behind."""
    lines = [line for line in err.splitlines() if line.strip()]
    named = [line for line in lines if str(dump) in line]
    harness.expect(len(named) >= 1, f"no error line names {dump}: {out}{err}")
    harness.expect(not output.exists(), f"refused, but wrote {output.name}")
    harness.expect("makedumpfile Failed." in out, f"no final line: {out}")


def check_bytes(written, core):
    """Every page that was written has the bytes of the core the input was made from."""
    for pfn, data in written.pages():
        harness.expect(data == core.page(pfn), f"page {pfn:#x} has other bytes than the input")


def check_output(output, dump, level, source):
    """What was written obeys the format and, where known, has the right pages."""
    written = KdumpFile(str(output))
    incomplete = written.head["status"] & 0x08
    # Without a kernel's notes and symbols there is less for the header to say.
    faults = kdumpcheck.check(str(output), kernel="OSRELEASE" in written.vmcoreinfo)
    harness.expect(not faults, f"level {level}: {faults[:3]}")
    expected = Path(f"{dump}.json")
    if source:
        source.check(output, level)
        level |= source.level
    if expected.exists() and not incomplete:
        wrong = Expected(expected).compare(written.bitmap2, level)
        harness.expect(not wrong, "; ".join(wrong[:4]))
        wrong = cpuorder.compare(expected, written)
        harness.expect(not wrong, wrong)
    if os.path.exists(f"{dump}.elf") and not incomplete and level == 0:
        with ElfCore(f"{dump}.elf", written.block_size) as core:
            check_bytes(written, core)


def try_level(program, dump, source, result, level):
    """Filter at one level and judge what happened."""
    output = dump.parent / f"out.{level}"
    status, out, err = run(program, "-c", "-d", str(level), *mkdump.input_words(dump), str(output))
    if status == 0:
        harness.expect(result != "error", f"level {level}: accepted")
        check_output(output, dump, level, source)
    else:
        allowed = result in ("error", "either") or (result, level) in MAY_BE_REFUSED
        harness.expect(allowed, f"level {level}: refused: {err}")
        if output.exists():
            check_output(output, dump, level, source)
        else:
            check_refusal(dump, output, out, err)
    if output.exists():
        output.unlink()


def try_log(program, dump, folder, result):
    """The log, whole and since it was cleared; of a good machine it is the generator's."""
    expected = Path(f"{dump}.json")
    known = result == "ok" and expected.exists() and Expected(expected).raw["log"] is not None
    for partial in (False, True):
        log = folder / f"log.{partial}"
        status, out, err = run(program, "--dump-dmesg", *["--partial-dmesg"] * partial,
                               *mkdump.input_words(dump), str(log))
        if not known:
            continue
        harness.expect(status == 0, f"the log: {out}{err}")
        want = Expected(expected).log_text(partial)
        got = log.read_bytes().decode("latin-1")
        for number, (line, promised) in enumerate(zip(got.split("\n"), want.split("\n")), 1):
            harness.expect_equal(line, promised, f"line {number} of the log, partial {partial}")
        harness.expect_equal(len(got), len(want), f"length of the log, partial {partial}")


def try_recipe(program, recipe):
    """One recipe: all its levels, and the log."""
    text = recipe.read_text(encoding="utf-8")
    result = result_line(text)
    with tempfile.TemporaryDirectory(prefix="corpus-") as name:
        folder = Path(name)
        dump = folder / "vmcore"
        mkdump.make(text, str(dump))
        source = refilter.of(text, folder) if result.startswith("ok") else None
        for level in LEVELS[result]:
            try_level(program, dump, source, result, level)
        if source:
            source.close()
        if "\n[xen]\n" in text:
            xenhosts.try_guests(run, check_refusal, program, dump)
        if "\nxen_dom0 = " in text:
            domain0log.try_log(run, program, text, dump)
        if "\ncrash_bitmap = " in text:
            corpusbitmap.try_bitmap(run, program, text, dump)
        if forms.applies(text, result):
            forms.try_forms(run, program, mkdump.input_words(dump)[0])
        if given.applies(text):
            given.try_given(run, mkdump.input_words(dump), program, dump)
        if result == "ok" and recovered.applies(text):
            recovered.try_recovered(run, program, text, dump)
        try_log(program, dump, folder, result)


def main():
    """Run the recipes whose names contain one of the words."""
    parser = argparse.ArgumentParser(description="run the corpus")
    parser.add_argument("--program", required=True)
    parser.add_argument("word", nargs="*")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    suite = harness.Suite("corpus")
    for recipe in sorted((GEN / "recipes").glob("*.recipe")):
        # The 1 TiB machine is a matter of memory and time: tests/synthetic has it.
        if recipe.stem.startswith("big-"):
            continue
        suite.add(recipe.stem, lambda recipe=recipe: try_recipe(program, recipe))
    return suite.main(args.word, workers=os.cpu_count())


if __name__ == "__main__":
    # The counts of a part carry its name, for the sums of tests/run-asan.
    sys.exit(main())
