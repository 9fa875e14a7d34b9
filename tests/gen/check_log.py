#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_log.py --program PROG: --dump-dmesg of every good machine recipe that has
a log equals what the generator put into its printk ring."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import genpath
import mkdump
from expect import Expected
from pylib import harness


def check(program, recipe):
    """One recipe."""
    with tempfile.TemporaryDirectory(prefix="log-") as folder:
        dump, log = f"{folder}/dump", pathlib.Path(folder) / "log"
        mkdump.make(recipe.read_text(encoding="utf-8"), dump)
        want = Expected(f"{dump}.json").log_text()
        harness.expect(want, "the generator made no log")
        done = subprocess.run([program, "--dump-dmesg", dump, str(log)], capture_output=True,
                              text=True, check=False, timeout=600)
        harness.expect(done.returncode == 0, f"exit status {done.returncode}: {done.stderr}")
        got = log.read_bytes().decode("latin-1").splitlines()
        for number, (line, promised) in enumerate(zip(got, want.splitlines()), 1):
            harness.expect_equal(line, promised, f"line {number}")
        harness.expect_equal(len(got), len(want.splitlines()), "number of lines")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("word", nargs="*")
    args = parser.parse_args()
    suite = harness.Suite("log")
    for recipe in [genpath.HERE / "sample.recipe", *sorted(genpath.HERE.glob("recipes/good-*.recipe"))]:
        if "\n[machine]" in recipe.read_text(encoding="utf-8"):
            suite.add(recipe.stem, lambda recipe=recipe: check(args.program, recipe))
    return suite.main(args.word)


if __name__ == "__main__":
    sys.exit(main())
